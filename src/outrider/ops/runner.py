"""Runs one attempt at a job: claims it, runs its task, and writes down how it ended. Knows no queue: who calls it
holds the job's lock.
"""

import asyncio
import logging
import random
import re
import traceback
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import asyncpg

from outrider.kit import database
from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import Actor, OrganizationId, transaction

from . import values
from .context import JobContext
from .events import log_event
from .jobs import get_job
from .store import queries, to_claim, to_settled
from .types import Claim, Job, JobCancelled, JobFailed, JobOvertaken, Settled, Task

log = logging.getLogger(__name__)
LONGEST_DELAY = timedelta(hours=1)
LONGEST_ERROR = 500
SETTLE_SECONDS = 30.0  # how long a database that is away is waited for, to write down how an attempt ended
ADDRESS = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+")
PHONE = re.compile(r"\+\d[\d ().-]{6,}\d")

Reason = Literal["expired", "stopping", "lost"]


class Attempt:
    """One attempt at a job in this process. The caller holds the job's lock until `run` returns."""

    def __init__(self, organization: OrganizationId, job_id: UUID, tasks: Mapping[str, Task]) -> None:
        self.organization = organization
        self.job_id = job_id
        self.actor = Actor("job", str(job_id))
        self._tasks = tasks
        self._token = uuid4()
        self._work: asyncio.Task[dict[str, Any] | None] | None = None
        self._reason: Reason | None = None

    def interrupt(self, reason: Reason) -> None:
        """Make the task stop where it awaits next; `stopping` gives the job back without counting the attempt."""
        if self._reason is None:
            self._reason = reason
            if self._work is not None:
                self._work.cancel()

    async def run(self, *, is_eager: bool = False) -> None:
        """Claim the job and run its task to an end; does nothing for a job that is finished, unknown or not due.

        `is_eager` takes a job before its `start_after`. What the task raises is written down, never raised; raises
        only when the database stays away.
        """
        claim = await self._claim(is_eager)
        if claim is None or claim.state != "active":
            return
        task = self._tasks.get(claim.name)
        if task is None:
            error = f"UnknownJob: nothing here runs jobs named {claim.name!r}; update the worker or correct the name"
            await self._settle(self._fail(claim, error, is_permanent=True))
            return
        context = JobContext(self.organization, self.job_id, claim, self._token)
        try:
            await self._work_on(task, context, claim)
        except asyncio.CancelledError:
            self.interrupt("stopping")
            if self._work is not None:
                await asyncio.wait({self._work})
                await asyncio.shield(self._settle(self._ending(self._work, context, claim)))
            raise
        assert self._work is not None
        await self._settle(self._ending(self._work, context, claim))

    async def _claim(self, is_eager: bool) -> Claim | None:
        key = {"organization_id": self.organization, "id": self.job_id}
        async with transaction(self.organization, self.actor) as connection:
            row = await queries.claim_job(connection, **key, token=self._token, is_eager=is_eager)
            if row is None:
                return None
            claim = to_claim(row)
            if claim.was_active:
                log.warning("a worker died while it ran job %s (%s)", self.job_id, claim.name)
            if claim.state == "failed":
                await _tell(connection, self.job_id, claim.requested_by, "job.failed", _summary(claim))
            return claim

    async def _work_on(self, task: Task, context: JobContext, claim: Claim) -> None:
        """Run the task, at most `expire_in` long; a task that will not stop when told is waited for, so that none runs
        twice.
        """
        self._work = asyncio.create_task(_called(task, context), name=f"job {claim.name} {self.job_id}")
        if self._reason is not None:
            self._work.cancel()
        await asyncio.wait({self._work}, timeout=claim.expire_in.total_seconds())
        if not self._work.done():
            self.interrupt("expired")
            await asyncio.wait({self._work})

    def _ending(self, work: "asyncio.Task[dict[str, Any] | None]", context: JobContext, claim: Claim) -> "Ending":
        """Return the query that writes down how the task ended."""
        if work.cancelled():
            if self._reason == "stopping":
                return lambda connection: self._end(queries.give_back_job, connection)
            if self._reason == "expired":
                return self._fail(claim, f"JobExpired: it ran longer than its limit of {claim.expire_in}", is_expired=True)
            if self._reason == "lost":
                return self._fail(claim, "ConnectionLost: the worker lost the database while it ran the job")
            return self._fail(claim, "CancelledError: the task stopped itself")
        error = work.exception()
        if error is None:
            try:
                output = values.json_object(work.result(), "output") if work.result() is not None else None
            except InvalidInput as invalid:
                return self._fail(claim, f"InvalidOutput: {invalid.message}", is_permanent=True)
            done, total, note = context.unsaid or (0, None, None)
            said = {"has_progress": context.unsaid is not None, "done": done, "total": total, "note": note}
            return lambda connection: self._end(queries.complete_job, connection, output=output, **said)
        if isinstance(error, JobCancelled):
            return lambda connection: self._end(queries.end_cancelled_job, connection)
        if isinstance(error, JobOvertaken):
            return _nothing
        log.warning("job %s (%s) failed: %s at %s", self.job_id, claim.name, type(error).__name__, _frames(error))
        return self._fail(claim, describe(error), is_permanent=isinstance(error, JobFailed))

    def _fail(self, claim: Claim, error: str, *, is_permanent: bool = False, is_expired: bool = False) -> "Ending":
        delay = retry_delay(claim.retry_delay, claim.retry_count, claim.retry_backoff)
        arguments = {"error": error, "is_permanent": is_permanent, "is_expired": is_expired, "delay": delay}
        return lambda connection: self._end(queries.fail_job, connection, **arguments)

    async def _end(self, query: Callable[..., Awaitable[Any]], connection: asyncpg.Connection, **arguments: Any) -> Settled | None:
        key = {"organization_id": self.organization, "id": self.job_id, "token": self._token}
        row = await query(connection, **key, **arguments)
        return to_settled(row) if row is not None else None

    async def _settle(self, ending: "Ending") -> None:
        """Write down the ending and what follows from it in one transaction; waits for a database that is away."""
        deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
        while True:
            try:
                async with transaction(self.organization, self.actor) as connection:
                    settled = await ending(connection)
                    if settled is None:
                        log.warning("job %s was taken over; this attempt counts for nothing", self.job_id)
                    elif settled.state == "retry":
                        await queries.dispatch(connection, id=self.job_id)
                    elif settled.state in ("failed", "expired"):
                        await _tell(connection, self.job_id, settled.requested_by, "job.failed", _summary(settled))
                    elif settled.state == "completed" and settled.on_complete:
                        payload = {**_summary(settled), "output": settled.output}
                        await _tell(connection, self.job_id, settled.requested_by, "job.completed", payload)
                    return
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.5)


