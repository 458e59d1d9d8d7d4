"""The event store: what happened, once, never changed. Subscribers hear of it on the channel `events` (seed 002)."""

from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import Actor, OrganizationId, transaction

from . import values
from .store import queries, to_event
from .types import Event

MOST_TYPES = 200


async def log_event(
    connection: asyncpg.Connection,
    entity_type: str,
    entity_id: UUID,
    event_type: str,
    payload: dict[str, Any],
    *,
    user_id: UUID | None = None,
    metadata: dict[str, Any] | None = None,
) -> UUID:
    """Write an event in the caller's tenant transaction and return its id; listeners are told when that transaction
    commits.

    The notification holds id, type and entity id only. Raises `InvalidInput` for values that cannot be used.
    """
    return UUID(
        str(
            await queries.log_event(
                connection,
                user_id=user_id,
                entity_type=values.text(entity_type, "entity_type", 50),
                entity_id=entity_id,
                event_type=values.text(event_type, "event_type", 100),
                payload=values.json_object(payload, "payload"),
                metadata=values.json_object(metadata or {}, "metadata"),
            )
        )
    )


async def list_events(
    organization: OrganizationId,
    actor: Actor,
    *,
    entity_type: str | None = None,
    entity_id: UUID | None = None,
    event_type: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Event]:
    """Return a page of events, newest first; empty when there are none. Raises `InvalidInput` for a cursor that is not
    ours.
    """
    async with transaction(organization, actor, readonly=True) as connection:
        return await page_of_events(
            connection,
            organization,
            entity_type=entity_type,
            entity_id=entity_id,
            event_type=event_type,
            limit=limit,
            cursor=cursor,
        )


async def page_of_events(
    connection: asyncpg.Connection,
    organization: OrganizationId,
    *,
    entity_type: str | None = None,
    entity_id: UUID | None = None,
    event_type: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Event]:
    """Return the same in the caller's transaction."""
    check_limit(limit)
    arguments = {
        "entity_type": entity_type,
        "entity_id": entity_id,
        "event_type": event_type,
        "before": decode_id_cursor(cursor),
        "count": limit + 1,
    }
    found = [to_event(row) async for row in queries.events(connection, organization_id=organization, **arguments)]
    return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)


async def event_types(connection: asyncpg.Connection, organization: OrganizationId) -> list[str]:
    """Return the types that events have, by name, in the caller's transaction; the first `MOST_TYPES`."""
    rows = queries.event_types(connection, organization_id=organization, count=MOST_TYPES)
    return [row["event_type"] async for row in rows]
