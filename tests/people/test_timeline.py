"""Timelines: what is told, in which order, in pages, by whom in words, and how many statements it takes."""

import uuid

import pytest

from outrider import tenancy
from outrider.people import timeline

from .conftest import ANA, BO, CONFLICT, CY

PERSON = "people/ana.lopez@acme.example"


async def read(client, of=PERSON, **asked):
    answer = await client.get(f"/api/{of}/timeline", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_person_s_timeline_tells_loads_roles_changes_notes_and_decisions_newest_first(client, bring):
    await bring(ANA, CONFLICT)
    await bring({**CONFLICT, "title": "President"}, mode="overwrite", file="second.csv", source="hubspot")
    slot = (await client.get("/api/slots")).json()["items"][0]
    assert (await client.post(f"/api/slots/{slot['id']}/resolve", json={"accept": True})).status_code == 200
    await client.post("/api/people/eve@home.example/notes", json={"body": "Met her"})
    items = (await read(client, "people/eve@home.example"))["items"]
    assert [item["kind"] for item in items] == [
        "note", "decision", "decision", "change", "change", "load", "role", "load",
    ]  # fmt: skip
    assert [item["at"] for item in items] == sorted((item["at"] for item in items), reverse=True)
    assert (items[0]["text"], items[0]["by_name"]) == ("Met her", "API key “test”")
    assert (items[1]["text"], items[1]["reason"], items[1]["by_name"]) == ("Acme", "accepted", "API key “test”")
    linked = items[3]["changes"][0]
    assert (linked["field"], linked["old"], linked["new_shown"]) == ("company_id", None, "Acme (acme.example)")
    (change,) = items[4]["changes"]  # the address followed, and is not told again
    assert (items[4]["of"], change["old"], change["new"], change["origin"]["file_name"]) == ("person", "COO", "President", "second.csv")
    assert (items[5]["origin"]["file_name"], items[5]["text"]) == ("second.csv", "duplicate")
    assert (items[6]["text"], items[6]["reason"], items[6]["origin"]["file_name"]) == ("Acme", "COO", "leads.csv")
    assert (items[7]["of"], items[7]["text"], items[7]["origin"]["row_number"]) == ("eve@home.example", "promoted", 2)


async def test_a_company_s_timeline_tells_loads_who_came_changes_and_notes(client, bring):
    await bring(ANA, CY, *({"email": f"p{n}@acme.example", "name": f"P {n}", "company": "Acme"} for n in range(3)))
    await bring(
        {"email": "late@acme.example", "name": "Late Comer", "company": "Acme", "industry": "Steel"}, mode="overwrite", file="second.csv"
    )
    await client.post("/api/companies/acme.example/notes", json={"body": "Buys in May"})
    items = (await read(client, "companies/acme.example"))["items"]
    assert [item["kind"] for item in items] == ["note", "change", "people", "load", "people", "load"]
    assert {change["field"]: change["new"] for change in items[1]["changes"]} == {"industry": "Steel"}
    assert items[1]["changes"][0]["origin"]["file_name"] == "second.csv"
    assert (items[2]["count"], items[2]["text"], items[2]["origin"]["file_name"]) == (1, "Late Comer", "second.csv")
    assert (items[4]["count"], len(items[4]["text"].split(", "))) == (5, 3)
    assert items[5]["origin"]["file_name"] == "leads.csv"


@pytest.mark.parametrize("of", [PERSON, "companies/acme.example"])
async def test_pages_of_any_size_tell_the_same(client, bring, of):
    for n in range(4):
        await bring({**ANA, "title": f"T{n}", "industry": f"I{n}", "Lead Owner": f"K{n}"}, BO, mode="overwrite", file=f"{n}.csv")
        await client.post(f"/api/{of}/notes", json={"body": f"n{n}"})
    whole = (await read(client, of, limit=500))["items"]
    assert len(whole) >= 12
    for size in (1, 2, 5):
        seen, cursor = [], None
        while cursor or not seen:
            page = await read(client, of, limit=size, **({"cursor": cursor} if cursor else {}))
            seen += page["items"]
            cursor = page["next_cursor"]
        assert seen == whole


async def test_actors_are_told_in_words(client, bring, organization):
    await bring(ANA)
    await tenancy.add_member(organization, tenancy.Actor("cli", "x"), f"{organization}@example.org", "member", "Kim Weber")
    (member,) = (one.user_id for one in await tenancy.list_members(organization, tenancy.Actor("cli", "x")))
    job = uuid.uuid4()
    for number, actor in enumerate((f"user:{member}", f"user:{uuid.uuid4()}", "cli:root", f"job:{job}", "schedule:nightly", "sql:ana")):
        kind, _, id = actor.partition(":")
        async with tenancy.transaction(organization, tenancy.Actor(kind, id)) as connection:
            if kind == "job":
                await connection.execute("UPDATE intake.imports SET job_id = $1, state = 'reverted'", job)
            await connection.execute("UPDATE people.master SET title = $1", f"t{number}")
    items = (await read(client))["items"]
    assert [item["by_name"] for item in items if item["kind"] == "change"] == [
        "ana (SQL)", "the schedule nightly", "taking back leads.csv", "root (command line)", "somebody who left", "Kim Weber",
    ]  # fmt: skip
    assert [item["by_import_id"] is not None for item in items if item["kind"] == "change"] == [False, False, True, False, False, False]


async def test_a_timeline_that_is_not_there_is_not_found_and_a_bad_page_refused(client, stranger, bring):
    await bring(ANA)
    for path in (PERSON, "companies/acme.example"):
        assert (await stranger.get(f"/api/{path}/timeline")).status_code == 404
        for asked in (
            {"cursor": "bad"},
            {"limit": 0},
            {"cursor": "WyJ4IiwieCIsIngiXQ"},
            {"cursor": "WyIyMDI2LTExLTIwVDA4OjAwOjAwWiIsIjk5OTk5OTk5OTk5IiwieCJd"},
        ):
            assert (await client.get(f"/api/{path}/timeline", params=asked)).status_code == 422, asked
    assert (await client.get(f"/api/people/{uuid.uuid4()}/timeline")).status_code == 404


async def test_a_page_takes_the_same_few_statements_however_much_happened(bring, organization, actor):
    async def count(subject, id):
        asked = []
        async with tenancy.transaction(organization, actor, readonly=True) as connection:
            with connection.query_logger(lambda record: asked.append(record.query)):
                page = await timeline.read(connection, organization, subject, id)
        return len(asked), len(page.items)

    await bring(ANA, BO)
    async with tenancy.transaction(organization, actor) as connection:
        person = await connection.fetchval("SELECT id FROM people.master WHERE email LIKE 'ana%'")
        company = await connection.fetchval("SELECT id FROM company.master WHERE domain = 'acme.example'")
    for n in range(20):
        await bring({**ANA, "title": f"T{n}", "company": f"Other {n}"}, CY, mode="overwrite")
    for subject, id in (("person", person), ("company", company)):
        statements, items = await count(subject, id)
        assert statements <= 4
        assert items > 20


CROWD = (
    "INSERT INTO company.master (organization_id, domain) SELECT $1, 'c' || n || '.example' FROM generate_series(0, 99) AS n",
    """
    INSERT INTO people.master (organization_id, email)
    SELECT $1, 'p' || n || '@c' || n % 100 || '.example' FROM generate_series(1, 3000) AS n
    """,
    """
    INSERT INTO people.affiliations (organization_id, person_id, company_id)
    SELECT $1, m.id, k.id FROM people.master AS m
    INNER JOIN company.master AS k ON k.organization_id = $1 AND k.domain = split_part(m.email, '@', 2) WHERE m.organization_id = $1
    """,
    """
    INSERT INTO company.slot (organization_id, domain, raw_data)
    SELECT $1, 'c' || n % 100 || '.example', '{}' FROM generate_series(1, 3000) AS n
    """,
)
"""Three thousand people at a hundred companies."""


async def test_what_may_be_long_of_a_company_is_read_from_its_index(organization, actor, admin):
    for statement in CROWD:
        await admin.execute(statement, organization)
    await admin.execute("VACUUM ANALYZE people.affiliations, company.slot, company.master, people.master")
    async with tenancy.transaction(organization, actor, readonly=True) as connection:
        company = await connection.fetchval("SELECT id FROM company.master LIMIT 1")
        query = timeline.queries.company_timeline.sql
        rows = await connection.fetch(f"EXPLAIN {query}", organization, company, None, 31, None, None)
    plan = "\n".join(row[0] for row in rows)
    assert "idx_affiliations_company_created" in plan
    assert "idx_company_slot_domain" in plan
    assert "Seq Scan" not in plan
