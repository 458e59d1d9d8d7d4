"""What a worker does of bulk edits: a part of the selection, or of the changes, a transaction; each and its count are one, so that a killed
worker's successor goes on behind the last part that is in. The history names who asked, not the job.
"""

from typing import Any
from uuid import UUID

from outrider import ops
from outrider.ops import JobContext
from outrider.tenancy import Actor, transaction

from .bulk import BulkEdits
from .lists import PART
from .store import bulk as queries


async def bulk_edit(context: JobContext) -> dict[str, Any]:
    """Apply a bulk edit; returns its counts."""
    id, who = UUID(context.data["bulk_edit_id"]), _asker(context)
    while True:
        try:
            async with transaction(context.organization_id, who) as connection:
                edits = BulkEdits(connection, context.organization_id)
                edit = await edits.find(id)
                if edit.state == "completed":  # an earlier attempt did it and died before it could say so
                    return {"matched": edit.matched, "changed": edit.changed}
                if edit.state in ("undoing", "undone"):
                    raise ops.JobFailed(f"the bulk edit is {edit.state}")
                await queries.wait_for_golden(connection, organization_id=context.organization_id)
                part = await edits.parts_done(id)
                done = min((part + 1) * PART, edit.matched)
                await edits.apply_part(id, part, is_last=done >= edit.matched)
                await context.report(connection, done, edit.matched)
        except ops.JobCancelled:
            await _stop(context, id)
            raise


async def bulk_undo(context: JobContext) -> dict[str, Any]:
    """Undo a bulk edit; returns how many values went back and how many stayed."""
    id, who = UUID(context.data["bulk_edit_id"]), _asker(context)
    async with transaction(context.organization_id, who, readonly=True) as connection:
        left = await queries.change_count(connection, organization_id=context.organization_id, id=id, most=None)
    looked = 0
    while True:
        try:
            async with transaction(context.organization_id, who) as connection:
                edits = BulkEdits(connection, context.organization_id)
                edit = await edits.find(id)
                if edit.state == "undone":
                    return {"undone": edit.undone, "kept": edit.kept}
                await queries.wait_for_golden(connection, organization_id=context.organization_id)
                looked += await edits.undo_part(id)
                await context.report(connection, looked, max(looked, left))
        except ops.JobCancelled:
            await _stop(context, id)
            raise


async def _stop(context: JobContext, id: UUID) -> None:
    async with transaction(context.organization_id, context.actor) as connection:
        await BulkEdits(connection, context.organization_id).stop(id)


def _asker(context: JobContext) -> Actor:
    kind, _, id = context.requested_by.partition(":")
    return Actor(kind, id) if id else context.actor
