"""What sources said, as it came: one load with what became of it, a person's loads, and conflicts that wait. Reads only."""

from pathlib import Path
from uuid import UUID

import asyncpg

from outrider.kit import sql
from outrider.kit.errors import NotFound
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor, foreign_cursor
from outrider.tenancy import OrganizationId

from .store import to_load
from .types import Load, RawLoad, Waiting, WaitingConflict

queries = sql.load(Path(__file__).parent / "loads.sql")

MOST_COUNTED = 1_000
"""A longer queue is `many`."""


async def read(connection: asyncpg.Connection, organization: OrganizationId, load_id: int) -> RawLoad:
    """Return a load with its payload and what became of it. Raises `NotFound`."""
    row = await queries.load(connection, organization_id=organization, load_id=load_id)
    if row is None:
        raise NotFound(f"there is no load {load_id}", field="load_id")
    return RawLoad(**{**dict(row), "reasons": tuple(row["reasons"])})


async def of_person(
    connection: asyncpg.Connection, organization: OrganizationId, person_id: UUID, *, limit: int = 50, cursor: str | None = None
) -> Page[Load]:
    """Return a page of what was said about a person's addresses, newest first; empty for nobody. Raises `InvalidInput`."""
    check_limit(limit)
    key = decode_cursor(cursor, 1)
    arguments = {"organization_id": organization, "person_id": person_id, "before": _number(key[0]) if key else None, "count": limit + 1}
    found = [to_load(row) async for row in queries.loads_of_person(connection, **arguments)]
    return Page(found[:limit], encode_cursor(found[limit - 1].load_id) if len(found) > limit else None)


async def waiting(connection: asyncpg.Connection, organization: OrganizationId, after: UUID | None, count: int) -> Waiting:
    """Return the oldest conflicts that wait, of those behind `after`, with how many wait in all."""
    rows = queries.waiting_conflicts(connection, organization_id=organization, after=after, count=count)
    items = [WaitingConflict(**{**dict(row), "reasons": tuple(row["reasons"])}) async for row in rows]
    number = await queries.count_conflicts(connection, organization_id=organization, most=MOST_COUNTED + 1)
    return Waiting(items, min(number, MOST_COUNTED), number > MOST_COUNTED)


def _number(text: str | None) -> int:
    if text is None or not text.isdecimal() or int(text) >= 2**63:
        raise foreign_cursor()
    return int(text)
