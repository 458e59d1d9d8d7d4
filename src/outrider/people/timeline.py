"""What happened with one person or company, newest first: loads, changes, roles, decisions, notes. Reads only; three statements a page."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit import sql
from outrider.kit.errors import NotFound
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor, foreign_cursor
from outrider.tenancy import OrganizationId

from .dossier import Dossiers, company_names
from .notes import SUBJECTS
from .provenance import Sources
from .types import FieldChange, Happening

queries = sql.load(Path(__file__).parent / "timeline.sql")

HIDDEN = {"load_id", "company_key", "organization_id"}
"""Columns that keep the books: a change of nothing else is not told."""


async def read(
    connection: asyncpg.Connection, organization: OrganizationId, subject: str, id: UUID, *, limit: int = 50, cursor: str | None = None
) -> Page[Happening]:
    """Return a page of the timeline of a `person` or `company`, newest first. Raises `NotFound` and `InvalidInput`."""
    check_limit(limit)
    query, name = (queries.person_timeline, "person_id") if subject == "person" else (queries.company_timeline, "company_id")
    arguments = {"organization_id": organization, name: id, **_after(cursor), "count": limit + 1}
    found = [row async for row in query(connection, **arguments)]
    if not found:
        _, exists = SUBJECTS[subject]
        if not await exists(connection, organization_id=organization, id=id):
            raise NotFound(f"there is no {subject} {id}", field="id")
    rows = found[:limit]
    items = await _told(connection, organization, rows)
    return Page(items, encode_cursor(rows[-1]["at"].isoformat(), rows[-1]["place"], rows[-1]["key"]) if len(found) > limit else None)


async def _told(connection: asyncpg.Connection, organization: OrganizationId, rows: list[asyncpg.Record]) -> list[Happening]:
    dossiers = Dossiers(connection, organization)
    loads = {row["load_id"] for row in rows if row["load_id"]} | {int(load) for row in rows for load in (row["loads"] or {}).values()}
    sources, who = await dossiers.sources_of(loads, {row["by"] for row in rows})
    companies = await company_names(connection, organization, _companies(rows))
    told = []
    for row in rows:
        by, changes = who.get(row["by"]), _changes(row, sources, companies)
        if row["kind"] == "change" and not changes:
            continue
        told.append(
            Happening(
                kind=row["kind"],
                key=str(int(row["key"])) if row["key"].isdigit() else row["key"],
                at=row["at"],
                by=row["by"],
                by_name=by.name if by else None,
                by_import_id=by.import_id if by else None,
                of=row["of"],
                origin=sources.of(row["load_id"]) if row["load_id"] else None,
                changes=changes,
                text=row["text"],
                reason=row["reason"],
                subject_id=row["subject_id"],
                count=row["count"],
            )
        )
    return told


def _changes(row: asyncpg.Record, sources: Sources, companies: dict[str, str]) -> tuple[FieldChange, ...]:
    if row["new_values"] is None:
        return ()
    found = []
    for field, new in sorted(row["new_values"].items()):
        old, load = row["old_values"].get(field), row["loads"].get(field)
        origin = sources.of(int(load)) if load is not None else None
        if field == "custom_fields":
            was, is_now = old or {}, new or {}
            keys = sorted(key for key in {*was, *is_now} if was.get(key) != is_now.get(key))
            found += [FieldChange(f"{field}.{key}", was.get(key), is_now.get(key), None, None, origin) for key in keys]
        elif field not in HIDDEN:
            names = companies if field == "company_id" else {}
            found.append(FieldChange(field, old, new, names.get(str(old)), names.get(str(new)), origin))
    return tuple(found)


def _companies(rows: Iterable[Any]) -> set[str]:
    changed = (values for row in rows for values in (row["old_values"], row["new_values"]) if values)
    return {values["company_id"] for values in changed if values.get("company_id")}


def _after(cursor: str | None) -> dict[str, Any]:
    key = decode_cursor(cursor, 3)
    if key is None:
        return {"at": None, "place": None, "key": None}
    try:
        at, place, id = datetime.fromisoformat(key[0] or ""), int(key[1] or ""), key[2] or ""
        if at.tzinfo is None or not 0 <= place < 10 or "\x00" in id:
            raise ValueError
        return {"at": at, "place": place, "key": id}
    except ValueError:
        raise foreign_cursor() from None
