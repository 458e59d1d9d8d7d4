"""An organization that sends."""

from uuid import UUID

import asyncpg
import httpx
import pytest

from outrider import tenancy
from tests.api.fixtures import *  # noqa: F403
from tests.sending.scene import Scene

from .hooks import Hook


@pytest.fixture
def scene(admin: asyncpg.Connection, organization: tenancy.OrganizationId) -> Scene:
    """The test's organization, to put campaigns into."""
    return Scene(admin, organization)


@pytest.fixture
def hook(client, anonymous, organization):
    """Makes webhooks."""

    async def make(kind: str, secret: str | None = None) -> Hook:
        answer = await client.post("/api/webhooks", json={"kind": kind, "name": "Test", "secret": secret})
        assert answer.status_code == 201, answer.text
        made = answer.json()
        return Hook(UUID(made["id"]), httpx.URL(made["url"]).path, made["secret"] or secret, anonymous, client, organization)

    return make
