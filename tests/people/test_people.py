"""One person or company: where each value is from, edits, conflicts, exports, and what other organizations see of it."""

import csv
import io
import uuid

import pytest

from outrider import ops, tenancy
from outrider.people import PeopleService
from outrider.people.tasks import TASKS, schedule

from .conftest import ANA, BO, CONFLICT, CY


async def show(client, who="ana.lopez@acme.example", what="people"):
    answer = await client.get(f"/api/{what}/{who}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def fact(of, field):
    return next(one for one in of["facts"] if one["field"] == field)


async def edit(client, who, **changes):
    return await client.patch(f"/api/people/{(await show(client, who))['id']}", json=changes)


async def test_every_value_says_where_it_is_from_and_since_when(client, bring):
    number = await bring(BO, ANA)
    person = await show(client)
    title = fact(person, "title")
    assert title["value"] == "CFO"
    assert title["since"] == person["created_at"]
    assert {key: title["origin"][key] for key in ("kind", "source", "batch_id", "import_id", "file_name", "row_number")} == {
        "kind": "load", "source": "apollo", "batch_id": "b1", "import_id": str(number), "file_name": "leads.csv", "row_number": 2,
    }  # fmt: skip
    assert fact(person, "linkedin_url") == {
        "field": "linkedin_url", "value": None, "shown": None, "origin": None, "since": None, "earlier": [],
    }  # fmt: skip
    assert fact(person, "company_id")["shown"] == "Acme (acme.example)"


async def test_a_later_load_that_fills_or_replaces_is_named_with_what_stood_before(client, bring):
    await bring({**ANA, "phone": ""})
    await bring({"email": ANA["email"], "phone": "+34 1", "title": "Chief"}, source="hubspot", mode="overwrite", file="second.csv")
    person = await show(client)
    phone, title = fact(person, "phone"), fact(person, "title")
    assert (phone["origin"]["file_name"], phone["earlier"]) == ("second.csv", [])
    assert (title["value"], title["origin"]["source"]) == ("Chief", "hubspot")
    before = title["earlier"][0]
    assert (before["value"], before["origin"]["file_name"], before["until"]) == ("CFO", "leads.csv", title["since"])
    assert [load["source"] for load in person["loads"]] == ["hubspot", "apollo"]
    assert person["history"][0]["origins"]["title"]["file_name"] == "second.csv"


async def test_an_edit_is_named_and_a_reverted_import_puts_its_value_back(client, bring, organization):
    await bring(ANA)
    assert (await edit(client, ANA["email"], title="Treasurer")).status_code == 200
    second = await bring({"email": ANA["email"], "title": "Chief"}, mode="overwrite", file="second.csv")
    async with tenancy.transaction(organization, tenancy.Actor("job", "revert")) as connection:
        await connection.fetchval("SELECT intake.f_revert_import($1, false)", second)
    title = fact(await show(client), "title")
    assert (title["value"], title["origin"]["kind"], title["origin"]["by"]) == ("Treasurer", "revert", "job:revert")
    assert title["origin"]["file_name"] == "second.csv"
    assert [(old["value"], old["origin"]["kind"]) for old in title["earlier"]] == [
        ("Chief", "load"),
        ("Treasurer", "edit"),
        ("CFO", "load"),
    ]
    assert title["earlier"][1]["origin"]["by"].startswith("key:")


async def test_a_person_shows_addresses_roles_profiles_slots_and_loads(client, bring):
    await bring({**ANA, "tags": "vip, warm"})
    await bring({**ANA, "company": "Beta", "website": "", "title": "Advisor"})
    person = await show(client)
    contact = person["contacts"][0]
    assert (contact["is_primary"], contact["tags"], contact["custom_fields"]) == (True, ["vip", "warm"], {"Lead Owner": "Kim"})
    assert {one["company"] for one in person["affiliations"]} == {"Acme", "Beta"}
    assert [one["namespace"] for one in person["profiles"]] == ["playmaker"]
    assert len(person["slots"]) == len(person["loads"]) == 2
    assert person["loads"][0]["status"] == "duplicate"


async def test_a_person_is_found_by_id_and_by_any_address(client, bring):
    await bring(ANA)
    person = await show(client, "ANA.Lopez@Acme.example")
    assert (await show(client, person["id"]))["email"] == "ana.lopez@acme.example"
    assert (await show(client, ANA["email"], "contacts"))["person_id"] == person["id"]
    for path in ("people/nobody@x.example", "people/7", f"people/{uuid.uuid4()}", "contacts/nobody@x.example", "contacts/x", "people/%20"):
        assert (await client.get(f"/api/{path}")).status_code == 404, path
    assert (await client.get("/api/people/a%00b@x.example")).status_code == 422


async def test_an_edit_changes_the_person_and_what_the_address_says(client, bring):
    await bring(ANA)
    answer = await edit(client, ANA["email"], name="Ana María Pérez", phone="", title="  Chief   Financial ", country_code="es")
    assert answer.status_code == 200
    person = answer.json()
    assert (person["name"], person["phone"], person["title"], person["country_code"]) == ("Ana María Pérez", None, "Chief Financial", "ES")
    assert (fact(person, "first_name")["value"], fact(person, "last_name")["value"]) == ("Ana", "Pérez")
    contact = person["contacts"][0]
    assert [fact(contact, name)["value"] for name in ("name", "phone", "title")] == ["Ana María Pérez", None, "Chief Financial"]
    assert (fact(person, "phone")["value"], fact(person, "phone")["earlier"][0]["value"]) == (None, "+34 91 000 00 00")
    assert (await client.get("/api/people", params={"q": "perez"})).json()["items"][0]["id"] == person["id"]
    assert [change["of"] for change in person["history"]] == ["ana.lopez@acme.example", "person"]


async def test_parts_of_a_name_make_the_name_anew(client, bring):
    await bring(ANA)
    assert (await edit(client, ANA["email"], last_name="Ruiz")).json()["name"] == "Ana Ruiz"
    cleared = (await edit(client, ANA["email"], name=None)).json()
    assert (cleared["name"], fact(cleared, "first_name")["value"]) == (None, None)


async def test_a_person_moves_to_a_company_and_back_out(client, bring):
    await bring(ANA, BO)
    umbrella = (await show(client, "umbrella.example", "companies"))["id"]
    person = (await edit(client, ANA["email"], company_id=umbrella)).json()
    assert (person["domain"], person["company"]) == ("umbrella.example", "Umbrella Inc")
    assert fact(person, "company_id")["earlier"][0]["shown"] == "Acme (acme.example)"
    assert (await edit(client, ANA["email"], company_id="")).json()["company_id"] is None


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"email": "other@acme.example"}, 409, "email"),
        ({"shoe_size": "42"}, 422, "shoe_size"),
        ({"organization_id": str(uuid.uuid4())}, 422, "organization_id"),
        ({"provenance": {}}, 422, "provenance"),
        ({"status": "unsubscribed"}, 422, "status"),
        ({"status": ""}, 422, "status"),
        ({"country_code": "Spain"}, 422, "country_code"),
        ({"name": "x" * 201}, 422, "name"),
        ({"name": "a\x00b"}, 422, "name"),
        ({"title": {"a": 1}}, 422, "title"),
        ({"company_id": "acme"}, 422, "company_id"),
        ({"company_id": str(uuid.uuid4())}, 422, "company_id"),
        ({}, 422, "body"),
    ],
)
async def test_an_edit_that_cannot_be_is_refused_whole(client, bring, changes, status, field):
    await bring(ANA)
    answer = await edit(client, ANA["email"], **({"first_name": "Changed", **changes} if changes else {}))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)
    assert (await show(client))["name"] == "Ana López"


