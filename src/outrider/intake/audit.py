"""The audit log: what was done to data, by whom, when, and because of which load. Read here; only the database's functions write it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.errors import InvalidInput
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor, foreign_cursor
from outrider.tenancy import Actor, OrganizationId, transaction

from .actors import actor_names
from .store import audit_queries

ACTIONS = {
    "contact_ingested": "Row stored",
    "contact_promoted": "Contact made",
    "contact_updated": "Contact updated",
    "contact_deleted": "Contact deleted",
    "batch_processed": "Batch processed",
}
"""{action: what it is called on pages}."""


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What to show of the log; None does not narrow. actor: as entries name it; with it come the jobs that they asked for.

    email or contact_id: one address, also one that is gone. since is included, until is not; both name their zone.
    """

    action: str | None = None
    actor: str | None = None
    email: str | None = None
    contact_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done to data. actor_name is the actor in words. The rest is the load's: its address, and whether that is a contact
    now; its source, and its row in the file of an import.
    """

    log_id: int
    action: str
    load_id: int | None
    contact_id: int | None
    details: dict[str, Any]
    timestamp: datetime
    actor: str | None
    actor_name: str | None = None
    email: str | None = None
    is_contact: bool = False
    source: str | None = None
    import_id: UUID | None = None
    file_name: str | None = None
    row_number: int | None = None


async def list_audit(
    organization: OrganizationId, actor: Actor, filters: AuditFilters = AuditFilters(), *, limit: int = 50, cursor: str | None = None
) -> Page[AuditEntry]:
    """Return a page of the audit log, newest first; empty when nothing fits. Raises `InvalidInput` for an unknown action or cursor."""
    async with transaction(organization, actor, readonly=True) as connection:
        return await list_audit_in(connection, organization, filters, limit=limit, cursor=cursor)


async def list_audit_in(
    connection: asyncpg.Connection, organization: OrganizationId, filters: AuditFilters, *, limit: int = 50, cursor: str | None = None
) -> Page[AuditEntry]:
    """As `list_audit`, within the caller's transaction: four statements at most."""
    _check(filters)
    before = _position(cursor)
    asked = {
        "organization_id": organization,
        "since": filters.since,
        "until": filters.until,
        "before_time": before[0] if before else None,
        "before_id": before[1] if before else None,
        "limit": check_limit(limit) + 1,
    }
    if filters.email is not None or filters.contact_id is not None:
        address = {"email": filters.email.strip().lower() if filters.email else None, "contact_id": filters.contact_id}
        rows = audit_queries.audit_of_contact(connection, **asked, **address, actor=filters.actor, action=filters.action)
    elif filters.actor is not None:
        rows = audit_queries.audit_by_actor(connection, **asked, actor=filters.actor, action=filters.action)
    elif filters.action is not None:
        rows = audit_queries.audit_by_action(connection, **asked, action=filters.action)
    else:
        rows = audit_queries.audit_by_time(connection, **asked)
    found = [dict(row) async for row in rows]
    page = found[:limit]
    names = await actor_names(connection, organization, [row["actor"] for row in page])
    loads = await _loads(connection, organization, [row["load_id"] for row in page if row["load_id"] is not None])
    items = [AuditEntry(**row, actor_name=names.get(row["actor"]), **loads.get(row["load_id"], {})) for row in page]
    return Page(items, encode_cursor(items[-1].timestamp.isoformat(), items[-1].log_id) if len(found) > limit else None)


def _check(filters: AuditFilters) -> None:
    if filters.action is not None and filters.action not in ACTIONS:
        raise InvalidInput(f"action is {filters.action!r}; it must be one of {', '.join(ACTIONS)}", field="action")
    for field in ("since", "until"):
        value = getattr(filters, field)
        if value is not None and value.tzinfo is None:
            raise InvalidInput(f"{field} is {value.isoformat()}; it must name its zone, such as {value.isoformat()}Z", field=field)


def _position(cursor: str | None) -> tuple[datetime, int] | None:
    key = decode_cursor(cursor, 2)
    if key is None:
        return None
    try:
        moment = datetime.fromisoformat(key[0] or "")
        if moment.tzinfo is None:
            raise ValueError(key[0])
        return moment, _bigint(key[1])
    except ValueError as error:
        raise foreign_cursor() from error


def _bigint(text: str | None) -> int:
    number = int(text or "")
    if not -(2**63) <= number < 2**63:
        raise ValueError(text)
    return number


async def possible_actors(connection: asyncpg.Connection, organization: OrganizationId) -> list[tuple[str, str]]:
    """Return (actor, name) of the members and keys of the organization, within the caller's transaction: one statement."""
    return [(row["actor"], row["name"]) async for row in audit_queries.possible_actors(connection, organization_id=organization)]


async def _loads(connection: asyncpg.Connection, organization: OrganizationId, ids: list[int]) -> dict[int | None, dict[str, Any]]:
    """What the loads of the entries are: {load_id: email, is_contact, source, import_id, …}."""
    if not ids:
        return {}
    rows = audit_queries.loads_by_id(connection, organization_id=organization, load_ids=ids)
    return {row["load_id"]: {name: value for name, value in row.items() if name != "load_id"} async for row in rows}
