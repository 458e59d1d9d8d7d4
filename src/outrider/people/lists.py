"""Lists of people, companies and contacts: pages, counts, selections. Knows no HTTP and no terminal, never commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.errors import InvalidInput
from outrider.kit.paging import Page, check_limit
from outrider.tenancy import OrganizationId

from . import filters as asked
from . import search
from .filters import AnyFilters, CompanyFilters, ContactFilters, Filters
from .rows import CompanyRow, ContactRow, PersonRow
from .store import lists as queries
from .store import run, to_company, to_contact, to_person

MOST_IDS = 1_000
PART = 5_000
"""How many ids a row of a selection holds: what one transaction of a bulk edit or an export deals with."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many fit: exactly `number`, or at least that many."""

    number: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The keys of a page, in its order. `total` is how many fit, where that came with finding them."""

    ids: list[Any]
    next_cursor: str | None
    total: int | None


class Lists:
    """The lists of one organization, inside the caller's `tenancy.transaction`.

    All raise `InvalidInput` naming the parameter at fault. A `sort` is a key of the list's sorts, `direction` asc or desc (None: the
    sort's own).
    """

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def people(
        self, filters: Filters, *, sort: str = "newest", direction: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[PersonRow]:
        """Return a page of people. By company, those without one come last."""
        check_limit(limit)
        found = await self.find("people", filters, sort=sort, direction=direction, limit=limit, cursor=cursor)
        return Page(await self.rows("people", found.ids), found.next_cursor)

    async def companies(
        self, filters: CompanyFilters, *, sort: str = "name", direction: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[CompanyRow]:
        """Return a page of companies."""
        check_limit(limit)
        found = await self.find("companies", filters, sort=sort, direction=direction, limit=limit, cursor=cursor)
        return Page(await self.rows("companies", found.ids), found.next_cursor)

    async def contacts(
        self, filters: ContactFilters, *, sort: str = "newest", direction: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[ContactRow]:
        """Return a page of addresses."""
        check_limit(limit)
        found = await self.find("contacts", filters, sort=sort, direction=direction, limit=limit, cursor=cursor)
        return Page(await self.rows("contacts", found.ids), found.next_cursor)

    async def find(
        self, kind: str, filters: AnyFilters, *, sort: str, direction: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Found:
        """Return which rows of a kind are on a page of any length."""
        listing, by = self._order(kind, sort, direction, cursor)
        asked.check(filters)
        search.words_of(filters.q)
        found = await run(self._connection, listing.glance(self._organization, filters, by, limit + 1))
        total = None
        if len(found) <= limit and filters != listing.nothing:
            times = search.farther(len(found), limit + 1)
            if times is not None:
                found = await run(self._connection, listing.glance(self._organization, filters, by, limit + 1, times))
            if len(found) <= limit:
                found = await run(self._connection, listing.full(self._organization, filters, by, limit + 1))
                total = found[0]["total"] if found else 0 if cursor is None else None
        more = len(found) > limit
        cursor = by.cursor(found[limit - 1]["key"], found[limit - 1]["id"]) if more else None
        return Found([row["id"] for row in found[:limit]], cursor, total)

    async def rows(self, kind: str, ids: list[Any]) -> list[Any]:
        """Return the rows of a kind with these ids, in their order; those that are gone are left out."""
        query, made = {
            "people": (queries.people, to_person),
            "companies": (queries.companies, to_company),
            "contacts": (queries.contacts, to_contact),
        }[kind]
        return [made(row) async for row in query(self._connection, organization_id=self._organization, ids=ids)]

    async def count(self, kind: str, filters: AnyFilters) -> Count:
        """Return how many fit: exactly up to 10,000, and where these are hard to find at least as many as were met on a short walk."""
        listing = search.LISTS[kind]
        asked.check(filters)
        row = (await run(self._connection, listing.count(self._organization, filters)))[0]
        number = min(row["found"], search.MOST_COUNTED)
        return Count(number, row["found"] <= search.MOST_COUNTED and (row["is_all"] or filters == listing.nothing))

    async def count_all(self, kind: str, filters: AnyFilters) -> int:
        """Return how many fit, however long counting takes: about a second for a million."""
        asked.check(filters)
        search.words_of(filters.q)
        return int((await run(self._connection, search.LISTS[kind].count_all(self._organization, filters)))[0]["found"])

    async def select(self, kind: str, filters: AnyFilters, selection: UUID, *, sort: str = "newest", direction: str | None = None) -> int:
        """Keep all that fit now as a selection, in the list's order, and return how many they are."""
        listing, by = self._order(kind, sort, direction, None)
        asked.check(filters)
        search.words_of(filters.q)
        return int((await run(self._connection, listing.keep(self._organization, filters, by, selection, PART)))[0]["found"])

    async def select_ids(self, kind: str, ids: list[Any], selection: UUID) -> int:
        """Keep those of the rows named that are there as a selection of one part, and return how many they are."""
        query = {"people": queries.select_people, "companies": queries.select_companies, "contacts": queries.select_contacts}[kind]
        return int(await query(self._connection, organization_id=self._organization, id=selection, ids=ids))

    async def count_ids(self, kind: str, ids: list[Any]) -> int:
        """Return how many of the rows named are there."""
        query = {"people": queries.count_people, "companies": queries.count_companies, "contacts": queries.count_contacts}[kind]
        return int(await query(self._connection, organization_id=self._organization, ids=ids))

    async def selected(self, selection: UUID, part: int) -> list[Any]:
        """Return the ids in a part of a selection, in the list's order; [] when there is no such part."""
        row = await queries.selected(self._connection, organization_id=self._organization, id=selection, part=part)
        return list(row["ids"] or row["numbers"] or []) if row else []

    async def forget(self, selection: UUID) -> None:
        """Forget a selection; nothing happens when there is none."""
        await queries.drop_selection(self._connection, organization_id=self._organization, id=selection)

    def _order(self, kind: str, sort: str, direction: str | None, cursor: str | None) -> tuple[search.Listing, search.Order]:
        listing = search.LISTS[kind]
        return listing, search.order(listing.sorts, sort, direction, cursor, listing.id_type)


def checked_ids(kind: str, ids: Sequence[Any]) -> list[Any]:
    """Return ids of rows that were named one by one, in their type. Raises `InvalidInput` for none, too many, and what is no id."""
    if not 1 <= len(ids) <= MOST_IDS:
        raise InvalidInput(f"ids names {len(ids)} rows; give 1 to {MOST_IDS}, or filters", field="ids")
    try:
        found: list[Any] = [int(one) for one in ids] if kind == "contacts" else [UUID(str(one)) for one in ids]
    except ValueError:
        raise InvalidInput(f"ids must be {'numbers' if kind == 'contacts' else 'ids'} such as the list shows", field="ids") from None
    if kind == "contacts" and any(abs(one) >= 2**63 for one in found):
        raise InvalidInput("ids must be numbers such as the list shows", field="ids")
    return found
