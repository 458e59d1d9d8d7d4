"""Schedules, the event store and what a worker does on its own account."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest

from outrider import ops, tenancy
from outrider.kit.errors import InvalidInput, NotFound
from outrider.ops import schedules
from outrider.ops import tasks as upkeep

from .conftest import ACTOR, ask, working


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        ("*/15 * * * *", "UTC", "2026-03-01T10:07:00+00:00", "2026-03-01T10:15:00+00:00"),
        ("0 9 * * mon-fri", "Europe/Berlin", "2026-03-27T12:00:00+00:00", "2026-03-30T07:00:00+00:00"),
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00+00:00", "2026-03-29T01:00:00+00:00"),  # left out: 3:00
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"),  # twice: once
        ("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00+00:00", "2026-10-25T01:00:00+00:00"),  # no gap
    ],
)
def test_the_next_time_is_read_in_its_zone(cron, zone, after, expected):
    assert schedules.next_run(cron, zone, at(after)) == at(expected)


@pytest.mark.parametrize("cron", ["", "@daily", "* * * *", "* * * * * *", "61 * * * *", "R * * * *", "0 0 31 2 *", "a b c d e", None, 7])
async def test_a_cron_line_that_cannot_be_read_is_refused(organization, cron):
    with pytest.raises(InvalidInput) as caught:
        await ops.set_schedule(organization, ACTOR, "s", "job", cron)
    assert caught.value.field == "cron"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "Europe", "UTC\0"])
async def test_a_zone_that_is_none_is_refused(organization, zone):
    with pytest.raises(InvalidInput) as caught:
        await ops.set_schedule(organization, ACTOR, "s", "job", "0 9 * * *", time_zone=zone)
    assert caught.value.field == "time_zone"


async def test_a_due_schedule_asks_for_its_job_once_however_late(organization):
    made = await ops.set_schedule(organization, ACTOR, "report", "make_report", "* * * * *", data={"a": 1})
    assert await schedules.tick(organization) == 0
    late = made.next_run_at + timedelta(hours=5, seconds=1)
    assert await asyncio.gather(*(schedules.tick(organization, late) for _ in range(3))) in (
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
    )
    [job] = (await ops.list_jobs(organization, ACTOR)).items
    assert (job.name, job.data, job.requested_by) == ("make_report", {"a": 1}, "schedule:report")
    [after] = await ops.list_schedules(organization, ACTOR)
    assert (after.last_run_at, after.next_run_at) == (
        late,
        late.replace(second=0, microsecond=0) + timedelta(minutes=1),
    )
    assert await schedules.tick(organization, late + timedelta(minutes=1)) == 1
    assert len((await ops.list_jobs(organization, ACTOR)).items) == 1  # the first is not finished


async def test_setting_a_schedule_again_does_not_lose_an_overdue_run(organization, admin):
    await ops.set_schedule(organization, ACTOR, "s", "job", "0 9 * * *")
    await admin.execute("UPDATE ops.schedules SET next_run_at = now() - interval '1 hour' WHERE organization_id = $1", organization)
    again = await ops.set_schedule(organization, ACTOR, "s", "job", "0 9 * * *")
    assert again.next_run_at < datetime.now(UTC)
    assert (await ops.set_schedule(organization, ACTOR, "s", "job", "0 10 * * *")).next_run_at > datetime.now(UTC)


async def test_a_schedule_that_is_off_or_dropped_asks_for_nothing(organization):
    await ops.set_schedule(organization, ACTOR, "off", "job", "* * * * *", is_active=False)
    await ops.set_schedule(organization, ACTOR, "gone", "job", "* * * * *")
    await ops.delete_schedule(organization, ACTOR, "gone")
    assert await schedules.tick(organization, datetime.now(UTC) + timedelta(days=1)) == 0
    with pytest.raises(NotFound):
        await ops.delete_schedule(organization, ACTOR, "gone")


async def test_a_schedule_that_sql_spoiled_is_stopped_and_told(organization, admin):
    await ops.set_schedule(organization, ACTOR, "s", "job", "0 9 * * *")
    await admin.execute("UPDATE ops.schedules SET cron = 'often', next_run_at = now() WHERE organization_id = $1", organization)
    assert await schedules.tick(organization) == 0
    assert not (await ops.list_schedules(organization, ACTOR))[0].is_active
    [event] = (await ops.list_events(organization, ACTOR)).items
    assert event.event_type == "schedule.stopped"


async def test_schedules_are_their_organizations_own(organization, other_organization):
    await ops.set_schedule(organization, ACTOR, "s", "job", "* * * * *")
    assert await ops.list_schedules(other_organization, ACTOR) == []
    assert await schedules.tick(other_organization, datetime.now(UTC) + timedelta(days=1)) == 0
    with pytest.raises(NotFound):
        await ops.delete_schedule(other_organization, ACTOR, "s")


async def test_one_of_the_workers_keeps_the_clock(organization, urls, admin):
    await ops.set_schedule(organization, ACTOR, "s", "tick", "* * * * *")
    await admin.execute("UPDATE ops.schedules SET next_run_at = now() - interval '1 hour' WHERE organization_id = $1", organization)
    async with working(urls, {}), working(urls, {}):
        for _ in range(300):
            if items := (await ops.list_jobs(organization, ACTOR)).items:
                break
            await asyncio.sleep(0.03)
    assert len(items) == 1


async def test_the_minutes_round_visits_only_organizations_with_something_to_do(organization, other_organization, admin):
    await ops.set_schedule(organization, ACTOR, "s", "tick", "* * * * *")
    await ask(other_organization, "x", start_after=datetime.now(UTC) + timedelta(hours=1))  # its message stands for it
    assert {organization, other_organization}.isdisjoint(await upkeep.organizations_with_work())
    await admin.execute("UPDATE ops.schedules SET next_run_at = now() WHERE organization_id = $1", organization)
    assert organization in await upkeep.organizations_with_work()
    await upkeep.every_minute()
    assert organization not in await upkeep.organizations_with_work()
    assert len((await ops.list_jobs(organization, ACTOR)).items) == 1
    await admin.execute(
        "DELETE FROM queue.pgqueuer WHERE convert_from(payload, 'UTF8') LIKE '%' || $1::text || '%'", str(other_organization)
    )
    assert other_organization in await upkeep.organizations_with_work()
    await upkeep.every_minute()
    assert other_organization not in await upkeep.organizations_with_work()


async def test_looking_for_work_leaves_no_tenant_behind(pool, organization):
    async with pool.acquire() as connection:
        await upkeep.organizations_with_work()
        assert await connection.fetchval("SELECT kit.f_organization()") is None


async def test_an_event_is_kept_and_told_when_its_transaction_commits(organization, urls):
    told: asyncio.Queue[str] = asyncio.Queue()
    listener = await asyncpg.connect(urls.app)
    await listener.add_listener("events", lambda *args: told.put_nowait(args[-1]))
    entity, user = uuid4(), uuid4()
    try:
        async with tenancy.transaction(organization, ACTOR) as connection:
            event = await ops.log_event(connection, "contact", entity, "contact.created", {"n": 1}, user_id=user, metadata={"m": 2})
            await asyncio.sleep(0.1)
            assert told.empty()
        heard = orjson.loads(await asyncio.wait_for(told.get(), 5))
    finally:
        await listener.close()
    assert heard == {"id": str(event), "type": "contact.created", "entity_id": str(entity)}
    [kept] = (await ops.list_events(organization, ACTOR)).items
    assert (kept.id, kept.user_id, kept.entity_id, kept.payload, kept.metadata) == (
        event,
        user,
        entity,
        {"n": 1},
        {"m": 2},
    )


async def test_events_are_found_by_what_they_are_about_and_paged(organization, other_organization):
    entity = uuid4()
    async with tenancy.transaction(organization, ACTOR) as connection:
        ids = [await ops.log_event(connection, "contact", entity, f"contact.{n % 2}", {}) for n in range(5)]
        await ops.log_event(connection, "email", uuid4(), "email.received", {})
    seen: list[UUID] = []
    cursor = None
    while True:
        page = await ops.list_events(organization, ACTOR, entity_type="contact", entity_id=entity, limit=2, cursor=cursor)
        seen += [event.id for event in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ids[::-1]
    assert len((await ops.list_events(organization, ACTOR, event_type="contact.1")).items) == 2
    assert (await ops.list_events(other_organization, ACTOR)).items == []


async def test_an_event_that_cannot_be_kept_is_refused(organization):
    async with tenancy.transaction(organization, ACTOR) as connection:
        with pytest.raises(InvalidInput):
            await ops.log_event(connection, "t" * 51, uuid4(), "x", {})
        with pytest.raises(InvalidInput):
            await ops.log_event(connection, "t", uuid4(), "x", {"a": "\0"})


async def test_partitions_are_there_months_ahead(pool, admin):
    month = (datetime.now(UTC).replace(day=1) + timedelta(days=31 * 3)).strftime("events_%Y_%m")
    await admin.execute(f"DROP TABLE IF EXISTS ops.{month}")
    assert await upkeep.make_event_partitions() == 1
    assert await upkeep.make_event_partitions() == 0
    assert await admin.fetchval("SELECT relforcerowsecurity FROM pg_class WHERE oid = $1::regclass", f"ops.{month}")


async def test_a_month_that_went_to_the_default_partition_does_no_harm(pool, admin, organization):
    month = (datetime.now(UTC).replace(day=1) + timedelta(days=31 * 3)).strftime("events_%Y_%m")
    await admin.execute(f"DROP TABLE IF EXISTS ops.{month}")
    moment = datetime.strptime(month, "events_%Y_%m").replace(tzinfo=UTC) + timedelta(days=3)
    insert = (
        "INSERT INTO ops.events (organization_id, entity_type, entity_id, event_type, payload, created_at)"
        " VALUES ($1, 't', uuidv7(), 'x', '{}', $2) RETURNING tableoid::regclass::text"
    )
    assert await admin.fetchval(insert, organization, moment) == "ops.events_default"
    assert await upkeep.make_event_partitions() == 0
    await admin.execute("DELETE FROM ops.events_default")
    assert await upkeep.make_event_partitions() == 1


async def test_what_is_past_its_time_is_dropped(organization, other_organization, admin):
    soon, past = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(seconds=1)
    done = await ask(organization, "x", start_after=soon, keep_until=past)
    waiting = await ask(organization, "x", start_after=soon, keep_until=past)
    kept = await ask(organization, "x", start_after=soon)
    others = await ask(other_organization, "x", start_after=soon, keep_until=past)
    for tenant, job in ((organization, done), (organization, kept), (other_organization, others)):
        await ops.cancel_job(tenant, ACTOR, job)
    await admin.executemany(
        "INSERT INTO ops.idempotency_keys (organization_id, key, request_hash, created_at) VALUES ($1, $2, '', now() - $3::interval)",
        [(organization, "old", timedelta(hours=25)), (organization, "new", timedelta(hours=23))],
    )
    assert await upkeep.purge(organization) == (1, 1)
    assert [job.id for job in (await ops.list_jobs(organization, ACTOR)).items] == [kept, waiting]
    assert (await ops.get_job(other_organization, ACTOR, others)).state == "cancelled"


async def test_a_job_is_kept_a_fortnight_after_it_may_start(organization):
    start = datetime.now(UTC) + timedelta(days=30)
    job = await ops.get_job(organization, ACTOR, await ask(organization, "x", start_after=start))
    assert job.keep_until == start + timedelta(days=14)
