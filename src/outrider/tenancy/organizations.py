"""The tenants: finding, making and showing one. Does not know HTTP or the terminal."""

import re
from uuid import UUID

import asyncpg

from outrider.kit import database
from outrider.kit.errors import Conflict, InvalidInput, NotFound

from .store import queries
from .transaction import transaction
from .types import Actor, Organization, OrganizationId

SLUG = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}$")


async def find_organization(text: str) -> OrganizationId:
    """Return the organization that a slug, name or id stands for. Raises `NotFound`."""
    async with database.pool().acquire() as connection:
        found = await queries.find_organization(connection, text=text)
    if found is None:
        raise NotFound(f"there is no organization {text!r}; the slugs are set with: outrider setup --organization NAME", field="org")
    return OrganizationId(UUID(str(found)))


async def all_organizations() -> list[OrganizationId]:
    """Return every organization, oldest first."""
    async with database.pool().acquire() as connection:
        return [OrganizationId(UUID(str(row["id"]))) async for row in queries.organization_ids(connection)]


async def create_organization(name: str, slug: str, organization: UUID) -> OrganizationId:
    """Make a tenant with its default namespace. Raises `InvalidInput` for a bad slug, `Conflict` for one that is taken."""
    if not SLUG.match(slug):
        raise InvalidInput(f"slug is {slug!r}; it must be lower-case letters, digits and hyphens, at most 63", field="slug")
    try:
        async with database.pool().acquire() as connection, connection.transaction():
            return OrganizationId(UUID(str(await queries.create_organization(connection, name=name, slug=slug, id=organization))))
    except asyncpg.UniqueViolationError as error:
        raise Conflict(f"there is an organization with the slug {slug!r} already; choose another", field="slug") from error


async def current_organization(organization: OrganizationId, actor: Actor) -> Organization:
    """Return the organization's own row. Raises `NotFound` when it is gone."""
    async with transaction(organization, actor, readonly=True) as connection:
        row = await queries.organization(connection, organization_id=organization)
    if row is None:
        raise NotFound(f"organization {organization} does not exist")
    return Organization(**dict(row))
