"""The rules of file imports: what a file is, how its columns are read, and what may be done with it when.

A file waits in the spool until its import is finished, so that a restart finds it again. Does not know HTTP or the terminal.
"""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import asyncpg

from outrider import ops
from outrider.kit import database, spool
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from outrider.namespaces import NamespaceService
from outrider.tenancy import Actor, OrganizationId, transaction

from . import files
from .export import Reject, reject_cells, reject_header
from .mapping import Column, MappingError, detect_mapping, header_fingerprint, rebuild
from .store import queries, to_import
from .types import MODES, REASONS, STATES, Import, NewImport

MAX_TEXT = 200
MAX_BYTES = 1 << 40  # the API has a limit of its own
UNDER_WAY = ("queued", "running", "reverting")
EXPIRE_IN = timedelta(days=2)  # of a running import; one that takes longer is looked at by a person


async def create_import(
    organization: OrganizationId, actor: Actor, source: BinaryIO, wanted: NewImport, *, most_bytes: int = MAX_BYTES
) -> Import:
    """Take a file in, find out what it is and how its columns are read; nothing runs yet.

    Raises `InvalidInput` when the file, the mapping or a word about it cannot be used, `NotFound` for an unknown namespace,
    `TooLarge` over `most_bytes`.
    """
    _check(wanted)
    async with transaction(organization, actor, readonly=True) as connection:
        number: UUID = await queries.new_id(connection)  # in the order of time, as lists are
    size = await asyncio.to_thread(spool.keep, organization, number, source, most_bytes)
    try:
        found, columns, sampled = await _look(organization, actor, number, wanted)
        expected = await asyncio.to_thread(_rows_expected, spool.path(organization, number), found, sampled)
        async with transaction(organization, actor) as connection:
            namespace_id = await _namespace(connection, organization, wanted)
            await queries.insert_import(
                connection,
                organization_id=organization,
                id=number,
                file_name=wanted.file_name[:255],
                file_bytes=size,
                rows_expected=expected,
                file_format=asdict(found),
                mapping=[asdict(column) for column in columns],
                source=wanted.source or _source_of(wanted.file_name),
                batch_id=wanted.batch_id or str(number),
                namespace_id=namespace_id,
                campaign=wanted.campaign,
                mode=wanted.mode,
                promote=wanted.promote,
            )
            return await get_in(connection, organization, number)
    except BaseException:
        spool.remove(organization, number)
        raise


async def get_import(organization: OrganizationId, actor: Actor, number: UUID) -> Import:
    """Return an import. Raises `NotFound`."""
    async with transaction(organization, actor, readonly=True) as connection:
        current = await get_in(connection, organization, number)
    if current.state not in UNDER_WAY or current.job_id is None:
        return current
    return await _settled(organization, actor, current, current.job_id)


async def _settled(organization: OrganizationId, actor: Actor, current: Import, job_id: UUID) -> Import:
    """The import as it is when its job may have been given up without a word to it (the worker was killed too often)."""
    try:
        job = await ops.get_job(organization, actor, job_id)
        gave_up = job.state if job.state in ("failed", "expired", "cancelled") else None
        error = job.error or f"its job was {job.state}"
    except NotFound:
        gave_up, error = "failed", "its job is gone"
    if gave_up is None:
        return current
    state = "completed" if current.state == "reverting" else "cancelled" if gave_up == "cancelled" else "failed"
    async with transaction(organization, actor) as connection:
        if await queries.move_import(
            connection, organization_id=organization, id=current.id, from_states=[current.state], state=state, job_id=None
        ):
            await queries.finish_import(connection, organization_id=organization, id=current.id, state=state, error=error)
        return await get_in(connection, organization, current.id)


async def get_in(connection: asyncpg.Connection, organization: OrganizationId, number: UUID) -> Import:
    """Return an import within the caller's transaction. Raises `NotFound`."""
    row = await queries.get_import(connection, organization_id=organization, id=number)
    if row is None:
        raise NotFound(f"there is no import {number}", field="id")
    return to_import(row)


