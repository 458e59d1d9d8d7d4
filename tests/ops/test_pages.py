"""The pages of jobs, schedules and events."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from outrider import ops, tenancy
from outrider.ops.pages.words import cron_words, pace, trouble
from tests.api.fixtures import *  # noqa: F403
from tests.statements import counting

from .conftest import ACTOR, ask

HTML = {"Accept": "text/html"}
HTMX = {"HX-Request": "true"}
LATER = datetime.now(UTC) + timedelta(hours=5)


@pytest_asyncio.fixture
async def owner(signed_in):
    """The browser of an owner."""
    opened = await signed_in()
    opened.headers.update(HTML)
    return opened


@pytest.fixture
def become(admin, organization):
    """Put a job into a state, as a worker would."""

    async def become(job, state, **columns):
        given = {"state": state, **columns}
        if state == "active":
            given.setdefault("started_on", datetime.now(UTC) - timedelta(seconds=10))
        if state in ("failed", "expired", "completed", "cancelled"):
            given.setdefault("started_on", datetime.now(UTC) - timedelta(seconds=70))
            given.setdefault("completed_on", datetime.now(UTC))
        sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(given, 3))
        await admin.execute(f"UPDATE ops.jobs SET {sets} WHERE organization_id = $1 AND id = $2", organization, job, *given.values())  # noqa: S608

    return become


async def text(browser, path, status=200, **more):
    answer = await browser.get(path, **more)
    assert answer.status_code == status, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def test_without_jobs_the_page_says_how_one_comes_about(owner):
    assert "No jobs yet" in await text(owner, "/jobs")


async def test_a_running_job_shows_how_far_how_fast_and_how_long_yet(owner, organization, become):
    job = await ask(organization, "intake.import", title="Import apollo.csv", link="/imports/1")
    await become(job, "active", progress_done=25_000, progress_total=100_000, progress_note="promoting")
    for path in ("/jobs", f"/jobs/{job}"):
        found = await text(owner, path)
        assert "Import apollo.csv" in found
        assert re.search(r"25,000 of 100,000 · promoting · 2,[345]\d\d a second · 3\d s left", found), found
    page = (await owner.get(f"/jobs/{job}")).text
    assert 'href="/imports/1"' in page
    assert '<progress class="progress" value="25000" max="100000" aria-label="Progress of Import apollo.csv">' in page


async def test_it_looks_again_only_while_something_moves(owner, organization, become):
    job = await ask(organization, "x")
    assert 'hx-trigger="every 2s"' in (await owner.get("/jobs")).text
    part = await owner.get("/jobs", headers=HTMX)
    assert part.text.strip().startswith('<div id="jobs"')
    await become(job, "completed")
    assert 'hx-trigger="every 2s"' not in (await owner.get("/jobs", headers=HTMX)).text
    one = await owner.get(f"/jobs/{job}", headers=HTMX)
    assert one.text.strip().startswith('<div id="job"')
    assert "every 2s" not in one.text
    await ask(organization, "y", start_after=LATER)
    assert 'hx-trigger="every 2s"' not in (await owner.get("/jobs")).text


async def test_when_no_worker_runs_whoever_waits_is_told_how_to_start_one(owner, organization, become, admin):
    job = await ask(organization, "x")
    await admin.execute("DELETE FROM queue.workers")
    for path in ("/jobs", f"/jobs/{job}"):
        assert "Nothing is being worked on" in await text(owner, path)
        assert "outrider worker" in await text(owner, path)
    await admin.execute("INSERT INTO queue.workers VALUES (uuidv7(), 'h', 1, 4, now(), now() + interval '1 minute')")
    assert "Nothing is being worked on" not in await text(owner, "/jobs")
    await admin.execute("DELETE FROM queue.workers")
    await become(job, "completed")
    assert "Nothing is being worked on" not in await text(owner, "/jobs")


@pytest.mark.parametrize(
    ("show", "states"),
    [
        ("running", ["active"]),
        ("waiting", ["created", "retry"]),
        ("failed", ["failed", "expired"]),
        ("done", ["completed"]),
        ("cancelled", ["cancelled"]),
        ("", list(ops.STATES)),
        ("nonsense", list(ops.STATES)),
    ],
)
async def test_the_list_is_narrowed_to_a_state(owner, organization, become, show, states):
    for state in ops.STATES:
        await become(await ask(organization, "x", title=f"It is {state}!"), state)
    found = await text(owner, f"/jobs?show={show}")
    assert {state for state in ops.STATES if f"It is {state}!" in found} == set(states)


async def test_the_list_is_narrowed_to_a_kind_and_pages_keep_it(owner, organization, monkeypatch):
    monkeypatch.setattr("outrider.ops.pages.jobs.PAGE", 2)
    for number in range(3):
        await ask(organization, "people.expire_intelligence", title=f"Number {number}", start_after=LATER)
    await ask(organization, "other", title="Another")
    page = (await owner.get("/jobs?name=people.expire_intelligence&show=waiting")).text
    assert "Another" not in page
    following = re.search(r'href="(/jobs\?[^"]*)" rel="next"', page)[1].replace("&amp;", "&")
    assert "show=waiting" in following
    assert "name=people.expire_intelligence" in following
    assert "Number 0" in (await owner.get(following)).text


async def test_a_failed_job_says_what_is_wrong_and_what_to_do(owner, organization, become):
    job = await ask(organization, "x")
    await become(job, "failed", error="WorkerDied: attempt 4 of 4 ended with the death of its worker", retry_count=3)
    found = await text(owner, f"/jobs/{job}")
    assert "The worker died each time that it ran this Attempt 4 of 4 ended" in found
    assert "ran out of memory" in found
    await become(job, "failed", error="JobFailed: the file is not here any more: upload it again")
    found = await text(owner, f"/jobs/{job}")
    assert "It cannot be done The file is not here any more: upload it again." in found


async def test_input_and_output_are_readable_and_cannot_run(owner, organization, become):
    job = await ask(organization, "x", {"file_name": "<script>alert(1)</script>"}, link="/imports/1")
    await become(job, "completed", output={"rows_read": 100000, "site": "javascript:alert(1)"})
    page = (await owner.get(f"/jobs/{job}")).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert re.search(r"Rows read\s+100,000", await text(owner, f"/jobs/{job}"))


async def test_a_job_is_cancelled_and_started_anew(owner, organization):
    job = await ask(organization, "x", start_after=LATER)
    answer = await owner.post(f"/jobs/{job}/cancel")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/jobs/{job}")
    assert "Cancelled" in await text(owner, f"/jobs/{job}")
    await owner.post(f"/jobs/{job}/retry")
    assert (await ops.get_job(organization, ACTOR, job)).state == "retry"
    again = await owner.post(f"/jobs/{job}/retry")
    assert again.status_code == 303
    assert "only one that failed" in await text(owner, f"/jobs/{job}")


async def test_a_viewer_looks_and_changes_nothing(owner, organization, signed_in):
    job = await ask(organization, "x", start_after=LATER)
    viewer = await signed_in("viewer")
    assert "/cancel" not in (await viewer.get(f"/jobs/{job}")).text
    for action in ("cancel", "retry"):
        assert (await viewer.post(f"/jobs/{job}/{action}")).status_code == 403
    assert (await ops.get_job(organization, ACTOR, job)).state == "created"


async def test_another_organizations_job_is_not_found(organization, visitor_of_other_organization):
    job = await ask(organization, "x", title="Secret", start_after=LATER)
    stranger = visitor_of_other_organization
    assert (await stranger.get(f"/jobs/{job}", headers=HTML)).status_code == 404
    for action in ("cancel", "retry"):
        assert (await stranger.post(f"/jobs/{job}/{action}")).status_code == 404
    assert "Secret" not in (await stranger.get("/jobs", headers=HTML)).text
    assert (await ops.get_job(organization, ACTOR, job)).state == "created"


async def test_who_asked_is_a_name(owner, organization):
    answer = await owner.post("/namespaces/reroute")
    assert re.search(r"Asked by\s+Ana Lima", await text(owner, answer.headers["location"]))


async def test_schedules_are_listed_with_when_they_come(owner, organization, visitor_of_other_organization):
    assert "Nothing comes back by itself" in await text(owner, "/schedules")
    await ops.set_schedule(organization, ACTOR, "nightly", "people.expire_intelligence", "17 3 * * *", time_zone="Europe/Berlin")
    await ops.set_schedule(organization, ACTOR, "off", "x", "* * * * *", is_active=False)
    found = await text(owner, "/schedules")
    assert "Expire intelligence nightly Every day at 03:17 Europe/Berlin On" in found
    assert re.search(r"Every minute UTC Off – –", found), found
    assert "Europe/Berlin" not in await text(visitor_of_other_organization, "/schedules", headers=HTML)


async def test_events_are_listed_and_found_by_type_and_thing(owner, organization, visitor_of_other_organization):
    assert "No events yet" in await text(owner, "/events")
    job = await ask(organization, "x")
    async with tenancy.transaction(organization, ACTOR) as connection:
        await ops.log_event(connection, "job", job, "job.failed", {"error": "<b>", "deep": {"a": [1]}})
        await ops.log_event(connection, "contact", uuid4(), "contact.created", {}, metadata={"m": 1})
    page = (await owner.get("/events")).text
    assert f'href="/jobs/{job}"' in page
    assert "Error: &lt;b&gt;" in page
    assert "&#34;m&#34;: 1" in page
    assert '<option value="contact.created">' in page
    assert "contact.created</code>" not in (await owner.get("/events?type=job.failed")).text
    assert "contact.created</code>" not in (await owner.get(f"/events?entity_type=job&entity_id={job}")).text
    assert "No such events" in await text(owner, "/events?type=nothing")
    assert (await owner.get("/events", headers=HTMX)).text.strip().startswith('<div id="events"')
    assert "job.failed" not in (await visitor_of_other_organization.get("/events", headers=HTML)).text


async def test_events_are_paged(owner, organization, monkeypatch):
    monkeypatch.setattr("outrider.ops.pages.events.PAGE", 2)
    async with tenancy.transaction(organization, ACTOR) as connection:
        for number in range(5):
            await ops.log_event(connection, "t", uuid4(), f"t.n{number}", {})
    path, seen = "/events", []
    while path:
        page = (await owner.get(path)).text
        seen += re.findall(r"<code[^>]*>(t\.n\d)</code>", page)
        following = re.search(r'href="(/events\?[^"]*)" rel="next"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert seen == [f"t.n{number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    "path",
    ["/jobs?cursor=xx", "/jobs?name=" + "x" * 101, "/events?cursor=xx", "/events?entity_id=x", "/events?type=%00"],
)
async def test_a_bad_address_is_answered_with_a_page_that_says_so(owner, path):
    answer = await owner.get(path)
    assert answer.status_code == 422
    assert "<h1>" in answer.text


@pytest.mark.parametrize(("path", "most"), [("/jobs", 7), ("/schedules", 4), ("/events", 6)])
async def test_a_page_asks_the_database_as_often_however_much_there_is(owner, organization, urls, path, most):
    for number in range(8):
        await ask(organization, f"x{number}")
        await ops.set_schedule(organization, ACTOR, f"s{number}", "x", "0 9 * * *")
    async with tenancy.transaction(organization, ACTOR) as connection:
        for number in range(8):
            await ops.log_event(connection, "t", uuid4(), f"t.n{number}", {}, user_id=uuid4())
    async with counting(urls) as said:
        assert (await owner.get(path)).status_code == 200
    assert len(said) == most, said


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("5 * * * *", "every hour at minute 5"),
        ("17 3 * * *", "every day at 03:17"),
        ("0 9 * * 1", "every Monday at 09:00"),
        ("0 9 * * mon-fri", "Monday to Friday at 09:00"),
        ("30 6 1 * *", "on day 1 of every month at 06:30"),
        ("0 9,17 * * *", "0 9,17 * * *"),
        ("0 9 1 * 1", "0 9 1 * 1"),
        ("0 9 * 2 *", "0 9 * 2 *"),
        ("odd", "odd"),
    ],
)
def test_a_cron_line_is_said_in_words_where_there_are_some(cron, words):
    assert cron_words(cron) == words


async def test_a_second_attempt_has_no_speed_since_it_goes_on_where_the_first_was(organization, become):
    job = await ask(organization, "x")
    await become(job, "active", progress_done=500, progress_total=1000, retry_count=1)
    found = pace(await ops.get_job(organization, ACTOR, job), datetime.now(UTC))
    assert (found.done, found.rate, found.seconds_left) == (500, None, None)


async def test_an_error_that_nobody_foresaw_is_shown_as_it_is(organization, become):
    job = await ask(organization, "x")
    await become(job, "failed", error="KeyError: 'x'")
    found = trouble(await ops.get_job(organization, ACTOR, job))
    assert (found.message, "report" in found.advice) == ("KeyError: 'x'", True)
