"""`outrider jobs`: see, cancel and repeat jobs, and read the event store."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outrider.kit.terminal import Count, From, Json, Org, parsed_id, show_json, show_record, show_table, warn
from outrider.runtime import run_in

from . import events, jobs
from .types import Job

if TYPE_CHECKING:
    from outrider.runtime import Session

app = typer.Typer(help="See, cancel and repeat jobs.", no_args_is_help=True)
events_app = typer.Typer(help="What happened: the event store.", no_args_is_help=True)
app.add_typer(events_app, name="events")

JOB_COLUMNS = ["id", "label", "state", "progress", "attempt", "created_on", "requested_by", "error"]
EVENT_COLUMNS = ["created_at", "event_type", "entity_type", "entity_id", "payload"]

Id = Annotated[str, typer.Argument(metavar="ID", help="The job's id, as the list shows it.", show_default=False)]


@app.command("list")
def list_jobs(
    state: Annotated[str | None, typer.Option(help="Only those in this state.", show_default=False)] = None,
    name: Annotated[str | None, typer.Option(help="Only those of this name.", show_default=False)] = None,
    limit: Count = 20,
    cursor: From = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """List jobs, newest first."""

    async def work(session: "Session") -> None:
        page = await jobs.list_jobs(session.organization_id, session.actor, state=state, name=name, limit=limit, cursor=cursor)
        _show_page([row_of(job) for job in page.items], JOB_COLUMNS, page.next_cursor, json, "There are no jobs.")
        if any(not job.is_finished for job in page.items) and not await jobs.workers_alive():
            warn("No worker is running: start one with outrider worker.")

    run_in(work, org=org, json=json)


@app.command("show")
def show_job(id: Id, org: Org = None, json: Json = False) -> None:
    """Show everything about one job."""

    async def work(session: "Session") -> None:
        show_record(row_of(await jobs.get_job(session.organization_id, session.actor, parsed_id(id))), json=json)

    run_in(work, org=org, json=json)


@app.command("cancel")
def cancel_job(id: Id, org: Org = None, json: Json = False) -> None:
    """Cancel a job: at once when it waits, as soon as it can when it runs."""

    async def work(session: "Session") -> None:
        show_record(row_of(await jobs.cancel_job(session.organization_id, session.actor, parsed_id(id))), json=json)

    run_in(work, org=org, json=json)


@app.command("retry")
def retry_job(id: Id, org: Org = None, json: Json = False) -> None:
    """Let a job that failed, expired or was cancelled start anew."""

    async def work(session: "Session") -> None:
        show_record(row_of(await jobs.retry_job(session.organization_id, session.actor, parsed_id(id))), json=json)

    run_in(work, org=org, json=json)


@events_app.command("list")
def list_events(
    entity_type: Annotated[str | None, typer.Option(help="Of this kind of thing.", show_default=False)] = None,
    entity_id: Annotated[str | None, typer.Option(help="Of this one.", show_default=False)] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Of this type.", show_default=False)] = None,
    limit: Count = 20,
    cursor: From = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """List events, newest first."""

    async def work(session: "Session") -> None:
        page = await events.list_events(
            session.organization_id,
            session.actor,
            entity_type=entity_type,
            entity_id=parsed_id(entity_id, "entity-id") if entity_id is not None else None,
            event_type=event_type,
            limit=limit,
            cursor=cursor,
        )
        rows = [asdict(event) for event in page.items]
        _show_page(rows, EVENT_COLUMNS, page.next_cursor, json, "There are no events.")

    run_in(work, org=org, json=json)


def row_of(job: Job) -> dict[str, Any]:
    """Return a job as the command line shows it: `expire_in` in seconds, progress and attempt in words beside the
    fields.
    """
    of = f" of {job.progress_total:,}" if job.progress_total is not None else ""
    progress = f"{job.progress_done:,}{of}" if job.progress_done or of else None
    words = {"label": job.label, "progress": progress, "attempt": f"{job.retry_count + 1} of {job.retry_limit + 1}"}
    return {**asdict(job), "expire_in": job.expire_in.total_seconds(), **words}


def _show_page(rows: list[dict[str, Any]], columns: list[str], next_cursor: str | None, json: bool, empty: str) -> None:
    if json:
        show_json({"items": rows, "next_cursor": next_cursor})
        return
    show_table(rows, columns, json=False, empty=empty)
    if next_cursor is not None:
        warn(f"More: --cursor {next_cursor}")
