"""The slice's jobs, by name."""

from typing import Any

from outrider.ops import JobContext, Task
from outrider.tenancy import transaction

from .service import REROUTE, NamespaceService

BATCH_ADDRESSES = 20_000


async def reroute(context: JobContext) -> dict[str, Any]:
    """Move profiles to where their campaigns are routed now, `BATCH_ADDRESSES` addresses a transaction: a cancelled or
    killed job keeps what it moved, and goes on from there. Returns how many were moved and merged by this attempt."""
    async with transaction(context.organization_id, context.actor, readonly=True) as connection:
        total = sum(move.profiles for move in await NamespaceService(connection, context.organization_id).preview_reroute())
    done = merged = 0
    await context.progress(0, total, "moving profiles")
    while True:
        async with transaction(context.organization_id, context.actor) as connection:
            moves = await NamespaceService(connection, context.organization_id).reroute(BATCH_ADDRESSES)
            done += sum(move.profiles for move in moves)
            merged += sum(move.merged for move in moves)
            await context.report(connection, done, max(total, done), "moving profiles")
        if not moves:
            return {"profiles": done, "merged": merged}


TASKS: dict[str, Task] = {REROUTE: reroute}
