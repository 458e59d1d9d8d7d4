"""What the home page says: how much there is, what runs, what to do next. Reads; the counting of large organizations is a job."""

from datetime import UTC, datetime, timedelta

import asyncpg

from outrider import ops
from outrider.kit.errors import NotFound
from outrider.tenancy import Caller, OrganizationId, transaction

from .outreach.home import outreach_steps, read_outreach
from .steps import steps_for
from .store import least_id, queries, to_days, to_running
from .types import Day, Figures, Overview

COUNT = "reports.count"
"""The job that counts an organization's figures."""

LIVE = 10_000
"""Up to so many rows of a kind are counted on every visit: 4 ms a kind. What has more is counted by a job."""

KINDS = ("people", "companies", "contacts", "profiles")
FRESH = timedelta(minutes=5)
KEEP_JOB = timedelta(hours=1)


async def read_overview(
    connection: asyncpg.Connection, caller: Caller, *, has_second_factor: bool = True, with_figures: bool = True
) -> Overview:
    """Return the caller's organization at a glance, as far as their scopes reach, in the caller's transaction.

    Somebody who is bound to namespaces sees no figures and no outreach, since these are of the whole organization. `has_second_factor`
    False: the caller is a person who signs in with a password alone. `with_figures` False leaves them out. Raises `NotFound`
    when the organization is gone.
    """
    organization, now = caller.organization_id, datetime.now(UTC)
    row = await queries.situation(
        connection,
        organization_id=organization,
        month=least_id(now - timedelta(days=30)),
        week=least_id(now - timedelta(days=7)),
    )
    if row is None:
        raise NotFound(f"organization {organization} does not exist")
    sees_data = with_figures and "people:read" in caller.scopes and caller.namespaces is None
    figures = await _figures(connection, caller, row) if sees_data else None
    sees_outreach = with_figures and "campaigns:read" in caller.scopes and caller.namespaces is None
    outreach = await read_outreach(connection, organization) if sees_outreach else None
    steps = steps_for(row, caller.scopes, has_second_factor)
    if outreach is not None:
        steps = (*outreach_steps(outreach, caller.scopes, has_people=figures is not None and figures.people > 0), *steps)
    running = []
    if "jobs:read" in caller.scopes:
        running = [to_running(found) async for found in queries.running(connection, organization_id=organization, counting=COUNT)]
    return Overview(
        organization=row["name"],
        figures=figures,
        outreach=outreach,
        imports=row["imports"] if "imports:read" in caller.scopes else None,
        running=tuple(running),
        steps=tuple(sorted(steps, key=lambda step: step.weight != "wrong")),
        workers=row["workers"],
        is_stale=figures is not None and _is_stale(figures, row["finished_at"], now),
    )


async def ask_for_count(caller: Caller) -> None:
    """Have the organization counted by a job, unless one is on its way; its record goes an hour later."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        keep_until = datetime.now(UTC) + KEEP_JOB
        await ops.enqueue(connection, COUNT, {}, priority=-1, singleton_key="figures", retry_limit=1, keep_until=keep_until)


async def keep_count(connection: asyncpg.Connection, organization: OrganizationId) -> dict[str, int]:
    """Count everything and keep it; returns the numbers of people, companies, contacts and profiles."""
    row = await queries.count(connection, organization_id=organization, most=None)
    await queries.keep_figures(connection, organization_id=organization, **dict(row))
    return {kind: row[kind] for kind in KINDS}


async def _figures(connection: asyncpg.Connection, caller: Caller, row: asyncpg.Record) -> Figures:
    """Return what was counted last if that is a large organization, else what a quick count finds now."""
    if row["counted_at"] is not None and _most(row) > LIVE:
        return _of(row, to_days(row["rows_by_day"], row["today"]), row["counted_at"])
    found = await queries.count(connection, organization_id=caller.organization_id, most=LIVE + 1)
    is_every_day_there = sum(found["rows_by_day"].values()) <= LIVE
    days = to_days(found["rows_by_day"], row["today"]) if is_every_day_there else ()
    return _of(found, days, None)


def _of(row: asyncpg.Record, days: tuple[Day, ...], counted_at: datetime | None) -> Figures:
    """Return figures from a count; without the time of one, it was a quick one that stops behind `LIVE`."""
    people, companies, contacts, profiles = (row[kind] if counted_at else min(row[kind], LIVE) for kind in KINDS)
    return Figures(people, companies, contacts, profiles, days, counted_at, counted_at is None and _most(row) > LIVE)


def _most(row: asyncpg.Record) -> int:
    return max(*(row[kind] for kind in KINDS), sum(row["rows_by_day"].values()))


def _is_stale(figures: Figures, import_finished_at: datetime | None, now: datetime) -> bool:
    """Whether a count is due: there is none, an import ended since, or it is some minutes old."""
    if figures.counted_at is None:
        return figures.is_least
    return now - figures.counted_at > FRESH or (import_finished_at is not None and import_finished_at > figures.counted_at)
