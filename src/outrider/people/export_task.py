"""What a worker does of an export: settles who is in it, then reads and writes a part of these at a time."""

import asyncio
from typing import Any
from uuid import UUID

from outrider import ops
from outrider.kit import spool
from outrider.kit.errors import OutriderError
from outrider.ops import JobContext
from outrider.tenancy import transaction

from . import columns, export_files
from .columns import Column
from .custom_fields import CustomFields
from .export_files import MOST_XLSX_ROWS, ListFile
from .exports import Export, Exports
from .lists import PART, Lists


async def export(context: JobContext) -> dict[str, Any]:
    """Write an export's file, from the beginning; returns its rows and bytes."""
    id = UUID(context.data["export_id"])
    async with transaction(context.organization_id, context.actor) as connection:
        found = await Exports(connection, context.organization_id).find(id)
        if found.state == "completed":  # an earlier attempt wrote it and died before it could say so
            return {"rows": found.rows_written, "bytes": found.file_bytes}
        expected = await Exports(connection, context.organization_id).start(found)
        known = await CustomFields(connection, context.organization_id).known()
    try:
        if found.format == "xlsx" and expected > MOST_XLSX_ROWS:
            raise ops.JobFailed(
                f"{expected:,} rows do not fit an XLSX sheet, which holds {MOST_XLSX_ROWS:,}: export CSV or Parquet, or filter"
            )
        rows = await _write(context, found, columns.chosen(found.kind, found.columns, known), expected)
    except ops.JobCancelled:
        await _end(context, id, "cancelled", None)
        raise
    except (ops.JobFailed, OutriderError) as error:
        await _end(context, id, "failed", str(error))
        raise ops.JobFailed(str(error)) from error
    size = spool.path(context.organization_id, id).stat().st_size
    async with transaction(context.organization_id, context.actor) as connection:
        await Exports(connection, context.organization_id).complete(id, rows, size)
        await context.report(connection, rows, rows)
    return {"rows": rows, "bytes": size}


async def _write(context: JobContext, found: Export, shown: list[Column], expected: int) -> int:
    file: ListFile = await asyncio.to_thread(export_files.create, found.format, spool.place(context.organization_id, found.id), shown)
    try:
        written = 0
        for part in range(-(-expected // PART)):
            async with transaction(context.organization_id, context.actor, readonly=True) as connection:
                lists = Lists(connection, context.organization_id)
                rows = await lists.rows(found.kind, await lists.selected(found.id, part))
            await asyncio.to_thread(file.write, rows)
            written += len(rows)
            async with transaction(context.organization_id, context.actor) as connection:
                await Exports(connection, context.organization_id).advance(found.id, written)
                await context.report(connection, min((part + 1) * PART, expected), expected)
        await asyncio.to_thread(file.close)
    except BaseException:
        await asyncio.to_thread(file.discard)
        raise
    return written


async def _end(context: JobContext, id: UUID, state: str, error: str | None) -> None:
    async with transaction(context.organization_id, context.actor) as connection:
        await Exports(connection, context.organization_id).end(id, state, error)
