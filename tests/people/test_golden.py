"""What comes of rows: the same in whatever chunks, as each mode rules, with the load behind every value (BEHAVIOUR 2 and 3)."""

from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.thorough import TIMES

from ..intake.lead_loads import bring_in, contact, golden, import_rows, inside, new_import

MODES = ["fill", "overwrite", "create"]
TABLES = {
    "contact": """
        SELECT email AS key, to_jsonb(c) - '{organization_id,contact_id,person_id,created_at,updated_at}'::text[] AS row
        FROM vault.contacts AS c""",
    "person": """
        SELECT m.email AS key,
            to_jsonb(m) - '{organization_id,id,company_id,created_at,updated_at}'::text[]
            || jsonb_build_object('company', o.domain) AS row
        FROM people.master AS m LEFT JOIN company.master AS o ON o.organization_id = m.organization_id AND o.id = m.company_id""",
    "company": """
        SELECT domain AS key, to_jsonb(c) - '{organization_id,id,created_at,updated_at}'::text[] AS row FROM company.master AS c""",
    "affiliation": """
        SELECT m.email || '/' || a.company_key AS key,
            to_jsonb(a) - '{organization_id,id,person_id,company_id,created_at,updated_at}'::text[]
            || jsonb_build_object('company', o.domain) AS row
        FROM people.affiliations AS a INNER JOIN people.master AS m ON m.organization_id = a.organization_id AND m.id = a.person_id
        LEFT JOIN company.master AS o ON o.organization_id = a.organization_id AND o.id = a.company_id""",
    "profile": """
        SELECT email AS key, to_jsonb(p) - '{organization_id,namespace_id,id,person_id,created_at,updated_at}'::text[] AS row
        FROM people.profiles AS p""",
}  # fmt: skip
# A golden column and the payload's field behind it, where the value is the same text.
PLAIN = {"title", "phone", "seniority", "department", "industry", "funding", "website", "linkedin_url"}

maybe = {
    "name": [None, "", "Ann Lee", "Bo Li", "n/a"], "first_name": [None, "Ann"], "last_name": [None, "Lee"],
    "title": [None, "CEO", "CTO", " "],
    "phone": [None, "1", "2"], "company": [None, "Acme", "ACME", "Globex", "-"], "domain": [None, "acme.com", "globex.com"],
    "industry": [None, "Tools", "Toys"], "employee_count": [None, "many", "11-50", 70, "99999999999"],
    "revenue": [None, "a lot", "$5M", "$7M"],
    "seniority": [None, "VP"], "department": [None, "Sales"], "funding": [None, "Seed", "A"], "website": [None, "https://acme.com"],
    "city": [None, "Wien", "Rome"], "country": [None, "Austria", "IT"], "linkedin_url": [None, "linkedin.com/in/a", "linkedin.com/in/b"],
    "tags": [None, ["a"], "b"], "own": [None, "", 1, 2], "more": [None, "x"],
}  # fmt: skip
row = st.fixed_dictionaries(
    {"email": st.sampled_from(["ann@acme.com", "ANN@acme.com ", "bo@acme.com", "cy@gmail.com", "dee@globex.com", "bad", None])},
    optional={field: st.sampled_from(values) for field, values in maybe.items()},
)


async def everything(connection: asyncpg.Connection, import_id: Any) -> dict[str, dict[str, Any]]:
    """All golden rows by kind and key; loads are named by their row in the import."""
    numbers = {
        load["load_id"]: load["row_number"]
        for load in await connection.fetch("SELECT load_id, row_number FROM intake.raw_loads WHERE import_id = $1", import_id)
    }
    found: dict[str, dict[str, Any]] = {}
    for kind, query in TABLES.items():
        found[kind] = {}
        for key, values in await connection.fetch(query):
            loads = {field: numbers.get(load, 0) for field, load in values.pop("provenance").items()}
            found[kind][key] = values | {"load_id": numbers.get(values["load_id"], 0), "loads": loads}
    return found


