"""What the ops slice speaks in: jobs, schedules, events. Frozen records; nothing here touches the database."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from .context import JobContext

STATES = ("created", "retry", "active", "completed", "expired", "cancelled", "failed")
FINISHED = frozenset({"completed", "expired", "cancelled", "failed"})

Task = Callable[["JobContext"], Awaitable[dict[str, Any] | None]]
"""The work behind a job's name; what it returns becomes the job's output."""


def in_words(name: str) -> str:
    """Return the name of a job or an event as a person would write it: 'people.expire_intelligence' is 'Expire intelligence'."""
    return name.rpartition(".")[2].replace("_", " ").strip().capitalize() or name


class JobCancelled(Exception):  # noqa: N818  (names of errors are the domain's words)
    """A person asked to cancel the job; raised where it reports progress. Let it pass: the job ends as cancelled."""


class JobFailed(Exception):  # noqa: N818
    """The job cannot succeed, however often it is tried; its message is shown to people and must name no person."""


class JobOvertaken(Exception):  # noqa: N818
    """This attempt no longer holds the job: what it writes must not count, and it stops."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as a person sees it. Names and states are pg-boss's (DESIGN ruling 9); `retry_delay` is in seconds."""

    id: UUID
    name: str
    state: str
    data: dict[str, Any]
    output: dict[str, Any] | None
    error: str | None
    priority: int
    retry_limit: int
    retry_count: int
    retry_delay: int
    retry_backoff: bool
    start_after: datetime
    started_on: datetime | None
    completed_on: datetime | None
    created_on: datetime
    keep_until: datetime
    expire_in: timedelta
    singleton_key: str | None
    on_complete: bool
    requested_by: str
    progress_done: int
    progress_total: int | None
    progress_note: str | None
    cancel_requested_at: datetime | None
    title: str | None
    link: str | None

    @property
    def label(self) -> str:
        """What people call it: its title, or its name without the slice's ('expire_intelligence' is 'Expire intelligence')."""
        return self.title or in_words(self.name)

    @property
    def is_finished(self) -> bool:
        """Whether nothing will happen to it any more, unless a person retries it."""
        return self.state in FINISHED


@dataclass(frozen=True, slots=True)
class Unfinished:
    """How many jobs run and how many wait."""

    running: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What an attempt needs to know of its job; `state` is `active` when it may run, else what the claim found out."""

    state: str
    name: str
    data: dict[str, Any]
    retry_limit: int
    retry_count: int
    retry_delay: int
    retry_backoff: bool
    expire_in: timedelta
    requested_by: str
    was_active: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class Settled:
    """A job as an attempt left it."""

    state: str
    name: str
    on_complete: bool
    output: dict[str, Any] | None
    error: str | None
    retry_count: int
    requested_by: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one thing, once."""

    id: UUID
    user_id: UUID | None
    entity_type: str
    entity_id: UUID
    event_type: str
    payload: dict[str, Any]
    metadata: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that comes back: `cron` has five fields, read in the IANA zone `time_zone`."""

    name: str
    job_name: str
    cron: str
    time_zone: str
    data: dict[str, Any]
    is_active: bool
    next_run_at: datetime
    last_run_at: datetime | None
