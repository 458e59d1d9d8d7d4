"""Jobs and events over HTTP: look, cancel, try again. Jobs are asked for by the endpoints of the work itself, not
here.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, require

from . import events, jobs
from .types import Event, Job

State = Literal["created", "retry", "active", "completed", "expired", "cancelled", "failed"]

JOB_EXAMPLE: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11",
    "name": "import",
    "state": "active",
    "data": {"import_id": "0193a512-7c10-7aaa-8001-3c4d5e6f7a8b"},
    "output": None,
    "error": None,
    "priority": 0,
    "retry_limit": 3,
    "retry_count": 0,
    "retry_delay": 1,
    "retry_backoff": True,
    "start_after": "2026-11-20T08:00:00Z",
    "started_on": "2026-11-20T08:00:00.04Z",
    "completed_on": None,
    "created_on": "2026-11-20T08:00:00Z",
    "keep_until": "2026-12-04T08:00:00Z",
    "expire_in": 900.0,
    "singleton_key": None,
    "on_complete": False,
    "requested_by": "key:0193a510-0000-7000-8000-000000000001",
    "progress_done": 40000,
    "progress_total": 100000,
    "progress_note": "promoting",
    "cancel_requested_at": None,
    "title": "Import apollo.csv",
    "link": "/imports/0193a512-7c10-7aaa-8001-3c4d5e6f7a8b",
}
EVENT_EXAMPLE: dict[str, Any] = {
    "id": "0193a512-9d2b-7a53-8f0e-1d2c3b4a5968",
    "user_id": None,
    "entity_type": "job",
    "entity_id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11",
    "event_type": "job.completed",
    "payload": {"name": "import", "state": "completed", "attempt": 1, "error": None, "output": {"rows": 100000}},
    "metadata": {},
    "created_at": "2026-11-20T08:01:12Z",
}


def _example(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]}, from_attributes=True)


class JobView(BaseModel):
    """A job. Names and states are those of pg-boss; times are UTC."""

    model_config = ConfigDict(title="Job", json_schema_extra={"examples": [JOB_EXAMPLE]}, from_attributes=True)

    id: UUID
    name: str = Field(description="The kind of work.")
    state: State = Field(
        description="created: waits; retry: waits for its next attempt; active: runs; the others are ends. "
        "expired: ran too long in its last attempt."
    )
    data: dict[str, Any] = Field(description="What it works on.")
    output: dict[str, Any] | None = Field(description="What came of it; null until it is completed.")
    error: str | None = Field(description="What went wrong in the last attempt: the error's class and message.")
    priority: int = Field(description="A higher one goes first.")
    retry_limit: int = Field(description="How often it is tried again, at most.")
    retry_count: int = Field(description="How often it was tried again.")
    retry_delay: int = Field(description="Seconds between attempts.")
    retry_backoff: bool = Field(description="Whether that time doubles with each attempt, up to an hour.")
    start_after: datetime = Field(description="It does not start before.")
    started_on: datetime | None = Field(description="When the last attempt began.")
    completed_on: datetime | None = Field(description="When it ended, however it did.")
    created_on: datetime = Field(description="When it was asked for.")
    keep_until: datetime = Field(description="When it may be dropped from this list, once it is finished.")
    expire_in: float = Field(description="Seconds that one attempt may take.")
    singleton_key: str | None = Field(description="While it is not finished, no second job of its name has this key.")
    on_complete: bool = Field(description="Whether the event `job.completed` tells of its success.")
    requested_by: str = Field(description="Who asked: user, key, job, schedule or cli, and which.")
    progress_done: int = Field(description="How much is done, in rows or what it counts.")
    progress_total: int | None = Field(description="Of how many; null: not known.")
    progress_note: str | None = Field(description="What it is doing.")
    cancel_requested_at: datetime | None = Field(description="When somebody asked to cancel it.")
    title: str | None = Field(description="What people call it; null: its name says enough.")
    link: str | None = Field(description="The page of what it works on, as a path.")


class JobPage(BaseModel):
    """A page of jobs, newest first."""

    model_config = _example({"items": [JOB_EXAMPLE], "next_cursor": None})

    items: list[JobView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


class EventView(BaseModel):
    """Something that happened to one thing, once. Times are UTC."""

    model_config = ConfigDict(title="Event", json_schema_extra={"examples": [EVENT_EXAMPLE]}, from_attributes=True)

    id: UUID
    user_id: UUID | None = Field(description="The user behind it; null when there was none.")
    entity_type: str = Field(description="What kind of thing it happened to.")
    entity_id: UUID = Field(description="Which one.")
    event_type: str = Field(description="What happened, as `thing.what`.")
    payload: dict[str, Any] = Field(description="What is worth knowing of it; depends on the type.")
    metadata: dict[str, Any] = Field(description="How it came about.")
    created_at: datetime


class EventPage(BaseModel):
    """A page of events, newest first."""

    model_config = _example({"items": [EVENT_EXAMPLE], "next_cursor": None})

    items: list[EventView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


Reader = Annotated[Caller, Depends(require("jobs:read"))]
Writer = Annotated[Caller, Depends(require("jobs:write"))]
Kind = Annotated[Text | None, Query(max_length=100, examples=["intake.import"])]

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
events_router = APIRouter(prefix="/api/events", tags=["events"])


@router.get("", summary="List jobs")
async def list_jobs(caller: Reader, state: State | None = None, name: Kind = None, limit: Limit = 50, cursor: Cursor = None) -> JobPage:
    """The organization's jobs, newest first; of one state or name if you say so."""
    page = await jobs.list_jobs(caller.organization_id, caller.actor, state=state, name=name, limit=limit, cursor=cursor)
    return JobPage(items=[view_job(job) for job in page.items], next_cursor=page.next_cursor)


