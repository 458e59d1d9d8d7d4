"""The one way to a connection for tenant data: a transaction that belongs to one organization and one actor."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from outrider.kit import database

from .types import DEFAULT_ORGANIZATION, Actor, OrganizationId


def schema_of(organization: OrganizationId) -> str:
    """Return the schema with the organization's profile tables: `public` for the default one (DESIGN ruling 6)."""
    return "public" if organization == DEFAULT_ORGANIZATION else f"org_{organization.hex}"


@asynccontextmanager
async def transaction(organization: OrganizationId, actor: Actor, *, readonly: bool = False) -> AsyncIterator[asyncpg.Connection]:
    """Open one transaction in which only the organization's rows exist; commits at the end of the block, rolls back on an error.

    Sets `app.organization_id`, `app.actor` and the search path for this transaction only, so a pooled connection carries nothing over.
    """
    async with database.acquired() as connection, connection.transaction(readonly=readonly):
        await connection.execute(
            "SELECT set_config('app.organization_id', $1, true), set_config('app.actor', $2, true), set_config('search_path', $3, true)",
            str(organization),
            str(actor),
            f'"{schema_of(organization)}", public, ops',
        )
        yield connection
