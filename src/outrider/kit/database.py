"""The connection pool of the process and the records that come out of it.

Slices do not use the pool directly: `tenancy.transaction` is their way to a connection.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson

from .errors import Unavailable

_pool: asyncpg.Pool | None = None


def _encode(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


async def prepare_connection(connection: asyncpg.Connection) -> None:
    """Make `json` and `jsonb` travel as Python values; a `str` is taken for JSON text that is ready to send."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_encode, decoder=orjson.loads)


@asynccontextmanager
async def connect(
    url: str, *, size: int = 10, statement_cache: int = 256, name: str = "outrider", statement_timeout: str | None = None
) -> AsyncIterator[asyncpg.Pool]:
    """Open the process's pool on `url` for the time of the block.

    Raises `Unavailable` when there is no server, with what to do.
    """
    global _pool
    server_settings = {"application_name": name}
    if statement_timeout and statement_cache:  # PgBouncer, for which the cache is 0, takes no such parameter
        server_settings["statement_timeout"] = statement_timeout
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


def pool() -> asyncpg.Pool:
    """Return the process's pool. Raises `RuntimeError` outside `connect`."""
    if _pool is None:
        raise RuntimeError("no database: open one with kit.database.connect")
    return _pool
