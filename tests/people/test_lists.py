"""Filters by tag and custom field, lists of addresses, filters of companies, counts; and how many queries a page costs."""

import pytest

from outrider import tenancy
from outrider.people import CompanyFilters, ContactFilters, Filters, Lists
from outrider.people.asked import filters_of, to_json, to_query
from outrider.people.filters import CustomFilter, custom_filter
from outrider.people.search import LISTS, farther, listing, people, tables

from .conftest import ANA, BO, CY, DIM

ANA_TAGGED = {**ANA, "tags": "vip, warm", "Seats": "12", "Renewal": "2026-03-01", "Active": "yes"}
BO_TAGGED = {**BO, "tags": "warm", "Seats": "1,200", "Renewal": "2025-12-31T10:00:00Z", "Active": "no"}
CY_TAGGED = {**CY, "Seats": "about ten", "Renewal": "soon", "Lead Owner": "Robin Kim"}


@pytest.fixture
async def crowd(bring):
    return await bring(ANA_TAGGED, BO_TAGGED, CY_TAGGED, DIM)


async def names(client, path="people", **asked):
    answer = await client.get(f"/api/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    return sorted(one["email"].split("@")[0].split(".")[0] for one in answer.json()["items"])


CASES = [
    ({"tag": "vip"}, ["ana"]),
    ({"tag": "warm"}, ["ana", "bo"]),
    ({"tag": ["warm", "vip"]}, ["ana"]),
    ({"tag": "Vip"}, []),
    ({"not_tag": "vip"}, ["bo", "cy", "dim"]),
    ({"not_tag": ["vip", "warm"]}, ["cy", "dim"]),
    ({"tag": "warm", "not_tag": "vip"}, ["bo"]),
    ({"custom": "contains:Lead Owner=KIM"}, ["ana", "cy"]),
    ({"custom": "is:Lead Owner=kim"}, ["ana"]),
    ({"custom": "from:Seats=12"}, ["ana", "bo"]),
    ({"custom": "to:Seats=12"}, ["ana"]),
    ({"custom": ["from:Seats=12.5", "to:Seats=1200"]}, ["bo"]),
    ({"custom": "from:Renewal=2026-01-01"}, ["ana"]),
    ({"custom": "to:Renewal=2025-12-31"}, ["bo"]),
    ({"custom": "yes:Active"}, ["ana"]),
    ({"custom": "no:Active"}, ["bo"]),
    ({"custom": "set:Lead Owner"}, ["ana", "cy"]),
    ({"custom": "unset:Lead Owner"}, ["bo", "dim"]),
    ({"custom": "set:'; DROP TABLE vault.contacts; --"}, []),
    ({"tag": "warm", "custom": "from:Seats=1000", "q": "umbrella"}, ["bo"]),
    ({"q": "acme", "custom": "set:Lead Owner"}, ["ana", "cy"]),
    ({"source": "apollo", "tag": "warm"}, ["ana", "bo"]),
]


@pytest.mark.parametrize(("asked", "found"), CASES)
async def test_tags_and_custom_fields_are_asked_of_people_and_of_addresses(client, crowd, asked, found):
    assert await names(client, **asked) == found
    assert await names(client, "contacts", **asked) == found


@pytest.mark.parametrize(("asked", "found"), CASES)
async def test_what_is_rare_is_found_as_what_is_common(client, crowd, monkeypatch, asked, found):
    monkeypatch.setattr(people, "GLANCE", 0)
    monkeypatch.setattr(people, "GLANCE_ADDRESSES", 0)
    monkeypatch.setattr(tables, "GLANCE", 0)
    monkeypatch.setattr(listing, "FARTHEST", 0)
    assert await names(client, **asked) == found
    assert await names(client, "contacts", **asked) == found


async def test_tags_and_custom_fields_are_a_persons_whichever_address_has_them(client, bring, crowd, admin, organization):
    await bring({"email": "ana@home.example", "name": "Ana", "tags": "private", "Lead Owner": "Nobody", "Hobby": "chess"})
    await admin.execute("SELECT set_config('app.organization_id', $1, false)", str(organization))
    await admin.execute(
        "UPDATE vault.contacts SET person_id = (SELECT id FROM people.master WHERE organization_id = $1 AND email LIKE 'ana.lopez@%') "
        "WHERE organization_id = $1 AND email = 'ana@home.example'",
        organization,
    )
    answer = (await client.get("/api/people", params={"tag": "private"})).json()["items"]
    assert [(one["email"], one["tags"], one["custom_fields"]["Hobby"], one["custom_fields"]["Lead Owner"]) for one in answer] == [
        ("ana.lopez@acme.example", ["private", "vip", "warm"], "chess", "Kim")
    ]
    # Tags are the person's: the two need not be on one address.
    assert await names(client, tag=["private", "vip"]) == ["ana"]
    assert (await client.get("/api/people", params={"not_tag": "private", "q": "lopez"})).json()["items"] == []
    shown = (await client.get("/api/people/ana@home.example")).json()
    assert (shown["tags"], shown["custom_fields"]["Hobby"]) == (["private", "vip", "warm"], "chess")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "acme"}, ["ana", "cy"]),
        ({"domain": " @ACME.example"}, ["ana", "cy"]),
        ({"domain": "cme.example"}, []),
        ({"domain": "acme"}, []),
        ({"domain": "gmail.com"}, ["dim"]),
        ({"status": "active"}, ["ana", "bo", "cy", "dim"]),
        ({"status": "bounced"}, []),
        ({"source": "hubspot"}, []),
    ],
)
async def test_addresses_are_filtered(client, crowd, asked, found):
    assert await names(client, "contacts", **asked) == found
    assert await names(client, "contacts", **asked, import_id=str(crowd)) == found


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("sort", list(LISTS["contacts"].sorts))
async def test_pages_of_addresses_hold_each_once(client, bring, sort, direction):
    await bring(*({"email": f"p{n:02}@c{n % 3}.example", "name": f"P {n}", "tags": "t" if n % 2 else ""} for n in range(23)))
    for asked in ({}, {"q": "p"}, {"tag": "t"}):
        params = {"sort": sort, "direction": direction, **asked}
        whole = [one["email"] for one in (await client.get("/api/contacts", params={**params, "limit": 100})).json()["items"]]
        seen, cursor = [], {}
        while cursor is not None:
            page = (await client.get("/api/contacts", params={**params, "limit": 4, **cursor})).json()
            seen += [one["email"] for one in page["items"]]
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
        assert seen == whole
        assert len(set(seen)) == len(seen) == (11 if asked.get("tag") else 23)


