"""Jobs as people and other slices see them: ask for one, look, cancel, try again. Never runs one (runner.py does)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit import database
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import Actor, OrganizationId, transaction

from . import values
from .store import queries, to_job
from .types import STATES, Job, Unfinished

SINGLETON_ATTEMPTS = 5
LONGEST_TITLE = 200


async def enqueue(
    connection: asyncpg.Connection,
    name: str,
    data: dict[str, Any],
    *,
    priority: int = 0,
    start_after: datetime | None = None,
    singleton_key: str | None = None,
    retry_limit: int = 3,
    retry_delay: int = 1,
    retry_backoff: bool = True,
    expire_in: timedelta = timedelta(minutes=15),
    keep_until: datetime | None = None,
    on_complete: bool = False,
    title: str | None = None,
    link: str | None = None,
) -> UUID:
    """Ask for a job in the caller's tenant transaction and return its id: it runs if and when that transaction commits.

    A higher `priority` goes first. A failed attempt comes back after `retry_delay` seconds, doubled each time with
    `retry_backoff`, at most `retry_limit` times; an attempt may take `expire_in`. The record is kept until
    `keep_until` (None: 14 days after it may start). With a `singleton_key` and an unfinished job of that name and key:
    returns that job's id and adds nothing. `title` is what people see ("Import apollo.csv"; its first 200 characters), `link` the path of
    the page of what it works on. Raises `InvalidInput` for values that cannot be used.
    """
    if not timedelta(0) < expire_in <= timedelta(days=365):
        raise InvalidInput(f"expire_in is {expire_in}; it must be more than nothing and at most 365 days", field="expire_in")
    values.number(priority, "priority", -values.MAX_INT)
    arguments = {
        "organization_id": await queries.current_organization(connection),
        "name": values.text(name, "name", 100),
        "data": values.json_object(data, "data"),
        "priority": priority,
        "start_after": values.moment(start_after, "start_after"),
        "singleton_key": values.text(singleton_key, "singleton_key", 100) if singleton_key is not None else None,
        "retry_limit": values.number(retry_limit, "retry_limit"),
        "retry_delay": values.number(retry_delay, "retry_delay"),
        "retry_backoff": retry_backoff,
        "expire_in": expire_in,
        "keep_until": values.moment(keep_until, "keep_until"),
        "on_complete": on_complete,
        "title": values.text(title[:LONGEST_TITLE], "title", LONGEST_TITLE) if title is not None else None,
        "link": values.local_path(link, "link") if link is not None else None,
    }
    for _ in range(SINGLETON_ATTEMPTS):
        made = await queries.insert_job(connection, **arguments)
        if made is not None:
            await queries.dispatch(connection, id=made)
            return UUID(str(made))
        key = {field: arguments[field] for field in ("organization_id", "name", "singleton_key")}
        found = await queries.unfinished_job(connection, **key)
        if found is not None:
            return UUID(str(found))
    raise Conflict(f"the job {name} with the key {singleton_key!r} keeps coming and going; try again", field="singleton_key")


async def get_job(organization: OrganizationId, actor: Actor, id: UUID) -> Job:
    """Return one job. Raises `NotFound`."""
    async with transaction(organization, actor, readonly=True) as connection:
        return await find_job(connection, organization, id)


async def list_jobs(
    organization: OrganizationId,
    actor: Actor,
    *,
    state: str | None = None,
    name: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Job]:
    """Return a page of jobs, newest first; empty when there are none. Raises `InvalidInput` for an unknown state or
    cursor.
    """
    if state is not None and state not in STATES:
        raise InvalidInput(f"state is {state!r}; it must be one of {', '.join(STATES)}", field="state")
    async with transaction(organization, actor, readonly=True) as connection:
        return await page_of_jobs(connection, organization, [state] if state else None, name=name, limit=limit, cursor=cursor)


async def page_of_jobs(
    connection: asyncpg.Connection,
    organization: OrganizationId,
    states: Sequence[str] | None,
    *,
    name: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Job]:
    """Return the same in the caller's transaction, of jobs in one of several states; None: in any."""
    check_limit(limit)
    arguments = {"states": states, "name": name, "before": decode_id_cursor(cursor), "count": limit + 1}
    found = [to_job(row) async for row in queries.jobs(connection, organization_id=organization, **arguments)]
    return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)


async def count_unfinished(connection: asyncpg.Connection, organization: OrganizationId) -> Unfinished:
    """Return how many jobs run and how many wait, in the caller's transaction."""
    found = {row["state"]: int(row["jobs"]) async for row in queries.unfinished_jobs(connection, organization_id=organization)}
    return Unfinished(running=found.get("active", 0), waiting=found.get("created", 0) + found.get("retry", 0))


async def cancel_job(organization: OrganizationId, actor: Actor, id: UUID) -> Job:
    """Cancel a job and return it: at once when it waits; one that runs stops at its next word on progress. Again is
    fine.

    Raises `NotFound`, and `Conflict` for a job that ended otherwise.
    """
    async with transaction(organization, actor) as connection:
        changed = await queries.cancel_job(connection, organization_id=organization, id=id)
        job = await find_job(connection, organization, id)
    if changed is None and job.state != "cancelled":
        raise Conflict(f"job {id} is {job.state} already; only one that is not finished can be cancelled")
    return job


async def retry_job(organization: OrganizationId, actor: Actor, id: UUID) -> Job:
    """Let a failed, expired or cancelled job start anew, now and with all its attempts, and return it.

    Raises `NotFound`, and `Conflict` for a job that is not finished, was completed, or whose singleton key is in use
    again.
    """
    try:
        async with transaction(organization, actor) as connection:
            changed = await queries.retry_job(connection, organization_id=organization, id=id)
            job = await find_job(connection, organization, id)
            if changed is None:
                raise Conflict(f"job {id} is {job.state}; only one that failed, expired or was cancelled can be retried")
            await queries.dispatch(connection, id=id)
            return job
    except asyncpg.UniqueViolationError as error:
        raise Conflict(f"job {id} cannot be retried: another one with its singleton key is not finished") from error


async def workers_alive() -> int:
    """Return how many worker processes are alive; a killed one counts for some seconds more."""
    async with database.pool().acquire() as connection:
        return await workers_in(connection)


async def workers_in(connection: asyncpg.Connection) -> int:
    """Return the same on the caller's connection."""
    return int(await queries.workers_alive(connection))


async def find_job(connection: asyncpg.Connection, organization: OrganizationId, id: UUID) -> Job:
    """Return one job, in the caller's transaction. Raises `NotFound`."""
    row = await queries.job(connection, organization_id=organization, id=id)
    if row is None:
        raise NotFound(f"there is no job {id}", field="id")
    return to_job(row)
