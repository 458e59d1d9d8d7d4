"""Workers that are killed, stopped, busy or doubled: no job is lost, none runs twice at a time, a deadly one is given
up.
"""

import asyncio
import signal
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from outrider import ops, tenancy
from outrider.kit.errors import Conflict, InvalidInput, NotFound, Unavailable
from outrider.ops import tasks as upkeep

from .conftest import ACTOR, ask, until, until_lines, working

CUT = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'outrider_worker' AND datname = current_database()"


async def nothing(context: ops.JobContext) -> None:
    return None


async def test_the_job_of_a_killed_worker_is_finished_once_by_another(organization, start_worker, tmp_path):
    first = start_worker()
    file = tmp_path / "begun"
    job = await ask(organization, "sleep", {"file": str(file), "seconds": 1})
    assert await until_lines(file, 1) == [f"{first.pid} 1"]
    second = start_worker()
    first.send_signal(signal.SIGKILL)
    lines = await until_lines(file, 2)
    ended = await until(organization, job)
    assert (ended.state, ended.retry_count, ended.output) == ("completed", 1, {"pid": second.pid})
    assert lines == [f"{first.pid} 1", f"{second.pid} 2"]
    assert len(file.read_text().splitlines()) == 2


async def test_a_job_that_kills_its_worker_is_given_up_after_its_retries(organization, start_worker, tmp_path):
    file = tmp_path / "begun"
    job = await ask(organization, "poison", {"file": str(file)}, retry_limit=1)
    for number in range(3):  # an operating system's supervisor would start them
        worker = start_worker()
        if number < 2:
            await asyncio.to_thread(worker.wait, 10)
    ended = await until(organization, job)
    assert (ended.state, ended.retry_count) == ("failed", 1)
    assert ended.error.startswith("WorkerDied: attempt 2 of 2 ended with the death of its worker")
    assert len(file.read_text().splitlines()) == 2
    [event] = (await ops.list_events(organization, ACTOR, entity_id=job)).items
    assert event.event_type == "job.failed"


async def until_alive(count):
    end = time.monotonic() + 60
    while (alive := await ops.workers_alive()) != count:
        assert time.monotonic() < end, f"{alive} workers say that they live"
        await asyncio.sleep(0.1)


async def test_a_busy_worker_keeps_its_job_and_says_that_it_lives(organization, start_worker, tmp_path, admin):
    await admin.execute("DELETE FROM queue.workers")  # killed by the tests before
    busy = start_worker()
    file = tmp_path / "begun"
    job = await ask(organization, "spin", {"file": str(file), "seconds": 6})
    await until_lines(file, 1)
    start_worker()
    await until_alive(2)  # the second one would take the job if it were to be had
    message = await admin.fetchrow(
        "SELECT attempts, now() - heartbeat AS age FROM queue.pgqueuer WHERE position($1 IN convert_from(payload, 'UTF8')) > 0",
        str(job),
    )
    assert message["attempts"] == 0
    assert message["age"] < timedelta(seconds=1)
    ended = await until(organization, job)
    assert (ended.state, ended.retry_count, ended.output) == ("completed", 0, {"pid": busy.pid})


async def test_a_stopped_worker_gives_its_job_back_without_counting(organization, start_worker, tmp_path):
    first = start_worker()
    file = tmp_path / "begun"
    job = await ask(organization, "sleep", {"file": str(file), "seconds": 2}, retry_limit=0)
    await until_lines(file, 1)
    first.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(first.wait, 10) == 0
    back = await ops.get_job(organization, ACTOR, job)
    assert (back.state, back.retry_count, back.started_on) == ("retry", 0, None)
    second = start_worker()
    ended = await until(organization, job)
    assert (ended.state, ended.output) == ("completed", {"pid": second.pid})


async def test_a_stopped_worker_lets_a_job_finish_that_ends_in_time(organization, urls):
    async def short(context: ops.JobContext) -> None:
        begun.set()
        await asyncio.sleep(0.5)

    begun = asyncio.Event()
    async with working(urls, {"short": short}, grace=timedelta(seconds=5)):
        job = await ask(organization, "short")
        await begun.wait()
    assert (await ops.get_job(organization, ACTOR, job)).state == "completed"


async def test_many_workers_run_each_job_once(organization, urls):
    ran: list[UUID] = []

    async def note(context: ops.JobContext) -> None:
        ran.append(context.job_id)

    async with tenancy.transaction(organization, ACTOR) as connection:
        jobs = [await ops.enqueue(connection, "note", {}) for _ in range(60)]
        for job in jobs[:20]:  # messages too many do no harm
            await connection.execute("SELECT ops.f_dispatch($1)", job)
    async with working(urls, {"note": note}), working(urls, {"note": note}):
        for job in jobs:
            assert (await until(organization, job)).state == "completed"
    assert sorted(ran) == sorted(jobs)


async def test_more_urgent_jobs_go_first(organization, urls):
    order: list[int] = []

    async def note(context: ops.JobContext) -> None:
        order.append(context.data["n"])

    async with tenancy.transaction(organization, ACTOR) as connection:
        jobs = [await ops.enqueue(connection, "note", {"n": n}, priority=n) for n in (1, 5, 3, -2, 9)]
    async with working(urls, {"note": note}, concurrency=1):
        for job in jobs:
            await until(organization, job)
    assert order == [9, 5, 3, 1, -2]


async def test_no_more_run_at_a_time_than_allowed(organization, urls):
    now = most = 0

    async def note(context: ops.JobContext) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.05)
        now -= 1

    async with tenancy.transaction(organization, ACTOR) as connection:
        jobs = [await ops.enqueue(connection, "note", {}) for _ in range(9)]
    async with working(urls, {"note": note}, concurrency=3):
        for job in jobs:
            await until(organization, job)
    assert most == 3


