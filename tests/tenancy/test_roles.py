"""Roles: what each may do, and what a client's key is bound to."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from outrider import tenancy
from outrider.kit.errors import InvalidInput
from tests.api.fixtures import open_client

SOMEWHERE = tenancy.OrganizationId(UUID(int=7))


def owner(organization: tenancy.OrganizationId) -> tenancy.Caller:
    return tenancy.Caller(organization, tenancy.Actor("user", "test"), "owner", tenancy.scopes_of("owner", organization))


def test_each_role_may_what_the_ones_below_it_may():
    for higher, lower in zip(tenancy.ROLES, list(tenancy.ROLES)[1:], strict=False):
        assert tenancy.scopes_of(higher, SOMEWHERE) >= tenancy.scopes_of(lower, SOMEWHERE)


def test_roles_may_what_they_are_for():
    assert tenancy.scopes_of("member", SOMEWHERE) == {
        "people:read", "people:write", "imports:read", "imports:write", "namespaces:read", "namespaces:write",
        "profiles:read", "campaigns:read", "campaigns:write", "mailboxes:read", "mailboxes:write", "jobs:read", "jobs:write",
    }  # fmt: skip
    assert tenancy.scopes_of("viewer", SOMEWHERE) == {
        "people:read", "imports:read", "namespaces:read", "profiles:read", "campaigns:read", "mailboxes:read", "jobs:read",
    }  # fmt: skip
    assert tenancy.scopes_of("client", SOMEWHERE) == {"profiles:read", "campaigns:read"}
    assert tenancy.scopes_of("nobody", SOMEWHERE) == frozenset()


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_only_the_operators_organization_sees_how_the_shared_database_does(role):
    assert tenancy.scopes_of(role, tenancy.DEFAULT_ORGANIZATION) == frozenset(tenancy.SCOPES)
    assert tenancy.scopes_of(role, SOMEWHERE) == frozenset(tenancy.SCOPES) - {"database:read"}


async def test_a_key_for_the_shared_database_cannot_be_made_elsewhere(organization):
    with pytest.raises(InvalidInput, match="database:read"):
        await tenancy.create_key(owner(organization), "x", role="owner", scopes=["database:read"])


async def test_a_clients_key_sees_its_namespaces_only(organization):
    made = await tenancy.create_key(owner(organization), "x", role="client", namespaces=["playmaker"])
    came = await tenancy.authenticate(made.secret)
    assert (came.scopes, came.namespaces) == ({"profiles:read", "campaigns:read"}, {"playmaker"})
    member = await tenancy.authenticate((await tenancy.create_key(owner(organization), "y")).secret)
    assert member.namespaces is None


async def test_a_key_loses_what_its_role_may_no_longer(organization, admin):
    made = await tenancy.create_key(owner(organization), "x", role="viewer")
    await admin.execute("UPDATE tenancy.api_keys SET scopes = scopes || '{people:write}'::text[] WHERE id = $1", made.key.id)
    assert "people:write" not in (await tenancy.authenticate(made.secret)).scopes


async def test_a_key_from_before_there_were_clients_keeps_working(organization, admin):
    made = await tenancy.create_key(owner(organization), "x", role="member")
    await admin.execute(
        "UPDATE tenancy.api_keys SET scopes = '{people:read,imports:write}', namespaces = DEFAULT WHERE id = $1",
        made.key.id,
    )
    came = await tenancy.authenticate(made.secret)
    assert (came.role, came.scopes, came.namespaces) == ("member", {"people:read", "imports:write"}, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "client"}, "namespaces"),
        ({"role": "client", "namespaces": ["nowhere"]}, "namespaces"),
        ({"role": "client", "namespaces": ["playmaker", "x\x00"]}, "namespaces.1"),
        ({"role": "member", "namespaces": ["playmaker"]}, "namespaces"),
        ({"role": "client", "namespaces": ["playmaker"], "scopes": ["people:read"]}, "scopes"),
    ],
)
async def test_namespaces_go_with_clients_and_must_be_there(client, body, field):
    answer = await client.post("/api/keys", json={"name": "x", **body})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_another_organizations_namespace_is_unknown(client, stranger):
    await stranger.post("/api/namespaces", json={"name": "theirs", "keywords": ["x"]})
    answer = await client.post("/api/keys", json={"name": "x", "role": "client", "namespaces": ["theirs"]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "namespaces")


async def test_a_clients_key_is_listed_with_its_namespaces(client):
    await client.post("/api/keys", json={"name": "for acme", "role": "client", "namespaces": ["playmaker", "playmaker"]})
    listed = (await client.get("/api/keys")).json()["items"][0]
    assert (listed["role"], listed["scopes"], listed["namespaces"]) == ("client", ["campaigns:read", "profiles:read"], ["playmaker"])


async def test_a_clients_key_is_refused_everywhere_else(as_role):
    client = await as_role("client")
    for path in ("/api/people", "/api/namespaces", "/api/imports", "/api/jobs", "/api/keys", "/api/users"):
        assert (await client.get(path)).status_code == 403, path


async def test_no_key_outlives_the_one_that_made_it(client, app):
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    short = (await client.post("/api/keys", json={"name": "short", "role": "admin", "expires_at": until.isoformat()})).json()
    async with open_client(app, short["secret"]) as holder:
        silent = await holder.post("/api/keys", json={"name": "x"})
        sooner = await holder.post("/api/keys", json={"name": "x", "expires_at": (until - timedelta(days=1)).isoformat()})
        later = await holder.post("/api/keys", json={"name": "x", "expires_at": (until + timedelta(days=1)).isoformat()})
    assert datetime.fromisoformat(silent.json()["expires_at"]) == until
    assert sooner.status_code == 201
    assert (later.status_code, later.json()["errors"][0]["field"]) == (403, "expires_at")