Ending = Callable[[asyncpg.Connection], Awaitable[Settled | None]]


async def run_job_here(organization: OrganizationId, job_id: UUID, tasks: Mapping[str, Task]) -> Job:
    """Run one job in this process until it is finished, retries included, and return it. For a command line without a
    worker.

    Holds the job's lock in an idle transaction on a connection of its own, so that no worker runs it too; a worker
    that has it already: `Conflict`. Starts at once, whatever its `start_after`; a finished job is returned as it is.
    When cancelled (Ctrl-C) the job is given back to the workers. Raises `NotFound`.
    """
    actor = Actor("job", str(job_id))
    async with database.pool().acquire() as holder, holder.transaction():
        if not await queries.hold_job(holder, organization_id=organization, id=job_id):
            raise Conflict(f"job {job_id} is being run by a worker")
        while not (job := await get_job(organization, actor, job_id)).is_finished:
            if job.state == "retry" and job.started_on is not None:
                await asyncio.sleep(max(0.0, (job.start_after - datetime.now(UTC)).total_seconds()))
            await Attempt(organization, job_id, tasks).run(is_eager=True)
        return job


def retry_delay(seconds: int, retries: int, has_backoff: bool) -> timedelta:
    """Return how long to wait before the next attempt: `seconds`, doubled with each retry, a quarter more or less, an
    hour at most.
    """
    factor = 2.0 ** min(retries, 30) if has_backoff else 1.0
    wait = seconds * factor * (random.uniform(0.75, 1.25) if has_backoff else 1.0)  # noqa: S311  (jitter, no secret)
    return min(timedelta(seconds=min(wait, LONGEST_DELAY.total_seconds())), LONGEST_DELAY)


def describe(error: BaseException) -> str:
    """Return an error as people may see it: class and message, without traceback, addresses, telephone numbers or a
    row's values.
    """
    try:
        message = error.message if isinstance(error, asyncpg.PostgresError) else str(error)
    except Exception:  # somebody's own __str__
        message = ""
    text = f"{type(error).__name__}: {message[: 4 * LONGEST_ERROR]}" if message else type(error).__name__
    text = PHONE.sub("[phone]", ADDRESS.sub("[address]", text.replace("\0", "")))
    return text if len(text) <= LONGEST_ERROR else text[: LONGEST_ERROR - 1] + "…"


async def _called(task: Task, context: JobContext) -> dict[str, Any] | None:
    return await task(context)


async def _nothing(connection: asyncpg.Connection) -> Settled | None:
    return None


async def _tell(connection: asyncpg.Connection, job_id: UUID, requested_by: str, event_type: str, payload: dict[str, Any]) -> None:
    kind, _, who = requested_by.partition(":")
    try:
        user = UUID(who) if kind == "user" else None
    except ValueError:
        user = None
    await log_event(connection, "job", job_id, event_type, payload, user_id=user)


def _summary(job: Claim | Settled) -> dict[str, Any]:
    return {"name": job.name, "state": job.state, "attempt": job.retry_count + 1, "error": job.error}


def _frames(error: BaseException) -> str:
    """Return where an error came from, without any value: file, line and function of the last frames."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames))
