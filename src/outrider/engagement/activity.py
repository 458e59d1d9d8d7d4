"""What happened, as people look it up: the events of campaigns, LinkedIn, calls and the product, newest first. Knows no HTTP."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.errors import InvalidInput
from outrider.kit.paging import Page, check_limit, decode_time_cursor, encode_cursor
from outrider.tenancy import OrganizationId

from .recording import record
from .store import activity_queries as queries
from .types import OWN_PLATFORM, Happening, Recorded

MOST = 1_000
VERDICTS = ("human", "automatic")


@dataclass(frozen=True, slots=True)
class Activity:
    """An event with the names of what it is about. `verdict` automatic: a program did it, `verdict_reason` says why we think so."""

    id: UUID
    type: str
    platform: str
    occurred_at: datetime
    received_at: datetime
    event_key: str
    campaign_id: UUID | None
    campaign: str | None
    enrollment_id: UUID | None
    message_id: UUID | None
    step: int | None
    person_id: UUID | None
    person: str | None
    email: str | None
    url: str | None
    address: str | None
    user_agent: str | None
    payload: dict[str, Any]
    verdict: str
    verdict_reason: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events; None: whichever. `since` is the first moment, `until` the first one after."""

    type: str | None = None
    campaign_id: UUID | None = None
    person_id: UUID | None = None
    message_id: UUID | None = None
    verdict: str | None = None
    platform: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def page_of_activity(
    connection: asyncpg.Connection, organization: OrganizationId, asked: Asked, *, limit: int = 50, cursor: str | None = None
) -> Page[Activity]:
    """Return a page, newest first. Raises `InvalidInput` for a bad limit, cursor or verdict, or a time without a zone."""
    check_limit(limit)
    if asked.verdict is not None and asked.verdict not in VERDICTS:
        raise InvalidInput(f"verdict is {asked.verdict[:40]!r}; it must be one of {', '.join(VERDICTS)}", field="verdict")
    for field in ("since", "until"):
        moment = getattr(asked, field)
        if moment is not None and moment.tzinfo is None:
            raise InvalidInput(f"{field} must name its time zone, as in 2026-11-20T08:00:00Z", field=field)
    at, id = decode_time_cursor(cursor)
    rows = queries.activity(connection, organization_id=organization, **asdict(asked), before_at=at, before_id=id, count=limit + 1)
    found = [Activity(**dict(row)) async for row in rows]
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], encode_cursor(last.occurred_at, last.id) if last else None)


async def types_of_activity(connection: asyncpg.Connection, organization: OrganizationId) -> list[str]:
    """Return the types that events have, by name."""
    return [row["type"] async for row in queries.kinds_of_activity(connection, organization_id=organization)]


async def take(connection: asyncpg.Connection, organization: OrganizationId, happenings: Sequence[Happening]) -> list[Recorded]:
    """Record what a program tells, once each, all or none.

    Raises `InvalidInput` naming an id that the organization has not, and for our own platform, for which nobody else speaks.
    """
    if any(one.platform == OWN_PLATFORM for one in happenings):
        raise InvalidInput(f"platform is {OWN_PLATFORM!r}: say where it happened, such as product or linkedin", field="platform")
    named: dict[str, list[UUID]] = {
        field: list({getattr(one, field) for one in happenings} - {None})
        for field in ("person_id", "campaign_id", "message_id", "enrollment_id")
    }
    strangers = queries.strangers(
        connection,
        organization_id=organization,
        people=named["person_id"],
        campaigns=named["campaign_id"],
        messages=named["message_id"],
        enrollments=named["enrollment_id"],
    )
    async for row in strangers:
        place = next(place for place, one in enumerate(happenings) if getattr(one, row["field"]) == row["id"])
        raise InvalidInput(f"there is no such {row['field']}: {row['id']}", field=f"events.{place}.{row['field']}")
    return await record(connection, organization, list(happenings))