async def test_addresses_are_sorted_as_asked(client, crowd):
    emails = [one["email"] for one in (await client.get("/api/contacts", params={"sort": "email"})).json()["items"]]
    assert emails == ["ana.lopez@acme.example", "bo@umbrella.example", "cy@acme.example", "dim@gmail.com"]
    await client.patch("/api/contacts/bo@umbrella.example", json={"add_tags": ["late"]})
    assert (await client.get("/api/contacts", params={"sort": "updated"})).json()["items"][0]["email"] == "bo@umbrella.example"


async def test_companies_are_filtered_by_country_size_status_and_whether_anybody_works_there(client, crowd, admin, organization):
    await admin.execute("SELECT set_config('app.organization_id', $1, false)", str(organization))
    await admin.execute(
        "UPDATE company.master SET country_code = 'ES', employee_count = 50 WHERE organization_id = $1 AND domain = 'acme.example'",
        organization,
    )
    await admin.execute(
        "INSERT INTO company.master (organization_id, domain, status) VALUES ($1, 'empty.example', 'archived')", organization
    )

    async def domains(**asked):
        return [one["domain"] for one in (await client.get("/api/companies", params=asked)).json()["items"]]

    assert await domains(country_code="es") == ["acme.example"]
    assert await domains(size_from=50, size_to=50) == ["acme.example"]
    assert await domains(size_from=51) == []
    assert await domains(has_people=False) == ["empty.example"]
    assert await domains(has_people=True) == ["acme.example", "umbrella.example"]
    assert await domains(status="archived") == ["empty.example"]
    assert (await client.get("/api/companies", params={"q": "acme"})).json()["items"][0]["people_count"] == 2
    assert await names(client, has_company="true") == ["ana", "bo", "cy"]
    assert await names(client, has_company="false") == ["dim"]


@pytest.mark.parametrize(
    "asked",
    ["", "is", "is:", "is:x", "is:x=", "from:x=soon", "from:x=NaN", "to:x=1e99", "set:", "set:x=y", "near:x=y", f"is:x={'y' * 300}"],
)
async def test_what_cannot_be_asked_of_a_custom_field_is_refused(client, asked):
    for path in ("people", "contacts"):
        answer = await client.get(f"/api/{path}", params={"custom": asked})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "custom.0")


