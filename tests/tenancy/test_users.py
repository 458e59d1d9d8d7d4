"""Users over HTTP: adding, changing, removing them, and who may do that to whom."""

import asyncio
from uuid import UUID

import pytest
from argon2 import PasswordHasher

from outrider import tenancy
from outrider.kit.errors import Conflict, OutriderError
from outrider.tenancy import members
from tests.conftest import new_organization


async def add(client, email="ana@example.org", role="member", **more):
    answer = await client.post("/api/users", json={"email": email, "role": role, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def password_hash(admin, email):
    return await admin.fetchval("SELECT password_hash FROM tenancy.users WHERE email = $1", email)


async def role_of(client, user):
    return next((one["role"] for one in (await client.get("/api/users")).json()["items"] if one["id"] == user["id"]), None)


@pytest.fixture
def email(organization):
    """An address that no other test has: users are not a tenant's."""
    return f"u{organization.hex}@example.org"


async def test_a_user_is_added_with_a_password_that_is_shown_once(client, admin, email):
    made = await client.post("/api/users", json={"email": f" {email.upper()} ", "name": " Ana  Example ", "role": "member"})
    assert made.status_code == 201
    assert (made.json()["email"], made.json()["name"], made.json()["namespaces"]) == (email, "Ana Example", [])
    assert PasswordHasher().verify(await password_hash(admin, email), made.json()["password"])
    listed = await client.get("/api/users")
    assert made.json()["password"] not in listed.text
    assert [one["email"] for one in listed.json()["items"]] == [email]


async def test_a_repeated_request_adds_once_and_keeps_no_password(client, organization, admin, email):
    ask = {"json": {"email": email}, "headers": {"Idempotency-Key": "add"}}
    first, second = await client.post("/api/users", **ask), await client.post("/api/users", **ask)
    assert second.json() == {**first.json(), "password": None}
    kept = await admin.fetchval("SELECT convert_from(body, 'UTF8') FROM ops.idempotency_keys WHERE organization_id = $1", organization)
    assert first.json()["password"] not in kept


async def test_who_is_in_already_is_not_added_again_whatever_the_role(client, email):
    user = await add(client, email, "owner")
    answer = await client.post("/api/users", json={"email": email.upper(), "role": "viewer"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "email")
    assert await role_of(client, user) == "owner"


async def test_who_is_known_from_another_organization_keeps_password_and_name(client, stranger, admin, email):
    await add(stranger, email, name="Ana")
    before = await password_hash(admin, email)
    assert (await add(client, email, name="Somebody"))["password"] is None
    assert await password_hash(admin, email) == before
    assert await admin.fetchval("SELECT name FROM tenancy.users WHERE email = $1", email) == "Ana"


async def test_no_organization_can_give_a_password_to_a_user_of_another(client, stranger, admin, email):
    """Who signs in elsewhere without a password, by a provider, would be theirs otherwise."""
    await add(stranger, email)
    await admin.execute("UPDATE tenancy.users SET password_hash = NULL WHERE email = $1", email)
    user = await add(client, email)
    assert user["password"] is None
    reset = await client.post(f"/api/users/{user['id']}/reset-password")
    assert reset.status_code == 409
    assert await password_hash(admin, email) is None


async def test_who_was_removed_everywhere_comes_back_with_a_new_password(client, admin, email):
    user = await add(client, email)
    await client.delete(f"/api/users/{user['id']}")
    again = await add(client, email)
    assert again["id"] == user["id"]
    assert PasswordHasher().verify(await password_hash(admin, email), again["password"])


async def test_a_password_is_reset_and_shown_once(client, admin, email):
    user = await add(client, email)
    path, key = f"/api/users/{user['id']}/reset-password", {"Idempotency-Key": "reset"}
    first, second = await client.post(path, headers=key), await client.post(path, headers=key)
    assert PasswordHasher().verify(await password_hash(admin, email), first.json()["password"])
    assert second.json() == {"password": None}


async def test_a_second_factor_that_is_lost_is_taken_away_and_that_is_written_down(client, stranger, admin, email):
    user = await add(client, email)
    path = f"/api/users/{user['id']}/reset-second-factor"
    assert (await client.post(path)).status_code == 204
    await admin.execute("INSERT INTO tenancy.second_factors (user_id, secret, confirmed_at) VALUES ($1, '', now())", UUID(user["id"]))
    assert (await stranger.post(path)).status_code == 404
    assert (await client.post(path)).status_code == 204
    assert not await admin.fetchval("SELECT count(*) FROM tenancy.second_factors WHERE user_id = $1", UUID(user["id"]))
    changes = (await client.get("/api/organization/changes", params={"subject": "user"})).json()["items"]
    assert [one["new_values"] for one in changes] == [{"second_factor": "off"}, {"role": "member", "namespaces": []}]
    await add(stranger, email)
    assert (await client.post(path)).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "ana"}, "email"),
        ({"email": "a b@c.d"}, "email"),
        ({"email": "x" * 250 + "@c.de"}, "email"),
        ({"email": "a\x00@c.de"}, "email"),
        ({"email": "ana@example.org", "role": "king"}, "role"),
        ({"email": "ana@example.org", "name": "x" * 201}, "name"),
        ({"email": "ana@example.org", "role": "client"}, "namespaces"),
        ({"email": "ana@example.org", "role": "client", "namespaces": ["nowhere"]}, "namespaces"),
        ({"email": "ana@example.org", "role": "viewer", "namespaces": ["playmaker"]}, "namespaces"),
        ({"email": "ana@example.org", "password": "mine"}, "password"),
    ],
)
async def test_a_bad_request_for_a_user_names_the_field_and_adds_nobody(client, body, field):
    answer = await client.post("/api/users", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert (await client.get("/api/users")).json()["items"] == []


async def test_role_namespaces_and_name_change_alone(client, email):
    path = f"/api/users/{(await add(client, email, name='Ana'))['id']}"
    client_now = (await client.patch(path, json={"role": "client", "namespaces": ["playmaker"]})).json()
    assert (client_now["role"], client_now["namespaces"], client_now["name"]) == ("client", ["playmaker"], "Ana")
    renamed = (await client.patch(path, json={"name": "Ana Lima"})).json()
    assert (renamed["role"], renamed["namespaces"], renamed["name"]) == ("client", ["playmaker"], "Ana Lima")
    viewer = (await client.patch(path, json={"role": "viewer"})).json()
    assert (viewer["role"], viewer["namespaces"]) == ("viewer", [])
    assert (await client.patch(path, json={"name": ""})).json()["name"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "king"}, "role"),
        ({"role": "client"}, "namespaces"),
        ({"namespaces": ["playmaker"]}, "namespaces"),
        ({"name": "x" * 201}, "name"),
        ({"email": "else@example.org"}, "email"),
    ],
)
async def test_a_bad_change_names_the_field_and_changes_nothing(client, email, body, field):
    user = await add(client, email)
    answer = await client.patch(f"/api/users/{user['id']}", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert await role_of(client, user) == "member"


async def test_the_name_of_somebody_who_is_elsewhere_too_is_theirs(client, stranger, email):
    await add(stranger, email, name="Ana")
    user = await add(client, email)
    assert (await client.patch(f"/api/users/{user['id']}", json={"name": "Eve"})).status_code == 409
    assert (await stranger.get("/api/users")).json()["items"][0]["name"] == "Ana"


async def test_only_owners_touch_owners(client, as_role, email):
    owner = await add(client, email, "owner")
    admin_key = await as_role("admin")
    path = f"/api/users/{owner['id']}"
    assert (await admin_key.post("/api/users", json={"email": "b" + email, "role": "owner"})).status_code == 403
    assert (await admin_key.patch(path, json={"role": "viewer"})).status_code == 403
    assert (await admin_key.patch(path, json={"name": "x"})).status_code == 403
    assert (await admin_key.delete(path)).status_code == 403
    assert (await admin_key.post(f"{path}/reset-password")).status_code == 403
    assert (await admin_key.post(f"{path}/reset-second-factor")).status_code == 403
    other = await add(admin_key, "c" + email, "admin")
    assert (await admin_key.patch(f"/api/users/{other['id']}", json={"role": "owner"})).status_code == 403
    assert (await admin_key.patch(f"/api/users/{other['id']}", json={"role": "member"})).status_code == 200


async def test_a_key_with_few_scopes_gives_no_role_and_reaches_no_user_that_may_more(client, as_role, email):
    member = await add(client, email)
    narrow = await as_role("admin", ["users:read", "users:write", "profiles:read", "campaigns:read"])
    refused = await narrow.post("/api/users", json={"email": "b" + email, "role": "viewer"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (403, "scopes")
    assert (await narrow.post(f"/api/users/{member['id']}/reset-password")).status_code == 403
    assert (await add(narrow, "c" + email, "client", namespaces=["playmaker"]))["role"] == "client"


async def test_only_owners_revoke_owners_keys(client, as_role):
    made = (await client.post("/api/keys", json={"name": "x", "role": "owner"})).json()
    admin_key = await as_role("admin")
    assert (await admin_key.delete(f"/api/keys/{made['id']}")).status_code == 403
    assert (await client.delete(f"/api/keys/{made['id']}")).status_code == 204


async def test_the_last_owner_stays_an_owner_and_stays(client, email):
    owner = await add(client, email, "owner")
    path = f"/api/users/{owner['id']}"
    demoted = await client.patch(path, json={"role": "admin"})
    assert demoted.status_code == 409
    assert "only owner" in demoted.json()["detail"]
    assert (await client.delete(path)).status_code == 409
    assert (await client.patch(path, json={"role": "owner"})).status_code == 200
    await add(client, "b" + email, "owner")
    assert (await client.delete(path)).status_code == 204


async def test_two_owners_who_leave_at_once_do_not_both_leave(pool, actor):
    for _ in range(5):
        organization = await new_organization()
        caller = tenancy.Caller(organization, actor, "owner", tenancy.scopes_of("owner", organization))
        one, two = [(await members.add_user(caller, f"{i}{organization.hex}@example.org", role="owner")).member.user_id for i in "ab"]
        outcomes = await asyncio.gather(
            members.remove_user(caller, one), members.change_user(caller, two, role="viewer"), return_exceptions=True
        )
        assert sorted(isinstance(outcome, Conflict) for outcome in outcomes) == [False, True]
        assert [member.role for member in await tenancy.list_members(organization, actor)].count("owner") == 1


async def test_a_removed_user_is_gone_and_nothing_of_another_organization_is_touched(client, stranger, email):
    await add(stranger, email)
    user = await add(client, email)
    assert (await client.delete(f"/api/users/{user['id']}")).status_code == 204
    assert (await client.delete(f"/api/users/{user['id']}")).status_code == 404
    assert (await client.get("/api/users")).json()["items"] == []
    assert [one["email"] for one in (await stranger.get("/api/users")).json()["items"]] == [email]


async def test_another_organizations_users_cannot_be_reached(client, stranger, email):
    user = await add(client, email)
    path = f"/api/users/{user['id']}"
    assert (await stranger.patch(path, json={"role": "viewer"})).status_code == 404
    assert (await stranger.delete(path)).status_code == 404
    assert (await stranger.post(f"{path}/reset-password")).status_code == 404
    assert await role_of(client, user) == "member"


async def test_a_renamed_namespace_stays_with_its_clients_and_an_archived_one_leaves_them(client, email):
    for name in ("acme", "beta"):
        await client.post("/api/namespaces", json={"name": name, "keywords": [name]})
    user = await add(client, email, "client", namespaces=["beta", "acme"])
    key = (await client.post("/api/keys", json={"name": "x", "role": "client", "namespaces": ["acme", "beta"]})).json()

    async def bound():
        users, keys = (await client.get("/api/users")).json()["items"], (await client.get("/api/keys")).json()["items"]
        return [one["namespaces"] for one in (*users, *keys) if one["id"] in (user["id"], key["id"])]

    assert (await client.put("/api/namespaces/acme", json={"name": "zeta"})).status_code == 200
    assert [sorted(one) for one in await bound()] == [["beta", "zeta"], ["beta", "zeta"]]
    assert (await client.delete("/api/namespaces/zeta?confirm=zeta")).status_code == 200
    await client.post("/api/namespaces", json={"name": "zeta", "keywords": ["zeta"]})
    assert await bound() == [["beta"], ["beta"]]
    changes = (await client.get("/api/organization/changes", params={"subject": "user"})).json()["items"]
    assert (changes[0]["old_values"], changes[0]["new_values"]) == ({"namespaces": ["beta", "zeta"]}, {"namespaces": ["beta"]})


async def test_a_namespace_cannot_go_while_it_is_being_given(organization, actor, client, email):
    """Whichever comes first: the client never keeps the name of a namespace that is gone."""
    caller = tenancy.Caller(organization, actor, "owner", tenancy.scopes_of("owner", organization))
    for number in range(5):
        await client.post("/api/namespaces", json={"name": "acme", "keywords": ["acme"]})
        given, _ = await asyncio.gather(
            members.add_user(caller, f"{number}{email}", role="client", namespaces=["acme"]),
            client.delete("/api/namespaces/acme?confirm=acme"),
            return_exceptions=True,
        )
        assert isinstance(given, (OutriderError, tenancy.NewMember))
        if "acme" not in [one["name"] for one in (await client.get("/api/namespaces")).json()["items"]]:
            assert [one.namespaces for one in await tenancy.list_members(organization, actor) if one.namespaces] == []
