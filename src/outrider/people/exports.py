"""Exports: a list written to a file by a job, kept for some days and then removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from outrider import ops
from outrider.kit import spool
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import OrganizationId

from . import asked, columns, search
from .bulk import NAMES
from .custom_fields import CustomFields
from .export_files import FORMATS
from .filters import AnyFilters
from .lists import Lists, checked_ids
from .store import exports as queries
from .store import lists as list_queries

WRITE, EXPIRE = "people.export", "people.expire_exports"
KEEP_DAYS = 7
LONGEST_RUN = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Export:
    """An export. `state`: queued, running, completed, failed, cancelled, expired (its file is gone). Sizes in bytes.

    `rows_expected` is None until it is known who fits.
    """

    id: UUID
    kind: str
    format: str
    filters: dict[str, Any]
    ids: list[str] | None
    sort: str
    direction: str | None
    columns: tuple[str, ...]
    file_name: str
    state: str
    rows_expected: int | None
    rows_written: int
    file_bytes: int | None
    error: str | None
    job_id: UUID | None
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None

    @property
    def asked(self) -> AnyFilters:
        """What is asked of the rows."""
        return asked.filters_of(self.kind, self.filters)


@dataclass(frozen=True, slots=True)
class NewExport:
    """What to write: all that fit `filters`, in the list's order, or the rows with these `ids`. No columns: the usual ones."""

    kind: str
    format: str = "csv"
    filters: Mapping[str, Any] | None = None
    sort: str | None = None
    direction: str | None = None
    columns: Sequence[str] = ()
    ids: Sequence[Any] | None = None


class Exports:
    """The exports of one organization, inside the caller's `tenancy.transaction`."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def begin(self, wanted: NewExport) -> Export:
        """Ask for an export and return it, with the job that writes it. Raises `InvalidInput`."""
        kind = asked.kind_of(wanted.kind)
        if wanted.format not in FORMATS:
            raise InvalidInput(f"format is {wanted.format[:60]!r}; it must be one of {', '.join(FORMATS)}", field="format")
        sort = wanted.sort or ("name" if kind == "companies" else "newest")
        search.order(search.LISTS[kind].sorts, sort, wanted.direction, None)
        filters = asked.filters_of(kind, wanted.filters or {})
        search.words_of(filters.q)
        if wanted.ids is not None and wanted.filters:
            raise InvalidInput("give ids, or filters, and not both", field="ids")
        ids = None if wanted.ids is None else [str(one) for one in checked_ids(kind, wanted.ids)]
        known = await CustomFields(self._connection, self._organization).known()
        names = [column.name for column in columns.chosen(kind, wanted.columns, known)]
        id: UUID = await queries.add_export(
            self._connection,
            organization_id=self._organization,
            kind=kind,
            format=wanted.format,
            filters=asked.to_json(filters),
            ids=ids,
            sort=sort,
            direction=wanted.direction,
            columns=names,
            file_name=f"{kind}-{date.today().isoformat()}.{wanted.format}",
        )
        title = f"Export {NAMES[kind]} as {wanted.format.upper()}"
        job = await ops.enqueue(self._connection, WRITE, {"export_id": str(id)}, expire_in=LONGEST_RUN, title=title, link="/exports")
        await queries.set_export_job(self._connection, organization_id=self._organization, id=id, job_id=job)
        return await self.find(id)

    async def find(self, id: UUID) -> Export:
        """Return an export. Raises `NotFound`."""
        row = await queries.export(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise NotFound(f"there is no export {id}", field="id")
        return _export(row)

    async def page(self, *, limit: int = 50, cursor: str | None = None) -> Page[Export]:
        """Return a page of exports, newest first. Raises `InvalidInput`."""
        check_limit(limit)
        before = decode_id_cursor(cursor)
        rows = queries.exports(self._connection, organization_id=self._organization, before=before, count=limit + 1)
        found = [_export(row) async for row in rows]
        return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)

    async def file(self, id: UUID) -> tuple[Export, Path]:
        """Return an export and its file. Raises `NotFound`, and `Conflict` while it is not written or when it is gone."""
        export = await self.find(id)
        path = spool.path(self._organization, id)
        if export.state in ("queued", "running"):
            raise Conflict(f"this export is {export.state}: its file is there when it is completed", field="id")
        if export.state != "completed" or not path.exists():
            raise Conflict(f"this export has no file (any more): files are kept for {KEEP_DAYS} days. Export the list again", field="id")
        return export, path

    async def start(self, export: Export) -> int:
        """Settle who is in an export that is to be written now, and return how many rows these are."""
        await list_queries.drop_selection(self._connection, organization_id=self._organization, id=export.id)
        lists = Lists(self._connection, self._organization)
        if export.ids is None:
            expected = await lists.select(export.kind, export.asked, export.id, sort=export.sort, direction=export.direction)
        else:
            expected = await lists.select_ids(export.kind, checked_ids(export.kind, export.ids), export.id)
        await queries.begin_export(self._connection, organization_id=self._organization, id=export.id, rows_expected=expected)
        return expected

    async def advance(self, id: UUID, rows: int) -> None:
        """Note how many rows are written."""
        await queries.advance_export(self._connection, organization_id=self._organization, id=id, rows_written=rows)

    async def complete(self, id: UUID, rows: int, size: int) -> None:
        """Note that the file is whole; from now on it is kept for `KEEP_DAYS`, and a job removes it then."""
        await queries.finish_export(
            self._connection, organization_id=self._organization, id=id, rows_written=rows, file_bytes=size, keep_days=KEEP_DAYS
        )
        await list_queries.drop_selection(self._connection, organization_id=self._organization, id=id)
        over = (await self.find(id)).expires_at
        await ops.enqueue(
            self._connection, EXPIRE, {}, start_after=over, singleton_key=str(id), title="Remove an old export", link="/exports"
        )

    async def end(self, id: UUID, state: str, error: str | None) -> None:
        """Note that it failed or was cancelled."""
        await queries.end_export(self._connection, organization_id=self._organization, id=id, state=state, error=error)
        await list_queries.drop_selection(self._connection, organization_id=self._organization, id=id)

    async def expire(self) -> list[UUID]:
        """Let go of exports whose time is over and return their ids, whose files are to be removed."""
        return [row["id"] async for row in queries.expire_exports(self._connection, organization_id=self._organization)]


def _export(row: asyncpg.Record) -> Export:
    given = dict(row)
    job_state = given.pop("job_state")
    if given["state"] in ("queued", "running") and job_state in ("failed", "expired", "cancelled"):
        given["state"] = "cancelled" if job_state == "cancelled" else "failed"
    return Export(**{**given, "columns": tuple(given["columns"])})
