"""/jobs: what is being worked on, what waits, what failed and why; one job with all that is known of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict
from outrider.kit.http import Cursor, Text
from outrider.tenancy import Visitor, actor_names, visiting

from .. import jobs
from ..types import Job, Unfinished
from .words import Pace, Trouble, pace, trouble

router = APIRouter()
PAGE = 30
SHOWS: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "": ("All", None),
    "running": ("Running", ("active",)),
    "waiting": ("Waiting", ("created", "retry")),
    "failed": ("Failed", ("failed", "expired")),
    "done": ("Done", ("completed",)),
    "cancelled": ("Cancelled", ("cancelled",)),
}
Reader = Annotated[Visitor, Depends(visiting("jobs:read"))]
Writer = Annotated[Visitor, Depends(visiting("jobs:write"))]


@dataclass(frozen=True, slots=True)
class Row:
    """A job as the pages show it. `will_move`: it is worth looking at again in a moment."""

    job: Job
    by: str
    pace: Pace
    trouble: Trouble | None
    will_move: bool


@router.get("/jobs")
async def index(
    request: Request,
    visitor: Reader,
    show: Annotated[Text, Query(max_length=20)] = "",
    name: Annotated[Text | None, Query(max_length=100)] = None,
    cursor: Cursor = None,
) -> Response:
    """Return the list; htmx gets it alone, every two seconds while something moves in it."""
    chosen = show if show in SHOWS else ""
    async with visitor.transaction(readonly=True) as connection:
        page = await jobs.page_of_jobs(connection, visitor.organization_id, SHOWS[chosen][1], name=name or None, limit=PAGE, cursor=cursor)
        unfinished = await jobs.count_unfinished(connection, visitor.organization_id)
        workers = await jobs.workers_in(connection)
        names = await actor_names(connection, visitor.organization_id, [job.requested_by for job in page.items])
    rows = [_row(job, names) for job in page.items]
    asked = {"show": chosen, "name": name or ""}
    context: dict[str, Any] = {
        "rows": rows,
        "next": ui.address("/jobs", {**asked, "cursor": page.next_cursor}) if page.next_cursor else None,
        "first": ui.address("/jobs", asked) if cursor else None,
        "again": ui.address("/jobs", {**asked, "cursor": cursor}) if any(row.will_move for row in rows) else None,
        "tabs": [
            (label, ui.address("/jobs", {"show": key, "name": asked["name"]}), _count(key, unfinished)) for key, (label, _) in SHOWS.items()
        ],
        "current": ui.address("/jobs", asked),
        "show": chosen,
        "name": name,
        "workers": workers,
        "unfinished": unfinished.running + unfinished.waiting,
    }
    if ui.is_htmx(request):
        return ui.fragment(request, "ops/jobs.html", "list", **context)
    return ui.page(request, "ops/jobs.html", **context)


@router.get("/jobs/{id}")
async def show(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return one job; htmx gets what moves of it, as long as it does."""
    async with visitor.transaction(readonly=True) as connection:
        job = await jobs.find_job(connection, visitor.organization_id, id)
        workers = await jobs.workers_in(connection)
        names = await actor_names(connection, visitor.organization_id, [job.requested_by])
    context: dict[str, Any] = {
        "row": _row(job, names),
        "job": job,
        "workers": workers,
        "may_write": visitor.may("jobs:write"),
        "input": ui.readable(job.data),
        "output": ui.readable(job.output),
    }
    if ui.is_htmx(request):
        return ui.fragment(request, "ops/job.html", "live", **context)
    return ui.page(request, "ops/job.html", **context)


@router.post("/jobs/{id}/cancel")
async def cancel(request: Request, visitor: Writer, id: UUID) -> Response:
    """Cancel the job: at once when it waits, as soon as it can when it runs."""
    try:
        job = await jobs.cancel_job(visitor.organization_id, visitor.actor, id)
    except Conflict as error:
        return ui.redirect(request, f"/jobs/{id}", toast=ui.sentence(error.message), tone="bad")
    told = "Cancelled" if job.state == "cancelled" else "It stops as soon as it can"
    return ui.redirect(request, f"/jobs/{id}", toast=told)


@router.post("/jobs/{id}/retry")
async def retry(request: Request, visitor: Writer, id: UUID) -> Response:
    """Let the job start anew, now and with all its attempts."""
    try:
        await jobs.retry_job(visitor.organization_id, visitor.actor, id)
    except Conflict as error:
        return ui.redirect(request, f"/jobs/{id}", toast=ui.sentence(error.message), tone="bad")
    return ui.redirect(request, f"/jobs/{id}", toast="It starts anew")


def _row(job: Job, names: dict[str, str]) -> Row:
    now = datetime.now(UTC)
    will_move = not job.is_finished and job.start_after <= now
    return Row(job, names[job.requested_by], pace(job, now), trouble(job), will_move)


def _count(key: str, unfinished: Unfinished) -> int | None:
    return {"running": unfinished.running or None, "waiting": unfinished.waiting or None}.get(key)
