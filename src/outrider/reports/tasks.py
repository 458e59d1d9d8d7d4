"""The slice's jobs, by name, and when they come back."""

from typing import Any

from outrider import ops
from outrider.ops import JobContext, Task
from outrider.tenancy import DEFAULT_ORGANIZATION, Actor, transaction

from .overview import COUNT, keep_count
from .store import queries

SAMPLE = "reports.sample_tables"


async def count(context: JobContext) -> dict[str, Any]:
    """Count the organization's figures and keep them; returns them."""
    async with transaction(context.organization_id, context.actor) as connection:
        return await keep_count(connection, context.organization_id)


async def sample_tables(context: JobContext) -> dict[str, Any]:
    """Keep today's sizes of the tables, so that growth can be seen; returns how many tables there are."""
    async with transaction(context.organization_id, context.actor) as connection:
        return {"tables": int(await queries.sample_tables(connection))}


async def schedule(actor: Actor) -> None:
    """Have the tables' sizes kept every day, in the default organization, whose operator sees them. Asking again changes nothing."""
    await ops.set_schedule(DEFAULT_ORGANIZATION, actor, SAMPLE, SAMPLE, "41 2 * * *")


TASKS: dict[str, Task] = {COUNT: count, SAMPLE: sample_tables}
