"""Jobs that come back: five-field cron in a time zone, per organization. Asks for jobs; never runs them."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from croniter import croniter  # type: ignore[import-untyped]

from outrider.kit.errors import InvalidInput, NotFound
from outrider.tenancy import Actor, OrganizationId, transaction

from . import values
from .events import log_event
from .jobs import enqueue
from .store import queries, to_schedule
from .types import Schedule

log = logging.getLogger(__name__)
FIELDS = 5
NAME_LENGTH = 80  # the singleton key holds it after 'schedule:'


def next_run(cron: str, time_zone: str, after: datetime) -> datetime:
    """Return the first time after `after` that `cron` names in `time_zone`, in UTC.

    An hour that is there twice (clocks go back) counts once for jobs at fixed hours; a time that is left out comes
    when the clock has moved on. Raises `InvalidInput` for what is no cron line, never comes, or is no time zone.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise InvalidInput(f"time_zone is {time_zone!r}; it must be an IANA zone such as Europe/Berlin", field="time_zone") from error
    fields = cron.split() if isinstance(cron, str) else []
    if len(fields) != FIELDS or any(field[:1] in "RrHh" and field[1:2] in ("", "(", "/") for field in fields):
        raise InvalidInput(
            f"cron is {cron!r}; it must have five fields: minute hour day month weekday, e.g. 0 9 * * mon-fri",
            field="cron",
        )
    try:
        times = croniter(" ".join(fields), after.astimezone(zone))
        found: datetime = times.get_next(datetime)
        while found.fold and "*" not in fields[1]:
            found = times.get_next(datetime)
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:  # croniter's own errors are ValueErrors
        raise InvalidInput(f"cron is {cron!r}; it names no time that comes: {error}", field="cron") from error
    return found.astimezone(UTC)


async def set_schedule(
    organization: OrganizationId,
    actor: Actor,
    name: str,
    job_name: str,
    cron: str,
    *,
    time_zone: str = "UTC",
    data: dict[str, Any] | None = None,
    is_active: bool = True,
) -> Schedule:
    """Make or change the schedule `name` and return it. Raises `InvalidInput`."""
    arguments = {
        "name": values.text(name, "name", NAME_LENGTH),
        "job_name": values.text(job_name, "job_name", 100),
        "cron": cron,
        "time_zone": time_zone,
        "data": values.json_object(data or {}, "data"),
        "is_active": is_active,
        "next_run_at": next_run(cron, time_zone, datetime.now(UTC)),
    }
    async with transaction(organization, actor) as connection:
        return to_schedule(await queries.upsert_schedule(connection, organization_id=organization, **arguments))


async def list_schedules(organization: OrganizationId, actor: Actor) -> list[Schedule]:
    """Return every schedule by name; empty when there are none."""
    async with transaction(organization, actor, readonly=True) as connection:
        return [to_schedule(row) async for row in queries.schedules(connection, organization_id=organization)]


async def delete_schedule(organization: OrganizationId, actor: Actor, name: str) -> None:
    """Drop a schedule; the job it asked for last stays. Raises `NotFound`."""
    async with transaction(organization, actor) as connection:
        if await queries.delete_schedule(connection, organization_id=organization, name=name) is None:
            raise NotFound(f"there is no schedule {name!r}", field="name")


async def tick(organization: OrganizationId, moment: datetime | None = None) -> int:
    """Ask for the jobs of the schedules that are due at `moment` (None: now) and return how many were due.

    A schedule that was due several times comes once. While its last job is not finished, no second one is added. Two
    who tick at the same time do not ask twice.
    """
    moment = moment or datetime.now(UTC)
    async with transaction(organization, Actor("schedule", "tick"), readonly=True) as connection:
        names = [row["name"] async for row in queries.due_schedules(connection, organization_id=organization, moment=moment)]
    return sum([await _run_due(organization, name, moment) for name in names])


async def _run_due(organization: OrganizationId, name: str, moment: datetime) -> bool:
    async with transaction(organization, Actor("schedule", name)) as connection:
        row = await queries.take_schedule(connection, organization_id=organization, name=name, moment=moment)
        if row is None:
            return False
        schedule = to_schedule(row)
        try:
            following = next_run(schedule.cron, schedule.time_zone, max(moment, schedule.next_run_at))
        except InvalidInput as error:  # written by plain SQL, or the zone is gone from this machine
            log.error("schedule stopped: %s", error.field)
            await queries.stop_schedule(connection, organization_id=organization, name=name)
            entity = uuid5(NAMESPACE_URL, f"outrider/schedule/{organization}/{name}")
            await log_event(connection, "schedule", entity, "schedule.stopped", {"name": name, "error": error.message})
            return False
        await enqueue(
            connection,
            schedule.job_name,
            schedule.data,
            singleton_key=f"schedule:{name}",
            keep_until=moment + timedelta(days=14),
        )
        await queries.advance_schedule(connection, organization_id=organization, name=name, moment=moment, next_run_at=following)
        return True
