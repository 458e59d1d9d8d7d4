"""Conversions, which people record, and what led to them, which is derived from the ledger and the events before them."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg

from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_time_cursor, encode_cursor
from outrider.tenancy import OrganizationId

from .attribution_types import TYPES, Conversion, Credit, NewConversion, Span, Touch
from .store import conversions as queries

MOST_VALUE = Decimal(10) ** 12
AHEAD = timedelta(minutes=5)
"""Clocks differ: so far ahead is still now."""


class Attribution:
    """Conversions of one organization, in the caller's transaction."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def record(self, new: NewConversion) -> Conversion:
        """Record a conversion. Raises `InvalidInput`, `NotFound` for nobody, and `Conflict` when it is recorded already."""
        _check(new)
        person = await self._person(new.person.strip())
        id = await queries.add(
            self._connection,
            organization_id=self._organization,
            person_id=person,
            **{name: value for name, value in asdict(new).items() if name != "person"},
        )
        if id is None:
            raise Conflict(f"this {new.type} of {new.person} at {new.converted_at.isoformat()} is recorded already")
        return await self.get(id)

    async def get(self, id: UUID) -> Conversion:
        """Return a conversion. Raises `NotFound`."""
        row = await queries.get(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise NotFound(f"there is no conversion {id}", field="id")
        return Conversion(**dict(row))

    async def delete(self, id: UUID) -> None:
        """Take a conversion away that should not have been recorded. Raises `NotFound`."""
        if await queries.delete(self._connection, organization_id=self._organization, id=id) == "DELETE 0":
            raise NotFound(f"there is no conversion {id}", field="id")

    async def touches(self, id: UUID, days: int) -> list[Touch]:
        """Return what happened in so many days before a conversion, the first first; empty when nothing of ours did."""
        return [Touch(**dict(row)) async for row in queries.touches(self._connection, organization_id=self._organization, id=id, days=days)]

    async def by_campaign(self, span: Span) -> list[Credit]:
        """Return what each campaign led to, most first; a credit without a campaign is what nothing of ours led to."""
        found = [row async for row in queries.by_campaign(self._connection, organization_id=self._organization, **asdict(span))]
        money = ({currency: Decimal(value) for currency, value in sorted(row["money"].items())} for row in found)
        return [Credit(**{**dict(row), "money": sums}) for row, sums in zip(found, money, strict=True)]

    async def page(
        self,
        span: Span,
        *,
        campaign: UUID | None = None,
        is_untouched: bool = False,
        currency: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Conversion]:
        """Return a page of conversions, newest first: those that a campaign has a share of, or that nothing of ours led to, or all.

        Raises `InvalidInput`.
        """
        check_limit(limit)
        at, id = decode_time_cursor(cursor)
        query = queries.page(
            self._connection,
            organization_id=self._organization,
            **asdict(span),
            campaign_id=campaign,
            is_untouched=is_untouched,
            currency=currency,
            at=at,
            id=id,
            count=limit + 1,
        )
        found = [Conversion(**dict(row)) async for row in query]
        items = found[:limit]
        return Page(items, encode_cursor(items[-1].converted_at, items[-1].id) if len(found) > limit else None)

    async def _person(self, who: str) -> UUID:
        try:
            id, email = UUID(who), None
        except ValueError:
            id, email = None, who.lower()
        found = await queries.person(self._connection, organization_id=self._organization, id=id, email=email)
        if found is None:
            raise NotFound(f"there is nobody with the id or address {who[:254]!r}", field="person")
        return UUID(str(found))


def _check(new: NewConversion) -> None:
    if "\x00" in new.person or not new.person.strip():
        raise InvalidInput("person is missing: give an id or an address", field="person")
    if new.type not in TYPES:
        raise InvalidInput(f"type is {new.type[:40]!r}; it must be one of {', '.join(TYPES)}", field="type")
    if new.converted_at.tzinfo is None:
        raise InvalidInput("converted_at has no time zone: add one, such as Z or +01:00", field="converted_at")
    if new.converted_at > datetime.now(UTC) + AHEAD:
        raise InvalidInput(f"converted_at is {new.converted_at.isoformat()}, which is still to come", field="converted_at")
    if new.value is not None and not (new.value.is_finite() and 0 <= new.value < MOST_VALUE and new.value == round(new.value, 2)):
        raise InvalidInput(f"value is {new.value}; it must be 0 or more, below {MOST_VALUE:,}, with two decimals at most", field="value")
    if (new.value is None) != (new.currency is None):
        missing = "currency" if new.currency is None else "value"
        raise InvalidInput("a value and its currency go together: give both or none", field=missing)
    if new.currency is not None and not (
        len(new.currency) == 3 and new.currency.isascii() and new.currency.isalpha() and new.currency.isupper()
    ):
        raise InvalidInput(f"currency is {new.currency[:10]!r}; it must be three capital letters, such as EUR", field="currency")
    if new.note is not None and ("\x00" in new.note or len(new.note) > 2000):
        raise InvalidInput("note is longer than 2,000 characters, or holds one that text cannot", field="note")
