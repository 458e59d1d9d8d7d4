"""Profiles over HTTP: seed 000's tables as their client reads them, and nothing of anybody else's."""

import csv
import io
from uuid import uuid4

import pytest

from outrider import tenancy

SEED = [
    "id", "email", "first_name", "last_name", "company", "linkedin_profile", "platform", "enrichment_data", "icp_score", "behaviour_score",
    "lead_score", "apollo_enriched_at", "last_scored_at", "meta", "created_at", "updated_at",
]  # fmt: skip


async def make(client, name="acme-corp", keyword="ACME"):
    answer = await client.post("/api/namespaces", json={"name": name, "keywords": [keyword]})
    assert answer.status_code == 201, answer.text


@pytest.fixture
def add(organization, actor):
    """Write profiles into a namespace's table, as seed 000's own SQL does."""

    async def add(table, *profiles, into=organization):
        async with tenancy.transaction(into, actor) as connection:
            for place, profile in enumerate(profiles):
                row = {"lead_score": 0, "meta": {}, "enrichment_data": {}, **profile}
                names, places = ", ".join(row), ", ".join(f"${n}" for n in range(2, len(row) + 2))
                await connection.execute(
                    f"INSERT INTO {table} (created_at, {names}) "  # noqa: S608
                    f"VALUES ('2026-01-01'::timestamptz + make_interval(mins => $1), {places})",
                    place,
                    *row.values(),
                )

    return add


ANA = {
    "email": "ana.lopez@acme.example",
    "first_name": "Ana",
    "last_name": "López",
    "company": "Acme",
    "platform": "lemlist",
    "lead_score": 62,
    "icp_score": 80,
    "enrichment_data": {"employees": 240},
    "meta": {"campaign": "ACME Q4"},
}
BO = {"email": "bo@umbrella.example", "first_name": "Bo", "company": "Umbrella Inc", "platform": "apollo", "lead_score": 10}
CY = {"email": "j-li@other.example", "first_name": "Cy", "last_name": "Stone", "platform": "apollo"}


async def emails(client, **asked):
    answer = await client.get("/api/profiles", params=asked)
    assert answer.status_code == 200, answer.text
    return [item["email"] for item in answer.json()["items"]]


async def test_a_profile_has_the_seeds_columns_in_its_order(client, add):
    await add("playmaker_user_source", ANA)
    [found] = (await client.get("/api/profiles")).json()["items"]
    assert list(found)[:17] == ["namespace", *SEED]
    assert (found["namespace"], found["last_name"], found["enrichment_data"]) == ("playmaker", "López", {"employees": 240})
    assert (found["icp_score"], found["lead_score"], found["meta"]) == (80, 62, {"campaign": "ACME Q4"})
    assert (await client.get(f"/api/profiles/{found['id']}")).json() == found


async def test_an_imported_lead_is_in_its_namespaces_list(client):
    await make(client)
    body = {"rows": [{"email": "ana@x.example", "name": "Ana Lima"}], "source": "apollo", "batch_id": uuid4().hex, "promote": True}
    assert (await client.post("/api/ingest", json=body)).status_code == 200
    assert await emails(client, namespace="playmaker", q="lima") == ["ana@x.example"]
    assert await emails(client, namespace="acme-corp") == []


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [CY, BO, ANA]),
        ({"q": "lopez"}, [ANA]),
        ({"q": "LÓPEZ acme"}, [ANA]),
        ({"q": "acme lopez ana.lopez@acme.example"}, [ANA]),
        ({"q": "example"}, [CY, BO, ANA]),
        ({"q": "li"}, [CY]),
        ({"q": "bo"}, [BO]),
        ({"q": "um br"}, []),
        ({"q": "um in"}, [BO]),
        ({"q": "100%"}, []),
        ({"q": "_"}, []),
        ({"platform": "apollo"}, [CY, BO]),
        ({"platform": "apollo", "q": "stone"}, [CY]),
        ({"platform": "nowhere"}, []),
        ({"score_from": 10}, [BO, ANA]),
        ({"score_to": 10}, [CY, BO]),
        ({"score_from": 10, "score_to": 10}, [BO]),
        ({"sort": "lead_score"}, [ANA, BO, CY]),
        ({"sort": "lead_score", "score_from": 1, "q": "example"}, [ANA, BO]),
        ({"sort": "email"}, [ANA, BO, CY]),
        ({"sort": "email", "platform": "apollo"}, [BO, CY]),
    ],
    ids=str,
)
async def test_a_list_shows_who_fits_in_its_order(client, add, asked, expected):
    await add("playmaker_user_source", ANA, BO, CY)
    assert await emails(client, **asked) == [one["email"] for one in expected]


