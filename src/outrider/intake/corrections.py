"""Rejects that somebody corrected come in as an import of their own: a file made of the corrected rows, read as the first one was.

There is no second way in: cleaning, deduplication, modes, history and reverting are those of every import.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from uuid import UUID

import asyncpg
import orjson

from outrider.kit import spool
from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import Actor, OrganizationId, transaction

from . import files
from .imports import columns_of, format_of, get_in
from .mapping import Column
from .rejects import column_names, to_reject
from .running import start_in
from .store import queries, reject_queries
from .types import Import, RejectedRow

MAX_CORRECTIONS = 1_000
FINISHED = ("completed", "cancelled", "failed")
Cells = Mapping[int, str]
"""New values of a row by the place of their column, from 0."""


async def correct_rejects(organization: OrganizationId, actor: Actor, number: UUID, corrected: Mapping[int, Cells]) -> Import:
    """Send rejects of an import in again with some cells changed, and return the import that brings them, which has started.

    corrected: {row number: {place of the column: value}}; cells that are not named stay as they are. Source, batch, mapping, namespace and
    mode are those of the first import. Raises `NotFound`; `InvalidInput` for no rows, over 1,000, a column that is not there, a row that is
    no reject or has nothing in it; `Conflict` for rows that were corrected already and while the import runs or after it was taken back.
    """
    if not 1 <= len(corrected) <= MAX_CORRECTIONS:
        raise InvalidInput(f"{len(corrected)} rows were given; one call takes 1 to {MAX_CORRECTIONS:,}", field="rows")
    numbers = sorted(corrected)
    async with transaction(organization, actor) as connection:
        key = {"organization_id": organization, "import_id": number}
        await reject_queries.lock_import(connection, organization_id=organization, id=number)
        current = await get_in(connection, organization, number)
        if current.state not in FINISHED:
            raise Conflict(f"the import is {current.state}: its rejects can be corrected when it is done", field="state")
        columns = columns_of(current)
        rows = reject_queries.rejects_by_number(connection, **key, row_numbers=numbers)
        rejects = {row["row_number"]: to_reject(row, columns) async for row in rows}
        _check(numbers, rejects, corrected, len(columns))
        content, file_format = _written(format_of(current), columns, [(rejects[n], corrected[n]) for n in numbers])
        made: UUID = await queries.new_id(connection)
        try:
            await _insert(connection, organization, current, made, len(numbers), content, file_format)
            await reject_queries.hand_on_corrections(connection, **key, row_numbers=numbers, correction_id=made)
            await reject_queries.insert_corrections(connection, **key, row_numbers=numbers, correction_id=made)
            return await start_in(connection, organization, made)
        except BaseException:
            spool.remove(organization, made)
            raise


def cells_by_place(columns: Sequence[Column], values: Mapping[str, str | None]) -> dict[int, str]:
    """Return values by their column's place. A column goes by its header, by 'Header (column 5)' or 'Column 5'; None empties the cell.

    Raises `InvalidInput` naming a column that is not there.
    """
    places = {f"Column {n}": n - 1 for n in range(1, len(columns) + 1)} | {name: n for n, name in enumerate(column_names(columns))}
    if unknown := next((name for name in values if name not in places), None):
        raise InvalidInput(f"the file has no column {unknown[:80]!r}; it has {', '.join(places)[:500]}", field="values")
    return {places[name]: value or "" for name, value in values.items()}


def _check(numbers: Sequence[int], rejects: Mapping[int, RejectedRow], corrected: Mapping[int, Cells], width: int) -> None:
    if missing := [n for n in numbers if n not in rejects]:
        raise InvalidInput(f"row {missing[0]} of this import is not one that could not be used", field="rows")
    if taken := [n for n in numbers if rejects[n].state != "open"]:
        listed = ", ".join(map(str, taken[:10]))
        raise Conflict(f"corrected already, in import {rejects[taken[0]].correction_id}: row {listed}", field="rows")
    for n in numbers:
        if not all(0 <= place < width for place in corrected[n]):
            raise InvalidInput(f"row {n} names a column that the file does not have", field="rows")
        if not any(map(str.strip, _cells(rejects[n], corrected[n], width))):
            raise InvalidInput(f"row {n} has nothing in it: fill it in, or leave it out", field="rows")


def _cells(reject: RejectedRow, changes: Cells, width: int) -> list[str]:
    cells = list(reject.cells or [""] * width)
    for place, value in changes.items():
        cells[place] = value
    return cells


def _written(
    first: files.FileFormat, columns: Sequence[Column], rows: Sequence[tuple[RejectedRow, Cells]]
) -> tuple[bytes, files.FileFormat]:
    """The file of the corrected rows and how it is read: lines of JSON for an import of JSON, whose values keep their types, else CSV.

    Without a line of headers: the mapping goes with the import.
    """
    if first.kind in ("json", "jsonl"):
        lines = [orjson.dumps(_record(columns, reject, changes)) for reject, changes in rows]
        return b"\n".join(lines), files.FileFormat("jsonl", None, "utf-8", None, False, first.header)
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(_cells(reject, changes, len(columns)) for reject, changes in rows)
    return buffer.getvalue().encode(), files.FileFormat("csv", None, "utf-8", ",", False, first.header)


def _record(columns: Sequence[Column], reject: RejectedRow, changes: Cells) -> dict[str, object]:
    """A JSON record under its own names, as the file had it."""
    headers = {column.key: column.header for column in columns}
    payload = {} if reject.cells is None else reject.payload
    record = {headers.get(key, key): value for key, value in payload.items()}
    told = reject.cells or [""] * len(columns)
    return record | {columns[place].header: value for place, value in changes.items() if value != told[place]}


async def _insert(
    connection: asyncpg.Connection,
    organization: OrganizationId,
    first: Import,
    made: UUID,
    count: int,
    content: bytes,
    file_format: files.FileFormat,
) -> None:
    size = spool.keep(organization, made, io.BytesIO(content), len(content))
    await queries.insert_correction(
        connection,
        organization_id=organization,
        id=made,
        parent_import_id=first.id,
        file_name=f"{first.file_name[:200]}, {count:,} corrected row{'s' if count > 1 else ''}",
        file_bytes=size,
        rows_expected=count,
        file_format=asdict(file_format),
    )
