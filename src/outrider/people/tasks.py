"""The slice's jobs, by name, and when they come back."""

from typing import Any

from outrider import ops
from outrider.ops import JobContext, Task
from outrider.tenancy import Actor, OrganizationId, transaction

from .service import PeopleService

EXPIRE = "people.expire_intelligence"
BATCH = 5_000


async def expire_intelligence(context: JobContext) -> dict[str, Any]:
    """Drop enrichments that are stale and not used, `BATCH` a transaction; returns how many this attempt dropped."""
    dropped = 0
    while True:
        async with transaction(context.organization_id, context.actor) as connection:
            count = await PeopleService(connection, context.organization_id).expire_intelligence(BATCH)
            dropped += count
            await context.report(connection, dropped, None, "dropping stale enrichments")
        if count < BATCH:
            return {"dropped": dropped}


async def schedule(organization: OrganizationId, actor: Actor) -> None:
    """Have the organization's stale enrichments dropped every night. Asking again changes nothing."""
    await ops.set_schedule(organization, actor, EXPIRE, EXPIRE, "17 3 * * *")


TASKS: dict[str, Task] = {EXPIRE: expire_intelligence}
