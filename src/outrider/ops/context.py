"""What a task gets to see of its job, and how it says how far it is."""

import time
from uuid import UUID

import asyncpg

from outrider.tenancy import Actor, OrganizationId, transaction

from .store import queries
from .types import Claim, JobCancelled, JobOvertaken

PROGRESS_SECONDS = 0.25


class JobContext:
    """One attempt at a job, as handed to its task. `attempt` is 1 for the first."""

    def __init__(self, organization: OrganizationId, job_id: UUID, claim: Claim, token: UUID) -> None:
        self.organization_id = organization
        self.job_id = job_id
        self.actor = Actor("job", str(job_id))
        self.name = claim.name
        self.data = claim.data
        self.attempt = claim.retry_count + 1
        self.requested_by = claim.requested_by
        self.unsaid: tuple[int, int | None, str | None] | None = None  # progress that the throttle held back
        self._token = token
        self._said_at = 0.0

    async def progress(self, done: int, total: int | None = None, note: str | None = None) -> None:
        """Say in a short transaction of its own that `done` of `total` are done.

        At most four times a second; the rest is passed over, except the last (`done` equal to `total`). Raises
        `JobCancelled` when a person asked to cancel, `JobOvertaken` when this attempt does not hold the job any more.
        """
        now = time.monotonic()
        if now - self._said_at < PROGRESS_SECONDS and done != total:
            self.unsaid = (done, total, note)
            return
        self._said_at = now
        try:
            async with transaction(self.organization_id, self.actor) as connection:
                await queries.limit_lock_wait(connection)
                await self.report(connection, done, total, note)
        except asyncpg.LockNotAvailableError:
            self.unsaid = (done, total, note)  # the task's own open transaction has reported and holds the row

    async def report(self, connection: asyncpg.Connection, done: int, total: int | None = None, note: str | None = None) -> None:
        """Say the same within the caller's transaction, every time: what it writes counts only if this attempt still
        holds the job.

        Raises as `progress` does; the caller's transaction is then to be rolled back.
        """
        row = await queries.report_progress(
            connection,
            organization_id=self.organization_id,
            id=self.job_id,
            token=self._token,
            done=done,
            total=total,
            note=note,
        )
        self.unsaid = None
        if row is None:
            raise JobOvertaken(f"job {self.job_id} is not held by this attempt any more")
        if row["is_cancelled"]:
            raise JobCancelled(f"job {self.job_id} was cancelled")
