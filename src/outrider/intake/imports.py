"""The rules of file imports before they run: what a file is, how its columns are read, what is to be done with it.

A file waits in the spool until its import is finished, so that a restart finds it again. Does not know HTTP or the terminal.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import asyncpg

from outrider.kit import spool
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.namespaces import NamespaceService
from outrider.tenancy import Actor, OrganizationId, transaction

from . import files
from .mapping import Column, MappingError, detect_mapping, header_fingerprint
from .store import queries, to_import
from .types import MODES, STATES, Import, NewImport

MAX_TEXT = 200
MAX_BYTES = 1 << 40  # the API has a limit of its own
READING = ("encoding", "delimiter", "sheet")


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
        row = await _find(connection, organization, number)
    if not row["is_given_up"]:
        return to_import(row)
    async with transaction(organization, actor) as connection:
        await queries.settle_imports(connection, organization_id=organization)
        return await get_in(connection, organization, number)


async def get_in(connection: asyncpg.Connection, organization: OrganizationId, number: UUID) -> Import:
    """Return an import within the caller's transaction. Raises `NotFound`."""
    return to_import(await _find(connection, organization, number))


async def _find(connection: asyncpg.Connection, organization: OrganizationId, number: UUID) -> asyncpg.Record:
    row = await queries.get_import(connection, organization_id=organization, id=number)
    if row is None:
        raise NotFound(f"there is no import {number}", field="id")
    return row


async def list_imports(
    organization: OrganizationId, actor: Actor, *, state: str | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Import]:
    """Return a page of imports, newest first; empty when there are none. Raises `InvalidInput` for an unknown state or cursor."""
    if state is not None and state not in STATES:
        raise InvalidInput(f"state is {state!r}; it must be one of {', '.join(STATES)}", field="state")
    asked = {"state": state, "before": decode_id_cursor(cursor), "limit": check_limit(limit) + 1}
    async with transaction(organization, actor, readonly=True) as connection:
        rows = [row async for row in queries.list_imports(connection, organization_id=organization, **asked)]
    if any(row["is_given_up"] for row in rows):
        async with transaction(organization, actor) as connection:
            await queries.settle_imports(connection, organization_id=organization)
            rows = [row async for row in queries.list_imports(connection, organization_id=organization, **asked)]
    found = [to_import(row) for row in rows]
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
    columns = _as_found(current, _detect(found, sampled, chosen=_as_chosen(current) | chosen, remembered=None))
    async with transaction(organization, actor) as connection:
        if not await queries.set_mapping(connection, organization_id=organization, id=number, mapping=[asdict(c) for c in columns]):
            raise Conflict("the import has just started: its mapping can only be changed before", field="mapping")
        await remember(connection, organization, found.header, columns)
        return await get_in(connection, organization, number)


async def change_import(organization: OrganizationId, actor: Actor, number: UUID, changes: Mapping[str, Any]) -> Import:
    """Say other things about a file before it runs: some of source, namespace, campaign, mode, promote, encoding, delimiter, sheet.

    A namespace takes the campaign's place and the other way round. With one of the last three the file is looked at again and the mapping
    found anew (None: find it out). Raises as `create_import` does, and `Conflict` once the import has started.
    """
    current = await get_import(organization, actor, number)
    if current.state != "uploaded":
        raise Conflict(f"the import is {current.state}: it can only be changed before it starts", field="state")
    wanted = _as_wanted(current, changes)
    _check(wanted)
    found, columns, expected = format_of(current), columns_of(current), current.rows_expected
    if any(name in changes for name in READING):
        found, columns, sampled = await _look(organization, actor, number, wanted)
        expected = await asyncio.to_thread(_rows_expected, spool.path(organization, number), found, sampled)
    async with transaction(organization, actor) as connection:
        changed = await queries.change_import(
            connection,
            organization_id=organization,
            id=number,
            file_format=asdict(found),
            mapping=[asdict(column) for column in columns],
            rows_expected=expected,
            source=wanted.source or _source_of(wanted.file_name),
            namespace_id=await _namespace(connection, organization, wanted),
            campaign=wanted.campaign,
            mode=wanted.mode,
            promote=wanted.promote,
        )
        if changed is None:
            raise Conflict("the import has just started: it can only be changed before", field="state")
        return await get_in(connection, organization, number)


def _as_wanted(current: Import, changes: Mapping[str, Any]) -> NewImport:
    """What was said about the file, with the changes."""
    said = NewImport(
        file_name=current.file_name,
        source=current.source,
        namespace=None if current.campaign else current.namespace,
        campaign=current.campaign,
        mode=current.mode,
        promote=current.promote,
        **{name: current.file_format[name] for name in READING},
    )
    if changes.get("namespace") and "campaign" not in changes:
        said = replace(said, campaign=None)
    if changes.get("campaign") and "namespace" not in changes:
        said = replace(said, namespace=None)
    return replace(said, **changes)


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


def _as_found(current: Import, columns: list[Column]) -> list[Column]:
    """The columns, where those whose field stays as it was say how that was found, and not that somebody chose it."""
    before = columns_of(current)
    return [replace(now, how=was.how) if now.field == was.field else now for was, now in zip(before, columns, strict=True)]


async def remember(connection: asyncpg.Connection, organization: OrganizationId, header: tuple[str, ...], columns: list[Column]) -> None:
    """Offer these columns' fields for the next file with the same headers."""
    mapping = {column.header: column.field for column in columns}
    await queries.remember_mapping(connection, organization_id=organization, fingerprint=header_fingerprint(header), mapping=mapping)


async def _namespace(connection: asyncpg.Connection, organization: OrganizationId, wanted: NewImport) -> UUID:
    service = NamespaceService(connection, organization)
    if wanted.namespace:
        return (await service.find(wanted.namespace)).id
    if wanted.campaign:
        return (await service.route(wanted.campaign)).namespace_id
    return (await service.default()).id
