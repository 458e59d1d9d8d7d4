"""Who did what with what was sent to them: asked for in lists and segments, in every way that a list can be looked through."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from outrider import people, tenancy
from outrider.engagement import Happening, record
from outrider.kit.errors import InvalidInput
from outrider.people.asked import to_query
from outrider.people.filters import EngagementFilter, engagement_filter
from tests.api.fixtures import *  # noqa: F403
from tests.sending.scene import Scene

ACTOR = tenancy.Actor("user", "test")


@pytest.fixture
async def crowd(admin, organization):
    """{who: person}: ana opened long ago, bea opened today and clicked, cle was written to, dan answered by a machine, eve did nothing."""
    scene = Scene(admin, organization)
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    enrollments = await scene.enroll(campaign, 5)
    rows = await scene.run(
        "SELECT e.id, e.person_id, e.email FROM marketing.enrollments AS e WHERE e.id = ANY ($1::uuid[]) ORDER BY array_position($1, e.id)",
        enrollments,
    )
    made = dict(zip(("ana", "bea", "cle", "dan", "eve"), rows, strict=True))
    now = datetime.now(UTC)

    def event(who, type, at=now, **more):
        return Happening(type, "test", at, key=uuid4().hex, enrollment_id=made[who]["id"], campaign_id=campaign, **more)

    async with tenancy.transaction(organization, ACTOR) as connection:
        await record(
            connection,
            organization,
            [
                event("ana", "open", now - timedelta(days=40)), event("bea", "open"), event("bea", "click", url="https://a.example"),
                event("cle", "sent"), event("dan", "reply", payload={"is_automatic": True}),
            ],
        )  # fmt: skip
    await scene.run("UPDATE vault.contacts SET score = 80 WHERE person_id = $1", made["bea"]["person_id"])
    return campaign, {who: row["person_id"] for who, row in made.items()}


async def found(organization, crowd, **asked):
    """Who is listed, and who is selected: both ways have to say the same."""
    filters = people.filters_of("people", asked)
    names = {person: who for who, person in crowd[1].items()}
    async with tenancy.transaction(organization, ACTOR) as connection:
        lists = people.Lists(connection, organization)
        listed = [names[one.id] for one in (await lists.people(filters)).items]
        selection = uuid4()
        assert await lists.select("people", filters, selection) == len(listed)
        assert sorted(names[one] for one in await lists.selected(selection, 0)) == sorted(listed)
    return sorted(listed)


@pytest.mark.parametrize(
    ("asked", "who"),
    [(["opened"], ["ana", "bea"]), (["opened:days=30"], ["bea"]), (["not_opened"], ["cle", "dan", "eve"]), (["clicked"], ["bea"]),
     (["sent", "not_opened"], ["cle"]), (["replied"], []), (["not_replied"], ["ana", "bea", "cle", "dan", "eve"]),
     (["opened", "not_clicked"], ["ana"])],
)  # fmt: skip
async def test_what_people_did(organization, crowd, asked, who):
    assert await found(organization, crowd, engagement=asked) == who


async def test_in_one_campaign_and_not_in_another(organization, crowd):
    assert await found(organization, crowd, engagement=[f"opened:campaign={crowd[0]}"]) == ["ana", "bea"]
    assert await found(organization, crowd, engagement=[f"opened:campaign={uuid4()}"]) == []
    assert await found(organization, crowd, engagement=[f"not_opened:campaign={crowd[0]}:days=30"]) == ["ana", "cle", "dan", "eve"]


async def test_the_score_of_an_address(organization, crowd):
    assert await found(organization, crowd, score_from=50) == ["bea"]
    assert await found(organization, crowd, score_to=50) == ["ana", "cle", "dan", "eve"]
    assert await found(organization, crowd, score_from=50, engagement=["not_clicked"]) == []


async def test_a_link_and_a_document_keep_what_is_asked(client, crowd):
    asked = {"engagement": [f"not_clicked:campaign={crowd[0]}:days=7", "opened"], "score_from": 10}
    filters = people.filters_of("people", asked)
    assert people.filters_to_json(filters) == asked
    assert [value for name, value in to_query(filters) if name == "engagement"] == asked["engagement"]
    made = (await client.post("/api/segments", json={"name": "Keen", "filters": {"engagement": ["clicked"]}})).json()
    listed = (await client.get(f"/api/segments/{made['id']}/people")).json()
    assert [one["id"] for one in listed["items"]] == [str(crowd[1]["bea"])]
    assert (await client.get("/api/people", params={"engagement": "clicked"})).json()["items"][0]["id"] == str(crowd[1]["bea"])


@pytest.mark.parametrize(
    "bad", ["", "danced", "not_", "opened:days=0", "opened:days=x", "opened:campaign=1", "opened:since=3", "opened:days=99999"]
)
async def test_what_cannot_be_asked_is_refused(client, bad):
    with pytest.raises(InvalidInput):
        engagement_filter(bad)
    answer = await client.get("/api/people", params={"engagement": bad})
    assert answer.status_code == 422


def test_a_filter_is_written_as_it_is_read():
    id = uuid4()
    for one in (EngagementFilter("opened"), EngagementFilter("sent", False), EngagementFilter("replied", False, id, 7)):
        assert engagement_filter(str(one)) == one


async def test_the_page_says_it_in_words(signed_in, crowd):
    visitor = await signed_in()
    page = (await visitor.get("/people", params={"engagement": "not_clicked:days=30", "score_to": "90"})).text
    assert "Did not click in the last 30 days" in page
    assert "Score up to 90" in page
    form = (await visitor.get("/people", params={"add": "engagement"})).text
    assert '<option value="replied">Replied</option>' in form
