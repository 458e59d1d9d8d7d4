"""How these tests speak to the intake's SQL: one call a verb, rows as dictionaries, answers as plain values."""

import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import asyncpg

from outrider import tenancy

ACTOR = tenancy.Actor("user", "test")
GOLDEN = """
    SELECT c.email, c.name, c.phone, c.company, c.title, c.source, c.tags, c.custom_fields, c.score, c.status,
        m.name AS person_name, m.first_name, m.last_name, m.title AS person_title, m.linkedin_url, m.location, m.country_code, m.seniority,
        m.department, o.domain
    FROM vault.contacts AS c
    INNER JOIN people.master AS m ON m.organization_id = c.organization_id AND m.id = c.person_id
    LEFT JOIN company.master AS o ON o.organization_id = m.organization_id AND o.id = m.company_id
    ORDER BY c.email
"""


def inside(organization: tenancy.OrganizationId) -> AbstractAsyncContextManager[asyncpg.Connection]:
    """A committed transaction of the organization's."""
    return tenancy.transaction(organization, ACTOR)


async def ingest(connection: asyncpg.Connection, *rows: Any, source: str = "apollo", batch: str = "batch-1") -> list[asyncpg.Record]:
    """Call f_ingest_json; a row is anything that JSON can hold."""
    return await connection.fetch(
        "SELECT * FROM intake.f_ingest_json($1::jsonb[], $2, $3)", [json.dumps(row) for row in rows], source, batch
    )


async def promote(connection: asyncpg.Connection, loads: Sequence[int] | None = None) -> tuple[int, int, int]:
    """Call f_promote_contacts; returns promoted, updated, failed."""
    return tuple(await connection.fetchrow("SELECT * FROM vault.f_promote_contacts($1::bigint[])", loads))[:3]


async def lead(connection: asyncpg.Connection, *rows: Any, source: str = "apollo") -> tuple[int, int, int]:
    """Ingest and promote everything that waits."""
    await ingest(connection, *rows, source=source)
    return await promote(connection)


async def new_import(
    connection: asyncpg.Connection, mode: str = "fill", *, promote: bool = True, source: str = "file", **more: Any
) -> UUID:
    """A row of intake.imports, as an upload makes it."""
    return await connection.fetchval(
        """
        INSERT INTO intake.imports (file_name, file_bytes, file_format, mapping, source, batch_id, mode, promote, campaign, namespace_id)
        VALUES ('leads.csv', 1, '{}', '{}', $1, 'batch', $2, $3, $4, $5) RETURNING id
        """,
        source, mode, promote, more.get("campaign"), more.get("namespace_id"),
    )  # fmt: skip


async def import_rows(
    connection: asyncpg.Connection, import_id: UUID, *rows: Any, first: int = 1, problems: Sequence[str | None] | None = None
) -> dict[str, Any]:
    """Store one chunk of an import; returns the report."""
    return await connection.fetchval(
        "SELECT intake.f_import_rows($1, $2::jsonb[], $3::bigint[], $4::text[])",
        import_id, [json.dumps(row) for row in rows], list(range(first, first + len(rows))), problems or [None] * len(rows),
    )  # fmt: skip


async def bring_in(connection: asyncpg.Connection, *rows: Any, mode: str = "fill", **more: Any) -> UUID:
    """An import of one chunk; returns its id."""
    made = await new_import(connection, mode, **more)
    await import_rows(connection, made, *rows)
    return made


async def golden(connection: asyncpg.Connection) -> list[dict[str, Any]]:
    """Every contact with its person and the domain of the person's company, by address."""
    return [dict(row) for row in await connection.fetch(GOLDEN)]


async def contact(connection: asyncpg.Connection, email: str) -> dict[str, Any]:
    """One row of `golden`."""
    return next(row for row in await golden(connection) if row["email"] == email)


async def loads(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """Every raw load, oldest first."""
    return await connection.fetch("SELECT * FROM intake.raw_loads ORDER BY load_id")
