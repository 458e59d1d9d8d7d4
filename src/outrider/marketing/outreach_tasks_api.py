"""Tasks over HTTP: LinkedIn and phone steps, which a person does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, check_time_zone, transaction

from .access import Reader, Writer
from .examples import ACTOR, CAMPAIGN_ID, ENROLLMENT_ID, NEXT, PERSON_ID, STEP_ID, example, given
from .outreach_task_words import DUE, OUTCOMES, STATES
from .outreach_tasks import LONGEST_NOTE, OutreachTasks, Wanted, own_user

router = APIRouter(prefix="/api/tasks", tags=["campaigns"])
TASK_ID = "0193a512-7c14-7e0c-9b1d-2f6f5a1f3da1"
USER_ID = ACTOR.partition(":")[2]
TASK: dict[str, Any] = {
    "id": TASK_ID,
    "channel": "phone",
    "state": "open",
    "due_at": "2026-11-20T09:00:00Z",
    "instructions": "Call Ana about the two plants in Spain",
    "missing": None,
    "assigned_to": USER_ID,
    "outcome": None,
    "note": None,
    "done_by": None,
    "done_at": None,
    "created_at": "2026-11-20T09:00:00Z",
    "campaign_id": CAMPAIGN_ID,
    "campaign": "Q4 ACME push",
    "enrollment_id": ENROLLMENT_ID,
    "step_id": STEP_ID,
    "step": 3,
    "person_id": PERSON_ID,
    "name": "Ana López",
    "email": "ana.lopez@acme.example",
    "title": "CFO",
    "company": "Acme",
    "phone": "+34 600 000 000",
    "linkedin_url": "https://www.linkedin.com/in/ana-lopez",
    "stopped_reason": None,
}
MEANT_BY_OUTCOME = "; ".join(f"{channel}: {', '.join(names)}" for channel, names in OUTCOMES.items())
TaskId = Annotated[UUID, Path(description="The task's id.")]


class TaskView(BaseModel):
    """Something that a person does about another one."""

    model_config = example(TASK, title="Task")

    id: UUID
    channel: str = Field(description="linkedin or phone.")
    state: str = Field(description="open, done, skipped, or cancelled: the person was stopped before it was done.")
    due_at: datetime
    instructions: str = Field(description="With the person's values put in.")
    missing: str | None = Field(description="The variable that has no value; the instructions are as they were written then.")
    assigned_to: UUID | None = Field(description="The user whose it is; null: whoever has time.")
    outcome: str | None
    note: str | None
    done_by: str | None
    done_at: datetime | None
    created_at: datetime
    campaign_id: UUID
    campaign: str
    enrollment_id: UUID
    step_id: UUID
    step: int = Field(description="The step's position in the campaign, from 1 on.")
    person_id: UUID
    name: str | None
    email: str
    title: str | None
    company: str | None
    phone: str | None
    linkedin_url: str | None
    stopped_reason: str | None


class TaskPage(BaseModel):
    """A page of tasks."""

    model_config = example({"items": [TASK], "next_cursor": None}, title="Tasks")

    items: list[TaskView]
    next_cursor: str | None = Field(description=NEXT)


class Done(BaseModel):
    """How a task went."""

    model_config = given({"outcome": "reached", "note": "Wants a quote in January"}, title="TaskDone")

    outcome: Text = Field(description=f"One of the channel's. {MEANT_BY_OUTCOME}.", max_length=40)
    note: Text | None = Field(None, description=f"Up to {LONGEST_NOTE} characters.", max_length=LONGEST_NOTE)


class Skipped(BaseModel):
    """Why a task will not be done."""

    model_config = given({"note": "Spoke to them at the fair already"}, title="TaskSkipped")

    note: Text | None = Field(None, description=f"Up to {LONGEST_NOTE} characters.", max_length=LONGEST_NOTE)


class Assigned(BaseModel):
    """Whose a task is."""

    model_config = given({"user_id": USER_ID}, title="TaskAssigned")

    user_id: UUID | None = Field(description="A user of the organization; null: nobody's.")


@asynccontextmanager
async def _tasks(caller: Caller, *, readonly: bool = False) -> AsyncIterator[OutreachTasks]:
    async with transaction(caller.organization_id, caller.actor, readonly=readonly) as connection:
        yield OutreachTasks(connection, caller.organization_id)


@router.get("", summary="List tasks")
async def list_tasks(
    caller: Reader,
    state: Annotated[Text, Query(description=f"One of {', '.join(STATES)}.", examples=["open"], max_length=20)] = "open",
    channel: Annotated[Text | None, Query(description="linkedin or phone.", examples=["phone"], max_length=20)] = None,
    campaign_id: Annotated[UUID | None, Query(description="Only this campaign's.")] = None,
    mine: Annotated[bool, Query(description="Only those of the user who asks; a key is no user.")] = False,
    assigned_to: Annotated[UUID | None, Query(description="Only those of this user.")] = None,
    due: Annotated[Text | None, Query(description=f"One of {', '.join(DUE)}; overdue is before today.", examples=["today"])] = None,
    time_zone: Annotated[Text, Query(description="Where today is, an IANA name.", examples=["Europe/Madrid"], max_length=60)] = "UTC",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> TaskPage:
    """Open tasks come by when they are due, others the last one first."""
    whose = own_user(caller) if mine else assigned_to
    wanted = Wanted(state, channel, campaign_id, whose, due, check_time_zone(time_zone))
    async with _tasks(caller, readonly=True) as tasks:
        page = await tasks.page(wanted, limit=limit, cursor=cursor)
    return TaskPage(items=[TaskView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/{id}", summary="Show a task")
async def get_task(id: TaskId, caller: Reader) -> TaskView:
    """One task, with whom it is about."""
    async with _tasks(caller, readonly=True) as tasks:
        return TaskView.model_validate(await tasks.find(id))


@router.post("/{id}/done", summary="Say how a task went")
async def finish_task(id: TaskId, caller: Writer, body: Done) -> TaskView:
    """409 for one that is not open."""
    async with _tasks(caller) as tasks:
        return TaskView.model_validate(await tasks.done(id, body.outcome, body.note))


@router.post("/{id}/skip", summary="Skip a task")
async def skip_task(id: TaskId, caller: Writer, body: Skipped) -> TaskView:
    """The person goes on in the campaign as if it had been done. 409 for one that is not open."""
    async with _tasks(caller) as tasks:
        return TaskView.model_validate(await tasks.skip(id, body.note))


@router.post("/{id}/reopen", summary="Put a task back")
async def reopen_task(id: TaskId, caller: Writer) -> TaskView:
    """It is to be done again; outcome and note are gone. 409 for one that was neither done nor skipped."""
    async with _tasks(caller) as tasks:
        return TaskView.model_validate(await tasks.reopen(id))


@router.post("/{id}/assign", summary="Give a task to somebody")
async def assign_task(id: TaskId, caller: Writer, body: Assigned) -> TaskView:
    """To a user of the organization, or to nobody. 409 for one that is not open."""
    async with _tasks(caller) as tasks:
        return TaskView.model_validate(await tasks.assign(id, body.user_id))
