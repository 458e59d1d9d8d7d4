"""What a client, who is bound to namespaces, sees of campaigns: those of their namespaces, and nothing else of the slice."""

import pytest

NOBODY = "0193a512-0000-7000-8000-00000000dead"


@pytest.fixture
async def campaigns(client):
    """One campaign in the namespace acme-corp and one in playmaker: their addresses by namespace."""
    await client.post("/api/namespaces", json={"name": "acme-corp", "keywords": ["ACME"]})
    made = [(await client.post("/api/campaigns", json={"name": name})).json() for name in ("Q4 ACME push", "Q4 push")]
    return {one["namespace"]: f"/api/campaigns/{one['campaign_id']}" for one in made}


async def test_a_client_sees_the_campaigns_of_their_namespaces(campaigns, as_role):
    acme = await as_role("client", namespaces=["acme-corp"])
    assert [one["name"] for one in (await acme.get("/api/campaigns")).json()["items"]] == ["Q4 ACME push"]
    assert (await acme.get(campaigns["acme-corp"])).status_code == 200
    assert (await acme.get(f"{campaigns['acme-corp']}/enrollments")).status_code == 200


async def test_another_namespaces_campaign_is_not_there_for_a_client(campaigns, as_role):
    acme = await as_role("client", namespaces=["acme-corp"])
    for path in (campaigns["playmaker"], f"{campaigns['playmaker']}/enrollments"):
        assert (await acme.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/lists"),
        ("GET", "/api/segments"),
        ("GET", "/api/templates"),
        ("POST", "/api/segments/count"),
        ("GET", f"/api/campaigns/{NOBODY}/preflight"),
        ("GET", f"/api/campaigns/{NOBODY}/mailboxes"),
        ("POST", f"/api/campaigns/{NOBODY}/dry-run"),
        ("POST", f"/api/campaigns/{NOBODY}/start"),
    ],
)
async def test_what_is_the_organizations_own_is_closed_to_clients(as_role, method, path):
    answer = await (await as_role("client")).request(method, path, json={})
    assert answer.status_code == 403, answer.text
