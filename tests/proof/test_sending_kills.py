"""Issue 4 section 6: 200 SIGKILLs of workers and 20 of the database during a 20,000-message campaign, against a sink that misbehaves.

OUTRIDER_PROOF_MESSAGES and OUTRIDER_PROOF_SEED choose another size or a seed that was printed.
"""

import os
import random
import time

import pytest

from tests.proof.sending_scene import Campaign

MESSAGES = int(os.environ.get("OUTRIDER_PROOF_MESSAGES", 20_000))
SEED = int(os.environ.get("OUTRIDER_PROOF_SEED", random.randrange(1 << 32)))
pytestmark = pytest.mark.proof


async def test_no_message_is_lost_and_none_is_accepted_twice(capsys):
    def say(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)

    say(f"\n{MESSAGES:,} messages, seed {SEED}")
    campaign = Campaign(people=MESSAGES)
    begun = time.monotonic()
    await campaign.open()
    try:
        await campaign.run(MESSAGES // 100, MESSAGES // 1000, random.Random(SEED), say)
        states = await campaign.check()
    finally:
        await campaign.close()
    say(f"{time.monotonic() - begun:.0f} s: kills {dict(campaign.kills)}, in the end {states}, settled {dict(campaign.settled)}")
    assert campaign.kills == {"worker": MESSAGES // 100, "database": MESSAGES // 1000}
