"""The unsubscribe link: it asks on GET, acts on POST, and belongs to one message of one organization."""

import pytest

from outrider import sending, tenancy
from outrider.engagement import unsubscribing
from outrider.kit import keyring
from outrider.kit.http import RateLimiter

HTML = {"Accept": "text/html"}


@pytest.fixture
async def campaign(scene):
    """A campaign with two messages in the queue: (campaign, mailbox, messages)."""
    mailbox = await scene.mailbox()
    made = await scene.campaign(mailbox)
    return made, mailbox, await scene.queue(made, mailbox, 2)


def link(organization, message):
    return f"/u/{keyring.signer().sign('unsubscribe', organization, message)}"


async def suppressed(scene, message):
    email = await scene.value("SELECT recipient FROM sending.messages WHERE id = $1", message)
    async with tenancy.transaction(scene.organization, tenancy.Actor("user", "test")) as connection:
        return await sending.suppressed(connection, scene.organization, [email])


async def test_looking_asks_and_changes_nothing(anonymous, organization, scene, campaign):
    page = await anonymous.get(link(organization, campaign[2][0]), headers=HTML)
    assert page.status_code == 200
    assert "Unsubscribe?" in page.text
    assert await suppressed(scene, campaign[2][0]) == {}


async def test_the_button_of_the_page_ends_everything_for_that_address_alone(anonymous, organization, scene, campaign):
    mine, other = campaign[2]
    page = await anonymous.post(link(organization, mine), data={"scope": "all"}, headers=HTML)
    assert "You are unsubscribed" in page.text
    assert list((await suppressed(scene, mine)).values()) == ["unsubscribe"]
    assert await suppressed(scene, other) == {}
    states = await scene.run("SELECT state, reason FROM marketing.enrollments WHERE organization_id = kit.f_organization()")
    assert sorted((row["state"], row["reason"]) for row in states if row["state"] == "stopped") == [("stopped", "unsubscribe")]
    claimed = await scene.run("SELECT recipient FROM sending.f_claim('test', 10)")
    assert len(claimed) == 1


async def test_a_mail_programs_own_button_works_without_a_page_and_again(anonymous, organization, scene, campaign):
    for _ in range(2):
        answer = await anonymous.post(link(organization, campaign[2][0]), data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, answer.text) == (200, "You are unsubscribed.\n")
    assert len(await suppressed(scene, campaign[2][0])) == 1


async def test_only_the_campaign_leaves_others_alone(anonymous, organization, scene, campaign):
    answer = await anonymous.post(link(organization, campaign[2][0]), data={"scope": "campaign"}, headers=HTML)
    assert "gets no more of" in answer.text
    assert await suppressed(scene, campaign[2][0]) == {}
    assert len(await scene.run("SELECT recipient FROM sending.f_claim('test', 10)")) == 1


async def test_a_link_is_of_one_message_of_one_organization(anonymous, organization, other_organization, campaign):
    foreign = link(other_organization, campaign[2][0])
    wrong = [foreign, link(organization, organization), "/u/nonsense", link(organization, campaign[2][0])[:-2] + "AA"]
    wrong.append(f"/u/{keyring.signer().sign('open', organization, campaign[2][0])}")
    for address in wrong:
        assert (await anonymous.get(address, headers=HTML)).status_code == 404, address
        assert (await anonymous.post(address, data={"scope": "all"}, headers=HTML)).status_code == 404, address


@pytest.mark.parametrize("type", ["unsubscribe", "spam_report", "bounce"])
async def test_whose_suppression_is_lifted_may_be_written_to_again_and_may_say_no_again(
    client, anonymous, organization, scene, campaign, type
):
    mine = campaign[2][0]
    told = {"type": type, "platform": "x", "occurred_at": "2026-11-20T08:00:00Z", "message_id": str(mine)}
    assert (await client.post("/api/events", json={"events": [told]})).status_code == 200
    (held,) = (await client.get("/api/suppressions")).json()["items"]
    assert (await client.delete(f"/api/suppressions/{held['id']}", params={"why": "asked by phone"})).status_code == 200
    other = await scene.campaign(campaign[1], state="draft")
    segment = await scene.value("INSERT INTO marketing.segments (name, filters) VALUES ('All', '{}') RETURNING id")
    await scene.run("INSERT INTO marketing.campaign_audience (campaign_id, segment_id) VALUES ($1, $2)", other, segment)
    resolved = await client.post(f"/api/campaigns/{other}/resolve")
    assert (resolved.json()["excluded"], resolved.json()["eligible"]) == ({}, 2), resolved.text
    await anonymous.post(link(organization, mine), data={"scope": "all"}, headers=HTML)
    assert list((await suppressed(scene, mine)).values()) == ["unsubscribe"]


async def test_what_a_suppression_did_not_say_is_not_lifted_with_it(client, scene, campaign):
    email = await scene.value("SELECT recipient FROM sending.messages WHERE id = $1", campaign[2][0])
    await scene.run("UPDATE vault.contacts SET status = 'unsubscribed' WHERE email = $1", email)
    for more in ({}, {"campaign_id": str(campaign[0]), "reason": "unsubscribe"}):
        added = await client.post("/api/suppressions", json={"values": [email], **more})
        assert added.status_code in (200, 201), added.text
        (held,) = (await client.get("/api/suppressions")).json()["items"]
        assert (await client.delete(f"/api/suppressions/{held['id']}", params={"why": "a mistake"})).status_code == 200
        assert await scene.value("SELECT status FROM vault.contacts WHERE email = $1", email) == "unsubscribed"


async def test_a_link_is_looked_at_sixty_times_a_minute_and_no_more(anonymous, organization, campaign, monkeypatch):
    mine, other = campaign[2]
    monkeypatch.setattr(unsubscribing, "_limit", RateLimiter("3/minute", "test"))
    answers = [await anonymous.get(link(organization, mine), headers=HTML) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert (await anonymous.post(link(organization, other), data={"scope": "all"}, headers=HTML)).status_code == 200
