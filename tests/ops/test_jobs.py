"""Jobs from asking to their end: output, progress, retries, limits in time, cancelling, singletons, order."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from outrider import ops, tenancy
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.ops import runner

from .conftest import ACTOR, ask, until, working


async def answer(context: ops.JobContext) -> dict:
    return {"doubled": context.data["number"] * 2, "attempt": context.attempt, "by": context.requested_by}


async def fail(context: ops.JobContext) -> None:
    raise ValueError("ana@example.org rang from +49 30 1234567")


async def fail_once(context: ops.JobContext) -> dict:
    if context.attempt == 1:
        raise RuntimeError("not yet")
    return {"attempt": context.attempt}


async def never(context: ops.JobContext) -> None:
    raise ops.JobFailed("there is no such list")


async def sleep(context: ops.JobContext) -> None:
    await asyncio.sleep(30)


async def count(context: ops.JobContext) -> None:
    for number in range(10_000):
        await context.progress(number, 10_000, "counting")
        await asyncio.sleep(0.01)


async def report(context: ops.JobContext) -> None:
    for number in range(10_000):
        async with tenancy.transaction(context.organization_id, context.actor) as connection:
            await context.report(connection, number)
            await ops.log_event(connection, "chunk", context.job_id, "chunk.done", {"number": number})
        await asyncio.sleep(0.01)


async def stop_short(context: ops.JobContext) -> None:
    await context.progress(1, 3)
    await context.progress(2, 3)


async def unsayable(context: ops.JobContext) -> dict:
    return {"value": object()}


TASKS: dict[str, ops.Task] = {t.__name__: t for t in (answer, fail, fail_once, never, sleep, count, report, stop_short, unsayable)}


@pytest.fixture(scope="module", autouse=True)
async def worker(pool, urls):
    async with working(urls, TASKS):
        yield


async def test_a_job_runs_and_its_output_is_kept(organization):
    job = await until(organization, await ask(organization, "answer", {"number": 21}))
    assert (job.state, job.output) == ("completed", {"doubled": 42, "attempt": 1, "by": "user:test"})
    assert job.retry_count == 0
    assert job.created_on <= job.started_on <= job.completed_on
    assert job.error is None


async def test_a_job_of_a_transaction_that_is_rolled_back_is_never_there(organization):
    asked: list[UUID] = []

    async def ask_and_fail() -> None:
        async with tenancy.transaction(organization, ACTOR) as connection:
            asked.append(await ops.enqueue(connection, "answer", {"number": 1}))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await ask_and_fail()
    with pytest.raises(NotFound):
        await ops.get_job(organization, ACTOR, asked[0])


async def test_it_starts_within_half_a_second(organization):
    took = []
    for number in range(5):  # the machine may be busy with other tests, but not all the time
        begun = time.monotonic()
        await until(organization, await ask(organization, "answer", {"number": number}))
        took.append(time.monotonic() - begun)
    assert min(took) < 0.5


async def test_a_failed_attempt_comes_back_and_is_counted(organization):
    job = await until(organization, await ask(organization, "fail_once", retry_delay=0))
    assert (job.state, job.output, job.retry_count, job.error) == ("completed", {"attempt": 2}, 1, None)


async def test_retries_end_and_the_error_names_no_person(organization):
    job = await until(organization, await ask(organization, "fail", retry_limit=2, retry_delay=0))
    assert (job.state, job.retry_count) == ("failed", 2)
    assert job.error == "ValueError: [address] rang from [phone]"
    events = await ops.list_events(organization, ACTOR, entity_id=job.id)
    assert [(e.event_type, e.payload["attempt"]) for e in events.items] == [("job.failed", 3)]


async def test_between_attempts_a_job_waits_longer_and_longer(organization):
    job = await until(organization, await ask(organization, "fail", retry_delay=100), "retry")
    assert 70 < (job.start_after - datetime.now(UTC)).total_seconds() < 130
    assert job.error.startswith("ValueError")
    for retries, least, most in ((0, 7, 13), (1, 15, 25), (3, 60, 100), (20, 3600, 3600)):
        assert least <= runner.retry_delay(10, retries, True).total_seconds() <= most
    assert runner.retry_delay(10, 7, False) == timedelta(seconds=10)


async def test_a_permanent_failure_is_not_tried_again(organization):
    job = await until(organization, await ask(organization, "never"))
    assert (job.state, job.retry_count, job.error) == ("failed", 0, "JobFailed: there is no such list")


async def test_an_unknown_name_fails_and_says_so(organization):
    job = await until(organization, await ask(organization, "fly"))
    assert job.state == "failed"
    assert "'fly'" in job.error


async def test_an_output_that_is_no_json_fails_and_says_so(organization):
    job = await until(organization, await ask(organization, "unsayable"))
    assert job.state == "failed"
    assert job.error.startswith("InvalidOutput")


async def test_a_job_that_runs_too_long_expires(organization):
    limit = timedelta(milliseconds=200)
    job = await until(organization, await ask(organization, "sleep", expire_in=limit, retry_limit=0))
    assert (job.state, job.retry_count) == ("expired", 0)
    assert "limit of 0:00:00.2" in job.error
    again = await until(organization, await ask(organization, "sleep", expire_in=limit, retry_limit=1, retry_delay=0))
    assert (again.state, again.retry_count) == ("expired", 1)


async def test_a_waiting_job_is_cancelled_at_once(organization):
    job = await ask(organization, "answer", {"number": 1}, start_after=datetime.now(UTC) + timedelta(hours=1))
    assert (await ops.cancel_job(organization, ACTOR, job)).state == "cancelled"
    assert (await ops.cancel_job(organization, ACTOR, job)).state == "cancelled"


@pytest.mark.parametrize("name", ["count", "report"])
async def test_a_running_job_stops_at_its_next_word_on_progress(organization, name):
    took = []
    for _ in range(3):
        job = await ask(organization, name)
        await until(organization, job, check=lambda j: j.progress_done > 2)
        begun = time.monotonic()
        assert (await ops.cancel_job(organization, ACTOR, job)).state == "active"
        ended = await until(organization, job)
        assert ended.state == "cancelled"
        took.append(time.monotonic() - begun)
    assert min(took) < 1
    if name == "report":
        last = (await ops.list_events(organization, ACTOR, event_type="chunk.done", limit=1)).items[0]
        assert last.payload["number"] == ended.progress_done


async def test_a_finished_job_cannot_be_cancelled_nor_a_completed_one_retried(organization):
    job = await until(organization, await ask(organization, "answer", {"number": 1}))
    with pytest.raises(Conflict, match="completed"):
        await ops.cancel_job(organization, ACTOR, job.id)
    with pytest.raises(Conflict, match="completed"):
        await ops.retry_job(organization, ACTOR, job.id)


async def test_a_person_can_let_a_failed_job_start_anew(organization):
    job = await until(organization, await ask(organization, "fail_once", retry_limit=0))
    assert job.state == "failed"
    again = await ops.retry_job(organization, ACTOR, job.id)
    assert (again.state, again.retry_count, again.error) == ("retry", 0, None)
    assert (await until(organization, job.id)).error == "RuntimeError: not yet"  # attempt 1 again


async def test_what_the_throttle_held_back_is_said_at_the_end(organization):
    job = await until(organization, await ask(organization, "stop_short"))
    assert (job.progress_done, job.progress_total) == (2, 3)


async def test_a_delayed_job_waits(organization):
    start = datetime.now(UTC) + timedelta(seconds=1)
    job = await until(organization, await ask(organization, "answer", {"number": 1}, start_after=start))
    assert start <= job.started_on < start + timedelta(seconds=1.5)


async def test_on_completion_an_event_tells_if_asked_for(organization):
    told = await until(organization, await ask(organization, "answer", {"number": 1}, on_complete=True))
    quiet = await until(organization, await ask(organization, "answer", {"number": 1}))
    [event] = (await ops.list_events(organization, ACTOR, entity_type="job")).items
    assert (event.entity_id, event.event_type, event.payload["output"]["doubled"]) == (told.id, "job.completed", 2)
    assert quiet.state == "completed"


async def test_one_job_per_singleton_key_is_unfinished(organization, other_organization):
    later = datetime.now(UTC) + timedelta(hours=1)
    asks = [ask(organization, "answer", {"number": n}, singleton_key="k", start_after=later) for n in range(5)]
    ids = set(await asyncio.gather(*asks))
    assert len(ids) == 1
    assert await ask(organization, "answer", {"number": 1}, singleton_key="l", start_after=later) not in ids
    assert await ask(organization, "count", singleton_key="k", start_after=later) not in ids
    assert await ask(other_organization, "answer", singleton_key="k", start_after=later) not in ids
    [first] = ids
    await ops.cancel_job(organization, ACTOR, first)
    assert await ask(organization, "answer", {"number": 9}, singleton_key="k", start_after=later) not in ids
    with pytest.raises(Conflict, match="singleton"):
        await ops.retry_job(organization, ACTOR, first)


async def test_the_list_pages_and_filters(organization):
    ids = [await ask(organization, "answer", {"number": n}) for n in range(5)]
    for job in ids:
        await until(organization, job)
    seen: list[UUID] = []
    cursor = None
    while True:
        page = await ops.list_jobs(organization, ACTOR, limit=2, cursor=cursor)
        seen += [job.id for job in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ids[::-1]
    assert [j.id for j in (await ops.list_jobs(organization, ACTOR, state="completed", name="answer")).items] == seen
    assert (await ops.list_jobs(organization, ACTOR, state="failed")).items == []
    assert (await ops.list_jobs(organization, ACTOR, name="other")).items == []


async def test_another_organization_sees_cancels_and_retries_nothing(organization, other_organization):
    job = await ask(organization, "answer", {"number": 1}, start_after=datetime.now(UTC) + timedelta(hours=1))
    for call in (ops.get_job, ops.cancel_job, ops.retry_job):
        with pytest.raises(NotFound):
            await call(other_organization, ACTOR, job)
    with pytest.raises(NotFound):
        await ops.run_job_here(other_organization, job, TASKS)
    assert (await ops.list_jobs(other_organization, ACTOR)).items == []
    assert (await ops.get_job(organization, ACTOR, job)).state == "created"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"data": []}, "data"),
        ({"data": {"a": object()}}, "data"),
        ({"data": {"a": "\0"}}, "data"),
        ({"data": {"a": "x" * 1_000_001}}, "data"),
        ({"priority": 2**31}, "priority"),
        ({"retry_limit": -1}, "retry_limit"),
        ({"retry_delay": -1}, "retry_delay"),
        ({"retry_delay": 0.5}, "retry_delay"),
        ({"singleton_key": ""}, "singleton_key"),
        ({"expire_in": timedelta(0)}, "expire_in"),
        ({"start_after": datetime(2030, 1, 1)}, "start_after"),
    ],
)
async def test_what_cannot_be_asked_is_named(organization, arguments, field):
    with pytest.raises(InvalidInput) as caught:
        await ask(organization, **{"name": "answer", **arguments})
    assert caught.value.field == field


async def test_what_cannot_be_listed_is_named(organization):
    with pytest.raises(InvalidInput, match="state"):
        await ops.list_jobs(organization, ACTOR, state="done")
    with pytest.raises(InvalidInput, match="cursor"):
        await ops.list_jobs(organization, ACTOR, cursor="bm90LW91cnM")
    with pytest.raises(InvalidInput, match="limit"):
        await ops.list_jobs(organization, ACTOR, limit=0)
    with pytest.raises(NotFound):
        await ops.get_job(organization, ACTOR, uuid4())
