"""Tasks: what a person is to do by phone and on LinkedIn; what becomes of it, and nobody else's business."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from outrider.marketing.outreach_task_words import OUTCOMES, bounds_of
from tests.api.fixtures import new_user


@pytest_asyncio.fixture
async def task(scene):
    """Makes tasks of a campaign that runs: `await task(channel="phone", due_at=…, phone=…)` returns (task, enrollment)."""
    campaign = await scene.campaign(state="sending", steps=0)
    steps = {channel: await scene.step(campaign, n, channel=channel) for n, channel in ((1, "phone"), (2, "linkedin"))}

    async def make(channel="phone", instructions="Call {{ first_name }}", due_at=None, assigned_to=None):
        [enrollment] = await scene.enroll(campaign, 1)
        id = await scene.value(
            "INSERT INTO marketing.tasks (enrollment_id, step_id, channel, instructions, due_at, assigned_to) "
            "VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            enrollment, steps[channel], channel, instructions, due_at or datetime.now(UTC), assigned_to,
        )  # fmt: skip
        return str(id), enrollment

    return make


async def ids(client, **asked):
    answer = await client.get("/api/tasks", params=asked)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def test_a_task_says_whom_it_is_about_and_what_to_do_in_their_words(client, task):
    id, enrollment = await task()
    shown = (await client.get(f"/api/tasks/{id}")).json()
    assert (shown["instructions"], shown["missing"], shown["name"]) == ("Call Ana", None, "Ana Lima")
    assert (shown["state"], shown["campaign"], shown["step"], shown["enrollment_id"]) == ("open", "Test", 1, str(enrollment))


async def test_a_variable_without_a_value_is_named_and_the_text_stays(client, task):
    id, _ = await task(instructions="Ask about {{ budget }}")
    shown = (await client.get(f"/api/tasks/{id}")).json()
    assert (shown["instructions"], shown["missing"]) == ("Ask about {{ budget }}", "budget")


async def test_open_tasks_come_by_when_they_are_due_and_in_pages(client, task):
    now = datetime.now(UTC)
    late, later, soon = [(await task(due_at=now + timedelta(hours=hours)))[0] for hours in (-30, 30, 1)]
    assert await ids(client) == [late, soon, later]
    first = (await client.get("/api/tasks", params={"limit": 2})).json()
    assert [one["id"] for one in first["items"]] == [late, soon]
    assert await ids(client, limit=2, cursor=first["next_cursor"]) == [later]
    assert await ids(client, due="overdue") == [late]


async def test_today_ends_at_midnight_where_somebody_is():
    now = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert bounds_of("today", "Asia/Tokyo", now)[0] == datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert bounds_of("today", "UTC", now)[1] == datetime(2026, 11, 21, tzinfo=UTC)
    assert bounds_of("today", "Europe/Madrid", datetime(2026, 10, 25, 12, tzinfo=UTC))[1] == datetime(2026, 10, 25, 23, tzinfo=UTC)


async def test_tasks_are_found_by_channel_campaign_and_whose_they_are(client, task, organization):
    user = await new_user(organization)
    phone, _ = await task(assigned_to=user)
    linkedin, _ = await task("linkedin")
    campaign = (await client.get(f"/api/tasks/{phone}")).json()["campaign_id"]
    assert await ids(client, channel="linkedin") == [linkedin]
    assert await ids(client, assigned_to=str(user)) == [phone]
    assert await ids(client, campaign_id=campaign) == [phone, linkedin]
    assert await ids(client, campaign_id=str(uuid4())) == []


async def test_a_task_that_was_done_says_how_it_went_and_can_be_put_back(client, task, scene):
    id, _ = await task()
    done = (await client.post(f"/api/tasks/{id}/done", json={"outcome": "reached", "note": " Call again "})).json()
    assert (done["state"], done["outcome"], done["note"]) == ("done", "reached", "Call again")
    assert done["done_by"].startswith("key:")
    assert done["done_at"]
    assert (await ids(client), await ids(client, state="done")) == ([], [id])
    again = await client.post(f"/api/tasks/{id}/done", json={"outcome": "reached"})
    assert (again.status_code, "reopen it first" in again.text) == (409, True)
    back = (await client.post(f"/api/tasks/{id}/reopen")).json()
    assert (back["state"], back["outcome"], back["note"], back["done_at"], back["done_by"]) == ("open", None, None, None, None)
    assert (await client.post(f"/api/tasks/{id}/reopen")).status_code == 409


async def test_a_task_that_was_skipped_has_no_outcome(client, task):
    id, _ = await task()
    skipped = (await client.post(f"/api/tasks/{id}/skip", json={"note": "Met them"})).json()
    assert (skipped["state"], skipped["outcome"], skipped["note"]) == ("skipped", None, "Met them")
    assert await ids(client, state="skipped") == [id]


async def test_who_was_stopped_is_not_called_any_more(client, task, scene):
    id, enrollment = await task()
    await scene.run("UPDATE marketing.enrollments SET state = 'stopped', reason = 'replied', stopped_at = now() WHERE id = $1", enrollment)
    assert (await ids(client), await ids(client, state="cancelled")) == ([], [id])
    shown = (await client.get(f"/api/tasks/{id}")).json()
    assert (shown["state"], shown["stopped_reason"]) == ("cancelled", "replied")


async def test_a_task_is_given_to_somebody_of_the_organization(client, task, organization, other_organization):
    id, _ = await task()
    user, foreigner = await new_user(organization), await new_user(other_organization)
    assert (await client.post(f"/api/tasks/{id}/assign", json={"user_id": str(user)})).json()["assigned_to"] == str(user)
    refused = await client.post(f"/api/tasks/{id}/assign", json={"user_id": str(foreigner)})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "user_id")
    assert (await client.post(f"/api/tasks/{id}/assign", json={"user_id": None})).json()["assigned_to"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("get", "?state=gone", None, "state"),
        ("get", "?channel=fax", None, "channel"),
        ("get", "?due=soon", None, "due"),
        ("get", "?mine=true", None, "mine"),
        ("get", "?time_zone=Here", None, "time_zone"),
        ("get", "?cursor=nonsense", None, "cursor"),
        ("post", "/{id}/done", {"outcome": "replied"}, "outcome"),
        ("post", "/{id}/done", {"outcome": "reached", "note": "x" * 2001}, "note"),
        ("post", "/{id}/assign", {"user_id": "me"}, "user_id"),
    ],
)
async def test_what_cannot_be_asked_is_named(client, task, method, path, body, field):
    id, _ = await task()
    answer = await client.request(method, f"/api/tasks{path.format(id=id)}", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text


async def test_tasks_of_others_are_not_there(stranger, task):
    id, _ = await task()
    assert await ids(stranger) == []
    assert (await stranger.get(f"/api/tasks/{id}")).status_code == 404
    for what, body in (("done", {"outcome": "reached"}), ("skip", {}), ("reopen", None), ("assign", {"user_id": None})):
        assert (await stranger.post(f"/api/tasks/{id}/{what}", json=body)).status_code == 404


@pytest_asyncio.fixture
async def browser(signed_in):
    opened = await signed_in("owner")
    opened.headers["Accept"] = "text/html"
    return opened


async def test_the_page_shows_what_is_due_and_how_to_reach_them(browser, task, scene):
    id, enrollment = await task(due_at=datetime.now(UTC) - timedelta(days=2))
    await scene.run(
        "UPDATE people.master SET phone = '+34 600 111 222', linkedin_url = 'linkedin.com/in/ana' "
        "WHERE id = (SELECT person_id FROM marketing.enrollments WHERE id = $1)", enrollment,
    )  # fmt: skip
    mine = (await browser.get("/tasks")).text
    assert "Nothing for you" in mine
    page = (await browser.get("/tasks?of=all")).text
    assert page.index("Overdue") < page.index(f'id="task-{id}"')
    assert 'href="tel:+34600111222"' in page
    assert 'href="https://linkedin.com/in/ana"' in page
    assert "Call Ana" in page
    for words in OUTCOMES["phone"].values():
        assert words in page


async def test_a_task_is_done_on_the_page_and_undone(browser, task):
    id, _ = await task()
    done = await browser.post(f"/tasks/{id}/done", data={"outcome": "no_answer", "note": "Tried twice"})
    assert (done.status_code, done.headers["location"]) == (303, "/tasks")
    after = (await browser.get("/tasks?of=all&show=done")).text
    assert "No answer" in after
    assert "Tried twice" in after
    assert "Done by you" in after
    assert (await browser.post(f"/tasks/{id}/reopen")).status_code == 303
    assert f'id="task-{id}"' in (await browser.get("/tasks?of=all")).text


async def test_the_page_asks_how_it_went(browser, task):
    id, _ = await task()
    answer = await browser.post(f"/tasks/{id}/done", data={"outcome": "", "note": "Kept"})
    assert answer.status_code == 422
    assert "Choose how it went" in answer.text
    assert "Kept" in answer.text


async def test_a_task_is_skipped_and_given_away_on_the_page(browser, task, organization):
    id, _ = await task()
    user = await new_user(organization)
    assert (await browser.post(f"/tasks/{id}/assign", data={"user": str(user)})).status_code == 303
    assert "Ana Lima" in (await browser.get(f"/tasks/{id}")).text
    assert (await browser.post(f"/tasks/{id}/assign", data={"user": "me"})).status_code == 422
    assert (await browser.post(f"/tasks/{id}/skip")).status_code == 303
    assert f'id="task-{id}"' in (await browser.get("/tasks?of=all&show=skipped")).text


async def test_pages_of_tasks_of_others_are_not_there(visitor_of_other_organization, task):
    other = visitor_of_other_organization
    id, _ = await task()
    assert f'id="task-{id}"' not in (await other.get("/tasks?of=all")).text
    assert (await other.get(f"/tasks/{id}")).status_code == 404
    for what, data in (("done", {"outcome": "reached"}), ("skip", {}), ("reopen", {}), ("assign", {"user": ""})):
        assert (await other.post(f"/tasks/{id}/{what}", data=data)).status_code == 404
    assert (await other.get("/tasks/nonsense")).status_code == 404


async def test_who_may_only_read_is_offered_nothing(signed_in, task):
    id, _ = await task()
    viewer = await signed_in("viewer")
    page = (await viewer.get("/tasks?of=all")).text
    assert f"/tasks/{id}/done" not in page
    assert (await viewer.post(f"/tasks/{id}/done", data={"outcome": "reached"})).status_code == 403
