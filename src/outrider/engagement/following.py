"""What the ledger and the tasks say, made into events, and the counters that follow from events. Any number may run, on any hosts."""

import asyncio
import logging
import time
from contextlib import suppress

import asyncpg

from outrider.kit import database
from outrider.kit.errors import Unavailable
from outrider.sending import keyed
from outrider.tenancy import Actor, OrganizationId, transaction

from .store import events as queries

log = logging.getLogger(__name__)
ACTOR = Actor("system", "engagement")
MOST = 1_000
LOOK_SECONDS = 1.0
MONTHS_SECONDS = 6 * 3600.0
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable)
"""What a database that is away, or comes back, raises."""


async def run_follower(*, stop: asyncio.Event, look_every: float = LOOK_SECONDS) -> None:
    """Follow every organization, `look_every` seconds after the last round, until `stop` is set, and keep the months of events made ahead.

    A database that is away is waited for.
    """
    months_at = -MONTHS_SECONDS
    while not stop.is_set():
        try:
            if time.monotonic() - months_at >= MONTHS_SECONDS:
                await make_months()
                months_at = time.monotonic()
            for organization in await _organizations():
                try:
                    await follow(organization)
                except asyncpg.PostgresError as error:
                    log.warning("organization %s is followed again later: %s", organization, type(error).__name__)
        except AWAY as error:
            log.warning("the follower waits for the database: %s", type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), look_every)


async def follow(organization: OrganizationId) -> int:
    """Make events of all that waits, then bring the counters up to date; returns how many ledger rows and tasks there were."""
    followed = 0
    while True:
        async with transaction(organization, ACTOR) as connection:
            await keyed(connection)
            taken = int(await queries.follow(connection, most=MOST))
        followed += taken
        if taken < MOST:
            break
    async with transaction(organization, ACTOR) as connection:
        await queries.refresh_counters(connection)
    return followed


async def make_months() -> int:
    """Make the partitions of events that are missing up to three months ahead; returns how many were new."""
    async with database.acquired() as connection:
        return int(await queries.make_months(connection))


async def _organizations() -> list[OrganizationId]:
    async with database.acquired() as connection, connection.transaction():
        return [OrganizationId(row["id"]) async for row in queries.organizations_to_follow(connection)]