async def list_imports(
    organization: OrganizationId, actor: Actor, *, state: str | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Import]:
    """Return a page of imports, newest first; empty when there are none. Raises `InvalidInput` for an unknown state or cursor."""
    if state is not None and state not in STATES:
        raise InvalidInput(f"state is {state!r}; it must be one of {', '.join(STATES)}", field="state")
    key = decode_cursor(cursor, 1)
    async with transaction(organization, actor, readonly=True) as connection:
        rows = queries.list_imports(
            connection, organization_id=organization, state=state, before=_uuid(key[0]) if key else None, limit=check_limit(limit) + 1
        )
        found = [to_import(row) async for row in rows]
    return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)


async def set_mapping(organization: OrganizationId, actor: Actor, number: UUID, chosen: dict[str, str | None]) -> Import:
    """Read some columns otherwise ({header: field, None: leave it unmapped}) and remember it for the next file with these headers.

    Raises `InvalidInput` for unknown headers or fields, `Conflict` once the import has started.
    """
    current = await get_import(organization, actor, number)
    if current.state != "uploaded":
        raise Conflict(f"the import is {current.state}: its mapping can only be changed before it starts", field="mapping")
    found = format_of(current)
    sampled = await asyncio.to_thread(files.sample, spool.path(organization, number), found)
    columns = _detect(found, sampled, chosen=_as_chosen(current) | chosen, remembered=None)
    async with transaction(organization, actor) as connection:
        if not await queries.set_mapping(connection, organization_id=organization, id=number, mapping=[asdict(c) for c in columns]):
            raise Conflict("the import has just started: its mapping can only be changed before", field="mapping")
        await _remember(connection, organization, found.header, columns)
        return await get_in(connection, organization, number)


async def start(organization: OrganizationId, actor: Actor, number: UUID) -> Import:
    """Hand the import to the workers. Raises `Conflict` when it has no address column or is not waiting to be started."""
    async with transaction(organization, actor) as connection:
        current = await get_in(connection, organization, number)
        if current.state not in ("uploaded", "cancelled", "failed"):
            raise Conflict(f"the import is {current.state}: it cannot be started", field="state")
        if not any(column["field"] == "email" for column in current.mapping):
            raise Conflict(_no_address_column(current), field="mapping")
        if not spool.path(organization, number).exists():
            raise Conflict("the file is not here any more: upload it again", field="file")
        job = await ops.enqueue(
            connection,
            "intake.import",
            {"import_id": str(number)},
            singleton_key=str(number),
            retry_limit=20,
            retry_delay=2,
            retry_backoff=False,  # it goes on where it was: a long wait would gain nothing
            expire_in=EXPIRE_IN,
        )
        if job == current.job_id:
            raise Conflict("the import is still stopping: start it again in a moment", field="state")
        await _move(connection, organization, current, "queued", job)
        columns = columns_of(current)
        if any(column.how == "chosen" for column in columns):
            await _remember(connection, organization, tuple(current.file_format["header"]), columns)
        return await get_in(connection, organization, number)


async def _move(connection: asyncpg.Connection, organization: OrganizationId, current: Import, state: str, job_id: UUID) -> None:
    """Take an import to another state; `Conflict`, which takes the job back too, when somebody was quicker."""
    moved = await queries.move_import(
        connection, organization_id=organization, id=current.id, from_states=[current.state], state=state, job_id=job_id
    )
    if moved is None:
        raise Conflict("somebody else has just started, stopped or reverted the import: look at it again", field="state")


async def start_preview(organization: OrganizationId, actor: Actor, number: UUID) -> UUID:
    """Have a dry run made, as a job whose id is returned; what it finds is the import's `preview`. Raises `Conflict` once it started."""
    async with transaction(organization, actor) as connection:
        current = await get_in(connection, organization, number)
        if current.state != "uploaded":
            raise Conflict(f"the import is {current.state}: a dry run is for one that has not started", field="state")
        return await ops.enqueue(
            connection, "intake.preview", {"import_id": str(number)}, singleton_key=str(number), retry_limit=1, expire_in=EXPIRE_IN
        )


