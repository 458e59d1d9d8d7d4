"""Outreach on the home page: how it stands, what it needs of people, and what an empty one is told to begin with."""

from datetime import UTC, datetime, timedelta

import pytest

from .conftest import caller_of
from .outreach_scene import OutreachScene
from .test_overview import ANA, read

NOW = datetime.now(UTC)


@pytest.fixture
def scene(admin, organization) -> OutreachScene:
    return OutreachScene(admin, organization)


async def steps(caller) -> dict[str, str]:
    return {step.key: step.text for step in (await read(caller)).steps}


async def test_who_has_people_is_told_to_connect_a_mailbox_then_to_make_a_campaign(scene, caller, leads):
    assert {"mailbox", "campaign"}.isdisjoint(await steps(caller))  # leads come first
    await leads(ANA)
    assert (await steps(caller))["mailbox"] == "No mailbox to send from yet."
    mailbox = await scene.mailbox()
    assert (await steps(caller))["campaign"] == "Nobody has been written to yet."
    await scene.campaign(mailbox)
    assert {"mailbox", "campaign"}.isdisjoint(await steps(caller))


async def test_it_says_how_outreach_stands(scene, caller, organization):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    await scene.campaign(mailbox, state="draft")
    messages = await scene.sent(await scene.enroll(campaign, 3), mailbox, NOW)
    await scene.happened(messages[0], "sent", NOW)
    await scene.happened(messages[1], "sent", NOW - timedelta(days=2))
    await scene.happened(messages[0], "reply", NOW - timedelta(days=1))
    await scene.happened(messages[1], "reply", NOW - timedelta(days=1), "automatic")
    await scene.happened(messages[1], "reply", NOW - timedelta(days=8))
    found = (await read(caller)).outreach
    assert found is not None
    assert (found.campaigns, found.running, found.mailboxes, found.sent_today, found.replies) == (2, 1, 1, 1, 1)
    assert (await read(caller_of(organization, scopes=frozenset({"people:read"})))).outreach is None


async def test_what_stands_still_is_told_with_the_way_to_it(scene, caller, signed_in):
    mailbox = await scene.mailbox(state="failing")
    campaign = await scene.campaign(mailbox)
    others = {"sent_at": None, "counted_at": NOW}
    await scene.sent(await scene.enroll(campaign, 1), mailbox, NOW, status="unknown", **others)
    await scene.sent(await scene.enroll(campaign, 2), mailbox, NOW, status="needs_review", **others)
    await scene.run("INSERT INTO sending.control (frozen_at, frozen_reason) VALUES (now(), 'the audit')")
    told = await steps(caller)
    assert told["frozen"] == "Sending is frozen: the audit."
    assert told["failing"] == "1 mailbox cannot send: the server did not let Outrider in."
    assert told["in_doubt"] == "1 message in doubt: nobody knows whether they went out."
    assert told["needs_review"] == "2 messages cannot be written without you: a name is missing, for example."
    page = (await (await signed_in()).get("/")).text
    assert "/messages?status=needs_review" in page
    assert "Campaigns running" in page
    viewers = (await (await signed_in("viewer")).get("/")).text
    assert "/messages?status=needs_review" not in viewers
    assert "Campaigns running" in viewers


async def test_another_organizations_outreach_is_not_counted(scene, other_organization):
    await scene.campaign(await scene.mailbox())
    found = (await read(caller_of(other_organization))).outreach
    assert found is not None
    assert (found.campaigns, found.mailboxes) == (0, 0)
