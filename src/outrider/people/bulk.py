"""Bulk edits: the same change to many people, companies or addresses at once, previewed, applied as a set, undone.

Who is meant is settled when it is asked for, and kept as a selection. Up to `AT_ONCE` rows are changed in the caller's transaction, more by
a job, a part of the selection a transaction. What was there before is kept value by value; an undo puts back what still stands as the edit
left it, and names the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from outrider import ops
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import OrganizationId

from . import asked, bulk_changes
from .bulk_changes import Changes
from .custom_fields import CustomFields
from .filters import AnyFilters
from .lists import PART, Lists, checked_ids
from .store import bulk as queries
from .store import fields as field_queries
from .store import lists as list_queries

APPLY, UNDO = "people.bulk_edit", "people.bulk_undo"
AT_ONCE = 1_000
"""Up to how many rows, or values of an undo, are changed in the caller's transaction; more are a job's."""
LONGEST_RUN = timedelta(hours=24)
MOST_KEPT_SHOWN = 100
NAMES = {"people": "people", "companies": "companies", "contacts": "addresses"}


@dataclass(frozen=True, slots=True)
class BulkEdit:
    """A bulk edit. `state`: queued, running, completed, cancelled, failed, undoing, undone. `asked`: {"filters": …} or {"ids": how many}.

    `matched` and `changed` count rows; `held` those among them whose status stayed, since what their address said or did holds
    (docs/people.md); `undone` and `kept` (changed since, or holding by now, so they stayed) values.
    """

    id: UUID
    kind: str
    changes: dict[str, Any]
    asked: dict[str, Any]
    state: str
    matched: int
    changed: int
    held: int
    undone: int
    kept: int
    job_id: UUID | None
    error: str | None
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    undone_by: str | None
    undone_at: datetime | None

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo and nothing is under way."""
        return self.state in ("completed", "cancelled", "failed") and self.changed > 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that an undo left, since it was changed since, or is a status that holds: whose, which, before, written, now."""

    whose: str
    field: str
    key: str
    before: Any
    written: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Selected:
    """Who is meant: ids of rows, or all that fit filters (as `asked.filters_of` takes them), {} for everyone. Exactly one is not None."""

    ids: Sequence[Any] | None = None
    filters: Mapping[str, Any] | None = None


class BulkEdits:
    """The bulk edits of one organization, inside the caller's `tenancy.transaction`, which has to be one that may write."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def preview(self, kind: str, selected: Selected, wanted: Changes) -> int:
        """Return how many rows are meant; changes nothing. Raises `InvalidInput` as `begin` does."""
        await self._checked(kind, wanted)
        return await self.count(kind, selected)

    async def count(self, kind: str, selected: Selected) -> int:
        """Return how many rows are meant. Raises `InvalidInput` for a selection that means nobody in particular."""
        lists = Lists(self._connection, self._organization)
        ids, filters = _meant(asked.kind_of(kind), selected)
        return await (lists.count_ids(kind, ids) if filters is None else lists.count_all(kind, filters))

    async def begin(self, kind: str, selected: Selected, wanted: Changes) -> BulkEdit:
        """Change all who are meant now and return the edit: completed where these are few, else queued, with the job that does it.

        Raises `InvalidInput` naming what is wrong with the selection or the changes.
        """
        changes = await self._checked(kind, wanted)
        lists = Lists(self._connection, self._organization)
        ids, filters = _meant(kind, selected)
        said = {"ids": len(ids)} if filters is None else {"filters": asked.to_json(filters)}
        id: UUID = await queries.add_bulk_edit(self._connection, organization_id=self._organization, kind=kind, changes=changes, asked=said)
        matched = await (lists.select_ids(kind, ids, id) if filters is None else lists.select(kind, filters, id))
        await queries.note_matched(self._connection, organization_id=self._organization, id=id, matched=matched)
        if tags := changes.get("add_tags"):
            await field_queries.remember_tags(self._connection, organization_id=self._organization, tags=tags)
        if matched > AT_ONCE:
            job = await self._ask_for(APPLY, id, f"Edit {matched:,} {NAMES[kind]}")
            await queries.begin_bulk_edit(self._connection, organization_id=self._organization, id=id, job_id=job)
        else:
            await self.apply_part(id, 0, is_last=True)
        return await self.find(id)

    async def apply_part(self, id: UUID, part: int, *, is_last: bool) -> int:
        """Apply an edit to a part of its selection and return how many rows changed. With the last one it is completed."""
        changed = int(await queries.apply_bulk_part(self._connection, id=id, part=part))
        await queries.advance_bulk_edit(
            self._connection, organization_id=self._organization, id=id, parts_done=part + 1, changed=changed, is_over=is_last
        )
        if is_last:
            await list_queries.drop_selection(self._connection, organization_id=self._organization, id=id)
        return changed

    async def undo(self, id: UUID, actor: str) -> BulkEdit:
        """Undo an edit and return it: at once where it changed little, else by a job.

        Raises `NotFound`, and `Conflict` for one that is under way, was undone already, or changed nothing.
        """
        await queries.lock_bulk_edit(self._connection, organization_id=self._organization, id=id)
        edit = await self.find(id)
        if not edit.can_undo:
            raise Conflict(_why_not(edit), field="id")
        left = await queries.change_count(self._connection, organization_id=self._organization, id=id, most=AT_ONCE + 1)
        job = None
        if left > AT_ONCE:
            job = await self._ask_for(UNDO, id, f"Undo the edit of {edit.changed:,} {NAMES[edit.kind]}")
        await queries.begin_undo(self._connection, organization_id=self._organization, id=id, job_id=job, actor=actor)
        if job is None:
            await self.undo_part(id, AT_ONCE)
        return await self.find(id)

    async def undo_part(self, id: UUID, most: int = PART) -> int:
        """Undo at most so many changes of an edit and return how many were looked at; fewer than that: it is undone."""
        row = await queries.undo_bulk_edit(self._connection, id=id, most=most)
        looked = int(row["undone"] + row["kept"])
        await queries.advance_undo(
            self._connection, organization_id=self._organization, id=id, undone=row["undone"], kept=row["kept"], is_over=looked < most
        )
        return looked

    async def stop(self, id: UUID) -> None:
        """Note that an edit, or its undoing, was stopped: what is done stays done."""
        await queries.cancel_bulk_edit(self._connection, organization_id=self._organization, id=id)

    async def find(self, id: UUID) -> BulkEdit:
        """Return an edit. Raises `NotFound`."""
        row = await queries.bulk_edit(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise NotFound(f"there is no bulk edit {id}", field="id")
        return _edit(row)

    async def parts_done(self, id: UUID) -> int:
        """Return how many parts of its selection an edit has behind it."""
        row = await queries.bulk_edit(self._connection, organization_id=self._organization, id=id)
        return int(row["parts_done"])

    async def page(self, *, limit: int = 50, cursor: str | None = None) -> Page[BulkEdit]:
        """Return a page of edits, newest first. Raises `InvalidInput`."""
        check_limit(limit)
        before = decode_id_cursor(cursor)
        rows = queries.bulk_edits(self._connection, organization_id=self._organization, before=before, count=limit + 1)
        found = [_edit(row) async for row in rows]
        return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)

    async def kept(self, id: UUID) -> list[Kept]:
        """Return the first hundred values that undoing the edit left, since they were changed since."""
        rows = queries.kept_changes(self._connection, organization_id=self._organization, id=id, count=MOST_KEPT_SHOWN)
        return [Kept(row["whose"], row["field"], row["key"], row["old_value"], row["new_value"], row["stands"]) async for row in rows]

    async def _ask_for(self, name: str, id: UUID, title: str) -> UUID:
        data, link = {"bulk_edit_id": str(id)}, f"/bulk-edits/{id}"
        return await ops.enqueue(self._connection, name, data, expire_in=LONGEST_RUN, title=title, link=link)

    async def _checked(self, kind: str, wanted: Changes) -> dict[str, Any]:
        found = bulk_changes.checked(asked.kind_of(kind), wanted)
        if fields := found.get("custom_fields"):
            found["custom_fields"] = await CustomFields(self._connection, self._organization).checked(fields)
        return found


