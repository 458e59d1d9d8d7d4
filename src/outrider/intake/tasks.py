"""What workers do for the intake: run an import, try one out, take one back or say what that would do.

Each chunk and its count are one transaction, so that a killed worker's successor goes on behind the last committed row.
"""

import asyncio
from collections.abc import Generator
from contextlib import closing
from typing import Any
from uuid import UUID

import asyncpg

from outrider import ops
from outrider.kit import spool
from outrider.kit.errors import Conflict
from outrider.tenancy import OrganizationId, transaction

from . import files
from .chunks import Chunk, as_raw, chunks
from .imports import columns_of, format_of, get_import, get_in
from .mapping import payload_builder
from .running import check_revertible, in_short
from .store import queries, reject_queries
from .types import Import

PREVIEW_ROWS = 100_000


async def run_import(context: ops.JobContext) -> dict[str, Any]:
    """Bring a file in, from behind the last row that is in. The output is the import's counts."""
    number = UUID(context.data["import_id"])
    organization, actor = context.organization_id, context.actor
    async with transaction(organization, actor) as connection:
        before = await queries.history_before(connection, organization_id=organization)
        done = await queries.start_running(
            connection, organization_id=organization, id=number, history_before=before, job_id=context.job_id
        )
        current = await get_in(connection, organization, number)
        if done is None and not (current.state == "completed" and current.job_id == context.job_id):
            raise ops.JobFailed(f"import {number} is not waiting to run")
    if done is None:  # an earlier attempt finished it and died before it could say so
        return _completed(organization, current)
    try:
        await _run(context, current, done)
    except ops.JobCancelled:
        await _finish(context, number, "cancelled", None)
        raise
    except files.FileError as error:
        note = f"stopped after {(await get_import(organization, actor, number)).rows_read:,} rows: {error}"
        await _finish(context, number, "failed", note)
        raise ops.JobFailed(note) from error
    except FileNotFoundError as error:
        await _finish(context, number, "failed", "the file is not here any more: upload it again")
        raise ops.JobFailed("the file is not here any more: upload it again") from error
    await _finish(context, number, "completed", None)
    return _completed(organization, await get_import(organization, actor, number))


async def preview_import(context: ops.JobContext) -> dict[str, Any]:
    """Do the import and take it back in one transaction; what it would have done becomes its preview."""
    number = UUID(context.data["import_id"])
    organization, actor = context.organization_id, context.actor
    current = await get_import(organization, actor, number)
    preview = _empty_preview()
    try:
        async with transaction(organization, actor) as connection:
            before = await queries.history_before(connection, organization_id=organization)
            with _opened(current, organization, skip=0) as source:
                while chunk := await asyncio.to_thread(next, source, None):
                    await _store(connection, number, chunk, preview)
                    await context.progress(preview["rows"], _expected(current, preview["rows"]), "dry run")
                    if preview["rows"] >= PREVIEW_ROWS:
                        preview["is_complete"] = await asyncio.to_thread(next, source, None) is None
                        break
            fresh = queries.fresh_changes(connection, organization_id=organization, before=before)
            preview["changes"] = [dict(row) async for row in fresh]
            failed = reject_queries.first_rejects(connection, organization_id=organization, import_id=number, limit=20)
            preview["failed_rows"] = [dict(row) async for row in failed]
            raise _Undo
    except _Undo:
        pass
    except files.FileError as error:
        raise ops.JobFailed(str(error)) from error
    async with transaction(organization, actor) as connection:
        said = {"mapping": current.mapping, "mode": current.mode, "promote": current.promote}
        await queries.keep_preview(connection, organization_id=organization, id=number, preview=preview, **said)
    return {key: preview[key] for key in ("rows", "promoted", "pending", "duplicate", "failed", "is_complete")}


async def preview_revert(context: ops.JobContext) -> dict[str, Any]:
    """Find out what taking an import back would do. The output is that without the names of what would be kept."""
    number = UUID(context.data["import_id"])
    async with transaction(context.organization_id, context.actor) as connection:
        try:
            check_revertible(await get_in(connection, context.organization_id, number))
        except Conflict as error:
            raise ops.JobFailed(error.message) from error
        report: dict[str, Any] = await queries.revert(connection, id=number, dry_run=True)
        await queries.keep_revert_preview(connection, organization_id=context.organization_id, id=number, report=in_short(report))
    return {key: value for key, value in report.items() if key != "kept"}


