"""/tasks: LinkedIn and phone steps that wait for a person, theirs or everybody's; how each went, with a way back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Cursor, Text
from outrider.tenancy import Visitor, actor_names, list_members, visiting

from .outreach_task_words import OUTCOMES, day_of
from .outreach_tasks import OutreachTask, OutreachTasks, Wanted

router = APIRouter(include_in_schema=False)
NAVIGATION = (ui.NavItem("Tasks", "/tasks", "clipboard-list", "campaigns:read", "Work", order=20, keywords="calls phone linkedin to do"),)
Reader = Annotated[Visitor, Depends(visiting("campaigns:read"))]
Writer = Annotated[Visitor, Depends(visiting("campaigns:write"))]
PAGE = 30
SHOWS = {"": "To do", "done": "Done", "skipped": "Skipped", "cancelled": "Not needed any more"}
CHANNELS = {"": "Calls and LinkedIn", "phone": "Calls", "linkedin": "LinkedIn"}


@dataclass(frozen=True, slots=True)
class Row:
    """A task as the pages show it: whose it is, who did it, where their LinkedIn profile is."""

    task: OutreachTask
    whose: str
    by: str | None
    linkedin: str | None
    outcome: str | None


@asynccontextmanager
async def _tasks(visitor: Visitor, *, readonly: bool = False) -> AsyncIterator[OutreachTasks]:
    async with visitor.transaction(readonly=readonly) as connection:
        yield OutreachTasks(connection, visitor.organization_id)


@router.get("/tasks")
async def index(
    request: Request,
    visitor: Reader,
    show: Annotated[Text, Query(max_length=20)] = "",
    of: Annotated[Text, Query(max_length=20)] = "",
    channel: Annotated[Text, Query(max_length=20)] = "",
    campaign: UUID | None = None,
    cursor: Cursor = None,
) -> Response:
    """Return the list: one's own, or everybody's with `of=all`."""
    shown, channel = show if show in SHOWS else "", channel if channel in CHANNELS else ""
    whose = None if of == "all" else visitor.user_id
    wanted = Wanted(shown or "open", channel or None, campaign, whose)
    async with visitor.transaction(readonly=True) as connection:
        tasks = OutreachTasks(connection, visitor.organization_id)
        page = await tasks.page(wanted, limit=PAGE, cursor=cursor)
        mine = await tasks.count(visitor.user_id, visitor.time_zone)
        everybodys = await tasks.count(None, visitor.time_zone)
        rows = await _rows(connection, visitor, page.items)
    asked = {"show": shown, "of": "all" if whose is None else "", "channel": channel, "campaign": str(campaign or "")}
    return ui.page(
        request,
        "tasks/index.html",
        groups=_groups(rows, visitor.time_zone) if not shown else [("", rows)] if rows else [],
        shown=shown,
        asked=asked,
        tabs=[(label, ui.address("/tasks", {**asked, "show": key})) for key, label in SHOWS.items()],
        current=ui.address("/tasks", asked),
        whose=[("Mine", _of(asked, ""), mine.total), ("Everybody’s", _of(asked, "all"), everybodys.total)],
        elsewhere=everybodys.total - mine.total if whose is not None and not shown else 0,
        channels=list(CHANNELS.items()),
        campaign=rows[0].task.campaign if campaign and rows else None,
        outcomes=OUTCOMES,
        next=ui.address("/tasks", {**asked, "cursor": page.next_cursor}) if page.next_cursor else None,
        first=ui.address("/tasks", asked) if cursor else None,
        may_write=visitor.may("campaigns:write"),
    )


@router.get("/tasks/{id}")
async def show(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return one task."""
    return await _one(request, visitor, id)


@router.post("/tasks/{id}/done")
async def done(request: Request, visitor: Writer, id: UUID) -> Response:
    """Note how it went, or say what is wrong on the task's page."""
    form = await ui.form(request)
    try:
        async with _tasks(visitor) as tasks:
            task = await tasks.done(id, str(form.get("outcome", "")), str(form.get("note", "")))
    except InvalidInput as error:
        wrong = "Choose how it went" if error.field == "outcome" else ui.sentence(error.message)
        return await _one(request, visitor, id, {error.field or "outcome": wrong}, str(form.get("note", "")))
    except Conflict as error:
        return ui.redirect(request, f"/tasks/{id}", toast=ui.sentence(error.message), tone="bad")
    told = f"{task.name or task.email}: {OUTCOMES[task.channel][task.outcome or ''].lower()}"
    return ui.redirect(request, _back(request), toast=told, undo=f"/tasks/{id}/reopen")


