"""The connection pool of the process and the records that come out of it.

Slices do not use the pool directly: `tenancy.transaction` is their way to a connection.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from .errors import Unavailable

ACQUIRE_SECONDS = 30
_pool: asyncpg.Pool | None = None
_waiting = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """The process's pool at one moment: `size` connections are open, of at most `most`; `waiting` callers have none yet."""

    most: int
    size: int
    in_use: int
    waiting: int


def _encode(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


async def prepare_connection(connection: asyncpg.Connection) -> None:
    """Make `json` and `jsonb` travel as Python values; a `str` is taken for JSON text that is ready to send."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_encode, decoder=orjson.loads)


@asynccontextmanager
async def connect(
    url: str, *, size: int = 10, statement_cache: int = 256, name: str = "outrider", statement_timeout: int = 0
) -> AsyncIterator[asyncpg.Pool]:
    """Open the process's pool on `url` for the time of the block.

    A statement that takes longer than `statement_timeout` seconds is cancelled (0: none is), unless `allow_long` was
    called in its transaction. Raises `Unavailable` when there is no server, with what to do.
    """
    global _pool
    server_settings = {"application_name": name}
    if statement_timeout:  # only then: PgBouncer refuses what it does not know
        server_settings["statement_timeout"] = f"{statement_timeout}s"
    try:
        pool = await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=size,
            statement_cache_size=statement_cache,
            init=prepare_connection,
            server_settings=server_settings,
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


async def allow_long(connection: asyncpg.Connection) -> None:
    """Let the statements of this transaction take as long as they need: for what works on all rows of an organization at once."""
    await connection.execute("SELECT set_config('statement_timeout', '0', true)")


def pool() -> asyncpg.Pool:
    """Return the process's pool. Raises `RuntimeError` outside `connect`."""
    if _pool is None:
        raise RuntimeError("no database: open one with kit.database.connect")
    return _pool


def usage() -> Usage:
    """Return how much of the process's pool is in use. Raises `RuntimeError` outside `connect`."""
    opened = pool()
    return Usage(opened.get_max_size(), opened.get_size(), opened.get_size() - opened.get_idle_size(), _waiting)


@asynccontextmanager
async def acquired() -> AsyncIterator[asyncpg.Connection]:
    """Take a connection of the pool for the time of the block.

    Raises `Unavailable` when none comes free within `ACQUIRE_SECONDS`.
    """
    global _waiting
    _waiting += 1
    try:
        connection = await pool().acquire(timeout=ACQUIRE_SECONDS)
    except TimeoutError as error:
        raise Unavailable("every connection to the database is taken: ask again in a moment, or raise OUTRIDER_POOL_SIZE") from error
    finally:
        _waiting -= 1
    try:
        yield connection
    finally:
        await pool().release(connection)
