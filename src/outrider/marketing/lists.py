"""Lists: people that somebody put together. Filling one takes one statement, however many they are. Never commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from outrider.kit import database
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.people import Filters, Lists, filters_of
from outrider.tenancy import OrganizationId

from . import checks
from .store import audiences as queries
from .types import PeopleList, Person, UsedBy

MOST_IDS = 1_000
MOST_ADDRESSES = 10_000
LONGEST_QUERY, MOST_WORDS = 200, 10


@dataclass(frozen=True, slots=True)
class Pasted:
    """How many people addresses put on a list, and the addresses of nobody, in their order."""

    people: int
    not_found: list[str]


class PeopleLists:
    """The lists of one organization, inside the caller's `tenancy.transaction`."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def page(self, *, name: str | None = None, q: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[PeopleList]:
        """Return a page of lists, newest first; with a name, in any case, with `q` in it, or all. Raises `InvalidInput`."""
        check_limit(limit)
        rows = queries.lists(
            self._connection,
            organization_id=self._organization,
            name=name and name.strip(),
            q=(q or "").strip() or None,
            after=decode_id_cursor(cursor),
            count=limit + 1,
        )
        found = [PeopleList(**dict(row)) async for row in rows]
        return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)

    async def find(self, id: UUID) -> PeopleList:
        """Return a list. Raises `NotFound`."""
        row = await queries.list_by_id(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise NotFound(f"there is no list {id}", field="id")
        return PeopleList(**dict(row))

    async def named(self, name: str) -> PeopleList:
        """Return the list with a name, in any case, or an id. Raises `NotFound`."""
        if id := checks.as_id(name):
            return await self.find(id)
        found = await queries.list_id(self._connection, organization_id=self._organization, name=name.strip())
        if found is None:
            raise NotFound(f"there is no list named {name[:60]!r}", field="name")
        return await self.find(found)

    async def add(self, name: str, description: str | None = None) -> PeopleList:
        """Make an empty list and return it. Raises `InvalidInput`, and `Conflict` for a name that is taken."""
        kept = checks.name(name)
        id = await queries.add_list(
            self._connection, organization_id=self._organization, name=kept, description=checks.description(description)
        )
        if id is None:
            raise checks.taken("list", kept)
        return await self.find(id)

    async def change(self, id: UUID, *, name: str | None = None, description: str | None = None) -> PeopleList:
        """Change a list and return it; None leaves as it is, '' clears. Raises `NotFound`, `InvalidInput`, `Conflict`."""
        there = await self.find(id)
        kept = there.name if name is None else checks.name(name)
        text = there.description if description is None else checks.description(description)
        try:
            async with self._connection.transaction():
                await queries.change_list(self._connection, organization_id=self._organization, id=id, name=kept, description=text)
        except asyncpg.UniqueViolationError as error:
            raise checks.taken("list", kept) from error
        return await self.find(id)

    async def delete(self, id: UUID) -> None:
        """Delete a list; its people stay. Raises `NotFound`, and `Conflict` while a campaign is for it."""
        there = await self.find(id)
        rows = queries.uses(self._connection, organization_id=self._organization, list_id=id, segment_id=None)
        if used := [row["name"] async for row in rows]:
            raise Conflict(f"{there.name!r} is the audience of {', '.join(used)}: take it out there first", field="id")
        await queries.delete_list(self._connection, organization_id=self._organization, id=id)

    async def campaigns(self, id: UUID) -> list[UsedBy]:
        """Return the campaigns that are for a list, by name: 20 at most."""
        rows = queries.campaigns_for(self._connection, organization_id=self._organization, list_id=id, segment_id=None)
        return [UsedBy(**dict(row)) async for row in rows]

    async def put(self, id: UUID, *, ids: Sequence[UUID] | None = None, filters: Mapping[str, Any] | None = None) -> int:
        """Put people on a list, by id or all that fit filters ({}: everyone), and return how many were not on it yet."""
        return await self._move(id, ids, filters, queries.add_members, queries.add_selected)

    async def take(self, id: UUID, *, ids: Sequence[UUID] | None = None, filters: Mapping[str, Any] | None = None) -> int:
        """Take people off a list, named as in `put`, and return how many were on it."""
        return await self._move(id, ids, filters, queries.remove_members, queries.remove_selected)

    async def put_addresses(self, id: UUID, emails: Sequence[str]) -> Pasted:
        """Put the people with these addresses on a list, in any case and each once. Raises `NotFound`, `InvalidInput`."""
        await self.find(id)
        wanted = list(dict.fromkeys(email.strip().lower() for email in emails if email.strip()))
        if not 1 <= len(wanted) <= MOST_ADDRESSES:
            raise InvalidInput(f"there are {len(wanted):,} addresses; give 1 to {MOST_ADDRESSES:,}", field="emails")
        row = await queries.add_addresses(self._connection, organization_id=self._organization, list_id=id, emails=wanted)
        return Pasted(row["people"], row["not_found"])

    async def put_list(self, id: UUID, other: UUID) -> int:
        """Put everybody on another list on this one, and return how many were not on it yet. Raises `NotFound`."""
        await self.find(id)
        await self.find(other)
        await database.allow_long(self._connection)
        return int(await queries.add_list_members(self._connection, organization_id=self._organization, list_id=id, other_id=other))

    async def people(self, id: UUID, *, q: str = "", limit: int = 50, cursor: str | None = None) -> Page[Person]:
        """Return a page of the people on a list; `q`: those with all of its words. Raises `NotFound`, `InvalidInput`."""
        check_limit(limit)
        await self.find(id)
        words = q.split()
        if len(q) > LONGEST_QUERY or len(words) > MOST_WORDS:
            raise InvalidInput(f"q may have {LONGEST_QUERY} characters and {MOST_WORDS} words: look for less", field="q")
        rows = queries.members(
            self._connection,
            organization_id=self._organization,
            list_id=id,
            words=words or None,
            after=decode_id_cursor(cursor),
            count=limit + 1,
        )
        ids = [row["person_id"] async for row in rows]
        found = await people_of(Lists(self._connection, self._organization), ids[:limit])
        return Page(found, encode_cursor(ids[limit - 1]) if len(ids) > limit else None)

    async def _move(self, id: UUID, ids: Sequence[UUID] | None, filters: Mapping[str, Any] | None, by_ids: Any, by_selection: Any) -> int:
        await self.find(id)
        if (ids is None) == (filters is None):
            raise InvalidInput("give ids, or filters ({} for everyone), and not both", field="ids")
        key = {"organization_id": self._organization, "list_id": id}
        if ids is not None:
            if not 1 <= len(ids) <= MOST_IDS:
                raise InvalidInput(f"ids names {len(ids)} people; give 1 to {MOST_IDS}, or filters", field="ids")
            return int(await by_ids(self._connection, **key, ids=list(ids)))
        await database.allow_long(self._connection)
        wanted = filters_of("people", filters or {})
        assert isinstance(wanted, Filters)
        lists, selection = Lists(self._connection, self._organization), uuid4()
        await lists.select("people", wanted, selection)
        moved = int(await by_selection(self._connection, **key, selection=selection))
        await lists.forget(selection)
        return moved


async def people_of(lists: Lists, ids: list[UUID]) -> list[Person]:
    """Return the people with these ids, in their order; those that are gone are left out."""
    return [Person(one.id, one.email, one.name, one.title, one.company, one.status) for one in await lists.rows("people", ids)]
