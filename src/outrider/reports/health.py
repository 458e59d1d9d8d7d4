"""How the database does: reads the server's figures and says what they mean. Changes nothing; never hurts the server it asks."""

from collections.abc import Iterator
from dataclasses import replace

import asyncpg

from outrider.kit import database
from outrider.kit.errors import Forbidden
from outrider.tenancy import DEFAULT_ORGANIZATION, Actor, OrganizationId, transaction

from . import findings
from .health_types import Finding, Health, Index, Program, Server, Statement, StatementsState, Table, Transaction
from .store import queries

PARTS = ("server", "tables", "unused_indexes", "programs", "transactions", "statements", "migrations")
"""What is asked for, each by the query of its name."""

MILLISECONDS = "2000"
"""What one question may take: a server in trouble is not given more."""


async def read_health(organization: OrganizationId, actor: Actor, *, with_pool: bool = True) -> Health:
    """Return the server's figures with what they mean, in a transaction of its own that is never long.

    What cannot be read in time is left out and named in `unread`. `with_pool` False leaves out this process's own
    pool, for a program that lives as long as one question. Raises `Forbidden` for any organization but the default
    one, whose members run the server.
    """
    if organization != DEFAULT_ORGANIZATION:
        raise Forbidden("only the default organization, whose members run this server, sees how its database does")
    async with transaction(organization, actor, readonly=True) as connection:
        await queries.limit_time(connection, milliseconds=MILLISECONDS)
        parts = {name: await _read(connection, name) for name in PARTS}
    health = _health(parts, database.usage() if with_pool else None)
    return replace(health, findings=findings.sorted_by_severity(list(_findings(health))))


async def _read(connection: asyncpg.Connection, name: str) -> list[asyncpg.Record] | None:
    """Return a part's rows, None when it takes too long; the other parts are read all the same."""
    try:
        async with connection.transaction():
            return [row async for row in getattr(queries, name)(connection)]
    except (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError):
        return None


def _health(parts: dict[str, list[asyncpg.Record] | None], pool: database.Usage | None) -> Health:
    rows = {name: found or [] for name, found in parts.items()}
    state: StatementsState = rows["statements"][0]["state"] if rows["statements"] else "on"
    return Health(
        server=Server(**dict(rows["server"][0])) if rows["server"] else None,
        tables=tuple(Table(**dict(row)) for row in rows["tables"]),
        unused_indexes=tuple(Index(**dict(row)) for row in rows["unused_indexes"]),
        programs=tuple(Program(**dict(row)) for row in rows["programs"]),
        transactions=tuple(Transaction(**dict(row)) for row in rows["transactions"]),
        statements_state=state,
        statements=tuple(_statement(row) for row in rows["statements"]) if state == "on" else (),
        migrations=tuple(row["id"] for row in rows["migrations"]),
        pool=pool,
        findings=(),
        unread=tuple(name for name, found in parts.items() if found is None),
    )


def _statement(row: asyncpg.Record) -> Statement:
    return Statement(**{name: value for name, value in row.items() if name != "state"})


def _findings(health: Health) -> Iterator[Finding]:
    """Find the meaning of the parts that were read."""
    if "statements" not in health.unread:
        yield from findings.of_statements(health.statements_state, health.statements)
    if not {"tables", "unused_indexes"} & set(health.unread):
        yield from findings.of_indexes(health.unused_indexes, health.tables)
    if "transactions" not in health.unread:
        yield from findings.of_transactions(health.transactions)
    if health.server is None:
        return
    yield from findings.of_connections(health.server, health.pool, health.programs)
    yield from findings.of_cache(health.server)
    yield from findings.of_replication(health.server)
    if "tables" not in health.unread:
        yield from findings.of_growth(health.server, health.tables)
        yield from findings.of_vacuum(health.server, health.tables)