async def test_a_company_is_shown_edited_and_its_people_found_under_the_new_name(client, bring):
    await bring(ANA, CY)
    company = await show(client, "ACME.example", "companies")
    assert (fact(company, "name")["origin"]["row_number"], len(company["people"])) == (1, 2)
    answer = await client.patch(f"/api/companies/{company['id']}", json={"name": "Zenith", "employee_count": "12", "revenue": 1.5})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["employee_count"], answer.json()["revenue"]) == (12, 1.5)
    assert fact(answer.json(), "name")["earlier"][0]["value"] == "Acme"
    assert len((await client.get("/api/people", params={"q": "zenith"})).json()["items"]) == 2
    for changes, status in (
        ({"domain": "x.example"}, 409),
        ({"nonsense": 1}, 422),
        ({"employee_count": -1}, 422),
        ({"revenue": "NaN"}, 422),
        ({}, 422),
    ):
        assert (await client.patch(f"/api/companies/{company['id']}", json=changes)).status_code == status, changes
    assert (await client.get("/api/companies/none.example")).status_code == 404


async def test_a_conflict_waits_and_acceptance_links_the_person(client, bring, organization):
    await bring(ANA, CONFLICT)
    await bring(CONFLICT)  # said again: it waits twice, and one answer settles both
    slots = (await client.get("/api/slots")).json()["items"]
    assert [(slot["email"], slot["reasons"]) for slot in slots] == [("eve@home.example", ["email_domain_is_not_company_domain"])] * 2
    assert (await show(client, "eve@home.example"))["company_id"] is None
    answer = await client.post(f"/api/slots/{slots[0]['id']}/resolve", json={"accept": True})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["validation_status"], answer.json()["decided_by"][:4]) == ("validated", "key:")
    person = await show(client, "eve@home.example")
    assert (person["domain"], fact(person, "company_id")["origin"]["kind"]) == ("acme.example", "edit")
    assert (await client.get("/api/slots")).json()["items"] == []
    assert (await client.post(f"/api/slots/{slots[0]['id']}/resolve", json={"accept": True})).status_code == 409


