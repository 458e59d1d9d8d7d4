"""Saved views: what a list asks, how it is sorted and which columns it shows, under a name; one's own, or shared with the organization."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import asyncpg

from outrider.kit.errors import Conflict, Forbidden, InvalidInput, NotFound
from outrider.tenancy import Caller

from . import asked, columns, search
from .custom_fields import CustomFields
from .store import views as queries

MOST_VIEWS = 200
LONGEST_NAME = 60
MASTERS = ("owner", "admin")
"""Roles that may change and delete the shared views of others."""


@dataclass(frozen=True, slots=True)
class View:
    """A saved view; `filters` as `asked.to_json` says them, no columns: the usual ones. `may_change`: whether who asks may."""

    id: UUID
    kind: str
    name: str
    filters: dict[str, Any]
    sort: str | None
    direction: str | None
    columns: tuple[str, ...]
    is_shared: bool
    created_by: str
    created_at: datetime
    updated_at: datetime
    may_change: bool

    @property
    def query(self) -> str:
        """The view as the query string of its list, which is also its link."""
        pairs = asked.to_query(asked.filters_of(self.kind, self.filters))
        pairs += [(name, value) for name, value in (("sort", self.sort), ("direction", self.direction)) if value]
        return urlencode([*pairs, *(("column", name) for name in self.columns)])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a view is to be; None leaves as it is (for a new one: without)."""

    name: str | None = None
    filters: Mapping[str, Any] | None = None
    sort: str | None = None
    direction: str | None = None
    columns: Sequence[str] | None = None
    is_shared: bool | None = None


class SavedViews:
    """The views that a caller sees, inside the caller's `tenancy.transaction`."""

    def __init__(self, connection: asyncpg.Connection, caller: Caller) -> None:
        self._connection = connection
        self._caller = caller
        self._key = {"organization_id": caller.organization_id, "actor": str(caller.actor)}

    async def visible(self, kind: str | None = None) -> list[View]:
        """Return them, of one kind or of all, in the order in which they were made."""
        if kind is not None:
            asked.kind_of(kind)
        return [self._view(row) async for row in queries.views(self._connection, **self._key, kind=kind)]

    async def find(self, id: UUID) -> View:
        """Return a view. Raises `NotFound`, also for somebody else's that is not shared."""
        row = await queries.view(self._connection, **self._key, id=id)
        if row is None:
            raise NotFound(f"there is no saved view {id}", field="id")
        return self._view(row)

    async def add(self, kind: str, wanted: Wanted) -> View:
        """Save a view and return it. Raises `InvalidInput`, and `Conflict` for a name that the caller has for another of the kind."""
        asked.kind_of(kind)
        if await queries.view_count(self._connection, **self._key) >= MOST_VIEWS:
            raise Conflict(f"you have {MOST_VIEWS} saved views already: delete what you do not use")
        checked = await self._checked(kind, wanted, None)
        id = await queries.add_view(self._connection, organization_id=self._caller.organization_id, kind=kind, **checked)
        if id is None:
            raise _taken(checked["name"])
        return await self.find(id)

    async def change(self, id: UUID, wanted: Wanted) -> View:
        """Change a view and return it. Raises `NotFound`, `Forbidden` for another's, `InvalidInput`, `Conflict` for a taken name."""
        there = await self._own(id)
        checked = await self._checked(there.kind, wanted, there)
        try:
            async with self._connection.transaction():
                await queries.change_view(self._connection, organization_id=self._caller.organization_id, id=id, **checked)
        except asyncpg.UniqueViolationError as error:
            raise _taken(checked["name"]) from error
        return await self.find(id)

    async def delete(self, id: UUID) -> None:
        """Delete a view. Raises `NotFound`, and `Forbidden` for another's."""
        await self._own(id)
        await queries.delete_view(self._connection, organization_id=self._caller.organization_id, id=id)

    async def _own(self, id: UUID) -> View:
        there = await self.find(id)
        if not there.may_change:
            raise Forbidden("this view is somebody else's: save it under a name of your own, or ask an admin to change it")
        return there

    async def _checked(self, kind: str, wanted: Wanted, there: View | None) -> dict[str, Any]:
        name = _name(there.name if there and wanted.name is None else wanted.name or "")
        filters = (there.filters if there else {}) if wanted.filters is None else wanted.filters
        sort = there.sort if there and wanted.sort is None else wanted.sort or None
        direction = there.direction if there and wanted.direction is None and wanted.sort is None else wanted.direction or None
        names = (there.columns if there else ()) if wanted.columns is None else wanted.columns
        if sort is not None:
            search.order(search.LISTS[kind].sorts, sort, direction, None)
        elif direction is not None:
            raise InvalidInput("direction goes with a sort: give both", field="direction")
        if names:
            columns.chosen(kind, names, await CustomFields(self._connection, self._caller.organization_id).known())
        return {
            "name": name,
            "filters": asked.to_json(asked.filters_of(kind, filters)),
            "sort": sort,
            "direction": direction,
            "columns": list(dict.fromkeys(names)),
            "is_shared": (there.is_shared if there else False) if wanted.is_shared is None else wanted.is_shared,
        }

    def _view(self, row: asyncpg.Record) -> View:
        mine = row["created_by"] == str(self._caller.actor)
        return View(
            **{**dict(row), "columns": tuple(row["columns"])},
            may_change="people:write" in self._caller.scopes and (mine or self._caller.role in MASTERS),
        )


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidInput(f"name must have 1 to {LONGEST_NAME} characters", field="name")
    return name


def _taken(name: str) -> Conflict:
    return Conflict(f"you have a view named {name!r} already: choose another name or change that one", field="name")
