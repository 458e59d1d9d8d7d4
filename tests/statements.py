"""Counts the SQL statements that a piece of code makes: what asks once for each row of a list shows."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
from asyncpg.connection import LoggedQuery

from outrider.kit import database
from outrider.kit.server import Urls

OVERHEAD = re.compile(
    r"\s*(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SELECT pg_advisory_unlock_all"
    r"|SELECT\s+current_setting\('jit'\)|WITH RECURSIVE typeinfo)",
    re.IGNORECASE,
)
"""What the driver says by itself: the bounds of a transaction, the reset of a connection, the look-up of types."""

CONNECTIONS = 2


@asynccontextmanager
async def counting(urls: Urls) -> AsyncIterator[list[str]]:
    """Run the block on a pool of its own, and collect its statements in the order they were made; settings of the transaction count too."""
    made: list[str] = []

    async def note(query: LoggedQuery) -> None:
        if not OVERHEAD.match(query.query):
            made.append(query.query)

    async with database.connect(urls.app, size=CONNECTIONS) as pool:
        async with AsyncExitStack() as stack:
            for _ in range(CONNECTIONS):  # every one that the pool may have is open from now on
                connection: asyncpg.Connection = await stack.enter_async_context(pool.acquire())
                connection.add_query_logger(note)
        yield made
