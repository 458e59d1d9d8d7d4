"""Works on what webhooks brought, and drops it when it is old."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from outrider import ops
from outrider.ops import JobContext, JobFailed, Task
from outrider.tenancy import transaction

from .deliveries import WORK
from .recording import record
from .shapes import Shaped, Unreadable, read
from .store import webhook_queries as queries

PURGE = "engagement.purge_deliveries"
PURGE_TITLE = "Drop old webhook bodies"
KEPT = timedelta(days=30)
"""How long the bodies of deliveries that are done are kept; those that failed wait for somebody."""
AT_ONCE = 1_000


async def work(context: JobContext) -> dict[str, Any]:
    """Record the events of one delivery, all of them or none; what went wrong stands with it, and is tried again.

    Raises `JobFailed` for a body that is not of its source's shape, however often it would be tried.
    """
    id = UUID(context.data["delivery_id"])
    try:
        return await _work_on(context, id)
    except Exception as error:
        async with transaction(context.organization_id, context.actor) as connection:
            words = str(error) if isinstance(error, Unreadable) else ops.describe(error)
            await _settle(context, connection, id, "failed", error=words)
        if isinstance(error, Unreadable):
            raise JobFailed(str(error)) from error
        raise


async def _work_on(context: JobContext, id: UUID) -> dict[str, Any]:
    organization = context.organization_id
    async with transaction(organization, context.actor) as connection:
        delivery = await queries.delivery_to_work_on(connection, organization_id=organization, id=id)
        if delivery is None or delivery["state"] == "done":
            return {"events": 0}
        shaped = read(delivery["kind"], delivery["body"])
        new = 0
        for start in range(0, len(shaped.happenings), AT_ONCE):
            recorded = await record(connection, organization, shaped.happenings[start : start + AT_ONCE])
            new += sum(one.is_new for one in recorded)
        await _settle(context, connection, id, "done", shaped, new)
        await ops.enqueue(
            connection, PURGE, {}, singleton_key="purge", start_after=datetime.now(UTC) + timedelta(days=1), title=PURGE_TITLE
        )
    return {"events": len(shaped.happenings), "new_events": new, "ignored": shaped.ignored}


async def _settle(
    context: JobContext,
    connection: Any,
    id: UUID,
    state: str,
    shaped: Shaped | None = None,
    new: int | None = None,
    error: str | None = None,
) -> None:
    await queries.settle_delivery(
        connection,
        organization_id=context.organization_id,
        id=id,
        job_id=context.job_id,
        state=state,
        events=len(shaped.happenings) if shaped else None,
        new_events=new,
        ignored=shaped.ignored if shaped else {},
        error=error,
    )


async def purge(context: JobContext) -> dict[str, Any]:
    """Drop what is done and older than `KEPT`; returns how many."""
    dropped = 0
    while True:
        async with transaction(context.organization_id, context.actor) as connection:
            count = int(await queries.purge_deliveries(connection, organization_id=context.organization_id, age=KEPT, count=AT_ONCE))
        dropped += count
        if count < AT_ONCE:
            return {"dropped": dropped}


TASKS: dict[str, Task] = {WORK: work, PURGE: purge}
"""The jobs of webhooks, by name."""
