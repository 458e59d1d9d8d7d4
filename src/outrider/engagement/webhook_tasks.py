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
    """Record the events of one delivery; what went wrong stands with it, and is tried again, from where it was.

    Raises `JobFailed` for a body that is not of its source's shape, however often it would be tried.
    """
    id = UUID(context.data["delivery_id"])
    key = {"organization_id": context.organization_id, "id": id}
    async with transaction(context.organization_id, context.actor, readonly=True) as connection:
        delivery = await queries.delivery_to_work_on(connection, **key)
    if delivery is None:
        return {"events": 0}
    try:
        return await _record(context, id, read(delivery["kind"], delivery["body"]))
    except Exception as error:
        words = str(error) if isinstance(error, Unreadable) else ops.describe(error)
        async with transaction(context.organization_id, context.actor) as connection:
            await queries.fail_delivery(connection, **key, job_id=context.job_id, error=words)
        if isinstance(error, Unreadable):
            raise JobFailed(str(error)) from error
        raise


async def _record(context: JobContext, id: UUID, shaped: Shaped) -> dict[str, Any]:
    """Record `AT_ONCE` events a transaction: what follows from them makes others wait, and is not to do so for long."""
    organization, happenings = context.organization_id, shaped.happenings
    for start in range(0, len(happenings), AT_ONCE):
        some = happenings[start : start + AT_ONCE]
        async with transaction(organization, context.actor) as connection:
            new = sum(one.is_new for one in await record(connection, organization, some))
            await queries.count_new_events(connection, organization_id=organization, id=id, count=new)
            await context.report(connection, start + len(some), len(happenings), "recording events")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    async with transaction(organization, context.actor) as connection:
        done = {"job_id": context.job_id, "events": len(happenings), "ignored": shaped.ignored}
        total = await queries.finish_delivery(connection, organization_id=organization, id=id, **done)
        await ops.enqueue(connection, PURGE, {}, singleton_key="purge", start_after=tomorrow, title=PURGE_TITLE)
    return {"events": len(happenings), "new_events": total, "ignored": shaped.ignored}


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
