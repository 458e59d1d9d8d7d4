"""Searching and listing people: any part, filters, orders, pages, and that nobody sees somebody else's."""

from datetime import UTC, datetime, timedelta

import pytest

from outrider.people.search import COMPANIES, PEOPLE
from outrider.people.search import people as walks

from .conftest import ANA, BO, CONFLICT, CY, DIM


async def emails(client, **asked):
    answer = await client.get("/api/people", params=asked)
    assert answer.status_code == 200, answer.text
    return [person["email"] for person in answer.json()["items"]]


@pytest.fixture
async def people(bring):
    return await bring(ANA, BO, CY, DIM)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("lop", ["ana.lopez@acme.example"]),
        ("LÓPEZ", ["ana.lopez@acme.example"]),
        ("angstrom", ["bo@umbrella.example"]),
        ("ångSTRÖM", ["bo@umbrella.example"]),
        ("mbrell", ["bo@umbrella.example"]),
        ("acme", ["ana.lopez@acme.example", "cy@acme.example"]),
        ("acme smith", ["cy@acme.example"]),
        ("smith acme", ["cy@acme.example"]),
        ("smith umbrella", []),
        ("a", ["ana.lopez@acme.example", "bo@umbrella.example", "cy@acme.example"]),
        ("cy", ["cy@acme.example"]),
        ("bo a", ["bo@umbrella.example"]),
        ("gm", ["dim@gmail.com"]),
        ("%", []),
        ("_", []),
        ("a%a", []),
        ("an_", []),
        ("\\", []),
        ("'; DROP TABLE vault.contacts; --", []),
        ("  ", ["ana.lopez@acme.example", "bo@umbrella.example", "cy@acme.example", "dim@gmail.com"]),
    ],
)
async def test_every_word_is_part_of_name_address_or_company(client, people, q, found):
    assert sorted(await emails(client, q=q)) == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"email": " ANA.lopez@ACME.example"}, ["ana"]),
        ({"domain": "Acme.example"}, ["ana", "cy"]),
        ({"company": "CME"}, ["ana", "cy"]),
        ({"company": "umbrella.ex"}, ["bo"]),
        ({"title": "cf"}, ["ana"]),
        ({"title": "%"}, []),
        ({"status": "active"}, ["ana", "bo", "cy", "dim"]),
        ({"status": "bounced"}, []),
        ({"source": "apollo"}, ["ana", "bo", "cy", "dim"]),
        ({"source": "hubspot"}, []),
        ({"namespace": "playmaker"}, ["ana", "bo", "cy", "dim"]),
        ({"namespace": "other"}, []),
        ({"seniority": "c SUITE"}, ["ana"]),
        ({"department": "finance"}, ["ana"]),
        ({"country_code": "se"}, ["bo"]),
        ({"has_phone": "true"}, ["ana"]),
        ({"has_phone": "false"}, ["bo", "cy", "dim"]),
        ({"q": "acme", "title": "cfo", "has_phone": "true"}, ["ana"]),
        ({"q": "acme", "title": "engineer"}, []),
        ({"q": "", "title": ""}, ["ana", "bo", "cy", "dim"]),
    ],
)
async def test_filters_all_have_to_hold(client, people, asked, found):
    assert sorted(email[:3].rstrip(".@") for email in await emails(client, **asked)) == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"has_linkedin": "true"}, ["bo"]),
        ({"has_linkedin": "false"}, ["ana", "cy", "dim"]),
        ({"location": "MADR"}, ["bo"]),
        ({"industry": "steel"}, ["ana", "cy"]),
        ({"size_from": 50}, ["ana", "cy"]),
        ({"size_from": 51}, []),
        ({"size_to": 50, "industry": "steel"}, ["ana", "cy"]),
        ({"size_to": 49}, []),
    ],
)
async def test_people_are_found_by_where_they_are_and_where_they_work(client, people, organization, admin, asked, found):
    for change in (
        "UPDATE people.master SET linkedin_url = CASE email WHEN 'bo@umbrella.example' THEN 'linkedin.com/in/bo' END, "
        "location = CASE email WHEN 'bo@umbrella.example' THEN 'Madrid, Spain' END WHERE organization_id = $1",
        "UPDATE company.master SET industry = 'Steel works', employee_count = 50 WHERE organization_id = $1 AND domain = 'acme.example'",
        "UPDATE company.master SET employee_count = NULL WHERE organization_id = $1 AND domain <> 'acme.example'",
    ):
        await admin.execute(change, organization)
    assert sorted(email[:3].rstrip(".@") for email in await emails(client, **asked)) == found
    if found:
        first = await emails(client, limit=1, sort="email", **asked)
        assert first[0].startswith(found[0])