async def test_a_rejected_conflict_leaves_the_person_as_they_are(client, bring):
    await bring(ANA, CONFLICT)
    slot = (await client.get("/api/slots", params={"issue": "conflict"})).json()["items"][0]
    answer = await client.post(f"/api/slots/{slot['id']}/resolve", json={"accept": False})
    assert answer.json()["validation_status"] == "rejected"
    assert (await show(client, "eve@home.example"))["company_id"] is None


async def test_incomplete_slots_are_listed_in_pages_and_are_not_decided(client, bring):
    await bring({"email": "a1@gmail.com"}, {"email": "b1@gmail.com", "name": "Solo"})
    page = (await client.get("/api/slots", params={"issue": "incomplete", "limit": 1})).json()
    rest = (await client.get("/api/slots", params={"issue": "incomplete", "limit": 1, "cursor": page["next_cursor"]})).json()
    assert [one["items"][0]["email"] for one in (page, rest)] == ["a1@gmail.com", "b1@gmail.com"]
    assert (await client.post(f"/api/slots/{page['items'][0]['id']}/resolve", json={"accept": True})).status_code == 409
    for asked in ({"issue": "x"}, {"cursor": "bad"}, {"limit": 0}):
        assert (await client.get("/api/slots", params=asked)).status_code == 422
    assert (await client.post(f"/api/slots/{uuid.uuid4()}/resolve", json={"accept": True})).status_code == 404


async def test_an_export_holds_everyone_and_runs_no_formula(client, bring):
    await bring({**ANA, "title": "=cmd|'/c calc'!A0"}, BO)
    answer = await client.get("/api/people/export.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["email"], row["title"]) for row in rows] == [
        ("ana.lopez@acme.example", "'=cmd|'/c calc'!A0"),
        ("bo@umbrella.example", "Engineer"),
    ]
    assert rows[0]["phone"] == "+34 91 000 00 00"
    assert (await client.get("/api/people/export.csv", params={"q": "umbrella"})).text.count("\n") == 2


