"""The connection pool of the process and the records that come out of it.

Slices do not use the pool directly: `tenancy.transaction` is their way to a connection.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson

from .errors import Unavailable

ACQUIRE_SECONDS = 30
_pool: asyncpg.Pool | None = None


def _encode(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


async def prepare_connection(connection: asyncpg.Connection) -> None:
    """Make `json` and `jsonb` travel as Python values; a `str` is taken for JSON text that is ready to send."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_encode, decoder=orjson.loads)


@asynccontextmanager
async def connect(url: str, *, size: int = 10, statement_cache: int = 256, name: str = "outrider") -> AsyncIterator[asyncpg.Pool]:
    """Open the process's pool on `url` for the time of the block.

    Raises `Unavailable` when there is no server, with what to do.
    """
    global _pool
    try:
        pool = await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=size,
            statement_cache_size=statement_cache,
            init=prepare_connection,
            server_settings={"application_name": name},
            command_timeout=None,
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(f"The database cannot be reached: {error}. Run: outrider doctor") from error
    previous, _pool = _pool, pool
    try:
        yield pool
    finally:
        _pool = previous
        await pool.close()


def pool() -> asyncpg.Pool:
    """Return the process's pool. Raises `RuntimeError` outside `connect`."""
    if _pool is None:
        raise RuntimeError("no database: open one with kit.database.connect")
    return _pool


@asynccontextmanager
async def acquired() -> AsyncIterator[asyncpg.Connection]:
    """Take a connection of the pool for the time of the block.

    Raises `Unavailable` when none comes free within `ACQUIRE_SECONDS`.
    """
    try:
        connection = await pool().acquire(timeout=ACQUIRE_SECONDS)
    except TimeoutError as error:
        raise Unavailable("every connection to the database is taken: ask again in a moment, or raise OUTRIDER_POOL_SIZE") from error
    try:
        yield connection
    finally:
        await pool().release(connection)