async def outcome(connection: asyncpg.Connection, before: list, mode: str, chunks: list[list]) -> dict[str, dict[str, Any]]:
    """What stands after an import in these chunks; undone again."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await bring_in(connection, *before, source="before")
        made, first = await new_import(connection, mode), 1
        for chunk in chunks:
            await import_rows(connection, made, *chunk, first=first)
            first += len(chunk)
        return await everything(connection, made)
    finally:
        await transaction.rollback()


def without_loads(state: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        kind: {key: {name: value for name, value in values.items() if name != "loads"} for key, values in rows.items()}
        for kind, rows in state.items()
    }


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=12 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(row, min_size=2, max_size=8),
    before=st.lists(row, max_size=2),
    cuts=st.lists(st.booleans(), min_size=8, max_size=8),
)
@example(
    rows=[{"email": "ann@acme.com", "company": "Acme", "revenue": "a lot"},
    {"email": "ann@acme.com", "company": "acme", "title": "CEO", "revenue": "$5M"}],
    before=[], cuts=[True] * 8,
)  # fmt: skip
@example(
    rows=[{"email": "ann@acme.com", "tags": "a", "own": 1}, {"email": "ann@acme.com", "tags": "b", "own": ""},
    {"email": "ann@acme.com", "title": "CTO"}],
    before=[], cuts=[False, True] * 4,
)  # fmt: skip
@example(rows=[{"email": "ann@acme.com"}, {"email": "bo@acme.com", "industry": "Tools", "company": "Acme"}], before=[], cuts=[True] * 8)
async def test_what_comes_of_rows_does_not_depend_on_how_they_are_cut_into_chunks(tenant, mode, rows, before, cuts):
    chunks: list[list] = [[]]
    for each, cut in zip(rows, cuts, strict=False):
        if cut and chunks[-1]:
            chunks.append([])
        chunks[-1].append(each)
    at_once = await outcome(tenant, before, mode, [rows])
    in_chunks = await outcome(tenant, before, mode, chunks)
    assert without_loads(in_chunks) == without_loads(at_once)
    for state in (at_once, in_chunks):
        for records in state.values():
            for key, record in records.items():
                for field, number in record["loads"].items():
                    if field in PLAIN and number and record[field] is not None:
                        assert rows[number - 1].get(field) == record[field], (key, field, number)


async def test_fill_keeps_what_is_there_and_fills_blanks(tenant):
    await bring_in(tenant, {"email": "a@acme.com", "name": "Ann Lee", "title": "CEO", "own": 1})
    await bring_in(tenant, {"email": "a@acme.com", "name": "Bo Li", "title": "CTO", "phone": "7", "own": 2, "more": 3, "city": "Rome"})
    found = await contact(tenant, "a@acme.com")
    assert [found[name] for name in ("name", "title", "phone", "custom_fields", "location")] == [
        "Ann Lee",
        "CEO",
        "7",
        {"own": 1, "more": 3},
        "Rome",
    ]


async def test_overwrite_takes_what_comes_if_something_comes(tenant):
    await bring_in(tenant, {"email": "a@acme.com", "name": "Ann Lee", "title": "CEO", "phone": "1", "own": 1, "more": 1})
    await bring_in(tenant, {"email": "a@acme.com", "name": "Bo Li", "title": "", "phone": "n/a", "own": 2, "more": ""}, mode="overwrite")
    found = await contact(tenant, "a@acme.com")
    assert [found[name] for name in ("name", "person_name", "title", "phone", "custom_fields")] == [
        "Bo Li",
        "Bo Li",
        "CEO",
        "1",
        {"own": 2, "more": 1},
    ]


async def test_create_leaves_what_is_known_as_it_is(tenant):
    await bring_in(tenant, {"email": "a@acme.com", "name": "Ann Lee"})
    before = await golden(tenant)
    made = await bring_in(
        tenant, {"email": "a@acme.com", "name": "Bo", "title": "CTO", "company": "Globex", "industry": "Toys", "own": 2}, mode="create"
    )
    assert await golden(tenant) == before
    assert await tenant.fetchval("SELECT count(*) FROM people.affiliations") == 1
    assert await tenant.fetchval("SELECT industry FROM company.master") is None
    assert await tenant.fetchval("SELECT count(*) FROM intake.raw_loads WHERE import_id = $1", made) == 1
    await bring_in(tenant, {"email": "b@acme.com", "name": "Bo Li"}, mode="create")
    assert [found["email"] for found in await golden(tenant)] == ["a@acme.com", "b@acme.com"]


async def test_one_contact_an_address_and_one_person_a_contact(tenant):
    await bring_in(tenant, *({"email": f"{'P' if n % 2 else 'p'}{n % 50}@acme.com ", "name": f"Ann N{n}"} for n in range(300)))
    assert await tenant.fetchval("SELECT count(*) FROM vault.contacts") == 50
    assert await tenant.fetchval("SELECT count(DISTINCT person_id) FROM vault.contacts") == 50
    assert await tenant.fetchval("SELECT count(*) FROM people.master") == 50


async def test_a_value_that_came_with_a_later_row_of_the_chunk_names_that_rows_load(tenant):
    made = await bring_in(
        tenant,
        {"email": "a@acme.com", "name": "Ann Lee", "company": "Acme"},
        {"email": "a@acme.com", "title": "CEO", "company": "ACME", "linkedin_url": "linkedin.com/in/ann", "own": 1},
        {"email": "b@acme.com", "industry": "Tools", "revenue": "$5M"},
    )
    found = await everything(tenant, made)
    resolved = {
        kind: {key: {field: values["loads"].get(field, values["load_id"]) for field in values} for key, values in rows.items()}
        for kind, rows in found.items()
    }
    person, address = resolved["person"]["a@acme.com"], resolved["contact"]["a@acme.com"]
    assert [person[field] for field in ("name", "first_name", "title", "linkedin_url")] == [1, 1, 2, 2]
    assert [address[field] for field in ("name", "company", "title", "custom_fields")] == [1, 1, 2, 2]
    assert [resolved["affiliation"]["a@acme.com/acme"][field] for field in ("company_name", "title")] == [1, 2]
    assert [resolved["company"]["acme.com"][field] for field in ("name", "industry", "revenue", "revenue_currency")] == [1, 3, 3, 3]
    assert [resolved["profile"]["a@acme.com"][field] for field in ("first_name", "company", "linkedin_profile")] == [1, 1, 2]


async def test_the_report_of_a_chunk_counts_every_row_and_what_came_of_it(tenant):
    made = await new_import(tenant)
    report = await import_rows(
        tenant, made, {"email": "a@acme.com", "company": "Acme"}, {"email": "A@acme.com", "company": "Globex"}, {"email": "x"}, {},
        {"email": "b@gmail.com"},
        {"email": "c@acme.com"}, problems=[None] * 5 + ["nul_byte"],
    )  # fmt: skip
    assert report == {
        "rows": 6, "promoted": 2, "pending": 0, "duplicate": 1, "failed": 3, "reasons": {"bad_email": 1, "no_email": 1, "nul_byte": 1},
        "contacts_created": 2, "contacts_updated": 0, "people_created": 2, "people_updated": 0, "companies_created": 1,
        "companies_updated": 0,
        "affiliations_created": 3,
    }  # fmt: skip


async def test_a_row_of_an_import_cannot_come_in_twice(organization):
    async with inside(organization) as connection:
        made = await new_import(connection)
        await import_rows(connection, made, {"email": "a@acme.com"})
    with pytest.raises(asyncpg.UniqueViolationError):
        async with inside(organization) as connection:
            await import_rows(connection, made, {"email": "b@acme.com"})
    async with inside(organization) as connection:
        assert [found["email"] for found in await golden(connection)] == ["a@acme.com"]


async def test_an_import_without_promotion_leaves_its_rows_waiting(tenant):
    made = await new_import(tenant, promote=False)
    report = await import_rows(tenant, made, {"email": "a@acme.com"}, {"email": "bad"})
    assert (report["pending"], report["failed"], report["promoted"]) == (1, 1, 0)
    assert await golden(tenant) == []


async def test_an_import_goes_to_its_namespace_with_its_campaign_and_a_second_one_to_its_own(tenant):
    await tenant.execute("SELECT tenancy.f_create_namespace('acme-corp', ARRAY['acme'])")
    namespace = await tenant.fetchval("SELECT id FROM tenancy.namespaces WHERE name = 'acme-corp'")
    await bring_in(tenant, {"email": "a@acme.com", "name": "Ann Lee"}, campaign="ACME Q3", namespace_id=namespace)
    assert await tenant.fetchval("SELECT count(*) FROM playmaker_user_source") == 0
    assert tuple(await tenant.fetchrow("SELECT email, first_name, meta FROM acme_corp_user_source")) == (
        "a@acme.com",
        "Ann",
        {"campaign": "ACME Q3"},
    )
    await bring_in(tenant, {"email": "a@acme.com", "name": "Ann Lee"})
    assert await tenant.fetchval("SELECT count(*) FROM playmaker_user_source") == 1
    assert len(await golden(tenant)) == 1


async def test_a_company_is_found_again_by_its_domain_and_filled(tenant):
    await bring_in(tenant, {"email": "a@acme.com"})
    await bring_in(
        tenant,
        {"email": "b@acme.com", "company": "Acme", "website": "https://www.ACME.com", "employee_count": "11-50", "revenue": "€1,2 Mio"},
    )
    company = await tenant.fetchrow("SELECT * FROM company.master")
    assert [company[name] for name in ("domain", "name", "employee_count", "revenue", "revenue_currency")] == [
        "acme.com",
        "Acme",
        11,
        1_200_000,
        "EUR",
    ]


async def test_the_currency_stays_with_its_amount(tenant):
    await bring_in(tenant, {"email": "a@acme.com", "revenue": "€5M"})
    await bring_in(tenant, {"email": "b@acme.com", "revenue": "$7M"})
    assert tuple(await tenant.fetchrow("SELECT revenue, revenue_currency FROM company.master")) == (5_000_000, "EUR")
    await bring_in(tenant, {"email": "c@acme.com", "revenue": "$7M"}, mode="overwrite")
    assert tuple(await tenant.fetchrow("SELECT revenue, revenue_currency FROM company.master")) == (7_000_000, "USD")


async def test_another_organization_with_the_same_people_has_its_own(organization, other_organization):
    for each, title in ((organization, "CEO"), (other_organization, "CTO")):
        async with inside(each) as connection:
            await bring_in(connection, {"email": "a@acme.com", "title": title})
    async with inside(organization) as connection:
        assert [found["title"] for found in await golden(connection)] == ["CEO"]
        assert await connection.fetchval("SELECT count(*) FROM company.master") == 1