async def cancel(organization: OrganizationId, actor: Actor, number: UUID) -> Import:
    """Stop an import after the chunk it is at; what came in stays and can be reverted, and it can be started again.

    One that has not started is dropped with its file. Raises `Conflict` when there is nothing to stop.
    """
    current = await get_import(organization, actor, number)
    if current.state == "uploaded":
        async with transaction(organization, actor) as connection:
            key = {"organization_id": organization, "id": number}
            if not await queries.move_import(connection, **key, from_states=["uploaded"], state="cancelled", job_id=None):
                raise Conflict("the import has just started: cancel it again to stop it", field="state")
            await queries.finish_import(connection, **key, state="cancelled", error=None)
        spool.remove(organization, number)  # nothing of it came in: there is nothing to go on with
    elif current.state in ("queued", "running") and current.job_id is not None:
        job = await ops.cancel_job(organization, actor, current.job_id)
        if job.state == "cancelled":
            async with transaction(organization, actor) as connection:
                await queries.move_import(
                    connection, organization_id=organization, id=number, from_states=["queued", "running"], state="cancelled", job_id=None
                )
    else:
        raise Conflict(f"the import is {current.state}: there is nothing to cancel", field="state")
    return await get_import(organization, actor, number)


async def preview_revert(organization: OrganizationId, actor: Actor, number: UUID) -> dict[str, Any]:
    """Return what taking the import back would delete, put back and have to keep. Raises `Conflict` when it has not run."""
    async with transaction(organization, actor) as connection:
        _check_revertible(await get_in(connection, organization, number))
        await database.allow_long(connection)
        report: dict[str, Any] = await queries.revert(connection, id=number, dry_run=True)
        return report


async def start_revert(organization: OrganizationId, actor: Actor, number: UUID) -> Import:
    """Have the import taken back, as a job; `revert_report` says what came of it. Raises `Conflict` when it has not run."""
    async with transaction(organization, actor) as connection:
        current = await get_in(connection, organization, number)
        _check_revertible(current)
        job = await ops.enqueue(connection, "intake.revert", {"import_id": str(number)}, singleton_key=str(number), expire_in=EXPIRE_IN)
        await _move(connection, organization, current, "reverting", job)
        return await get_in(connection, organization, number)


async def rejects(organization: OrganizationId, actor: Actor, number: UUID) -> AsyncIterator[Reject]:
    """Yield every row that could not be used, in the order of the file; none when all could. Raises `NotFound`."""
    columns = columns_of(await get_import(organization, actor, number))
    after = 0
    while True:
        async with transaction(organization, actor, readonly=True) as connection:
            rows = [
                r async for r in queries.failed_rows(connection, organization_id=organization, import_id=number, after=after, limit=1000)
            ]
        for row in rows:
            payload, reason = row["raw_data"], REASONS.get(row["reason"], row["reason"])
            unreadable = isinstance(payload, dict) and set(payload) == {"raw"}
            cells = None if unreadable else rebuild(columns, payload)
            yield Reject(row["row_number"], reason, cells, payload["raw"] if unreadable else None)
        if len(rows) < 1000:
            return
        after = rows[-1]["row_number"]


async def reject_blocks(organization: OrganizationId, actor: Actor, number: UUID) -> AsyncIterator[str]:
    """Yield the rejects file, a CSV, in blocks of text; its header comes even when nothing was rejected. Raises `NotFound`."""
    columns = columns_of(await get_import(organization, actor, number))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(reject_header([column.header for column in columns]))
    async for row in rejects(organization, actor, number):
        writer.writerow(reject_cells(row))
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def format_of(current: Import) -> files.FileFormat:
    """Return how the import's file is read."""
    return files.FileFormat(**{**current.file_format, "header": tuple(current.file_format["header"])})


def columns_of(current: Import) -> list[Column]:
    """Return the import's mapping as columns."""
    return [Column(**{**column, "samples": tuple(column["samples"])}) for column in current.mapping]


