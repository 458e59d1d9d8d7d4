"""What a worker does on its own account, for every organization: schedules once a minute, upkeep once an hour.

Only the one worker that keeps the clock calls these; each may be repeated and interrupted without harm.
"""

import logging

from outrider.kit import database
from outrider.tenancy import Actor, OrganizationId, all_organizations, transaction

from .schedules import tick
from .store import queries

log = logging.getLogger(__name__)
CLOCK = Actor("system", "clock")


async def every_minute() -> None:
    """Ask for the jobs of due schedules and hand out again jobs that nobody was told of, where there are such. One tenant's trouble stays
    its own.
    """
    for organization in await organizations_with_work():
        try:
            await tick(organization)
            await rescue(organization)
        except Exception as error:
            log.error("the minute's round failed for organization %s: %s", organization, type(error).__name__)


async def every_hour() -> None:
    """Make the event store's partitions ahead and drop what is past its time."""
    try:
        await make_event_partitions()
    except Exception as error:
        log.error("partitions ahead could not be made: %s", type(error).__name__)
    for organization in await all_organizations():
        try:
            await purge(organization)
        except Exception as error:
            log.error("the purge failed for organization %s: %s", organization, type(error).__name__)


async def organizations_with_work() -> list[OrganizationId]:
    """Return the organizations in which a schedule is due or a job was lost sight of."""
    async with database.pool().acquire() as connection, connection.transaction():
        return [OrganizationId(row["id"]) async for row in queries.organizations_with_work(connection)]


async def make_event_partitions() -> int:
    """Make the months that are missing up to three ahead; returns how many were new."""
    async with database.pool().acquire() as connection:
        return int(await queries.make_event_partitions(connection))


async def rescue(organization: OrganizationId) -> int:
    """Hand unfinished jobs that no message stands for to the workers; returns how many."""
    async with transaction(organization, CLOCK) as connection:
        return int(await queries.rescue_jobs(connection))


async def purge(organization: OrganizationId) -> tuple[int, int]:
    """Drop finished jobs past `keep_until` and idempotency keys older than a day; returns how many of each."""
    async with transaction(organization, CLOCK) as connection:
        jobs = int(await queries.purge_jobs(connection, organization_id=organization))
        keys = int(await queries.purge_idempotency_keys(connection, organization_id=organization))
    return jobs, keys