def _edit(row: asyncpg.Record) -> BulkEdit:
    job = row["undo_job_id"] or row["job_id"]
    names = (
        "id", "kind", "changes", "asked", "matched", "changed", "held", "undone", "kept", "error", "created_by", "created_at",
        "finished_at", "undone_by", "undone_at",
    )  # fmt: skip
    return BulkEdit(**{name: row[name] for name in names}, state=_state(row), job_id=job)


def _state(row: asyncpg.Record) -> str:
    """Return the state as it is, whatever became of a job that could not say so itself."""
    state: str = row["state"]
    if state in ("queued", "running", "undoing") and row["job_state"] in ("failed", "expired", "cancelled"):
        return "cancelled" if row["job_state"] == "cancelled" else "failed"
    return state


def _why_not(edit: BulkEdit) -> str:
    if edit.state == "undone":
        return "this bulk edit was undone already"
    if edit.state in ("queued", "running", "undoing"):
        return f"this bulk edit is {edit.state}: wait for it, or cancel its job first"
    return "this bulk edit changed nothing, so there is nothing to undo"


def _meant(kind: str, selected: Selected) -> tuple[list[Any], AnyFilters | None]:
    """Return the ids, or the filters: None where it is the ids."""
    if (selected.ids is None) == (selected.filters is None):
        raise InvalidInput("give ids, or filters ({} for everyone), and not both", field="ids")
    if selected.filters is not None:
        return [], asked.filters_of(kind, selected.filters)
    return checked_ids(kind, selected.ids or ()), None
