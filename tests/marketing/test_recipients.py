"""Who is in a campaign and what happened, found by it and sorted, over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from tests.reports.outreach_scene import OutreachScene

AT = datetime(2026, 11, 18, 9, tzinfo=UTC)


@pytest_asyncio.fixture
async def sequence(admin, organization) -> AsyncIterator[tuple[UUID, list[UUID]]]:
    """A campaign in which the first opened and replied, the second's opening was a machine's, the third was refused, the fourth waits."""
    scene = OutreachScene(admin, organization)
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, steps=2)
    people = await scene.enroll(campaign, 5)
    first, second = await scene.sent(people[:2], mailbox, AT)
    await scene.sent(people[:1], mailbox, AT + timedelta(days=1), step=2)
    await scene.sent([people[2]], mailbox, AT, status="failed", reason="bounce", sent_at=None)
    await scene.happened(first, "open", AT + timedelta(hours=3))
    await scene.happened(first, "open", AT + timedelta(hours=1))
    await scene.happened(first, "reply", AT + timedelta(hours=4))
    await scene.happened(second, "open", AT + timedelta(seconds=2), "automatic")
    await scene.touched(await scene.person_of(people[4]), campaign, "linkedin_reply", AT + timedelta(days=2))
    for place, enrollment in enumerate(people):
        await scene.run("UPDATE marketing.enrollments SET next_at = $2::timestamptz WHERE id = $1", enrollment, AT - timedelta(hours=place))
        await scene.run(
            "UPDATE people.master SET name = $2 WHERE id = (SELECT person_id FROM marketing.enrollments WHERE id = $1)",
            enrollment,
            "BDACE"[place],
        )
    return campaign, people


async def listed(client, campaign, **asked):
    answer = await client.get(f"/api/campaigns/{campaign}/enrollments", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_says_what_happened_first_and_what_machines_did_is_left_out(client, sequence):
    campaign, _ = sequence
    one, two, three, four, five = (await listed(client, campaign))["items"]
    assert (one["sent_count"], one["sent_at"]) == (2, "2026-11-19T09:00:00Z")
    assert (one["opened_at"], one["replied_at"], one["clicked_at"]) == ("2026-11-18T10:00:00Z", "2026-11-18T13:00:00Z", None)
    assert (two["sent_count"], two["opened_at"]) == (1, None)
    assert (three["sent_count"], three["bounced_at"]) == (0, "2026-11-18T09:00:00Z")
    assert {four[name] for name in four if name.endswith("ed_at") and name != "enrolled_at"} == {None}
    assert five["replied_at"] == "2026-11-20T09:00:00Z"


@pytest.mark.parametrize(
    ("happened", "places"),
    [("sent", [0, 1]), ("opened", [0]), ("replied", [0, 4]), ("clicked", []), ("bounced", [2]), ("not_opened", [1]), ("not_replied", [1])],
)
async def test_people_are_found_by_what_happened(client, sequence, happened, places):
    campaign, people = sequence
    for sort in ("enrolled", "name"):
        found = (await listed(client, campaign, happened=happened, sort=sort))["items"]
        assert {one["id"] for one in found} == {str(people[place]) for place in places}


@pytest.mark.parametrize(
    ("sort", "places"), [("enrolled", [0, 1, 2, 3, 4]), ("name", [2, 0, 3, 1, 4]), ("next", [4, 3, 2, 1, 0]), ("latest", [4, 0, 1, 2, 3])]
)
async def test_pages_go_on_in_every_order(client, sequence, sort, places):
    campaign, people = sequence
    found, cursor = [], None
    while True:
        page = await listed(client, campaign, sort=sort, limit=2, **({"cursor": cursor} if cursor else {}))
        found += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == [str(people[place]) for place in places]


async def test_what_nobody_can_ask_is_told(client, sequence):
    campaign, _ = sequence
    page = await listed(client, campaign, sort="name", limit=1)
    for asked in ({"happened": "slept"}, {"sort": "weather"}, {"sort": "next", "cursor": page["next_cursor"]}, {"cursor": "WzFd"}):
        assert (await client.get(f"/api/campaigns/{campaign}/enrollments", params=asked)).status_code == 422


async def test_the_page_says_it_and_is_sorted_by_its_columns(signed_in, sequence):
    campaign, _ = sequence
    owner = await signed_in()
    page = (await owner.get(f"/campaigns/{campaign}/recipients", params={"happened": "replied", "sort": "name"})).text
    assert page.count('class="cell-name"') == 2
    assert page.count(">Replied</span>") == 2
    assert 'aria-sort="ascending"><a href="/campaigns/' in page
    assert 'value="replied" selected' in page


async def test_the_list_is_a_file_too(client, signed_in, sequence):
    campaign, _ = sequence
    asked = {"happened": "replied", "sort": "name"}
    answer = await client.get(f"/api/campaigns/{campaign}/enrollments.csv", params=asked)
    header, first, second = answer.text.splitlines()
    assert header.startswith("id,person_id,name,email,state")
    assert [line.split(",")[2] for line in (first, second)] == ["B", "E"]
    assert (await (await signed_in()).get(f"/campaigns/{campaign}/recipients.csv", params=asked)).text == answer.text