def _check(wanted: NewImport) -> None:
    if wanted.mode not in MODES:
        raise InvalidInput(f"mode is {wanted.mode!r}; it must be one of {', '.join(MODES)}", field="mode")
    if wanted.namespace and wanted.campaign:
        raise InvalidInput("give a namespace or a campaign that is routed to one, not both", field="campaign")
    for field in ("source", "batch_id", "campaign"):
        value = getattr(wanted, field)
        if value is not None and not 1 <= len(value.strip()) <= MAX_TEXT:
            raise InvalidInput(f"{field} must have 1 to {MAX_TEXT} characters", field=field)


def _check_revertible(current: Import) -> None:
    if current.state not in ("completed", "cancelled", "failed") or not current.rows_read:
        raise Conflict(f"the import is {current.state} with {current.rows_read} rows: there is nothing to revert", field="state")


def _no_address_column(current: Import) -> str:
    """What to do about a file without an address column: a wrong line may have been taken for its header."""
    names = ", ".join(repr(column["header"][:40]) for column in current.mapping[:8]) + (", …" if len(current.mapping) > 8 else "")
    return (
        f"no column is mapped to email; the first line of {current.file_name} names {names}. Say which one it is, with mapping or "
        "--map HEADER=email; if the column names stand further down, remove the lines above them"
    )


def _rows_expected(path: Path, found: files.FileFormat, sampled: list[files.Record]) -> int | None:
    """How many records a file of lines holds, judged by its first megabyte; None for kinds whose size says nothing."""
    if found.compression or found.kind not in ("csv", "jsonl") or not sampled:
        return None
    with path.open("rb") as file:
        block = file.read(1 << 20)
    lines = max(1, block.count(b"\n"))
    lines_per_record = max(1.0, sampled[-1].line / len(sampled))
    return max(len(sampled), int(path.stat().st_size / (len(block) / lines) / lines_per_record))


def _source_of(file_name: str) -> str:
    return Path(file_name).name.partition(".")[0][:MAX_TEXT] or "file"


async def _look(
    organization: OrganizationId, actor: Actor, number: UUID, wanted: NewImport
) -> tuple[files.FileFormat, list[Column], list[files.Record]]:
    path = spool.path(organization, number)
    try:
        found = await asyncio.to_thread(
            files.detect, path, encoding=wanted.encoding, delimiter=wanted.delimiter, sheet=wanted.sheet, name=wanted.file_name
        )
        sampled = await asyncio.to_thread(files.sample, path, found)
    except files.FileError as error:
        raise InvalidInput(str(error), field="file", reason=error.code) from error
    async with transaction(organization, actor, readonly=True) as connection:
        remembered = await queries.remembered_mapping(
            connection, organization_id=organization, fingerprint=header_fingerprint(found.header)
        )
    return found, _detect(found, sampled, chosen=wanted.chosen, remembered=remembered), sampled


def _detect(
    found: files.FileFormat, sampled: list[files.Record], *, chosen: dict[str, str | None] | None, remembered: dict[str, str | None] | None
) -> list[Column]:
    try:
        return detect_mapping(found.header, sampled, remembered=remembered, chosen=chosen)
    except MappingError as error:
        raise InvalidInput(str(error), field="mapping") from error


def _as_chosen(current: Import) -> dict[str, str | None]:
    """What stands in the mapping by somebody's word, so that one more word does not undo it."""
    return {column["header"]: column["field"] for column in current.mapping if column["how"] in ("chosen", "remembered")}


async def _remember(connection: asyncpg.Connection, organization: OrganizationId, header: tuple[str, ...], columns: list[Column]) -> None:
    mapping = {column.header: column.field for column in columns}
    await queries.remember_mapping(connection, organization_id=organization, fingerprint=header_fingerprint(header), mapping=mapping)


async def _namespace(connection: asyncpg.Connection, organization: OrganizationId, wanted: NewImport) -> UUID:
    service = NamespaceService(connection, organization)
    if wanted.namespace:
        return (await service.find(wanted.namespace)).id
    if wanted.campaign:
        return (await service.route(wanted.campaign)).namespace_id
    return (await service.default()).id


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise InvalidInput("cursor is not one of ours: pass the next_cursor of the page before, as it is", field="cursor") from error
