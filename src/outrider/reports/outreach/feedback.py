"""What each day of a campaign taught: a cache of the ledger and the events, worked out anew whole campaigns at a time."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from outrider.kit.errors import NotFound
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor, foreign_cursor
from outrider.tenancy import OrganizationId

from .store import feedback as queries
from .store import reports, to_feedback
from .types import Feedback

DAYS = 90
"""So long after its end a campaign's feedback is still worked out every night; later only when something comes in."""


async def write_feedback(connection: asyncpg.Connection, campaigns: Sequence[UUID]) -> int:
    """Work out every day of these campaigns and keep it; returns how many days there are. What is not the organization's is passed over."""
    return int(await queries.write(connection, campaigns=list(campaigns)))


async def write_due(connection: asyncpg.Connection, organization: OrganizationId) -> tuple[int, int]:
    """Work out the campaigns whose feedback may have changed; returns how many campaigns and days."""
    due = [row["campaign_id"] async for row in queries.due(connection, organization_id=organization, days=DAYS)]
    return len(due), await write_feedback(connection, due)


async def rewrite_feedback(connection: asyncpg.Connection, organization: OrganizationId, campaign: UUID) -> int:
    """Work out one campaign's days now; returns how many. Raises `NotFound`."""
    await _check_campaign(connection, organization, campaign)
    return await write_feedback(connection, [campaign])


async def read_feedback(
    connection: asyncpg.Connection, organization: OrganizationId, campaign: UUID, *, limit: int = 50, cursor: str | None = None
) -> Page[Feedback]:
    """Return a page of what the days taught, the last first; empty before it was worked out. Raises `NotFound` and `InvalidInput`."""
    check_limit(limit)
    query = queries.days(connection, organization_id=organization, campaign_id=campaign, before=_before(cursor), count=limit + 1)
    found = [to_feedback(row) async for row in query]
    if not found:
        await _check_campaign(connection, organization, campaign)
    items = found[:limit]
    return Page(items, encode_cursor(items[-1].day) if len(found) > limit else None)


async def _check_campaign(connection: asyncpg.Connection, organization: OrganizationId, campaign: UUID) -> None:
    if await reports.campaign_head(connection, organization_id=organization, campaign_id=campaign) is None:
        raise NotFound(f"there is no campaign {campaign}", field="id")


def _before(cursor: str | None) -> date | None:
    key = decode_cursor(cursor, 1)
    try:
        return date.fromisoformat(key[0] or "") if key else None
    except ValueError:
        raise foreign_cursor() from None