@pytest.mark.parametrize(
    ("path", "asked", "field"),
    [
        ("contacts", {"sort": "name"}, "sort"),
        ("contacts", {"cursor": "WyJuZXdlc3QiLCJkZXNjIiwieCIsInkiXQ"}, "cursor"),
        ("contacts", {"tag": ["x"] * 21}, "tag"),
        ("contacts", {"q": "x" * 201}, "q"),
        ("contacts", {"import_id": "7"}, "import_id"),
        ("companies", {"size_from": "many"}, "size_from"),
        ("companies", {"size_to": 2**31}, "size_to"),
        ("people", {"tag": "a\x00"}, "tag"),
    ],
)
async def test_bad_input_is_named(client, path, asked, field):
    answer = await client.get(f"/api/{path}", params=asked)
    assert (answer.status_code, answer.json()["errors"][0]["field"].split(".")[0]) == (422, field)


def test_a_custom_filter_is_written_as_it_is_read():
    for text in ("contains:a=b=c", "is:%25 of=x", "from:Seats=12.5", "to:a:b=2026-01-31", "set:Größe", "unset:a b"):
        assert str(custom_filter(text)) == text
    assert custom_filter("is:a%3Db=c") == CustomFilter("is", "a=b", "c")


def test_filters_survive_links_and_json():
    asked = {"q": "ana", "has_phone": True, "tag": ["vip", "a&b"], "custom": ["is:a%3Db=c"], "created_after": "2026-01-01T00:00:00+00:00"}
    filters = filters_of("people", asked)
    assert to_json(filters) == asked
    assert to_query(filters)[:3] == [("q", "ana"), ("has_phone", "true"), ("created_after", "2026-01-01T00:00:00+00:00")]
    assert to_json(filters_of("people", {"q": "", "tag": []})) == {}
    assert to_json(filters_of("companies", {"size_from": "10"})) == {"size_from": 10}


async def test_counts_are_exact_where_that_is_cheap_and_say_so_where_they_are_not(crowd, organization, actor, monkeypatch):
    async with tenancy.transaction(organization, actor, readonly=True) as connection:
        lists = Lists(connection, organization)
        for kind, nothing, some in (
            ("people", Filters(), Filters(tag=("warm",))),
            ("contacts", ContactFilters(), ContactFilters(tag=("warm",))),
            ("companies", CompanyFilters(), CompanyFilters(q="a")),
        ):
            assert (await lists.count(kind, some)).number == 2 - (kind == "companies")
            assert (await lists.count(kind, nothing)).is_exact
            assert await lists.count_all(kind, nothing) == (2 if kind == "companies" else 4)
        monkeypatch.setattr(listing, "MOST_COUNTED", 2)
        monkeypatch.setattr("outrider.people.search.MOST_COUNTED", 2)
        counted = await lists.count("people", Filters())
        assert (counted.number, counted.is_exact) == (2, False)
        found = await lists.find("people", Filters(tag=("warm",)), sort="newest", limit=1)
        assert (len(found.ids), found.total) == (1, None)
        monkeypatch.setattr(people, "GLANCE", 0)
        monkeypatch.setattr(listing, "FARTHEST", 0)
        found = await lists.find("people", Filters(tag=("vip",)), sort="newest", limit=1)
        assert (len(found.ids), found.total) == (1, 1)


def test_a_second_look_goes_as_far_as_the_first_one_promises():
    assert farther(38, 51) == 3
    assert farther(50, 51) == 2
    assert farther(1, 51) is None
    assert farther(0, 51) is None


async def test_a_page_costs_the_same_number_of_queries_however_many_there_are(bring, organization, actor):
    async def cost(kind, filters):
        asked = []
        async with tenancy.transaction(organization, actor, readonly=True) as connection:
            with connection.query_logger(lambda record: asked.append(record.query)):
                await getattr(Lists(connection, organization), kind)(filters)
        return len(asked)

    async def costs():
        return [
            await cost("people", Filters()), await cost("companies", CompanyFilters()), await cost("contacts", ContactFilters()),
            await cost("people", Filters(tag=("x",))),
        ]  # fmt: skip

    await bring(ANA)
    few = await costs()
    await bring(*({"email": f"p{n}@c{n}.example", "name": f"P {n}", "tags": "y"} for n in range(30)))
    assert few == await costs() == [2, 2, 2, 3]


async def test_another_organization_finds_no_address(stranger, crowd):
    assert (await stranger.get("/api/contacts")).json()["items"] == []
    assert (await stranger.get("/api/contacts", params={"tag": "vip"})).json()["items"] == []
    assert (await stranger.get("/api/people", params={"custom": "set:Lead Owner"})).json()["items"] == []
