"""Everyone in a campaign: where each stands, what happened, what comes next. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor, foreign_cursor
from outrider.tenancy import OrganizationId

from . import checks
from .store import recipients as queries
from .types import ENROLLMENT_STATES, Enrollment

SORTS = ("enrolled", "name", "next", "latest")


@dataclass(frozen=True, slots=True)
class Happening:
    """What one asks of somebody's messages: one of these events, none of those, a message that went out."""

    types: Sequence[str] | None = None
    lacking: Sequence[str] | None = None
    is_sent: bool = False
    is_refused: bool = False


HAPPENED: Mapping[str, Happening] = {
    "sent": Happening(is_sent=True),
    "opened": Happening(types=["open"]),
    "clicked": Happening(types=["click"]),
    "replied": Happening(types=["reply", "linkedin_reply"]),
    "bounced": Happening(types=["bounce", "dropped"], is_refused=True),
    "unsubscribed": Happening(types=["unsubscribe"]),
    "complained": Happening(types=["spam_report"]),
    "not_opened": Happening(lacking=["open"], is_sent=True),
    "not_replied": Happening(lacking=["reply", "linkedin_reply"], is_sent=True),
}
"""{what may be asked: what that means}."""


@dataclass(frozen=True, slots=True)
class Recipient(Enrollment):
    """Somebody in a campaign with what happened: how many messages went out, the last one when, and when they did each thing first."""

    sent_count: int
    sent_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    replied_at: datetime | None
    bounced_at: datetime | None
    unsubscribed_at: datetime | None
    complained_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom one looks for: in a state, for one of some reasons, with something that happened (`HAPPENED`), `q` in name or address."""

    state: str | None = None
    reasons: Sequence[str] | None = None
    happened: str | None = None
    q: str | None = None


async def list_recipients(
    connection: asyncpg.Connection,
    organization: OrganizationId,
    campaign_id: UUID,
    wanted: Wanted = Wanted(),
    *,
    sort: str = "enrolled",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Recipient]:
    """Return a page of those in a campaign, an empty one for a campaign that is not there. Two statements. Raises `InvalidInput`."""
    check_limit(limit)
    checks.one_of(sort, SORTS, "sort")
    if wanted.state is not None:
        checks.one_of(wanted.state, ENROLLMENT_STATES, "state")
    happening = Happening()
    if wanted.happened is not None:
        happening = HAPPENED[checks.one_of(wanted.happened, tuple(HAPPENED), "happened")]
    asked = {
        "organization_id": organization,
        "id": campaign_id,
        "state": wanted.state,
        "reasons": wanted.reasons,
        "q": (wanted.q or "").strip() or None,
        "types": happening.types,
        "lacking": happening.lacking,
        "is_sent": happening.is_sent,
        "is_refused": happening.is_refused,
        "count": limit + 1,
    }
    word, number, after = _place(cursor, sort)
    if sort == "enrolled":
        rows = queries.by_enrollment(connection, **asked, after=after)
    else:
        rows = queries.by_value(connection, **asked, sort=sort, word=word, number=number, after=after)
    found = [row async for row in rows]
    ids = [row["id"] for row in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    people = queries.recipients(connection, organization_id=organization, id=campaign_id, ids=ids)
    return Page(
        [Recipient(**dict(row)) async for row in people], encode_cursor(sort, last["word"], last["number"], last["id"]) if last else None
    )


def _place(cursor: str | None, sort: str) -> tuple[str | None, float | None, UUID | None]:
    """Return what the cursor of a page in this order sorts behind. Raises `InvalidInput` for another's cursor."""
    key: list[Any] | None = decode_cursor(cursor, 4)
    if key is None:
        return None, None, None
    try:
        if key[0] != sort:
            raise ValueError(sort)
        return key[1], None if key[2] is None else float(key[2]), UUID(key[3] or "")
    except ValueError as error:
        raise foreign_cursor() from error