async def test_an_imports_people_are_those_it_named(client, bring, people):
    second = await bring({**CY, "title": "CTO"}, CONFLICT)
    assert sorted(await emails(client, import_id=str(second))) == ["cy@acme.example", "eve@home.example"]
    assert len(await emails(client, import_id=str(people))) == 4


async def test_times_bound_the_list(client, people):
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert await emails(client, created_after=later) == []
    assert len(await emails(client, created_before=later)) == 4


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("sort", list(PEOPLE.sorts))
async def test_pages_of_every_order_hold_everybody_once(client, bring, sort, direction):
    await bring(ANA, BO, CY, DIM, *({"email": f"p{n}@c{n % 3}.example", "name": f"Pé {n}", "company": f"C{n % 3}"} for n in range(20)))
    for asked in ({}, {"q": "p"}, {"source": "apollo"}, {"status": "active"}):
        whole = await emails(client, sort=sort, direction=direction, limit=100, **asked)
        seen, cursor = [], {}
        while True:
            page = (await client.get("/api/people", params={"sort": sort, "direction": direction, "limit": 5, **asked, **cursor})).json()
            seen += [person["email"] for person in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert seen == whole
        assert len(set(seen)) == len(seen) == (20 if asked.get("q") else 24)


async def test_orders_are_what_they_say(client, people):
    assert await emails(client, sort="email") == ["ana.lopez@acme.example", "bo@umbrella.example", "cy@acme.example", "dim@gmail.com"]
    assert await emails(client, sort="name", direction="desc") == [
        "dim@gmail.com", "cy@acme.example", "bo@umbrella.example", "ana.lopez@acme.example",
    ]  # fmt: skip
    by_company = await emails(client, sort="company")
    assert (sorted(by_company[:2]), by_company[2:]) == (
        ["ana.lopez@acme.example", "cy@acme.example"],
        ["bo@umbrella.example", "dim@gmail.com"],
    )
    assert (await emails(client, sort="company", direction="desc"))[0] == "bo@umbrella.example"
    assert (await emails(client, sort="company", direction="desc"))[-1] == "dim@gmail.com"
    id = (await client.get("/api/people/bo@umbrella.example")).json()["id"]
    await client.patch(f"/api/people/{id}", json={"title": "CTO"})
    assert (await emails(client, sort="updated"))[0] == "bo@umbrella.example"


async def test_what_is_common_and_what_is_rare_are_found_alike(client, people, monkeypatch):
    whole = [await emails(client, q="acme", sort=sort) for sort in PEOPLE.sorts]
    monkeypatch.setattr(walks, "GLANCE", 0)
    monkeypatch.setattr(walks, "GLANCE_ADDRESSES", 0)
    assert [await emails(client, q="acme", sort=sort) for sort in PEOPLE.sorts] == whole
    for most in (walks.MOST_HITS, 1):
        monkeypatch.setattr(walks, "MOST_HITS", most)
        assert [await emails(client, q="acme", title="cfo", sort=sort) for sort in PEOPLE.sorts] == [["ana.lopez@acme.example"]] * 5


async def test_a_person_with_two_addresses_is_one_row_found_by_both(client, bring, people, admin, organization):
    await bring({"email": "ana@elsewhere.example", "name": "Ana Elsewhere"})
    await admin.execute("SELECT set_config('app.organization_id', $1, false)", str(organization))
    await admin.execute(
        "UPDATE vault.contacts SET person_id = (SELECT id FROM people.master WHERE organization_id = $1 AND email LIKE 'ana.lopez@%') "
        "WHERE organization_id = $1 AND email = 'ana@elsewhere.example'",
        organization,
    )
    answer = (await client.get("/api/people", params={"q": "ana"})).json()["items"]
    assert [(person["email"], person["addresses"]) for person in answer if person["addresses"] > 1] == [("ana.lopez@acme.example", 2)]
    assert (await client.get("/api/people", params={"q": "elsewhere", "sort": "name"})).json()["items"][0]["addresses"] == 2
    # Words are looked for in one address, not scattered over several.
    assert await emails(client, q="lopez elsewhere") == []
    assert (await client.get("/api/people/ana@elsewhere.example")).json()["email"] == "ana.lopez@acme.example"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "WzFd"}, "cursor"),
        ({"cursor": "WyJuZXdlc3QiLCJkZXNjIiwieCIsInkiXQ"}, "cursor"),
        ({"cursor": "x" * 3000}, "cursor"),
        ({"limit": 0}, "limit"),
        ({"limit": 501}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"sort": "id; DROP TABLE people.master"}, "sort"),
        ({"sort": "m.id"}, "sort"),
        ({"direction": "sideways"}, "direction"),
        ({"q": "a\x00b"}, "q"),
        ({"q": "x" * 201}, "q"),
        ({"q": " ".join("abcdefghijklm")}, "q"),
        ({"title": "x" * 300}, "title"),
        ({"country_code": "Spain"}, "country_code"),
        ({"created_after": "yesterday"}, "created_after"),
        ({"created_after": "2026-01-01T00:00:00"}, "created_after"),
        ({"import_id": "7"}, "import_id"),
        ({"has_phone": "maybe"}, "has_phone"),
        ({"size_to": -1}, "size_to"),
    ],
)
async def test_bad_input_is_named(client, asked, field):
    for path in ("/api/people", "/api/people/export.csv"):
        if path.endswith("csv") and field in ("cursor", "limit", "sort", "direction"):
            continue
        answer = await client.get(path, params=asked)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_a_cursor_of_another_order_is_refused(client, people):
    cursor = (await client.get("/api/people", params={"limit": 1})).json()["next_cursor"]
    answer = await client.get("/api/people", params={"limit": 1, "cursor": cursor, "sort": "name"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


async def test_companies_are_listed_searched_and_paged(client, people):
    async def domains(**asked):
        answer = await client.get("/api/companies", params=asked)
        assert answer.status_code == 200, answer.text
        return [one["domain"] for one in answer.json()["items"]]

    assert await domains() == ["acme.example", "umbrella.example"]
    assert await domains(sort="domain", direction="desc") == ["umbrella.example", "acme.example"]
    assert await domains(q="UMB inc") == ["umbrella.example"]
    assert await domains(q="u") == ["umbrella.example"]
    assert await domains(domain="ACME.example") == ["acme.example"]
    assert await domains(industry="reta") == ["acme.example"]
    for sort in COMPANIES.sorts:
        page = (await client.get("/api/companies", params={"limit": 1, "sort": sort})).json()
        rest = (await client.get("/api/companies", params={"limit": 1, "sort": sort, "cursor": page["next_cursor"]})).json()
        assert {page["items"][0]["domain"], rest["items"][0]["domain"]} == {"acme.example", "umbrella.example"}
        assert rest["next_cursor"] is None


async def test_another_organization_finds_nobody(stranger, people):
    assert await emails(stranger) == []
    assert await emails(stranger, q="acme") == []
    assert await emails(stranger, import_id=str(people)) == []
    assert (await stranger.get("/api/companies")).json()["items"] == []
    assert (await stranger.get("/api/people/export.csv")).text.count("\n") == 1
