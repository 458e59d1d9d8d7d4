"""`outrider worker` with chunks and a heartbeat that suit a small file: `python -m tests.proof.small_worker ROWS SECONDS`."""

import sys
from datetime import timedelta
from functools import partial

from outrider import cli, ops, worker
from outrider.intake import tasks

if __name__ == "__main__":
    tasks.chunks = partial(tasks.chunks, rows=int(sys.argv[1]))
    worker.ops.run_worker = partial(ops.run_worker, heartbeat=timedelta(seconds=float(sys.argv[2])))
    sys.argv = ["outrider", "worker"]
    cli.main()
