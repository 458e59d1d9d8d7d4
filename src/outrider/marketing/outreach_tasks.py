"""Tasks: LinkedIn and phone steps, which a person does. The planner makes them; here they are found, done, skipped. Never commits."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_time_cursor, encode_cursor
from outrider.tenancy import Caller, OrganizationId

from . import checks
from .outreach_task_words import CHANNELS, DUE, STATES, bounds_of, check_outcome, day_of
from .rendering import MissingVariable, render_text
from .store import outreach_tasks as queries
from .variables import variables_of

LONGEST_NOTE = 2_000


@dataclass(frozen=True, slots=True)
class OutreachTask:
    """What somebody is to do about a person, due at `due_at`.

    `instructions` have the person's values put in; `missing` names the variable that has none, and then they are as they were written.
    `stopped_reason` says why nobody need do it any more. `assigned_to` None: whoever has time.
    """

    id: UUID
    channel: str
    state: str
    due_at: datetime
    instructions: str
    missing: str | None
    assigned_to: UUID | None
    outcome: str | None
    note: str | None
    done_by: str | None
    done_at: datetime | None
    created_at: datetime
    campaign_id: UUID
    campaign: str
    enrollment_id: UUID
    step_id: UUID
    step: int
    person_id: UUID
    name: str | None
    email: str
    title: str | None
    company: str | None
    phone: str | None
    linkedin_url: str | None
    stopped_reason: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks: None asks nothing. `due` is overdue, today or later where the clock is `time_zone`'s."""

    state: str = "open"
    channel: str | None = None
    campaign_id: UUID | None = None
    assigned_to: UUID | None = None
    due: str | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """How many are to be done: due before today, today, after today."""

    overdue: int
    today: int
    later: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.overdue + self.today + self.later


class OutreachTasks:
    """The tasks of one organization, inside the caller's `tenancy.transaction`."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def page(self, wanted: Wanted, *, limit: int = 50, cursor: str | None = None) -> Page[OutreachTask]:
        """Return a page of tasks: open ones by when they are due, others the last one first. Raises `InvalidInput`."""
        check_limit(limit)
        state = checks.one_of(wanted.state, STATES, "state")
        due_from, due_before = bounds_of(wanted.due and checks.one_of(wanted.due, DUE, "due"), wanted.time_zone)
        after_at, after_id = decode_time_cursor(cursor)
        asked = {
            "organization_id": self._organization,
            "channel": wanted.channel and checks.one_of(wanted.channel, CHANNELS, "channel"),
            "campaign_id": wanted.campaign_id,
            "assigned_to": wanted.assigned_to,
            "due_from": due_from,
            "due_before": due_before,
            "after_at": after_at,
            "after_id": after_id,
            "count": limit + 1,
        }
        if state == "open":
            rows = [row async for row in queries.open_tasks(self._connection, **asked)]
        elif state == "cancelled":
            rows = [row async for row in queries.cancelled_tasks(self._connection, **asked)]
        else:
            rows = [row async for row in queries.closed_tasks(self._connection, state=state, **asked)]
        found = await self._tasks([row["id"] for row in rows[:limit]])
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(found, encode_cursor(last["at"], last["id"]) if last else None)

    async def find(self, id: UUID) -> OutreachTask:
        """Return a task. Raises `NotFound`."""
        found = await self._tasks([id])
        if not found:
            raise NotFound(f"there is no task {id}", field="id")
        return found[0]

    async def count(self, assigned_to: UUID | None = None, time_zone: str = "UTC") -> OpenTasks:
        """Return how many are to be done, by one person or by everybody."""
        today, tomorrow = day_of(time_zone)
        asked = {"organization_id": self._organization, "assigned_to": assigned_to, "today": today, "tomorrow": tomorrow}
        row = await queries.count_open_tasks(self._connection, **asked)
        return OpenTasks(row["overdue"], row["today"], row["later"])

    async def done(self, id: UUID, outcome: str, note: str | None = None) -> OutreachTask:
        """Say how a task went and return it. Raises `NotFound`, `InvalidInput`, and `Conflict` for one that is not open."""
        there = await self.find(id)
        return await self._close(there, "done", check_outcome(there.channel, outcome), note)

    async def skip(self, id: UUID, note: str | None = None) -> OutreachTask:
        """Say that a task will not be done and return it. Raises as `done` does."""
        return await self._close(await self.find(id), "skipped", None, note)

    async def reopen(self, id: UUID) -> OutreachTask:
        """Put a task back that was done or skipped and return it. Raises `NotFound`, and `Conflict` for one that is neither."""
        there = await self.find(id)
        if await queries.reopen_task(self._connection, organization_id=self._organization, id=id) is None:
            raise Conflict(f"the task is {there.state}: only one that was done or skipped can be put back", field="id")
        return await self.find(id)

    async def assign(self, id: UUID, user_id: UUID | None) -> OutreachTask:
        """Give an open task to a user of the organization, or to nobody, and return it. Raises `NotFound`, `InvalidInput`, `Conflict`."""
        there = await self.find(id)
        if user_id and not await queries.is_member(self._connection, organization_id=self._organization, user_id=user_id):
            raise InvalidInput(f"user_id is {user_id}, who is no user of this organization", field="user_id")
        if await queries.assign_task(self._connection, organization_id=self._organization, id=id, user_id=user_id) is None:
            raise _closed(there)
        return await self.find(id)

    async def _close(self, there: OutreachTask, state: str, outcome: str | None, note: str | None) -> OutreachTask:
        kept = (note or "").strip() or None
        if kept and len(kept) > LONGEST_NOTE:
            raise InvalidInput(f"note has {len(kept):,} characters; at most {LONGEST_NOTE:,} are kept", field="note")
        asked = {"organization_id": self._organization, "id": there.id, "state": state, "outcome": outcome, "note": kept}
        if await queries.close_task(self._connection, **asked) is None:
            raise _closed(there)
        return await self.find(there.id)

    async def _tasks(self, ids: list[UUID]) -> list[OutreachTask]:
        rows = [row async for row in queries.tasks_by_ids(self._connection, organization_id=self._organization, ids=ids)] if ids else []
        if not rows:
            return []
        known = await variables_of(self._connection, self._organization, [row["enrollment_id"] for row in rows])
        return [_task(row, known.get(row["enrollment_id"], {})) for row in rows]


def own_user(caller: Caller) -> UUID:
    """Return the user that a caller is, for what is asked of theirs alone. Raises `InvalidInput` for a key, which is nobody."""
    if caller.actor.kind != "user":
        raise InvalidInput("mine asks for tasks of a user, and a key is nobody: pass assigned_to", field="mine")
    return UUID(caller.actor.id)


def _task(row: asyncpg.Record, known: dict[str, str]) -> OutreachTask:
    values = dict(row)
    written, missing = values.pop("instructions"), None
    try:
        text = render_text(written, known, seed=f"{row['enrollment_id']}/{row['step_id']}")
    except MissingVariable as error:
        text, missing = written, error.name
    return OutreachTask(**values, instructions=text, missing=missing)


def _closed(there: OutreachTask) -> Conflict:
    when = f" since {there.done_at:%Y-%m-%d %H:%M} UTC" if there.done_at else ""
    return Conflict(f"the task is {there.state}{when}: reopen it first", field="id")