async def revert_import(context: ops.JobContext) -> dict[str, Any]:
    """Take an import back in one transaction. The output is its report without the names of what was kept."""
    number = UUID(context.data["import_id"])
    async with transaction(context.organization_id, context.actor) as connection:
        current = await get_in(connection, context.organization_id, number)
        report: dict[str, Any]
        if current.state not in ("reverting", "reverted"):
            raise ops.JobFailed(f"the import is {current.state}, not waiting to be reverted")
        if current.state == "reverted":  # an earlier attempt did it and died before it could say so
            report = current.revert_report or {}
        else:
            report = await queries.revert(connection, id=number, dry_run=False)
            await queries.keep_revert(connection, organization_id=context.organization_id, id=number, report=report)
            await context.report(connection, report["loads"], report["loads"])
    spool.remove(context.organization_id, number)  # there is nothing to go on with
    return {key: value for key, value in report.items() if key != "kept"}


TASKS: dict[str, ops.Task] = {
    "intake.import": run_import,
    "intake.preview": preview_import,
    "intake.preview_revert": preview_revert,
    "intake.revert": revert_import,
}


class _Undo(Exception):  # noqa: N818  (not an error: the end of a dry run)
    pass


def _opened(current: Import, organization: OrganizationId, *, skip: int) -> closing[Generator[Chunk]]:
    path = spool.path(organization, current.id)
    if not path.exists():
        raise FileNotFoundError(path)
    records = files.read(path, format_of(current), skip=skip)
    return closing(chunks(records, payload_builder(columns_of(current))))


async def _run(context: ops.JobContext, current: Import, done: int) -> None:
    with _opened(current, context.organization_id, skip=done) as source:
        ahead = asyncio.create_task(asyncio.to_thread(next, source, None))
        try:
            while chunk := await ahead:
                # The next chunk is parsed while the database takes this one.
                ahead = asyncio.create_task(asyncio.to_thread(next, source, None))
                async with transaction(context.organization_id, context.actor) as connection:
                    report = await _import_rows(connection, current.id, chunk)
                    await queries.add_counts(connection, organization_id=context.organization_id, id=current.id, report=report)
                    done += len(chunk.rows)
                    await context.report(connection, done, _expected(current, done))
        finally:
            await asyncio.gather(ahead, return_exceptions=True)  # the generator is closed when nobody runs it


async def _import_rows(connection: asyncpg.Connection, number: UUID, chunk: Chunk) -> dict[str, Any]:
    """Store one chunk; rows that the database does not take for JSON are kept as text, with the reason."""
    try:
        async with connection.transaction():
            return await _call(connection, number, chunk)
    except asyncpg.DataError:
        bad = [row["place"] - 1 async for row in queries.invalid_json(connection, texts=chunk.rows)]
        if not bad:
            raise
        for place in bad:
            chunk.rows[place] = as_raw(chunk.rows[place])
            chunk.problems[place] = "bad_value"
        return await _call(connection, number, chunk)


async def _call(connection: asyncpg.Connection, number: UUID, chunk: Chunk) -> dict[str, Any]:
    report: dict[str, Any] = await queries.import_rows(
        connection, id=number, rows=chunk.rows, row_numbers=chunk.numbers, problems=chunk.problems
    )
    return report


async def _store(connection: asyncpg.Connection, number: UUID, chunk: Chunk, preview: dict[str, Any]) -> None:
    report = await _import_rows(connection, number, chunk)
    for key, value in report.items():
        if key == "reasons":
            for reason, count in value.items():
                preview["reasons"][reason] = preview["reasons"].get(reason, 0) + count
        else:
            preview[key] = preview.get(key, 0) + value


def _empty_preview() -> dict[str, Any]:
    counts = ("rows", "promoted", "pending", "duplicate", "failed")
    return {**dict.fromkeys(counts, 0), "reasons": {}, "is_complete": True}


def _expected(current: Import, done: int) -> int | None:
    return max(done, current.rows_expected) if current.rows_expected else None


def _completed(organization: OrganizationId, current: Import) -> dict[str, Any]:
    """Let go of the file and return the counts, as the job's output."""
    spool.remove(organization, current.id)
    return {name: getattr(current, name) for name in ("rows_read", "rows_promoted", "rows_pending", "rows_duplicate", "rows_failed")}


async def _finish(context: ops.JobContext, number: UUID, state: str, error: str | None) -> None:
    async with transaction(context.organization_id, context.actor) as connection:
        await queries.finish_import(connection, organization_id=context.organization_id, id=number, state=state, error=error)