async def test_an_export_goes_on_from_page_to_page(client, bring, monkeypatch):
    await bring(*({"email": f"p{n}@c.example", "name": f"P {n}"} for n in range(11)))
    monkeypatch.setattr("outrider.people.whole.PAGE", 3)
    rows = list(csv.DictReader(io.StringIO((await client.get("/api/people/export.csv")).text)))
    assert sorted(row["email"] for row in rows) == sorted(f"p{n}@c.example" for n in range(11))


async def test_another_organization_sees_and_changes_nothing(client, stranger, bring):
    await bring(ANA, CONFLICT)
    person, company = await show(client), await show(client, "acme.example", "companies")
    slot = (await client.get("/api/slots")).json()["items"][0]
    for path in (
        f"people/{person['id']}",
        "people/ana.lopez@acme.example",
        "contacts/ana.lopez@acme.example",
        f"companies/{company['id']}",
        "companies/acme.example",
    ):
        assert (await stranger.get(f"/api/{path}")).status_code == 404, path
    assert (await stranger.patch(f"/api/people/{person['id']}", json={"title": "x"})).status_code == 404
    assert (await stranger.patch(f"/api/companies/{company['id']}", json={"name": "x"})).status_code == 404
    assert (await stranger.post(f"/api/slots/{slot['id']}/resolve", json={"accept": True})).status_code == 404
    assert (await stranger.get("/api/slots")).json()["items"] == []
    assert (await show(client))["title"] == "CFO"


async def test_reading_and_writing_are_different_scopes(as_role, client, bring):
    await bring(ANA)
    viewer = await as_role("viewer")
    person = await show(viewer)
    answer = await viewer.patch(f"/api/people/{person['id']}", json={"title": "x"})
    assert (answer.status_code, answer.json()["scope"]) == (403, "people:write")


async def test_a_person_costs_the_same_number_of_queries_however_much_is_known(bring, organization, actor):
    async def count(work):
        asked = []
        async with tenancy.transaction(organization, actor) as connection:
            with connection.query_logger(lambda record: asked.append(record.query)):
                await work(PeopleService(connection, organization))
        return len(asked)

    async def cost():
        return await count(lambda people: people.find("ana.lopez@acme.example"))

    await bring(ANA)
    few = await cost()
    await bring(*({"email": f"p{n}@acme.example", "name": f"P {n}"} for n in range(30)))
    for n in range(5):
        await bring({**ANA, "company": f"Other {n}", "title": f"T {n}"}, mode="overwrite")
    many = await cost()
    assert many - few <= 2  # histories of kinds that had none
    assert many <= 11


async def test_stale_enrichment_is_dropped_unless_it_is_used(bring, organization, actor, admin):
    await bring(ANA, BO, CY)
    for email, fetched in (("ana.lopez@acme.example", "31 days"), ("bo@umbrella.example", "29 days"), ("cy@acme.example", "31 days")):
        await admin.execute(
            "INSERT INTO people.intelligence (organization_id, person_id, linkedin_data, fetched_at, stale_at) "
            "SELECT organization_id, id, '{}', now() - $3::text::interval, now() - $3::text::interval + interval '30 days' "
            "FROM people.master WHERE organization_id = $1 AND email = $2",
            organization, email, fetched,
        )  # fmt: skip
    await admin.execute(
        "UPDATE vault.contacts SET last_activity_at = now() WHERE organization_id = $1 AND email = 'cy@acme.example'", organization
    )
    await schedule(organization, actor)
    async with tenancy.transaction(organization, actor) as connection:
        job = await ops.enqueue(connection, "people.expire_intelligence", {})
    done = await ops.run_job_here(organization, job, TASKS)
    assert (done.state, done.output) == ("completed", {"dropped": 1})
    left = await admin.fetch(
        "SELECT m.email FROM people.intelligence AS i "
        "JOIN people.master AS m ON (m.organization_id, m.id) = (i.organization_id, i.person_id) WHERE i.organization_id = $1 ORDER BY 1",
        organization,
    )
    assert [row["email"] for row in left] == ["bo@umbrella.example", "cy@acme.example"]
    assert [one.job_name for one in await ops.list_schedules(organization, actor)] == [
        "people.count_contact_keys",
        "people.expire_intelligence",
    ]