@pytest.mark.parametrize("sort", ["newest", "lead_score", "email"])
@pytest.mark.parametrize("asked", [{}, {"q": "person"}, {"platform": "rare"}])
async def test_pages_hold_everybody_once_over_two_namespaces(client, add, sort, asked):
    await make(client)
    rows = [{"email": f"person{n:02}@x.example", "lead_score": n % 4, "platform": "rare"} for n in range(23)]
    await add("playmaker_user_source", *rows[:12])
    await add("acme_corp_user_source", *rows[12:], {"email": "person00@x.example", "platform": "rare"})
    seen, cursor = [], None
    while True:
        params = {**asked, "sort": sort, "limit": 5, **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/api/profiles", params=params)).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 24
    assert len({item["id"] for item in seen}) == 24
    keys = {"newest": lambda item: item["created_at"], "lead_score": lambda item: item["lead_score"], "email": lambda item: item["email"]}
    found = [keys[sort](item) for item in seen]
    assert found == sorted(found, reverse=sort != "email")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"sort": "name"}, "sort"),
        ({"cursor": "xx"}, "cursor"),
        ({"cursor": "WyJlbWFpbCIsICJ4IiwgIngiXQ"}, "cursor"),
        ({"limit": 0}, "limit"),
        ({"limit": 501}, "limit"),
        ({"q": "x" * 201}, "q"),
        ({"q": " ".join("abcdefghijk")}, "q"),
        ({"q": "a\0b"}, "q"),
        ({"platform": "a\0b"}, "platform"),
        ({"score_from": -1}, "score_from"),
        ({"score_from": "many"}, "score_from"),
        ({"score_to": 2**31}, "score_to"),
        ({"score_from": 5, "score_to": 4}, "score_from"),
    ],
    ids=str,
)
async def test_a_bad_parameter_is_named(client, params, field):
    answer = await client.get("/api/profiles", params=params)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_a_cursor_of_another_order_is_refused(client, add):
    await add("playmaker_user_source", ANA, BO)
    cursor = (await client.get("/api/profiles", params={"limit": 1})).json()["next_cursor"]
    answer = await client.get("/api/profiles", params={"limit": 1, "cursor": cursor, "sort": "email"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


@pytest.mark.parametrize("path", ["/api/profiles?namespace=nobody-has-this", "/api/profiles/export.csv?namespace=nobody-has-this"])
async def test_a_namespace_that_is_not_there_is_not_found(client, path):
    assert (await client.get(path)).status_code == 404


async def test_a_client_sees_their_own_namespaces_and_is_told_of_no_other(client, as_role, add):
    await make(client)
    await make(client, "globex", "Globex")
    await add("playmaker_user_source", BO)
    await add("acme_corp_user_source", ANA)
    await add("globex_user_source", CY)
    theirs = await as_role("client", namespaces=["acme-corp", "globex"])
    assert await emails(theirs) == [CY["email"], ANA["email"]] or await emails(theirs) == [ANA["email"], CY["email"]]
    assert await emails(theirs, namespace="globex") == [CY["email"]]
    for name in ("playmaker", "nobody-has-this"):
        answers = [await theirs.get(path, params={"namespace": name}) for path in ("/api/profiles", "/api/profiles/export.csv")]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json()["detail"] == f"there is no namespace {name!r}"
    [hidden] = (await client.get("/api/profiles", params={"namespace": "playmaker"})).json()["items"]
    assert (await theirs.get(f"/api/profiles/{hidden['id']}")).status_code == 404
    export = (await theirs.get("/api/profiles/export.csv")).text
    assert ANA["email"] in export
    assert BO["email"] not in export


@pytest.mark.parametrize("path", ["/api/namespaces", "/api/people", "/api/jobs", "/api/namespaces/overlaps"])
async def test_a_client_sees_nothing_else(as_role, path):
    assert (await (await as_role("client")).get(path)).status_code == 403


async def test_another_organizations_profiles_are_not_found(client, stranger, add):
    await add("playmaker_user_source", ANA)
    [found] = (await client.get("/api/profiles")).json()["items"]
    assert await emails(stranger) == []
    assert (await stranger.get(f"/api/profiles/{found['id']}")).status_code == 404
    assert ANA["email"] not in (await stranger.get("/api/profiles/export.csv")).text


async def test_the_export_has_everybody_who_fits_and_no_formula(client, add, monkeypatch):
    monkeypatch.setattr("outrider.namespaces.profile_export.PAGE", 2)
    await add("playmaker_user_source", ANA, BO, {**CY, "company": "=1+1"}, {"email": "d@x.example", "platform": "lemlist"})
    answer = await client.get("/api/profiles/export.csv", params={"namespace": "playmaker"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="playmaker.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0]) == ["namespace", *SEED]
    assert [row["email"] for row in rows] == ["d@x.example", CY["email"], BO["email"], ANA["email"]]
    assert rows[1]["company"] == "'=1+1"
    assert (rows[3]["meta"], rows[3]["enrichment_data"], rows[2]["meta"]) == ('{"campaign":"ACME Q4"}', '{"employees":240}', "")
    only = (await client.get("/api/profiles/export.csv", params={"platform": "lemlist"})).text
    assert [row["email"] for row in csv.DictReader(io.StringIO(only))] == ["d@x.example", ANA["email"]]


async def test_a_profile_written_with_nothing_but_an_address_is_listed(client, organization, actor):
    async with tenancy.transaction(organization, actor) as connection:
        await connection.execute(
            "INSERT INTO playmaker_user_source (email, lead_score, created_at, meta) VALUES ('a@x.example', NULL, NULL, '[1]')"
        )
        await connection.execute("UPDATE playmaker_user_source SET lead_score = NULL, created_at = NULL, enrichment_data = '\"text\"'")
    assert await emails(client, sort="lead_score") == ["a@x.example"]
    [found] = (await client.get("/api/profiles")).json()["items"]
    assert (found["lead_score"], found["meta"], found["enrichment_data"]) == (0, [1], "text")


async def test_a_profile_is_found_by_its_new_name_when_it_was_changed(client, add, organization, actor):
    await add("playmaker_user_source", ANA)
    async with tenancy.transaction(organization, actor) as connection:
        await connection.execute("UPDATE playmaker_user_source SET last_name = 'Weißmüller'")
    assert await emails(client, q="weissmuller") == [ANA["email"]]
    assert await emails(client, q="lopez") == [ANA["email"]]  # the address holds it
    assert await emails(client, q="weissmuller nobody") == []
