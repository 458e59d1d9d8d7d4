"""The ledger as the worker and others call it: each function is one transaction, or a statement in the caller's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from outrider.kit import database
from outrider.tenancy import Actor, OrganizationId, transaction

from .keys import keyed
from .preparing import Ready
from .store import queries
from .types import Claimed, Told

SENDER = Actor("system", "sender")
LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Planned:
    """What a planning did, in enrollments; `completed` in campaigns."""

    planned: int
    tasks: int
    passed_over: int
    finished: int
    deferred: int
    completed: int


async def organizations_with_work() -> list[OrganizationId]:
    """Return the organizations whose sender has something to do."""
    async with database.acquired() as connection, connection.transaction():
        return [OrganizationId(row["id"]) async for row in queries.organizations_with_work(connection)]


async def plan(connection: asyncpg.Connection, organization: OrganizationId, most: int = 1000) -> Planned:
    """Make messages and tasks of what is due, at most `most` people of each campaign. Nothing while another plans, or sending is frozen."""
    return Planned(**dict(await queries.plan(connection, most=most)))


async def claim(connection: asyncpg.Connection, worker: str, most: int) -> list[Claimed]:
    """Claim at most `most` messages that may be sent now; empty when there are none."""
    await keyed(connection)
    return [Claimed(**dict(row)) async for row in queries.claim(connection, worker=worker, most=most, lease=LEASE)]


async def begin(organization: OrganizationId, worker: str, messages: Sequence[tuple[Claimed, Ready]]) -> set[UUID]:
    """Write down that these are handed to their servers now; returns those that may be. Committed when it returns."""
    asked = [
        {
            "id": str(message.id),
            "token": str(message.claim_token),
            "subject": ready.composed.subject,
            "body": ready.composed.html,
            "body_text": ready.composed.text,
            "headers": ready.composed.headers,
            "variant_id": str(ready.variant_id) if ready.variant_id else None,
        }
        for message, ready in messages
    ]
    async with transaction(organization, SENDER) as connection:
        await keyed(connection)
        return {row["id"] async for row in queries.begin(connection, worker=worker, messages=asked, lease=LEASE)}


async def finish(organization: OrganizationId, worker: str, told: Sequence[tuple[Claimed, Told]]) -> dict[UUID, str]:
    """Write down what became of attempts; returns the new state of each that was still ours."""
    now = datetime.now(UTC)
    outcomes = [
        {
            "id": str(message.id),
            "token": str(message.claim_token),
            "outcome": one.outcome,
            "reason": one.reason,
            "code": one.code,
            "answer": one.answer,
            "retry_at": (now + timedelta(seconds=one.retry_after)).isoformat() if one.retry_after is not None else None,
            "is_throttled": one.is_throttled,
        }
        for message, one in told
    ]
    async with transaction(organization, SENDER) as connection:
        return {row["id"]: row["status"] async for row in queries.finish(connection, worker=worker, outcomes=outcomes)}


async def renew(organization: OrganizationId, worker: str) -> int:
    """Renew the worker's leases; returns how many messages it holds."""
    async with transaction(organization, SENDER) as connection:
        return int(await queries.renew(connection, worker=worker, lease=LEASE))


async def refresh_health(organization: OrganizationId) -> int:
    """Write the mailboxes' health anew; returns how many were paused for their bounces."""
    async with transaction(organization, SENDER) as connection:
        return int(await queries.refresh_health(connection))
