"""What tests of the HTTP API share. In a folder's conftest: `from tests.api.fixtures import *`.

`client` sends the key of an owner of the test's organization; `as_role(role)` and `stranger` (another organization's
owner) send others. For pages, `signed_in(role)` opens a browser of somebody of the test's organization, and
`visitor_of_other_organization` is an owner of another one.
"""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from outrider import tenancy, web
from outrider.kit.http import Guesses
from outrider.settings import Settings
from outrider.tenancy import cookies, csrf, sessions
from outrider.tenancy.http import Door

__all__ = ["anonymous", "api", "app", "as_role", "client", "key_of", "signed_in", "stranger", "visitor_of_other_organization"]

BASE = "http://outrider.test"
SECRET_KEY = base64.b64encode(bytes(32)).decode()
Client = httpx.AsyncClient


def test_settings(**changes: object) -> Settings:
    """Settings that no environment changes, with a rate limit that tests do not meet."""
    usual = {"rate_limit": "100000/minute", "max_request_bytes": 2**20, "max_upload_bytes": 4 * 2**20, "secret_key": SECRET_KEY}
    return Settings(**{**usual, **changes})


test_settings.__test__ = False  # type: ignore[attr-defined]


async def key_of(
    organization: tenancy.OrganizationId, role: str = "owner", scopes: list[str] | None = None, namespaces: Sequence[str] = ("playmaker",)
) -> str:
    """Make a key and return its secret; `namespaces` are a client's."""
    owner = tenancy.Caller(organization, tenancy.Actor("user", "test"), "owner", tenancy.scopes_of("owner", organization))
    bound = namespaces if role == "client" else ()
    return (await tenancy.create_key(owner, "test", role=role, scopes=scopes, namespaces=bound)).secret


def open_client(app: FastAPI, key: str | None = None) -> Client:
    """A client of the application, in this process."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE, headers=headers)


@pytest.fixture(scope="session")
def api() -> FastAPI:
    """The application, made once; tests take `app`."""
    return web.create_app(test_settings(), manage_pool=False)


@pytest.fixture
def app(api: FastAPI, pool: object) -> FastAPI:
    """The application on the test's pool, with counters at nought."""
    api.state.door = Door("100000/minute")
    api.state.webhook_guesses = Guesses("100000/minute", "test")
    return api


@pytest_asyncio.fixture
async def client(app: FastAPI, organization: tenancy.OrganizationId) -> AsyncIterator[Client]:
    """An owner of the test's organization."""
    async with open_client(app, await key_of(organization)) as opened:
        yield opened


@pytest_asyncio.fixture
async def stranger(app: FastAPI, other_organization: tenancy.OrganizationId) -> AsyncIterator[Client]:
    """An owner of another organization."""
    async with open_client(app, await key_of(other_organization)) as opened:
        yield opened


@pytest_asyncio.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[Client]:
    """Nobody."""
    async with open_client(app) as opened:
        yield opened


@pytest_asyncio.fixture
async def as_role(app: FastAPI, organization: tenancy.OrganizationId) -> AsyncIterator[Callable[..., Awaitable[Client]]]:
    """Makes clients of the test's organization with a role, scopes and, for the role client, namespaces."""
    async with AsyncExitStack() as stack:

        async def make(role: str = "owner", scopes: list[str] | None = None, namespaces: Sequence[str] = ("playmaker",)) -> Client:
            return await stack.enter_async_context(open_client(app, await key_of(organization, role, scopes, namespaces)))

        yield make


async def new_user(organization: tenancy.OrganizationId, role: str = "owner", email: str | None = None) -> UUID:
    """Make a user of the organization, without a password, and return their id."""
    async with tenancy.transaction(organization, tenancy.Actor("user", "test")) as connection:
        query = "SELECT user_id FROM tenancy.f_add_member($1, 'Ana Lima', NULL, $2, '{}')"
        return UUID(str(await connection.fetchval(query, email or f"u{uuid4().hex}@example.org", role)))


async def open_browser(app: FastAPI, organization: tenancy.OrganizationId, user: UUID) -> Client:
    """A browser with a session of the user, on a page of ours: it says where its requests come from, and sends the token."""
    secret = await sessions.open_session(organization, user, sessions.Client("test"))
    visit = await sessions.find_visit(secret)
    assert visit is not None
    opened = open_client(app)
    opened.cookies.set(cookies.NAME, secret)
    opened.headers.update({"Sec-Fetch-Site": "same-origin", csrf.HEADER: visit.visitor.csrf})
    return opened


@pytest_asyncio.fixture
async def signed_in(
    app: FastAPI, organization: tenancy.OrganizationId, admin: asyncpg.Connection
) -> AsyncIterator[Callable[..., Awaitable[Client]]]:
    """Opens browsers of new users of the test's organization: `await signed_in("client", namespaces=["acme"])`."""
    async with AsyncExitStack() as stack:

        async def make(role: str = "owner", namespaces: Sequence[str] = (), email: str | None = None) -> Client:
            user = await new_user(organization, role, email)
            query = "UPDATE tenancy.memberships SET namespaces = $3 WHERE organization_id = $1 AND user_id = $2"
            await admin.execute(query, organization, user, list(namespaces))
            return await stack.enter_async_context(await open_browser(app, organization, user))

        yield make


@pytest_asyncio.fixture
async def visitor_of_other_organization(app: FastAPI, other_organization: tenancy.OrganizationId) -> AsyncIterator[Client]:
    """The browser of an owner of another organization."""
    async with await open_browser(app, other_organization, await new_user(other_organization)) as opened:
        yield opened
