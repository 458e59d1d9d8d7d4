"""The slice's jobs, by name, and when they come back."""

from typing import Any
from uuid import UUID

from outrider import ops
from outrider.ops import JobContext, Task
from outrider.tenancy import DEFAULT_ORGANIZATION, Actor, OrganizationId, transaction

from .outreach.feedback import write_due, write_feedback
from .overview import COUNT, keep_count
from .store import queries

SAMPLE = "reports.sample_tables"
FEEDBACK = "reports.feedback"


async def count(context: JobContext) -> dict[str, Any]:
    """Count the organization's figures and keep them; returns them."""
    async with transaction(context.organization_id, context.actor) as connection:
        return await keep_count(connection, context.organization_id)


async def sample_tables(context: JobContext) -> dict[str, Any]:
    """Keep today's sizes of the tables, so that growth can be seen; returns how many tables there are."""
    async with transaction(context.organization_id, context.actor) as connection:
        return {"tables": int(await queries.sample_tables(connection))}


async def feedback(context: JobContext) -> dict[str, Any]:
    """Work out what the days of campaigns taught; returns how many campaigns and days.

    With `campaigns` in the job's data these, a transaction each; otherwise those whose feedback may have changed.
    """
    if "campaigns" not in context.data:
        async with transaction(context.organization_id, context.actor) as connection:
            campaigns, days = await write_due(connection, context.organization_id)
        return {"campaigns": campaigns, "days": days}
    days, asked = 0, [UUID(id) for id in context.data["campaigns"]]
    for campaign in asked:
        async with transaction(context.organization_id, context.actor) as connection:
            days += await write_feedback(connection, [campaign])
    return {"campaigns": len(asked), "days": days}


async def schedule_feedback(organization: OrganizationId, actor: Actor) -> None:
    """Have an organization's feedback worked out every night. Asking again changes nothing."""
    await ops.set_schedule(organization, actor, FEEDBACK, FEEDBACK, "20 2 * * *")


async def schedule(actor: Actor) -> None:
    """Have the tables' sizes kept every day, in the default organization, whose operator sees them. Asking again changes nothing."""
    await ops.set_schedule(DEFAULT_ORGANIZATION, actor, SAMPLE, SAMPLE, "41 2 * * *")


TASKS: dict[str, Task] = {COUNT: count, SAMPLE: sample_tables, FEEDBACK: feedback}
