"""Keywords that hold each other: which, and who wins, told for the whole organization."""

import pytest


async def make(client, name, *keywords):
    assert (await client.post("/api/namespaces", json={"name": name, "keywords": list(keywords)})).status_code == 201


async def overlaps(client):
    answer = await client.get("/api/namespaces/overlaps")
    assert answer.status_code == 200, answer.text
    return [(o["winner"], o["winner_keyword"], o["loser"], o["loser_keyword"]) for o in answer.json()["items"]]


async def test_the_longer_keyword_wins_and_the_message_says_so(client):
    await make(client, "acme-corp", "ACME", "roadrunner")
    await make(client, "acme-labs", "acme Labs", "labs acme")
    assert await overlaps(client) == [
        ("acme-labs", "acme Labs", "acme-corp", "ACME"),
        ("acme-labs", "labs acme", "acme-corp", "ACME"),
    ]
    [first, _] = (await client.get("/api/namespaces/overlaps")).json()["items"]
    assert (
        first["message"] == "'acme Labs' of acme-labs holds 'ACME' of acme-corp: a campaign with 'acme Labs' in its name goes to acme-labs"
    )


async def test_the_same_keyword_goes_to_the_first_by_name(client):
    await make(client, "beta", "Shared")
    await make(client, "alpha", "shared")
    assert await overlaps(client) == [("alpha", "shared", "beta", "Shared")]
    told = await client.post("/api/namespaces/test-match", json={"campaign_name": "a shared one"})
    assert told.json()["namespace"] == "alpha"


async def test_a_namespaces_own_keywords_and_inactive_ones_do_not_overlap(client):
    await make(client, "one", "acme", "acme corp")
    await make(client, "two", "acme inc")
    assert (await client.put("/api/namespaces/two", json={"is_active": False})).status_code == 200
    assert await overlaps(client) == []


async def test_another_organizations_keywords_do_not_count(client, stranger):
    await make(client, "one", "acme")
    await make(stranger, "two", "acme labs")
    assert await overlaps(client) == []


@pytest.mark.parametrize("name", ["new", "overlaps", "reroute", "test-match"])
async def test_a_name_that_an_address_of_ours_ends_in_is_refused(client, name):
    answer = await client.post("/api/namespaces", json={"name": name, "keywords": ["x"]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name")
    await make(client, "acme", "x")
    assert (await client.put("/api/namespaces/acme", json={"name": name})).status_code == 422


async def test_a_hundred_long_keywords_are_compared_at_once(client):
    await make(client, "many", *(f"{'x' * 90} {n}" for n in range(100)))
    await make(client, "one", "x" * 50)
    assert len(await overlaps(client)) == 100
