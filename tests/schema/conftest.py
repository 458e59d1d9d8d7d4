"""An organization with a client's namespace of its own, so that the catalogue holds every kind of table there is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest_asyncio

from outrider import tenancy
from outrider.kit import database

from ..conftest import new_organization

ACTOR = tenancy.Actor("user", "test")


@dataclass(frozen=True)
class House:
    """A superuser's connection and an organization that has two profile tables and an archived third."""

    admin: asyncpg.Connection
    organization: tenancy.OrganizationId


@pytest_asyncio.fixture(scope="session")
async def house(pool: asyncpg.Pool, urls) -> AsyncIterator[House]:
    """Make the organization once; the tests only look at it."""
    organization = await new_organization()
    async with tenancy.transaction(organization, ACTOR) as connection:
        await connection.execute("SELECT tenancy.f_create_namespace('acme-corp', ARRAY['acme'])")
        await connection.execute("SELECT tenancy.f_create_namespace('gone', ARRAY['gone'])")
        assert await connection.fetchval("SELECT tenancy.f_archive_namespace('gone')")
    admin = await asyncpg.connect(urls.admin)
    await database.prepare_connection(admin)
    yield House(admin, organization)
    await admin.close()


@pytest_asyncio.fixture(scope="session")
async def catalogue(house: House) -> asyncpg.Connection:
    """A superuser's connection to a database that holds every kind of table."""
    return house.admin
