"""Campaigns, lists, segments and templates by a part of their name, for whoever looks for one of them."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from outrider.tenancy import OrganizationId

from .store import audiences as queries


@dataclass(frozen=True, slots=True)
class Named:
    """One of them; `kind` is campaign, list, segment or template."""

    kind: str
    id: UUID
    name: str


async def find_named(connection: asyncpg.Connection, organization: OrganizationId, part: str, most: int) -> list[Named]:
    """Return at most `most` of each kind whose names hold `part`, in any case, the newest first."""
    rows = queries.named_like(connection, organization_id=organization, part=part.strip(), most=most)
    return [Named(row["kind"], row["id"], row["name"]) async for row in rows]
