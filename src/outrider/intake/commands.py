"""`outrider import` and `outrider imports`: take files in, see how it goes, stop it, take it back."""

import asyncio
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO
from uuid import UUID

import asyncpg
import typer

from outrider.kit import terminal
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.terminal import Count, From, Json, Org

from . import imports, running
from . import rejects as rows
from .types import MODES, Import, NewImport
from .views import SUMMARY, mapping_rows, show_import, show_preview, show_revert

if TYPE_CHECKING:
    from outrider.runtime import Session

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="See, stop and undo imports.")
app.add_typer(group, name="imports")
Number = Annotated[UUID, typer.Argument(help="The import's id, as `outrider imports list` shows it.")]
POLL_SECONDS = 0.3
MAP_HELP = "Read a column as a field; HEADER= leaves it unmapped."


@app.command("import")
def import_files(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Lead files; - is standard input.")],
    source: Annotated[str | None, typer.Option("--source", help="Who says so, e.g. apollo; the file's name when left out.")] = None,
    batch: Annotated[str | None, typer.Option("--batch", help="A name for what came together.")] = None,
    namespace: Annotated[str | None, typer.Option("--namespace", help="The client whose profiles these become.")] = None,
    campaign: Annotated[str | None, typer.Option("--campaign", help="A campaign's name, routed to a namespace by its keywords.")] = None,
    mode: Annotated[str, typer.Option("--mode", help=f"What may happen to what is known: {', '.join(MODES)}.")] = "fill",
    mapping: Annotated[list[str] | None, typer.Option("--map", metavar="HEADER=FIELD", help=MAP_HELP)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be new, changed, duplicate, failed; change nothing.")] = False,
    no_promote: Annotated[bool, typer.Option("--no-promote", help="Only store raw loads.")] = False,
    encoding: Annotated[str | None, typer.Option("--encoding", help="Of a text file, if detection is wrong.")] = None,
    delimiter: Annotated[str | None, typer.Option("--delimiter", help="One character, if detection is wrong.")] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="Of an XLSX file; the first with rows when left out.")] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Take lead files in: CSV and kin, XLSX, JSON lines, JSON, Parquet, gzip of these, of any size.

    Shows how the columns are read, then imports with a progress bar. Ctrl-C stops an import; outrider imports resume goes on with it.
    """
    from outrider import runtime

    async def work(session: "Session") -> list[dict[str, Any]]:
        results = []
        for name in files:
            wanted = NewImport(
                file_name="standard input" if name == "-" else Path(name).name,
                source=source,
                batch_id=batch,
                namespace=namespace,
                campaign=campaign,
                mode=mode,
                promote=not no_promote,
                encoding=encoding,
                delimiter=delimiter,
                sheet=sheet,
                chosen=_chosen(mapping),
            )
            results.append(asdict(await _take_in(session, name, wanted, dry_run=dry_run)))
        return results

    results = runtime.run_in(work, org=org, json=json)
    if json:
        terminal.show_json(results)
    if any(result["state"] == "failed" for result in results):
        raise typer.Exit(1)


async def _take_in(session: "Session", name: str, wanted: NewImport, *, dry_run: bool) -> Import:
    with _open(name) as source:
        made = await imports.create_import(session.organization_id, session.actor, source, wanted)
    if not session.json:
        terminal.say(f"{terminal.printable(made.file_name)}: {made.file_bytes:,} bytes, {_kind(made)}")
        terminal.show_table(mapping_rows(made), ["column", "field", "found_by", "samples"], json=False, empty="No columns.")
        terminal.say()
    if dry_run:
        job = await running.start_preview(session.organization_id, session.actor, made.id)
        try:
            await follow(session, job, made, "dry run", again=None)
            tried = await imports.get_import(session.organization_id, session.actor, made.id)
        finally:
            await running.cancel(session.organization_id, session.actor, made.id)
        if not session.json:
            show_preview(tried)
        return tried
    try:
        started = await running.start(session.organization_id, session.actor, made.id)
    except Conflict:
        await running.cancel(session.organization_id, session.actor, made.id)  # it would lie about: the next try uploads it again
        raise
    assert started.job_id is not None
    done = await follow(session, started.job_id, made, made.file_name, again="resume")
    if not session.json:
        show_import(done)
    return done


async def follow(session: "Session", job_id: UUID, current: Import, label: str, *, again: str | None) -> Import:
    """Show how a job of an import goes until it is over. Runs it here when no worker does; Ctrl-C cancels it.

    `again` is the command that goes on with it; None when there is nothing to go on with.
    """
    from outrider import ops

    from .tasks import TASKS

    organization, actor = session.organization_id, session.actor
    here: asyncio.Task[Any] | None = None
    try:
        with terminal.progress(label, json=session.json) as progress:
            while True:
                job = await ops.get_job(organization, actor, job_id)
                progress.update(job.progress_done, job.progress_total, job.progress_note)
                if job.is_finished:
                    break
                if here is not None and here.done():
                    with suppress(Conflict):  # another process has it: look on
                        here.result()
                    here = None
                if here is None and not await ops.workers_alive():  # also when the last one died meanwhile
                    here = asyncio.create_task(ops.run_job_here(organization, job_id, TASKS))
                await asyncio.sleep(POLL_SECONDS)
            progress.update(job.progress_done, job.progress_done)
    except asyncio.CancelledError:
        with suppress(Exception):
            await asyncio.shield(ops.cancel_job(organization, actor, job_id))
        terminal.say(f"Stopped. {_go_on(current, again)}", stderr=True)
        raise
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # the database is gone
        terminal.say(_go_on(current, again), stderr=True)
        raise
    finally:
        if here is not None:
            await asyncio.gather(here, return_exceptions=True)
    found = await imports.get_import(organization, actor, current.id)
    if job.state != "completed" and not (found.job_id == job_id and found.state in ("failed", "cancelled")):  # else the import says it
        raise InvalidInput(f"{label} did not work: {job.error or f'its job was {job.state}'}")
    return found


def _go_on(current: Import, again: str | None) -> str:
    return f"Go on with it: outrider imports {again} {current.id}" if again else "Nothing was changed."


@group.command("list")
def list_imports(
    state: Annotated[str | None, typer.Option("--state", help="Only imports in this state.")] = None,
    limit: Count = 20,
    cursor: From = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """List imports, newest first."""
    from outrider import runtime

    async def work(session: "Session") -> Any:
        return await imports.list_imports(session.organization_id, session.actor, state=state, limit=limit, cursor=cursor)

    page = runtime.run_in(work, org=org, json=json)
    terminal.show_table([asdict(item) for item in page.items], SUMMARY, json=json, empty="No imports yet: outrider import FILE")
    if page.next_cursor and not json:
        terminal.say(f"More: --cursor {page.next_cursor}")


@group.command("show")
def show(number: Number, org: Org = None, json: Json = False) -> None:
    """Show an import: its state, counts, reasons, mapping."""
    found = _get(number, org=org, json=json)
    if json:
        terminal.show_json(asdict(found))
        return
    show_import(found)
    terminal.show_table(mapping_rows(found), ["column", "field", "found_by", "samples"], json=False, empty="No columns.")


@group.command("resume")
def resume(number: Number, org: Org = None, json: Json = False) -> None:
    """Go on with an import that was stopped or failed, behind its last row."""
    from outrider import runtime

    async def work(session: "Session") -> Import:
        current = await imports.get_import(session.organization_id, session.actor, number)
        if current.state not in ("queued", "running"):
            current = await running.start(session.organization_id, session.actor, number)
        assert current.job_id is not None
        return await follow(session, current.job_id, current, current.file_name, again="resume")

    _show_done(runtime.run_in(work, org=org, json=json), json=json)


@group.command("cancel")
def cancel(number: Number, org: Org = None, json: Json = False) -> None:
    """Stop an import after the rows it is at. What came in stays."""
    from outrider import runtime

    async def work(session: "Session") -> Import:
        return await running.cancel(session.organization_id, session.actor, number)

    _show_done(runtime.run_in(work, org=org, json=json), json=json)


@group.command("rejects")
def rejects(
    number: Number,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file to write; standard output when left out.")] = None,
    org: Org = None,
) -> None:
    """Write the rows that could not be used as CSV, with the reason. Correct them and import the file again."""
    from outrider import runtime

    async def work(session: "Session") -> None:
        blocks = rows.reject_blocks(session.organization_id, session.actor, number)
        if out is None:
            async for block in blocks:
                sys.stdout.write("\n".join(map(terminal.printable, block.split("\r\n"))) if sys.stdout.isatty() else block)
            return
        with _writable(out) as file:
            async for block in blocks:
                file.write(block)

    runtime.run_in(work, org=org)
    if out is not None:
        terminal.say(f"Written to {out}")


@group.command("revert")
def revert(
    number: Number,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    org: Org = None,
    json: Json = False,
) -> None:
    """Take an import back: what it made is deleted, what it changed is put back; what cannot be is named."""
    from outrider import runtime

    async def work(session: "Session") -> dict[str, Any]:
        if dry_run:
            tried = await running.preview_revert(session.organization_id, session.actor, number)
            if tried.job_id is None:
                return tried.report or {}
            current = await imports.get_import(session.organization_id, session.actor, number)
            return (await follow(session, tried.job_id, current, "dry run of the revert", again=None)).revert_preview or {}
        current = await running.start_revert(session.organization_id, session.actor, number)
        assert current.job_id is not None
        done = await follow(session, current.job_id, current, "revert", again="revert")
        return done.revert_report or {}

    report = runtime.run_in(work, org=org, json=json)
    if json:
        terminal.show_json(report)
    else:
        show_revert(report, dry_run=dry_run)


def _get(number: UUID, *, org: str | None, json: bool) -> Import:
    from outrider import runtime

    async def work(session: "Session") -> Import:
        return await imports.get_import(session.organization_id, session.actor, number)

    return runtime.run_in(work, org=org, json=json)


def _show_done(found: Import, *, json: bool) -> None:
    if json:
        terminal.show_json(asdict(found))
    else:
        show_import(found)
    if found.state == "failed":
        raise typer.Exit(1)


def _open(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise NotFound(f"{name} cannot be read: {error.strerror}", field="file") from error


def _writable(path: Path) -> Any:
    try:
        return path.open("w", newline="", encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}", field="out") from error


def _chosen(pairs: list[str] | None) -> dict[str, str | None] | None:
    chosen: dict[str, str | None] = {}
    for pair in pairs or []:
        header, sign, field = pair.rpartition("=")
        if not sign or not header:
            raise InvalidInput(f"--map is {pair!r}; it must be HEADER=FIELD, or HEADER= to leave the column unmapped", field="map")
        chosen[header] = field.strip() or None
    return chosen or None


def _kind(made: Import) -> str:
    found = made.file_format
    parts = [found["kind"], found["encoding"], f"separated by {found['delimiter']!r}" if found["delimiter"] else None, found["compression"]]
    expected = f", about {made.rows_expected:,} rows" if made.rows_expected else ""
    return ", ".join(part for part in parts if part) + expected
