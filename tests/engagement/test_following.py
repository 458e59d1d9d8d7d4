"""The follower as the worker runs it."""

import asyncio
import time

from outrider.engagement import run_follower
from outrider.engagement.following import make_months


async def test_it_follows_until_it_is_told_to_stop(scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    (message,) = await scene.queue(campaign, mailbox, 1)
    stop = asyncio.Event()
    follower = asyncio.create_task(run_follower(stop=stop, look_every=0.05))
    await scene.run("UPDATE sending.messages SET status = 'sent', sent_at = now(), counted_at = now() WHERE id = $1", message)
    end = time.monotonic() + 60
    while not await scene.value("SELECT sent_count FROM marketing.campaigns WHERE campaign_id = $1", campaign):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(follower, 5)


async def test_months_are_made_ahead_once(scene):
    await scene.run("DROP TABLE engagement.events_" + await scene.value("SELECT to_char(now() + interval '3 months', 'YYYY_MM')"))
    assert [await make_months(), await make_months()] == [1, 0]
