"""Rows of an import that could not be used: as a list to correct them in, and as a CSV file. Never changes one (corrections.py does)."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.errors import InvalidInput
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor, foreign_cursor
from outrider.tenancy import Actor, OrganizationId, transaction

from .export import Reject, reject_cells, reject_header
from .imports import columns_of, get_import, get_in
from .mapping import Column, rebuild
from .store import reject_queries
from .types import REASONS, RejectedRow

BLOCK_ROWS = 1_000
BLOCK_CHARS = 1 << 16
READER_PROBLEMS = frozenset(REASONS) - {"no_email", "bad_email", "filtered_email", "reverted"}


async def list_rejects(
    organization: OrganizationId,
    actor: Actor,
    number: UUID,
    *,
    reason: str | None = None,
    is_open: bool = True,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[RejectedRow]:
    """Return a page of rejects in the order of the file; empty when there are none. is_open leaves out those that were corrected.

    Raises `NotFound`, and `InvalidInput` for an unknown reason or cursor.
    """
    if reason is not None and reason not in REASONS:
        raise InvalidInput(f"reason is {reason!r}; it must be one of {', '.join(REASONS)}", field="reason")
    key = decode_cursor(cursor, 1)
    if key and not (key[0] or "").isdecimal():  # isdigit takes ² too, of which int() makes nothing
        raise foreign_cursor()
    async with transaction(organization, actor, readonly=True) as connection:
        current = await get_in(connection, organization, number)
        found = [
            to_reject(row, columns_of(current))
            async for row in reject_queries.rejects(
                connection,
                organization_id=organization,
                import_id=number,
                reasons=[reason] if reason else list(current.reasons),
                after=int(key[0] or 0) if key else 0,
                is_open=is_open,
                limit=check_limit(limit) + 1,
            )
        ]
    return Page(found[:limit], encode_cursor(found[limit - 1].row_number) if len(found) > limit else None)


async def reject_examples(
    connection: asyncpg.Connection, organization: OrganizationId, number: UUID, reasons: Iterable[str], columns: Sequence[Column]
) -> dict[str, RejectedRow]:
    """Return the first row of each reason that has one, within the caller's transaction."""
    rows = reject_queries.reject_examples(connection, organization_id=organization, import_id=number, reasons=list(reasons))
    return {row["reason"]: to_reject({**row, "state": "open", "correction_id": None}, columns) async for row in rows}


async def reject_blocks(organization: OrganizationId, actor: Actor, number: UUID) -> AsyncIterator[str]:
    """Yield the rejects that are open as a CSV file, in blocks of text; its header comes even when there is none. Raises `NotFound`."""
    current = await get_import(organization, actor, number)
    columns = columns_of(current)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(reject_header([column.header for column in columns]))
    asked = {"organization_id": organization, "import_id": number, "reasons": list(current.reasons), "is_open": True, "limit": BLOCK_ROWS}
    after = 0
    while True:
        async with transaction(organization, actor, readonly=True) as connection:
            rows = [row async for row in reject_queries.rejects(connection, **asked, after=after)]
        for row in rows:
            reject = to_reject(row, columns)
            writer.writerow(reject_cells(Reject(reject.row_number, reject.message, reject.cells, reject.text)))
        if buffer.tell() > BLOCK_CHARS or len(rows) < BLOCK_ROWS:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
        if len(rows) < BLOCK_ROWS:
            return
        after = rows[-1]["row_number"]


def to_reject(row: asyncpg.Record | dict[str, Any], columns: Sequence[Column]) -> RejectedRow:
    """Return a row that could not be used with the cells of its file, or with its text when it could not be parted into cells."""
    payload, reason = row["raw_data"], row["reason"]
    unreadable = reason in READER_PROBLEMS and isinstance(payload, dict) and set(payload) == {"raw"}
    return RejectedRow(
        row_number=row["row_number"],
        reason=reason,
        message=REASONS.get(reason, reason),
        cells=None if unreadable else tuple(rebuild(columns, payload)),
        text=payload["raw"] if unreadable else None,
        payload=payload,
        state=row["state"],
        correction_id=row["correction_id"],
    )


def column_names(columns: Sequence[Column]) -> list[str]:
    """Return a name of its own for each column, which `set_mapping` takes too: its header, with its place where it is not alone
    ('Phone (column 5)'), 'Column 5' where it is blank.
    """
    headers = [column.header for column in columns]
    return [_column_name(header, place, headers) for place, header in enumerate(headers, 1)]


def _column_name(header: str, place: int, headers: Sequence[str]) -> str:
    if header.strip() and headers.count(header) == 1:
        return header
    plain = f"Column {place}"
    return plain if not header.strip() and plain not in headers else f"{header.strip() or 'blank'} (column {place})"
