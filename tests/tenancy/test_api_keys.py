"""Keys, users and the organization over HTTP, and how a request is let in."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from outrider import tenancy
from outrider.tenancy.http import Door
from tests.api.fixtures import BASE, key_of, open_client


async def test_a_key_is_made_shown_once_and_works(client, app):
    made = await client.post("/api/keys", json={"name": "ci", "role": "member", "scopes": ["people:read"]})
    assert made.status_code == 201
    assert made.json()["scopes"] == ["people:read"]
    listed = (await client.get("/api/keys")).json()["items"]
    assert made.json()["secret"] not in str(listed)
    assert listed[0]["id"] == made.json()["id"]
    async with open_client(app, made.json()["secret"]) as holder:
        answer = await holder.get("/api/organization")
    assert answer.status_code == 200


async def test_a_repeated_key_request_makes_one_key_and_keeps_no_secret(client, organization, admin):
    ask = {"json": {"name": "ci"}, "headers": {"Idempotency-Key": "make-ci"}}
    first, second = await client.post("/api/keys", **ask), await client.post("/api/keys", **ask)
    assert (second.status_code, second.headers["idempotency-replayed"]) == (201, "true")
    assert second.json() == {**first.json(), "secret": None}
    assert len((await client.get("/api/keys")).json()["items"]) == 2
    kept = await admin.fetchval("SELECT convert_from(body, 'UTF8') FROM ops.idempotency_keys WHERE organization_id = $1", organization)
    assert first.json()["secret"].rpartition("_")[2] not in kept


async def test_a_revoked_key_is_refused_from_the_next_request_on(client, app):
    made = (await client.post("/api/keys", json={"name": "ci"})).json()
    async with open_client(app, made["secret"]) as holder:
        assert (await holder.get("/api/organization")).status_code == 200
        assert (await client.delete(f"/api/keys/{made['id']}")).status_code == 204
        assert (await client.delete(f"/api/keys/{made['id']}")).status_code == 204
        refused = await holder.get("/api/organization")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "name"),
        ({"name": ""}, 422, "name"),
        ({"name": "x" * 101}, 422, "name"),
        ({"name": "x", "role": "king"}, 422, "role"),
        ({"name": "x", "scopes": ["people:fly"]}, 422, "scopes"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, 422, "expires_at"),
        ({"name": "x", "expires_at": "2090-01-01T00:00:00"}, 422, "expires_at"),
        ({"name": "x", "secret": "mine"}, 422, "secret"),
        ({"name": "x\x00"}, 422, "name"),
    ],
)
async def test_a_bad_request_for_a_key_names_the_field(client, body, status, field):
    answer = await client.post("/api/keys", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)


async def test_an_expiry_is_kept(client):
    expires = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    made = await client.post("/api/keys", json={"name": "ci", "expires_at": expires.isoformat()})
    assert datetime.fromisoformat(made.json()["expires_at"]) == expires


async def test_nobody_makes_a_key_that_may_more_than_they_may(as_role):
    admin = await as_role("admin")
    assert (await admin.post("/api/keys", json={"name": "x", "role": "owner"})).status_code == 403
    member = await as_role("member")
    answer = await member.post("/api/keys", json={"name": "x"})
    assert (answer.status_code, answer.json()["scope"]) == (403, "keys:write")


async def test_keys_come_in_pages(client):
    for number in range(4):
        await client.post("/api/keys", json={"name": f"k{number}"})
    names, cursor = [], None
    while True:
        page = (await client.get("/api/keys", params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        names += [key["name"] for key in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert names == ["k3", "k2", "k1", "k0", "test"]


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0", "WzFd", "é", "W10", "WyIxIiwiMiJd"])
async def test_a_cursor_that_is_not_ours_is_refused(client, cursor):
    answer = await client.get("/api/keys", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


async def test_users_and_the_organization_are_shown_to_who_may_see_them(client, as_role, organization, actor):
    await tenancy.add_member(organization, actor, "Zoe@example.org", "member")
    await tenancy.add_member(organization, actor, "ana@example.org", "admin", "Ana")
    first = (await client.get("/api/users", params={"limit": 1})).json()
    second = (await client.get("/api/users", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert [(u["email"], u["role"]) for u in first["items"] + second["items"]] == [
        ("ana@example.org", "admin"),
        ("zoe@example.org", "member"),
    ]
    assert second["next_cursor"] is None
    member = await as_role("member")
    assert (await member.get("/api/users")).status_code == 403
    assert (await member.get("/api/organization")).json()["id"] == str(organization)


async def test_another_organizations_keys_and_users_are_not_there(client, stranger, organization, actor):
    made = (await client.post("/api/keys", json={"name": "ci"})).json()
    await tenancy.add_member(organization, actor, "ana@example.org", "admin")
    assert (await stranger.delete(f"/api/keys/{made['id']}")).status_code == 404
    assert [key["name"] for key in (await stranger.get("/api/keys")).json()["items"]] == ["test"]
    assert (await stranger.get("/api/users")).json()["items"] == []


async def test_the_same_idempotency_key_is_free_in_another_organization(client, stranger):
    ask = {"json": {"name": "acme", "keywords": ["x"]}, "headers": {"Idempotency-Key": "one"}}
    answers = [await one.post("/api/namespaces", **ask) for one in (client, stranger, client)]
    assert [a.status_code for a in answers] == [201, 201, 201]
    assert ["idempotency-replayed" in a.headers for a in answers] == [False, False, True]


async def test_a_claim_whose_process_died_is_free_after_a_minute(client, organization, admin):
    ask = {"json": {"name": "ci"}, "headers": {"Idempotency-Key": "one"}}
    await admin.execute(
        "INSERT INTO ops.idempotency_keys (organization_id, key, request_hash, created_at) "
        "VALUES ($1, 'one', '', now() - interval '59 seconds')",
        organization,
    )
    assert (await client.post("/api/keys", **ask)).status_code == 409
    await admin.execute(
        "UPDATE ops.idempotency_keys SET created_at = now() - interval '61 seconds' WHERE organization_id = $1",
        organization,
    )
    assert (await client.post("/api/keys", **ask)).status_code == 201


async def test_an_answer_is_kept_for_a_day(client, organization, admin):
    ask = {"json": {"name": "ci"}, "headers": {"Idempotency-Key": "one"}}
    await client.post("/api/keys", **ask)
    await admin.execute(
        "UPDATE ops.idempotency_keys SET created_at = now() - interval '25 hours' WHERE organization_id = $1",
        organization,
    )
    assert "idempotency-replayed" not in (await client.post("/api/keys", **ask)).headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic YTpi"},
        {"X-API-Key": "outrider_x_y"},
        {"Authorization": "Bearer " + "x" * 5000},
        {"X-API-Key": "é".encode("latin-1")},
    ],
)
async def test_without_a_key_that_holds_nobody_comes_in(anonymous, headers):
    for method, path in (
        ("GET", "/api/namespaces"),
        ("POST", "/api/namespaces"),
        ("PUT", "/api/namespaces/x"),
        ("DELETE", "/api/keys/x"),
    ):
        answer = await anonymous.request(method, path, headers=headers, content=b"{}" if method != "GET" else None)
        assert answer.status_code == 401
        assert answer.json()["code"] == "unauthorized"
        assert "www-authenticate" in answer.headers


async def test_a_key_may_come_in_a_header_of_its_own(anonymous, organization):
    assert (await anonymous.get("/api/organization", headers={"X-API-Key": await key_of(organization)})).status_code == 200


async def test_a_strangers_body_is_not_read(app):
    async def body():
        raise AssertionError("it was read")
        yield b""

    async with open_client(app) as nobody:
        assert (await nobody.post("/api/namespaces", content=body())).status_code == 401


async def test_each_key_has_a_rate_of_its_own(app, organization):
    app.state.door = Door("3/minute")
    async with open_client(app, await key_of(organization)) as one, open_client(app, await key_of(organization)) as two:
        answers = [await one.get("/api/organization") for _ in range(4)]
        assert [a.status_code for a in answers] == [200, 200, 200, 429]
        assert [a.headers["ratelimit-remaining"] for a in answers[:3]] == ["2", "1", "0"]
        assert 1 <= int(answers[3].headers["retry-after"]) <= 60
        assert answers[3].json()["code"] == "too_many_requests"
        assert (await two.get("/api/organization")).status_code == 200


async def test_who_tries_keys_is_held_back_and_a_neighbour_with_a_good_key_is_not(app, client):
    app.state.door = Door("1000/minute", failures="5/minute")
    assert (await client.get("/api/organization")).status_code == 200
    async with open_client(app, "outrider_nonsense") as intruder:
        answers = [await intruder.get("/api/organization") for _ in range(7)]
    assert [a.status_code for a in answers] == [401] * 5 + [429] * 2
    assert (await client.get("/api/organization")).status_code == 200


async def test_another_address_of_the_same_network_does_not_help(app):
    app.state.door = Door("1000/minute", failures="2/minute")
    bad = {"X-API-Key": "outrider_nonsense"}

    async def status(address: str) -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=(address, 50000)), base_url=BASE) as intruder:
            return (await intruder.get("/api/organization", headers=bad)).status_code

    assert [await status(f"2001:db8::{place}") for place in range(1, 5)] == [401, 401, 429, 429]
    assert await status("2001:db8:0:1::1") == 401
