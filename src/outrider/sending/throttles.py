"""What slows sending down as a whole: recipient domains that want it slowly, and the freeze as a page tells of it."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from outrider import ops
from outrider.kit.errors import NotFound
from outrider.tenancy import OrganizationId

from .store import message_queries as queries


@dataclass(frozen=True, slots=True)
class Throttle:
    """A recipient domain that is written to slowly; `learned_from` is the server's answer that taught it. It waits until `not_before`."""

    recipient_domain: str
    per_hour: int
    not_before: datetime
    learned_from: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Freeze:
    """Since when nothing is sent, and why."""

    frozen_at: datetime
    frozen_reason: str | None


async def list_throttles(connection: asyncpg.Connection, organization: OrganizationId) -> list[Throttle]:
    """Return the domains, the slowest first; the first 500."""
    return [Throttle(**dict(row)) async for row in queries.throttles(connection, organization_id=organization)]


async def forget_throttle(connection: asyncpg.Connection, organization: OrganizationId, domain: str) -> None:
    """Let a domain be written to at full pace again, until its servers say otherwise. Raises `NotFound`."""
    if await queries.forget_throttle(connection, organization_id=organization, domain=domain) is None:
        raise NotFound(f"{domain[:80]!r} is not written to slowly", field="domain")
    await ops.log_event(connection, "sending", organization, "sending.throttle_forgotten", {"domain": domain.strip().lower()})


async def find_freeze(connection: asyncpg.Connection, organization: OrganizationId) -> Freeze | None:
    """Return the freeze of an organization, None when it may send. Changes nothing, unlike `MessageService.status`."""
    row = await queries.frozen(connection, organization_id=organization)
    return Freeze(**dict(row)) if row else None