async def test_a_worker_counts_as_alive_until_it_leaves(organization, urls, admin):
    await admin.execute("DELETE FROM queue.workers")  # killed by the tests before
    async with working(urls, {"note": nothing}):
        await until(organization, await ask(organization, "note"))
        assert await ops.workers_alive() == 1
    assert await ops.workers_alive() == 0


async def test_a_job_runs_here_when_no_worker_is_there(organization):
    async def fail_once(context: ops.JobContext) -> dict:
        if context.attempt == 1:
            raise ValueError
        return {"attempt": context.attempt}

    later = datetime.now(UTC) + timedelta(hours=1)
    job = await ask(organization, "here", retry_delay=0, start_after=later)
    ended = await ops.run_job_here(organization, job, {"here": fail_once})
    assert (ended.state, ended.output) == ("completed", {"attempt": 2})
    assert (await ops.run_job_here(organization, job, {})) == ended
    with pytest.raises(NotFound):
        await ops.run_job_here(organization, uuid4(), {})


async def test_what_runs_here_no_worker_runs_too(organization, urls):
    ran: list[str] = []

    async def here(context: ops.JobContext) -> None:
        ran.append("here")
        await asyncio.sleep(1)

    async def there(context: ops.JobContext) -> None:
        ran.append("there")

    job = await ask(organization, "here")
    mine = asyncio.create_task(ops.run_job_here(organization, job, {"here": here}))
    await until(organization, job, "active")
    with pytest.raises(Conflict, match="is being run"):
        await ops.run_job_here(organization, job, {"here": there})
    async with working(urls, {"here": there}):
        assert (await mine).state == "completed"
    assert ran == ["here"]


async def test_what_is_interrupted_here_goes_to_a_worker(organization, urls):
    async def wait(context: ops.JobContext) -> None:
        await asyncio.sleep(30)

    job = await ask(organization, "wait", retry_limit=0)
    mine = asyncio.create_task(ops.run_job_here(organization, job, {"wait": wait}))
    await until(organization, job, "active")
    mine.cancel()
    with pytest.raises(asyncio.CancelledError):
        await mine
    assert (await ops.get_job(organization, ACTOR, job)).state == "retry"
    async with working(urls, {"wait": nothing}):
        assert (await until(organization, job)).state == "completed"


async def test_an_attempt_that_was_overtaken_writes_nothing(organization, urls, admin):
    outcome: list[type[Exception]] = []
    go, gone = asyncio.Event(), asyncio.Event()

    async def slow(context: ops.JobContext) -> dict:
        await go.wait()
        try:
            async with tenancy.transaction(context.organization_id, context.actor) as connection:
                await ops.log_event(connection, "chunk", context.job_id, "chunk.done", {})
                await context.report(connection, 1)
        except Exception as error:
            outcome.append(type(error))
        gone.set()
        return {"stale": True}

    async with working(urls, {"slow": slow}):
        job = await ask(organization, "slow")
        await until(organization, job, "active")
        await admin.execute("UPDATE ops.jobs SET attempt_token = uuidv7() WHERE id = $1", job)
        go.set()
        await gone.wait()
    assert [error.__name__ for error in outcome] == ["JobOvertaken"]
    found = await ops.get_job(organization, ACTOR, job)
    assert (found.state, found.output) == ("active", None)
    assert (await ops.list_events(organization, ACTOR)).items == []


async def test_a_worker_outlives_its_connections(organization, urls, admin):
    async with working(urls, {"note": nothing}):
        await until(organization, await ask(organization, "note"))
        assert await admin.fetchval(CUT) == 2
        job = await until(organization, await ask(organization, "note"))
        assert (job.state, job.retry_count) == ("completed", 0)


async def test_a_job_whose_lock_went_with_its_connection_is_tried_again(organization, urls, admin):
    now = most = 0

    async def wait_once(context: ops.JobContext) -> dict:
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            await asyncio.sleep(30 if context.attempt == 1 else 0)
        finally:
            await asyncio.sleep(0.2)
            now -= 1
        return {"attempt": context.attempt}

    async with working(urls, {"wait": wait_once}), working(urls, {"wait": wait_once}):
        job = await ask(organization, "wait", retry_delay=0)
        await until(organization, job, "active")
        await admin.execute(CUT)
        ended = await until(organization, job)
    assert (ended.state, ended.output, most) == ("completed", {"attempt": 2}, 1)


async def test_a_job_that_plain_sql_added_is_found(organization, urls, admin):
    job = await admin.fetchval(
        "INSERT INTO ops.jobs (organization_id, name, requested_by) VALUES ($1, 'note', 'sql') RETURNING id",
        organization,
    )
    assert await upkeep.rescue(organization) == 1
    assert await upkeep.rescue(organization) == 0
    async with working(urls, {"note": nothing}):
        assert (await until(organization, job)).state == "completed"


async def test_an_unreachable_queue_is_said_in_one_sentence(pool, urls):
    with pytest.raises(Unavailable, match="outrider doctor"):
        await ops.run_worker(urls.worker + "x", {}, stop=asyncio.Event())
    with pytest.raises(InvalidInput, match="concurrency"):
        await ops.run_worker(urls.worker, {}, stop=asyncio.Event(), concurrency=0)


async def test_the_worker_role_reads_no_tenant_data(urls, organization):
    import asyncpg

    connection = await asyncpg.connect(urls.worker)
    try:
        for statement in (
            "SELECT * FROM ops.jobs",
            "SELECT ops.f_rescue_jobs()",
            "SELECT * FROM tenancy.organizations",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