@router.get("/{id}", summary="Show a job")
async def get_job(id: UUID, caller: Reader) -> JobView:
    """One job: its state, how far it is, and what came of it or went wrong."""
    return view_job(await jobs.get_job(caller.organization_id, caller.actor, id))


@router.post("/{id}/cancel", summary="Cancel a job")
async def cancel_job(id: UUID, caller: Writer) -> JobView:
    """A job that waits is cancelled at once; one that runs stops as soon as it can. Asking again is fine."""
    return view_job(await jobs.cancel_job(caller.organization_id, caller.actor, id))


@router.post("/{id}/retry", summary="Retry a job")
async def retry_job(id: UUID, caller: Writer) -> JobView:
    """A job that failed, expired or was cancelled starts anew, now and with all its attempts."""
    return view_job(await jobs.retry_job(caller.organization_id, caller.actor, id))


@events_router.get("", summary="List events")
async def list_events(
    caller: Reader,
    entity_type: Annotated[Text | None, Query(max_length=50, description="Of this kind of thing.", examples=["job"])] = None,
    entity_id: Annotated[UUID | None, Query(description="Of this one.")] = None,
    event_type: Annotated[Text | None, Query(max_length=100, description="Of this type.", examples=["job.completed"])] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> EventPage:
    """What happened in the organization, newest first."""
    page = await events.list_events(
        caller.organization_id,
        caller.actor,
        entity_type=entity_type,
        entity_id=entity_id,
        event_type=event_type,
        limit=limit,
        cursor=cursor,
    )
    return EventPage(items=[_view_event(event) for event in page.items], next_cursor=page.next_cursor)


def view_job(job: Job) -> JobView:
    """Return a job as the API shows it; other slices' endpoints that start jobs answer with it too."""
    shown = {name: getattr(job, name) for name in JobView.model_fields}
    return JobView(**{**shown, "expire_in": job.expire_in.total_seconds()})


def _view_event(event: Event) -> EventView:
    return EventView.model_validate(event)
