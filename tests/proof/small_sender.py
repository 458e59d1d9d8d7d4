"""`outrider worker --only sending` with short leases, waits and answers: `python -m tests.proof.small_sender`."""

import sys
from datetime import timedelta

from outrider import cli, worker
from outrider.sending import Habits, Pace, ledger, smtp

if __name__ == "__main__":
    ledger.LEASE = timedelta(seconds=6)
    smtp.DATA_SECONDS = smtp.ANSWER_SECONDS = 2.0
    worker.sending.Habits = lambda: Habits(
        claim=20, look_every=0.1, plan_every=0.5, renew_every=1.5, grace=2,
        pace=Pace(connections=4, retry_seconds=0.5),
    )  # fmt: skip
    sys.argv = ["outrider", "worker", "--only", "sending"]
    cli.main()
