"""The slice's jobs, by name, and when they come back."""

from typing import Any

from outrider import ops
from outrider.kit import spool
from outrider.ops import JobContext, Task
from outrider.tenancy import Actor, OrganizationId, transaction

from . import bulk, custom_fields, exports
from .bulk_tasks import bulk_edit, bulk_undo
from .export_task import export
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


async def count_contact_keys(context: JobContext) -> dict[str, Any]:
    """Count which custom fields and tags contacts hold; returns how many there are of each."""
    async with transaction(context.organization_id, context.actor) as connection:
        fields, tags = await custom_fields.CustomFields(connection, context.organization_id).count()
    return {"custom_fields": fields, "tags": tags}


async def expire_exports(context: JobContext) -> dict[str, Any]:
    """Remove the files of exports whose time is over; returns how many. Each export asks for this when it is written."""
    async with transaction(context.organization_id, context.actor) as connection:
        ids = await exports.Exports(connection, context.organization_id).expire()
    for id in ids:
        spool.remove(context.organization_id, id)
    return {"removed": len(ids)}


async def schedule(organization: OrganizationId, actor: Actor) -> None:
    """Have what is over dropped and what contacts hold counted every night. Asking again changes nothing."""
    await ops.set_schedule(organization, actor, EXPIRE, EXPIRE, "17 3 * * *")
    await ops.set_schedule(organization, actor, custom_fields.COUNT, custom_fields.COUNT, "37 3 * * *")


TASKS: dict[str, Task] = {
    EXPIRE: expire_intelligence,
    bulk.APPLY: bulk_edit,
    bulk.UNDO: bulk_undo,
    custom_fields.COUNT: count_contact_keys,
    exports.WRITE: export,
    exports.EXPIRE: expire_exports,
}
