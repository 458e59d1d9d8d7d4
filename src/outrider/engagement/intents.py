"""Who showed interest: once for each person, campaign (or none) and type (seed 003, BEHAVIOUR 8). Mining never makes one.

A reply and a click make theirs by themselves; the other types are noted by people and programs. Knows no HTTP and no terminal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_time_cursor, encode_cursor
from outrider.kit.spreadsheet import csv_lines, neutralise
from outrider.tenancy import OrganizationId

from .store import intent_queries as queries

TYPES = {
    "reply": "Reply",
    "click_through": "Click",
    "form_submission": "Form sent",
    "manual_qualification": "Qualified by hand",
    "meeting_booked": "Meeting booked",
    "inbound_request": "Asked by themselves",
    "referral": "Referred",
}
"""{type: what people call it}."""
AUTOMATIC = ("reply", "click_through")
"""Made by what happened, never by hand."""
BY_HAND = tuple(type for type in TYPES if type not in AUTOMATIC)
COLUMNS = ("occurred_at", "type", "email", "person", "company", "campaign", "note", "person_id", "campaign_id")


@dataclass(frozen=True, slots=True)
class Intent:
    """An intent with the names of who and where."""

    id: UUID
    person_id: UUID
    person: str | None
    email: str
    company: str | None
    campaign_id: UUID | None
    campaign: str | None
    type: str
    note: str | None
    occurred_at: datetime
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Noted:
    """An intent that was noted; `is_new` False: it was there already, and stays as it was."""

    intent: Intent
    is_new: bool


class Intents:
    """The organization's intents, in the caller's transaction."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def page(
        self,
        *,
        type: str | None = None,
        campaign_id: UUID | None = None,
        person_id: UUID | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Intent]:
        """Return a page, newest first. Raises `InvalidInput` for a bad limit, cursor or type."""
        check_limit(limit)
        if type is not None and type not in TYPES:
            raise InvalidInput(f"type is {type[:40]!r}; it must be one of {', '.join(TYPES)}", field="type")
        at, id = decode_time_cursor(cursor)
        asked: dict[str, Any] = {"type": type, "campaign_id": campaign_id, "person_id": person_id, "before_at": at, "before_id": id}
        rows = queries.intents(self._connection, organization_id=self._organization, **asked, count=limit + 1)
        found = [Intent(**dict(row)) async for row in rows]
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], encode_cursor(last.occurred_at, last.id) if last else None)

    async def get(self, id: UUID) -> Intent:
        """Return one. Raises `NotFound`."""
        row = await queries.intent(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise NotFound(f"there is no intent {id}", field="id")
        return Intent(**dict(row))

    async def note(
        self, who: str, type: str, *, campaign_id: UUID | None = None, note: str | None = None, occurred_at: datetime | None = None
    ) -> Noted:
        """Note that somebody (an id or address) showed interest; again is fine, and changes nothing.

        `occurred_at` None: now. Raises `NotFound` for a person or campaign that is not there, `InvalidInput` for a type that is not noted
        by hand, or a time that cannot be true.
        """
        if type not in BY_HAND:
            raise InvalidInput(f"type is {type[:40]!r}; by hand it is one of {', '.join(BY_HAND)}", field="type")
        if occurred_at is not None and (occurred_at.tzinfo is None or occurred_at > datetime.now(UTC) + timedelta(days=1)):
            raise InvalidInput("occurred_at must name its time zone, and not be more than a day ahead", field="occurred_at")
        key = {"organization_id": self._organization, "person_id": await self.person(who), "campaign_id": campaign_id, "type": type}
        try:
            async with self._connection.transaction():
                made = await queries.add_intent(self._connection, **key, note=(note or "").strip() or None, occurred_at=occurred_at)
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound(f"there is no campaign {campaign_id}", field="campaign_id") from error
        id = made or await queries.same_intent(self._connection, **key)
        return Noted(await self.get(id), made is not None)

    async def remove(self, id: UUID) -> None:
        """Take away an intent that somebody noted. Raises `NotFound`, and `Conflict` for one that follows from an event."""
        found = await self.get(id)
        if found.type in AUTOMATIC:
            raise Conflict(f"this one follows from a {TYPES[found.type].lower()} that happened, and stays as long as that counts")
        await queries.delete_intent(self._connection, organization_id=self._organization, id=id)

    async def campaigns(self) -> list[tuple[UUID, str]]:
        """Return the campaigns that intents name: (id, name), by name."""
        rows = queries.campaigns_with_intents(self._connection, organization_id=self._organization)
        return [(row["campaign_id"], row["name"]) async for row in rows]

    async def person(self, who: str) -> UUID:
        """Return whose id or address this is. Raises `NotFound`."""
        try:
            id: UUID | None = UUID(who)
        except ValueError:
            id = None
        found = await queries.person_of(
            self._connection, organization_id=self._organization, id=id, email=who.strip().lower() if id is None else None
        )
        if found is None:
            raise NotFound(f"there is nobody with the id or address {who[:80]!r}", field="person")
        return UUID(str(found))


def csv_header() -> str:
    """Return the first line of the CSV."""
    return csv_lines([COLUMNS])


def csv_of(items: Iterable[Intent]) -> str:
    """Return intents as lines of CSV; cells that a spreadsheet would run as formulas are made text."""
    return csv_lines([neutralise(_cell(getattr(one, column))) for column in COLUMNS] for one in items)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)
