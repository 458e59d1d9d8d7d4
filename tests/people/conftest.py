"""What the people tests share: the HTTP fixtures, and leads that come in as files do."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from fastapi import FastAPI

from outrider import tenancy, web
from outrider.people import api as people_api
from tests.api.fixtures import *  # noqa: F403
from tests.api.fixtures import test_settings

from .pages import HTML

Lead = dict[str, Any]
Bring = Callable[..., Awaitable[UUID]]


@pytest.fixture(scope="session")
def api() -> FastAPI:
    """The application, with this slice's endpoints."""
    app = web.create_app(test_settings(), manage_pool=False)
    if not any(getattr(route, "path", None) == "/api/people" for route in app.routes):
        app.include_router(people_api.router)
    return app


def bringer(organization: tenancy.OrganizationId) -> Bring:
    """Return a function that takes leads into an organization as a file's import does."""

    async def bring(*leads: Lead, source: str = "apollo", mode: str = "fill", file: str = "leads.csv") -> UUID:
        async with tenancy.transaction(organization, tenancy.Actor("job", "import")) as connection:
            import_id: UUID = await connection.fetchval(
                "INSERT INTO intake.imports (file_name, file_bytes, file_format, mapping, source, batch_id, mode) "
                "VALUES ($1, 1, '{}', '{}', $2, 'b1', $3) RETURNING id",
                file,
                source,
                mode,
            )
            numbers = list(range(1, len(leads) + 1))
            await connection.fetchval(
                "SELECT intake.f_import_rows($1, $2::jsonb[], $3, $4)", import_id, list(leads), numbers, [None] * len(leads)
            )
        return import_id

    return bring


@pytest.fixture
def bring(organization: tenancy.OrganizationId) -> Bring:
    """Take leads into the test's organization; returns the import's id."""
    return bringer(organization)


ANA: Lead = {
    "email": "Ana.Lopez@acme.example",
    "first_name": "Ana",
    "last_name": "López",
    "title": "CFO",
    "company": "Acme",
    "website": "acme.example",
    "phone": "+34 91 000 00 00",
    "city": "Madrid",
    "country": "Spain",
    "seniority": "C suite",
    "department": "Finance",
    "Lead Owner": "Kim",
}
BO: Lead = {"email": "bo@umbrella.example", "name": "Bo Ångström", "company": "Umbrella Inc", "title": "Engineer", "country": "Sweden"}
CY: Lead = {"email": "cy@acme.example", "name": "Cy Smith", "company": "Acme", "industry": "Retail"}
DIM: Lead = {"email": "dim@gmail.com", "first_name": "Dim"}
CONFLICT: Lead = {"email": "eve@home.example", "name": "Eve Stone", "company": "Acme", "website": "https://acme.example", "title": "COO"}


@pytest_asyncio.fixture
async def browser(signed_in):
    """An owner of the test's organization."""
    opened = await signed_in("owner")
    opened.headers.update(HTML)
    return opened


@pytest.fixture
def ids(organization, actor):
    """Ids of a person by address or a company by domain."""

    async def find(which):
        async with tenancy.transaction(organization, actor, readonly=True) as connection:
            table, column = ("people.master", "email") if "@" in which else ("company.master", "domain")
            return await connection.fetchval(f"SELECT id FROM {table} WHERE {column} = $1", which.lower())  # noqa: S608

    return find


@pytest_asyncio.fixture
async def ana(bring, ids):
    """The address of Ana's page."""
    await bring({**ANA, "tags": "vip"})
    return f"/people/{await ids(ANA['email'])}"
