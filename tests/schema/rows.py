"""Makes one row of every tenant table out of the catalogue: columns that must have a value get one, references get the row they want."""

import datetime
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

# Every tenant table that no other one holds the rows of, and every column: its type, whether it must be given, the words it may be.
COLUMNS = """
    SELECT c.oid::regclass::text AS table, a.attname::text AS name, format_type(a.atttypid, NULL) AS type,
        a.attidentity = '' AND (a.attnotnull AND d.adbin IS NULL OR pg_get_expr(d.adbin, d.adrelid) = '''''::text') AS is_needed,
        a.attgenerated <> '' AS is_made,
        (SELECT string_agg(pg_get_constraintdef(k.oid), ' ') FROM pg_constraint AS k
         WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)) AS checks
    FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname !~ '_archived_'
        AND n.nspname IN ('tenancy', 'intake', 'vault', 'people', 'company', 'ops', 'bit', 'marketing', 'sending', 'engagement', 'public')
        AND EXISTS (SELECT FROM pg_attribute AS o WHERE o.attrelid = c.oid AND o.attname = 'organization_id' AND NOT o.attisdropped)
    ORDER BY 1, a.attnum
"""
REFERENCES = """
    SELECT c.conname::text AS name, c.conrelid::regclass::text AS table, c.confrelid::regclass::text AS target,
        ARRAY(SELECT attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k (n, i)
              INNER JOIN pg_attribute ON attrelid = c.conrelid AND attnum = k.n ORDER BY i) AS columns,
        ARRAY(SELECT attname::text FROM unnest(c.confkey) WITH ORDINALITY AS k (n, i)
              INNER JOIN pg_attribute ON attrelid = c.confrelid AND attnum = k.n ORDER BY i) AS keys
    FROM pg_constraint AS c WHERE c.contype = 'f' AND c.conparentid = 0
"""


EITHER = {"people.notes": ("person_id", "company_id"), "marketing.campaign_audience": ("list_id", "segment_id")}
"""Tables with two references of which exactly one is given."""
WANTED = {"marketing.enrollments": ("contact_id", "email")}
"""Columns that may be empty in some rows, and not in those that are made here."""


@dataclass(frozen=True)
class Reference:
    name: str
    table: str
    target: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Plan:
    """The tenant tables in an order in which each comes after what it refers to."""

    columns: dict[str, list[asyncpg.Record]]
    references: dict[str, list[Reference]]
    order: list[str]


async def read_plan(admin: asyncpg.Connection) -> Plan:
    columns: dict[str, list[asyncpg.Record]] = {}
    for row in await admin.fetch(COLUMNS):
        columns.setdefault(row["table"], []).append(row)
    references: dict[str, list[Reference]] = {table: [] for table in columns}
    for row in await admin.fetch(REFERENCES):
        if row["table"] in columns:
            references[row["table"]].append(
                Reference(row["name"], row["table"], row["target"], tuple(zip(row["columns"], row["keys"], strict=True)))
            )
    order: list[str] = []
    while len(order) < len(columns):
        ready = [t for t in columns if t not in order and all(r.target in order or r.target == t for r in references[t])]
        assert ready, f"tables that refer to each other in a ring: {set(columns) - set(order)}"
        order += ready
    return Plan(columns, references, order)


def value_of(column: asyncpg.Record, number: int) -> Any:
    """A value that the column's type and checks take."""
    kind, name, checks = column["type"], column["name"], column["checks"] or ""
    words = re.findall(r"'(\w+)'::", checks)
    if words and " = ANY " in checks:
        return words[0]
    if kind in ("text", "character varying"):
        return f"row{number}@tenant.example" if "email" in name else f"row{number}"
    return {
        "uuid": uuid.UUID(int=number), "jsonb": {}, "bigint": number, "integer": number, "boolean": False, "bytea": b"x%d" % number,
        "text[]": [], "timestamp with time zone": None, "numeric": 1, "date": datetime.date(2026, 1, 1), "inet": "127.0.0.1",
    }[kind]  # fmt: skip


async def values(
    admin: asyncpg.Connection, plan: Plan, table: str, organization: uuid.UUID, made: Mapping[str, Mapping[str, Any]], number: int
) -> dict[str, Any]:
    """The values of a new row of the organization's, with references to its rows in `made`."""
    row: dict[str, Any] = {"organization_id": organization}
    for reference in plan.references[table]:
        if reference.target != table:
            row = with_reference(table, row, {mine: made[reference.target][theirs] for mine, theirs in reference.pairs})
    for column in plan.columns[table]:
        name = column["name"]
        if name == "namespace_id" and name not in row:
            row[name] = await admin.fetchval("SELECT id FROM tenancy.namespaces WHERE organization_id = $1 AND is_default", organization)
        elif (column["is_needed"] or name in WANTED.get(table, ())) and name not in row:
            row[name] = await admin.fetchval("SELECT now()") if column["type"].startswith("timestamp") else value_of(column, number)
    return row


def with_reference(table: str, row: Mapping[str, Any], reference: Mapping[str, Any]) -> dict[str, Any]:
    """The row with a reference set, and without the other one where it can have only one."""
    others = {name for name in EITHER.get(table, ()) if name not in reference} if set(EITHER.get(table, ())) & reference.keys() else set()
    return {name: value for name, value in row.items() if name not in others} | dict(reference)


def insert(table: str, row: Mapping[str, Any]) -> tuple[str, list[Any]]:
    names = ", ".join(f'"{name}"' for name in row)
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    return f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING *", list(row.values())  # noqa: S608


async def add(connection: asyncpg.Connection, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    query, arguments = insert(table, row)
    return dict(await connection.fetchrow(query, *arguments))


async def fill(admin: asyncpg.Connection, plan: Plan, organization: uuid.UUID, number: int) -> dict[str, dict[str, Any]]:
    """One row of every tenant table for the organization; returns them by table."""
    made: dict[str, dict[str, Any]] = {}
    async with admin.transaction():
        await admin.execute("SELECT set_config('app.organization_id', $1, true)", str(organization))
        for table in plan.order:
            made[table] = await add(admin, table, await values(admin, plan, table, organization, made, number))
    return made


ONCE = ("marketing.campaigns", "people.master", "marketing.steps", "marketing.lists", "marketing.segments", "sending.mailboxes")
"""Tables to whose rows others may refer only once each."""


async def with_second(
    admin: asyncpg.Connection, plan: Plan, organization: uuid.UUID, made: Mapping[str, Mapping[str, Any]], number: int
) -> dict[str, Mapping[str, Any]]:
    """`made` with other rows of the tables in `ONCE`, which nothing refers to yet."""
    second = dict(made)
    async with admin.transaction():
        await admin.execute("SELECT set_config('app.organization_id', $1, true)", str(organization))
        for table in ONCE:
            second[table] = await add(admin, table, await values(admin, plan, table, organization, second, number))
    return second
