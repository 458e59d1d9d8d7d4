"""The small version of `make proof`'s kills: workers and the database are killed while a campaign goes out."""

import random

from outrider.kit import keyring
from tests.proof.sending_scene import Campaign


async def test_kills_lose_no_message_and_send_none_twice():
    campaign = Campaign(people=300, workers=3)
    await campaign.open()
    try:
        await campaign.run(worker_kills=8, database_kills=1, rng=random.Random(4))
        states = await campaign.check()
    finally:
        keyring.configure([bytes(32)])
        await campaign.close()
    assert campaign.kills == {"worker": 8, "database": 1}
    assert states["sent"] > 280
    assert sum(campaign.settled.values()) > 0
