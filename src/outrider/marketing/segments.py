"""Segments: whoever fits filters at the moment. The filters are people's own; nothing here composes SQL. Never commits."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.errors import Conflict, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.people import Filters, Lists, filters_of, filters_to_json
from outrider.tenancy import OrganizationId

from . import checks
from .lists import people_of
from .store import audiences as queries
from .types import Person, Segment, UsedBy


class Segments:
    """The segments of one organization, inside the caller's `tenancy.transaction`."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def page(self, *, name: str | None = None, q: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[Segment]:
        """Return a page of segments, newest first; with a name, in any case, with `q` in it, or all. Raises `InvalidInput`."""
        check_limit(limit)
        rows = queries.segments(
            self._connection,
            organization_id=self._organization,
            name=name and name.strip(),
            q=(q or "").strip() or None,
            after=decode_id_cursor(cursor),
            count=limit + 1,
        )
        found = [Segment(**dict(row)) async for row in rows]
        return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)

    async def find(self, id: UUID) -> Segment:
        """Return a segment. Raises `NotFound`."""
        row = await queries.segment(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise NotFound(f"there is no segment {id}", field="id")
        return Segment(**dict(row))

    async def named(self, name: str) -> Segment:
        """Return the segment with a name, in any case, or an id. Raises `NotFound`."""
        if id := checks.as_id(name):
            return await self.find(id)
        found = await queries.segment_id(self._connection, organization_id=self._organization, name=name.strip())
        if found is None:
            raise NotFound(f"there is no segment named {name[:60]!r}", field="name")
        return await self.find(found)

    async def add(self, name: str, filters: Mapping[str, Any], description: str | None = None) -> Segment:
        """Make a segment and return it. Raises `InvalidInput`, and `Conflict` for a name that is taken."""
        kept = checks.name(name)
        id = await queries.add_segment(
            self._connection,
            organization_id=self._organization,
            name=kept,
            description=checks.description(description),
            filters=filters_to_json(filters_of("people", filters)),
        )
        if id is None:
            raise checks.taken("segment", kept)
        return await self.find(id)

    async def change(
        self, id: UUID, *, name: str | None = None, filters: Mapping[str, Any] | None = None, description: str | None = None
    ) -> Segment:
        """Change a segment and return it; None leaves as it is. Raises `NotFound`, `InvalidInput`, `Conflict`."""
        there = await self.find(id)
        kept = there.name if name is None else checks.name(name)
        asked = there.filters if filters is None else filters_to_json(filters_of("people", filters))
        text = there.description if description is None else checks.description(description)
        try:
            async with self._connection.transaction():
                await queries.change_segment(
                    self._connection, organization_id=self._organization, id=id, name=kept, description=text, filters=asked
                )
        except asyncpg.UniqueViolationError as error:
            raise checks.taken("segment", kept) from error
        return await self.find(id)

    async def delete(self, id: UUID) -> None:
        """Delete a segment; its people stay. Raises `NotFound`, and `Conflict` while a campaign is for it."""
        there = await self.find(id)
        rows = queries.uses(self._connection, organization_id=self._organization, list_id=None, segment_id=id)
        if used := [row["name"] async for row in rows]:
            raise Conflict(f"{there.name!r} is the audience of {', '.join(used)}: take it out there first", field="id")
        await queries.delete_segment(self._connection, organization_id=self._organization, id=id)

    async def campaigns(self, id: UUID) -> list[UsedBy]:
        """Return the campaigns that are for a segment, by name: 20 at most."""
        rows = queries.campaigns_for(self._connection, organization_id=self._organization, list_id=None, segment_id=id)
        return [UsedBy(**dict(row)) async for row in rows]

    async def count(self, filters: Mapping[str, Any]) -> tuple[int, bool]:
        """Return how many people fit, and whether that is exact: it is up to 10,000. Raises `InvalidInput`."""
        counted = await Lists(self._connection, self._organization).count("people", filters_of("people", filters))
        return counted.number, counted.is_exact

    async def people(self, id: UUID, *, limit: int = 50, cursor: str | None = None) -> Page[Person]:
        """Return a page of who fits now. Raises `NotFound`, `InvalidInput`."""
        check_limit(limit)
        wanted = filters_of("people", (await self.find(id)).filters)
        assert isinstance(wanted, Filters)
        lists = Lists(self._connection, self._organization)
        found = await lists.find("people", wanted, sort="newest", limit=limit, cursor=cursor)
        return Page(await people_of(lists, found.ids), found.next_cursor)
