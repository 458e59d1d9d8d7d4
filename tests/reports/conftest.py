"""What the tests of reports share: the HTTP fixtures, leads, and somebody who acts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio

from outrider import tenancy
from outrider.kit.errors import Conflict
from tests.api.fixtures import *  # noqa: F403
from tests.api.fixtures import Client, key_of, open_client

Leads = Callable[..., Awaitable[None]]


def caller_of(organization: tenancy.OrganizationId, role: str = "owner", scopes: frozenset[str] | None = None) -> tenancy.Caller:
    """Somebody with a role in an organization."""
    return tenancy.Caller(
        organization, tenancy.Actor("user", "test"), role, tenancy.scopes_of(role, organization) if scopes is None else scopes
    )


@pytest.fixture
def caller(organization: tenancy.OrganizationId) -> tenancy.Caller:
    """An owner of the test's organization."""
    return caller_of(organization)


@pytest.fixture
def leads(client: Client) -> Leads:
    """Take rows into the test's organization and make golden records of them."""

    async def send(*rows: dict[str, Any]) -> None:
        body = {"rows": list(rows), "source": "test", "batch_id": "b1", "promote": True}
        answer = await client.post("/api/ingest", json=body)
        assert answer.status_code == 200, answer.text

    return send


@pytest_asyncio.fixture
async def operator(app: Any, pool: object) -> AsyncIterator[Client]:
    """An owner of the default organization, who runs the server."""
    with suppress(Conflict):
        await tenancy.create_organization("Default", "default", tenancy.DEFAULT_ORGANIZATION)
    async with open_client(app, await key_of(tenancy.DEFAULT_ORGANIZATION)) as opened:
        yield opened