@router.post("/tasks/{id}/skip")
async def skip(request: Request, visitor: Writer, id: UUID) -> Response:
    """Skip it."""
    form = await ui.form(request)
    try:
        async with _tasks(visitor) as tasks:
            task = await tasks.skip(id, str(form.get("note", "")))
    except InvalidInput as error:
        return await _one(request, visitor, id, {error.field or "note": ui.sentence(error.message)}, str(form.get("note", "")))
    except Conflict as error:
        return ui.redirect(request, f"/tasks/{id}", toast=ui.sentence(error.message), tone="bad")
    return ui.redirect(request, _back(request), toast=f"Skipped {task.name or task.email}", undo=f"/tasks/{id}/reopen")


@router.post("/tasks/{id}/reopen")
async def reopen(request: Request, visitor: Writer, id: UUID) -> Response:
    """Put it back."""
    try:
        async with _tasks(visitor) as tasks:
            await tasks.reopen(id)
    except Conflict as error:
        return ui.redirect(request, f"/tasks/{id}", toast=ui.sentence(error.message), tone="bad")
    return ui.redirect(request, _back(request), toast="It is to be done again")


@router.post("/tasks/{id}/assign")
async def assign(request: Request, visitor: Writer, id: UUID) -> Response:
    """Give it to somebody, or to nobody."""
    given = str((await ui.form(request)).get("user", ""))
    try:
        user = UUID(given) if given else None
    except ValueError:
        raise InvalidInput("user is no id: choose somebody from the list", field="user") from None
    try:
        async with _tasks(visitor) as tasks:
            await tasks.assign(id, user)
    except (Conflict, InvalidInput) as error:
        return ui.redirect(request, f"/tasks/{id}", toast=ui.sentence(error.message), tone="bad")
    return ui.redirect(request, f"/tasks/{id}", toast="Whoever has time does it" if user is None else "Given away")


async def _one(request: Request, visitor: Visitor, id: UUID, errors: dict[str, str] | None = None, note: str = "") -> Response:
    async with visitor.transaction(readonly=True) as connection:
        task = await OutreachTasks(connection, visitor.organization_id).find(id)
        row = (await _rows(connection, visitor, [task]))[0]
    members = await list_members(visitor.organization_id, visitor.actor) if visitor.may("campaigns:write") else []
    return ui.page(
        request,
        "tasks/show.html",
        422 if errors else 200,
        row=row,
        task=task,
        members=[("", "Whoever has time")] + [(str(one.user_id), one.name or one.email) for one in members],
        outcomes=OUTCOMES,
        note=note,
        errors=errors or {},
        may_write=visitor.may("campaigns:write"),
    )


async def _rows(connection: asyncpg.Connection, visitor: Visitor, tasks: list[OutreachTask]) -> list[Row]:
    users = {task.id: f"user:{task.assigned_to}" for task in tasks if task.assigned_to}
    names = await actor_names(connection, visitor.organization_id, [*users.values(), *(task.done_by for task in tasks if task.done_by)])
    return [
        Row(
            task,
            "you" if task.assigned_to == visitor.user_id else names[users[task.id]] if task.id in users else "whoever has time",
            "you" if task.done_by == str(visitor.actor) else names[task.done_by] if task.done_by else None,
            ui.web_address(task.linkedin_url) if task.linkedin_url else None,
            OUTCOMES[task.channel].get(task.outcome, task.outcome) if task.outcome else None,
        )
        for task in tasks
    ]


def _groups(rows: list[Row], time_zone: str) -> list[tuple[str, list[Row]]]:
    """Return the rows under when they are due; a heading without rows is left out."""
    today, tomorrow = day_of(time_zone)
    groups: dict[str, list[Row]] = {"Overdue": [], "Today": [], "Later": []}
    for row in rows:
        groups["Overdue" if row.task.due_at < today else "Today" if row.task.due_at < tomorrow else "Later"].append(row)
    return [(name, found) for name, found in groups.items() if found]


def _of(asked: dict[str, str], of: str) -> str:
    return ui.address("/tasks", {**asked, "of": of})


def _back(request: Request) -> str:
    """Return the page of tasks that the browser came from, else the list."""
    came = urlsplit(request.headers.get("referer", ""))
    if came.netloc != request.url.netloc or not (came.path == "/tasks" or came.path.startswith("/tasks/")):
        return "/tasks"
    return f"{came.path}?{came.query}" if came.query else came.path
