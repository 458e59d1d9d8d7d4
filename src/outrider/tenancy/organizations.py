"""The tenants: finding, making and showing one. Does not know HTTP or the terminal."""

import re
from uuid import UUID

import asyncpg

from outrider.kit import database
from outrider.kit.errors import Conflict, InvalidInput, NotFound

from .store import queries
from .time_zones import check_time_zone
from .transaction import transaction
from .types import Actor, Caller, Organization, OrganizationId

MOST_ADDRESS = 500
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


async def change_organization(
    caller: Caller,
    *,
    name: str | None = None,
    physical_address: str | None = None,
    time_zone: str | None = None,
    require_second_factor: bool | None = None,
) -> Organization:
    """Change the organization's settings and return them; None: as it is, an empty address takes it away.

    Raises `InvalidInput` for a name of no or over 255 characters, an address over 500 and an unknown time zone.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        before = await queries.hold_organization(connection, organization_id=caller.organization_id)
        wanted = {
            "name": before["name"] if name is None else _name(name),
            "physical_address": before["physical_address"] if physical_address is None else _address(physical_address),
            "time_zone": before["time_zone"] if time_zone is None else check_time_zone(time_zone),
            "require_second_factor": before["require_second_factor"] if require_second_factor is None else require_second_factor,
        }
        await queries.change_organization(connection, organization_id=caller.organization_id, **wanted)
    return Organization(**{**dict(before), **wanted})


def _name(name: str) -> str:
    stripped = " ".join(name.split())
    if not 1 <= len(stripped) <= 255:
        raise InvalidInput("name must have 1 to 255 characters", field="name")
    return stripped


def _address(address: str) -> str | None:
    """Return the lines of an address as they will be printed: no blank ones, no space at their ends; None for none."""
    lines = [" ".join(line.split()) for line in address.splitlines()]
    kept = "\n".join(line for line in lines if line)
    if len(kept) > MOST_ADDRESS:
        raise InvalidInput(f"physical_address has {len(kept)} characters; at most {MOST_ADDRESS} are kept", field="physical_address")
    return kept or None
