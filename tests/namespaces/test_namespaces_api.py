"""Namespaces over HTTP: seed 000's curl and the rulings of BEHAVIOUR 1."""

import asyncio

import pytest

from outrider import tenancy
from outrider.namespaces import NamespaceService
from tests.sending.scene import Scene

ACME = {"name": "acme-corp", "keywords": ["ACME", "Acme Corp", "acme-corp"]}


async def make(client, name="acme-corp", keywords=("ACME",), **more):
    answer = await client.post("/api/namespaces", json={"name": name, "keywords": list(keywords), **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_the_seeds_curl_registers_the_namespace_and_makes_its_table(client, organization, actor):
    answer = await client.post("/api/namespaces", json=ACME)
    assert answer.status_code == 201
    assert answer.json()["table_name"] == "acme_corp_user_source"
    assert answer.headers["location"] == "/api/namespaces/acme-corp"
    async with tenancy.transaction(organization, actor) as connection:
        await connection.execute("INSERT INTO acme_corp_user_source (email) VALUES ('user@acmecorp.com')")
        rows = await connection.fetch("SELECT * FROM acme_corp_user_source WHERE email = 'user@acmecorp.com'")
    assert list(rows[0].keys())[:16] == [
        "id",
        "email",
        "first_name",
        "last_name",
        "company",
        "linkedin_profile",
        "platform",
        "enrichment_data",
        "icp_score",
        "behaviour_score",
        "lead_score",
        "apollo_enriched_at",
        "last_scored_at",
        "meta",
        "created_at",
        "updated_at",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Acme",
        "1acme",
        "acme corp",
        "a" * 51,
        "acmé",
        "x'; DROP TABLE people.master; --",
        "_a",
        "a.b",
        "株式会社",
        "a\n",
        "\ud800",
    ],
)
async def test_a_bad_name_is_refused_with_the_rule(client, name):
    content = '{"name": "\\ud800", "keywords": ["x"]}' if name == "\ud800" else None
    body = {"content": content, "headers": {"Content-Type": "application/json"}} if content else {"json": {"name": name, "keywords": ["x"]}}
    answer = await client.post("/api/namespaces", **body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "name"
    if name != "\ud800":
        assert "lower-case letter first" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("keywords", "field"),
    [
        ([], "keywords"),
        ([" "], "keywords.0"),
        (["ok", ""], "keywords.1"),
        (["x" * 101], "keywords.0"),
        (["a\x07"], "keywords.0"),
        (["a\x00"], "keywords.0"),
        ("ACME", "keywords"),
        ([1], "keywords.0"),
        (None, "keywords"),
    ],
)
async def test_bad_keywords_are_named(client, keywords, field):
    answer = await client.post("/api/namespaces", json={"name": "acme", "keywords": keywords})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_a_mistyped_field_is_named_and_nothing_is_made(client):
    answer = await client.post("/api/namespaces", json={**ACME, "keyword": "x"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "keyword")
    assert (await client.get("/api/namespaces/acme-corp")).status_code == 404


async def test_the_same_name_twice_is_a_conflict(client):
    await make(client)
    assert (await client.post("/api/namespaces", json=ACME)).status_code == 409


async def test_two_names_that_make_one_table_are_a_conflict_that_names_the_other(client):
    await make(client, "acme-corp")
    answer = await client.post("/api/namespaces", json={"name": "acme_corp", "keywords": ["x"]})
    assert answer.status_code == 409
    assert "'acme-corp'" in answer.json()["detail"]


async def test_of_two_creates_at_once_one_wins(client):
    answers = await asyncio.gather(
        *(client.post("/api/namespaces", json={"name": name, "keywords": ["x"]}) for name in ("a-b", "a_b", "a-b"))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_namespaces_made_at_once_do_not_stand_in_each_others_way(client):
    answers = await asyncio.gather(*(client.post("/api/namespaces", json={"name": f"n{i}", "keywords": [f"kw{i}"]}) for i in range(6)))
    assert [answer.status_code for answer in answers] == [201] * 6


async def test_overlapping_keywords_are_accepted_with_a_warning_that_names_the_other(client):
    await make(client, "acme-corp", ["ACME"])
    warnings = (await make(client, "acme-labs", ["acme labs"]))["warnings"]
    assert [(w["namespace"], w["keyword"], w["other_keyword"]) for w in warnings] == [("acme-corp", "acme labs", "ACME")]
    assert "acme-labs" in warnings[0]["message"]
    assert (await make(client, "globex", ["Globex"]))["warnings"] == []


async def test_the_longest_keyword_wins_and_the_answer_says_why(client):
    await make(client, "acme-corp", ["ACME", "Acme Corp"])
    await make(client, "acme-labs", ["acme labs"])
    answer = (await client.post("/api/namespaces/test-match", json={"campaign_name": "Q4 ACME LABS outbound"})).json()
    assert (answer["namespace"], answer["keyword"], answer["table_name"]) == (
        "acme-labs",
        "acme labs",
        "acme_labs_user_source",
    )
    assert answer["also_matched"] == [{"namespace": "acme-corp", "keyword": "ACME"}]
    assert "longest" in answer["explanation"]


async def test_equal_keywords_go_to_the_namespace_first_by_name(client):
    await make(client, "beta", ["shared"])
    await make(client, "alpha", ["Shared"])
    answer = (await client.post("/api/namespaces/test-match", json={"campaign_name": "a shared one"})).json()
    assert answer["namespace"] == "alpha"
    assert "first by name" in answer["explanation"]


async def test_what_matches_nothing_goes_to_playmaker(client):
    answer = (await client.post("/api/namespaces/test-match", json={"campaign_name": "100% _ unrelated"})).json()
    assert (answer["namespace"], answer["keyword"], answer["also_matched"]) == ("playmaker", None, [])


async def test_an_inactive_namespace_keeps_its_data_and_gets_no_campaigns(client, organization, actor):
    await make(client)
    async with tenancy.transaction(organization, actor) as connection:
        await connection.execute("INSERT INTO acme_corp_user_source (email, meta) VALUES ('a@b.example', '{\"campaign\": \"ACME one\"}')")
    answer = (await client.put("/api/namespaces/acme-corp", json={"is_active": False})).json()
    assert (answer["is_active"], answer["reroute"]) == (False, None)
    assert (await client.post("/api/namespaces/test-match", json={"campaign_name": "ACME one"})).json()["namespace"] == "playmaker"
    assert (await client.get("/api/namespaces/acme-corp/stats")).json()["profiles"] == 1


async def test_a_rename_renames_the_table_and_keeps_the_rows(client, organization, actor):
    await make(client)
    async with tenancy.transaction(organization, actor) as connection:
        await connection.execute("INSERT INTO acme_corp_user_source (email) VALUES ('a@b.example')")
    answer = await client.put("/api/namespaces/acme-corp", json={"name": "acme-inc"})
    assert (answer.status_code, answer.json()["table_name"]) == (200, "acme_inc_user_source")
    async with tenancy.transaction(organization, actor) as connection:
        assert await connection.fetchval("SELECT email FROM acme_inc_user_source") == "a@b.example"
        assert await connection.fetchval("SELECT to_regclass('acme_corp_user_source')") is None
    assert (await client.get("/api/namespaces/acme-corp")).status_code == 404
    await make(client, "acme-corp", ["again"])


async def test_a_rename_to_a_taken_name_changes_nothing(client):
    await make(client, "one", ["one"])
    await make(client, "two", ["two"])
    answer = await client.put("/api/namespaces/one", json={"name": "two", "keywords": ["changed"]})
    assert answer.status_code == 409
    assert (await client.get("/api/namespaces/one")).json()["keywords"] == ["one"]


async def test_a_description_can_be_set_and_taken_away(client):
    await make(client, description="Their Q4")
    assert (await client.put("/api/namespaces/acme-corp", json={"keywords": ["x"]})).json()["description"] == "Their Q4"
    assert (await client.put("/api/namespaces/acme-corp", json={"description": None})).json()["description"] is None


@pytest.mark.parametrize("body", [{}, {"keywords": None}, {"is_active": None}, {"name": None}, {"keywords": []}, {"is_default": True}, []])
async def test_a_change_that_changes_nothing_is_refused(client, body):
    await make(client)
    assert (await client.put("/api/namespaces/acme-corp", json=body)).status_code == 422


async def test_delete_needs_the_name_typed_again_and_keeps_the_profiles(client, organization, actor):
    await make(client)
    async with tenancy.transaction(organization, actor) as connection:
        await connection.execute("INSERT INTO acme_corp_user_source (email) VALUES ('a@b.example')")
    for wrong in ({}, {"params": {"confirm": "acme"}}):
        answer = await client.delete("/api/namespaces/acme-corp", **wrong)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "confirm")
    answer = await client.delete("/api/namespaces/acme-corp", params={"confirm": "acme-corp"})
    assert answer.status_code == 200
    async with tenancy.transaction(organization, actor) as connection:
        assert await connection.fetchval(f"SELECT count(*) FROM {answer.json()['archived_table']}") == 1  # noqa: S608
    assert (await client.get("/api/namespaces/acme-corp")).status_code == 404


async def test_a_deleted_name_can_be_used_and_deleted_again(client):
    tables = set()
    for _ in range(3):
        await make(client, "a" * 50)
        answer = await client.request("DELETE", f"/api/namespaces/{'a' * 50}", json={"confirm": "a" * 50})
        assert answer.status_code == 200, answer.text
        tables.add(answer.json()["archived_table"])
    assert len(tables) == 3


async def test_an_archive_no_longer_holds_a_person_back(client, organization, actor, admin):
    await make(client)
    async with tenancy.transaction(organization, actor) as connection:
        person = await connection.fetchval("INSERT INTO people.master (email) VALUES ('a@b.example') RETURNING id")
        await connection.execute("INSERT INTO acme_corp_user_source (email, person_id) VALUES ('a@b.example', $1)", person)
    await client.delete("/api/namespaces/acme-corp", params={"confirm": "acme-corp"})
    async with tenancy.transaction(organization, actor) as connection:
        assert await connection.execute("DELETE FROM people.master WHERE id = $1", person) == "DELETE 1"


async def test_a_namespace_stays_while_its_campaigns_may_send_and_the_answer_names_them(client, organization, admin):
    await make(client)
    asked = {"name": "Q4 push", "namespace": "acme-corp"}
    campaign = (await client.post("/api/campaigns", json=asked)).json()["campaign_id"]
    await Scene(admin, organization).run("UPDATE marketing.campaigns SET state = 'paused' WHERE campaign_id = $1", campaign)
    refused = await client.delete("/api/namespaces/acme-corp", params={"confirm": "acme-corp"})
    assert (refused.status_code, "Q4 push" in refused.json()["detail"]) == (409, True)
    assert (await client.post(f"/api/campaigns/{campaign}/cancel")).status_code == 200
    assert (await client.delete("/api/namespaces/acme-corp", params={"confirm": "acme-corp"})).status_code == 200
    assert (await client.get(f"/api/campaigns/{campaign}")).json()["namespace"] is None


async def test_the_default_namespace_stays(client):
    assert (await client.delete("/api/namespaces/playmaker", params={"confirm": "playmaker"})).status_code == 409
    assert (await client.put("/api/namespaces/playmaker", json={"name": "other"})).status_code == 409
    assert (await client.put("/api/namespaces/playmaker", json={"is_active": False})).status_code == 409
    assert (await client.put("/api/namespaces/playmaker", json={"keywords": ["play"]})).status_code == 200


async def test_stats_count_what_is_there(client, organization, actor):
    await make(client)
    async with tenancy.transaction(organization, actor) as connection:
        await connection.execute(
            "INSERT INTO acme_corp_user_source (email, company, platform, meta) VALUES "
            "('a@b.example', 'B', 'lemlist', '{\"campaign\": \"ACME 1\"}'), "
            "('b@b.example', ' ', 'lemlist', '{\"campaign\": \"ACME 1\"}'), "
            "('c@b.example', NULL, NULL, '{\"campaign\": \"ACME 2\"}'), ('d@b.example', NULL, NULL, '[]')"
        )
    stats = (await client.get("/api/namespaces/acme-corp/stats")).json()
    assert stats.pop("last_added_at")
    assert stats == {
        "profiles": 4,
        "with_company": 1,
        "by_platform": {"lemlist": 2, "": 2},
        "routed_campaigns": 2,
        "campaigns": {"ACME 1": 2, "ACME 2": 1},
    }
    assert (await client.get("/api/namespaces/playmaker/stats")).json()["last_added_at"] is None


async def test_the_list_comes_in_pages_by_name(client):
    for name in ("b", "c", "a"):
        await make(client, name, [name * 3])
    first = (await client.get("/api/namespaces", params={"limit": 3})).json()
    rest = (await client.get("/api/namespaces", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [one["name"] for one in first["items"] + rest["items"]] == ["a", "b", "c", "playmaker"]
    assert rest["next_cursor"] is None


async def test_another_organization_sees_and_changes_nothing(client, stranger):
    await make(client)
    assert [one["name"] for one in (await stranger.get("/api/namespaces")).json()["items"]] == ["playmaker"]
    for method, path in (("GET", ""), ("GET", "/stats"), ("PUT", ""), ("DELETE", "?confirm=acme-corp")):
        body = {"json": {"keywords": ["x"]}} if method == "PUT" else {}
        assert (await stranger.request(method, f"/api/namespaces/acme-corp{path}", **body)).status_code == 404
    await make(stranger)
    assert len((await client.get("/api/namespaces")).json()["items"]) == 2


async def test_reading_and_writing_are_different_scopes(as_role):
    viewer = await as_role("viewer")
    assert (await viewer.get("/api/namespaces")).status_code == 200
    answer = await viewer.post("/api/namespaces", json=ACME)
    assert (answer.status_code, answer.json()["scope"]) == (403, "namespaces:write")
    assert "namespaces:write" in answer.json()["detail"]


def test_the_table_name_follows_from_the_name():
    assert NamespaceService.get_table_name("acme-corp") == "acme_corp_user_source"
    assert NamespaceService.get_table_name() == "playmaker_user_source"
