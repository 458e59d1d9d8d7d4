"""Notes on people and companies, tags and custom fields of an address, and edits that meet another edit."""

import uuid

import pytest

from outrider import tenancy
from outrider.people import PeopleService

from .conftest import ANA, BO, CONFLICT

PERSON = "people/ana.lopez@acme.example"
COMPANY = "companies/acme.example"


async def note(client, about=PERSON, body="Call in May"):
    answer = await client.post(f"/api/{about}/notes", json={"body": body})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def bodies(client, about=PERSON):
    return [one["body"] for one in (await client.get(f"/api/{about}/notes")).json()["items"]]


@pytest.mark.parametrize("about", [PERSON, COMPANY])
async def test_a_note_keeps_its_lines_and_says_who_wrote_it(client, bring, about):
    await bring(ANA)
    made = await note(client, about, "  Call in May.\r\n\r\nNot before.  ")
    assert made["body"] == "Call in May.\n\nNot before."
    assert (made["created_by_name"], made["edited_at"], made["may_change"]) == ("API key “test”", None, True)
    assert await bodies(client, about) == ["Call in May.\n\nNot before."]


async def test_a_note_is_on_the_person_or_on_the_company_and_not_on_both(client, bring):
    await bring(ANA)
    await note(client, PERSON, "on her")
    await note(client, COMPANY, "on it")
    assert (await bodies(client), await bodies(client, COMPANY)) == (["on her"], ["on it"])


async def test_notes_come_newest_first_in_pages(client, bring):
    await bring(ANA)
    for n in range(5):
        await note(client, body=f"n{n}")
    seen, cursor = [], None
    while cursor is not None or not seen:
        page = (await client.get(f"/api/{PERSON}/notes", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [one["body"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["n4", "n3", "n2", "n1", "n0"]


async def test_a_note_is_edited_deleted_and_brought_back(client, bring):
    await bring(ANA)
    made = await note(client)
    edited = (await client.patch(f"/api/notes/{made['id']}", json={"body": "Call in June"})).json()
    assert (edited["body"], edited["edited_by"], edited["created_at"]) == ("Call in June", made["created_by"], made["created_at"])
    assert (await client.delete(f"/api/notes/{made['id']}")).status_code == 204
    assert await bodies(client) == []
    assert (await client.patch(f"/api/notes/{made['id']}", json={"body": "x"})).status_code == 404
    assert (await client.delete(f"/api/notes/{made['id']}")).status_code == 404
    assert (await client.post(f"/api/notes/{made['id']}/restore")).json()["body"] == "Call in June"
    assert await bodies(client) == ["Call in June"]


async def test_only_the_author_an_admin_and_an_owner_change_a_note(client, as_role, bring):
    await bring(ANA)
    member, other, admin = await as_role("member"), await as_role("member"), await as_role("admin")
    made = await note(member)
    assert [one["may_change"] for one in (await other.get(f"/api/{PERSON}/notes")).json()["items"]] == [False]
    for refused in (
        await other.patch(f"/api/notes/{made['id']}", json={"body": "x"}),
        await other.delete(f"/api/notes/{made['id']}"),
        await other.post(f"/api/notes/{made['id']}/restore"),
    ):
        assert refused.status_code == 403
    assert (await member.patch(f"/api/notes/{made['id']}", json={"body": "mine"})).status_code == 200
    edited = (await admin.patch(f"/api/notes/{made['id']}", json={"body": "admin's"})).json()
    assert edited["edited_by"] != edited["created_by"]
    assert (await client.delete(f"/api/notes/{made['id']}")).status_code == 204


async def test_a_viewer_reads_notes_and_writes_none(client, as_role, bring):
    await bring(ANA)
    await note(client)
    viewer = await as_role("viewer")
    assert await bodies(viewer) == ["Call in May"]
    assert (await viewer.post(f"/api/{PERSON}/notes", json={"body": "x"})).status_code == 403


@pytest.mark.parametrize(
    "body", [{"body": "  \n "}, {"body": "x" * 10_001}, {"body": "a\x00b"}, {"body": None}, {}, {"body": "x", "by": "me"}, None]
)
async def test_a_note_that_cannot_be_is_refused_by_name(client, bring, body):
    await bring(ANA)
    made = await note(client)
    for method, path in (("POST", f"/api/{PERSON}/notes"), ("PATCH", f"/api/notes/{made['id']}")):
        answer = await client.request(method, path, json=body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] in ("body", "by")


async def test_another_organization_sees_and_touches_no_note(client, stranger, bring):
    await bring(ANA)
    made = await note(client)
    for path in (PERSON, COMPANY):
        assert (await stranger.get(f"/api/{path}/notes")).status_code == 404
        assert (await stranger.post(f"/api/{path}/notes", json={"body": "x"})).status_code == 404
    assert (await stranger.patch(f"/api/notes/{made['id']}", json={"body": "x"})).status_code == 404
    assert (await stranger.delete(f"/api/notes/{made['id']}")).status_code == 404
    assert (await stranger.post(f"/api/notes/{made['id']}/restore")).status_code == 404
    nobody = uuid.uuid4()
    assert (await client.get(f"/api/people/{nobody}/notes")).status_code == 404
    assert (await client.post(f"/api/companies/{nobody}/notes", json={"body": "x"})).status_code == 404
    assert await bodies(client) == ["Call in May"]


async def test_who_has_a_note_outlives_the_import_that_brought_them(client, bring, organization):
    number = await bring(ANA, BO)
    await note(client)
    gone = await note(client, "people/bo@umbrella.example", "deleted again")
    await client.delete(f"/api/notes/{gone['id']}")
    async with tenancy.transaction(organization, tenancy.Actor("job", "revert")) as connection:
        report = await connection.fetchval("SELECT intake.f_revert_import($1, false)", number)
    assert [(kept["name"], kept["reason"]) for kept in report["kept"]["person"]] == [("ana.lopez@acme.example", "has a note")]
    assert await bodies(client) == ["Call in May"]
    assert (await client.get("/api/people/bo@umbrella.example")).status_code == 404


async def test_nobody_writes_in_anothers_name_by_sql(tenant, bring):
    import asyncpg

    await bring(ANA)
    id = await tenant.fetchval("SELECT id FROM people.master")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with tenant.transaction():
            await tenant.execute("INSERT INTO people.notes (person_id, body, created_by) VALUES ($1, 'x', 'user:other')", id)
    await tenant.execute("INSERT INTO people.notes (person_id, body) VALUES ($1, 'x')", id)
    assert await tenant.fetchval("SELECT created_by FROM people.notes") == "user:test"


# ------------------------------------------------------------------------------------------------------------- an address


async def change(client, **body):
    return await client.patch(f"/api/contacts/{ANA['email']}", json=body)


async def test_tags_are_added_once_and_taken_off(client, bring):
    await bring({**ANA, "tags": "vip, warm"})
    answer = await change(client, add_tags=["new one", "vip", "new  one"], remove_tags=["warm", "never there"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["tags"] == ["vip", "new one"]
    timeline = (await client.get(f"/api/{PERSON}/timeline")).json()["items"]
    assert timeline[0]["changes"][0] | {"origin": None} == {
        "field": "tags", "old": ["vip", "warm"], "new": ["vip", "new one"], "old_shown": None, "new_shown": None, "origin": None,
    }  # fmt: skip


async def test_custom_fields_are_set_and_taken_away_and_say_where_each_is_from(client, bring):
    await bring({**ANA, "Region": "South"})
    await bring({"email": ANA["email"], "Budget": "10k"}, file="second.csv")
    answer = (await change(client, custom_fields={"Lead Owner": "Bea", "Region": "", "Score": 7})).json()
    assert answer["custom_fields"] == {"Lead Owner": "Bea", "Budget": "10k", "Score": 7}  # no type: as it was given
    facts = {fact["field"]: fact for fact in answer["custom_facts"]}
    assert [facts[name]["origin"]["kind"] for name in ("Budget", "Lead Owner", "Region", "Score")] == ["load", "edit", "edit", "edit"]
    assert (facts["Budget"]["origin"]["file_name"], facts["Budget"]["earlier"]) == ("second.csv", [])
    assert [(old["value"], old["origin"]["file_name"]) for old in facts["Lead Owner"]["earlier"]] == [("Kim", "leads.csv")]
    assert (facts["Region"]["value"], facts["Region"]["earlier"][0]["value"]) == (None, "South")


async def test_a_custom_field_that_somebody_changed_meanwhile_is_not_overwritten(client, bring):
    await bring(ANA)
    assert (await change(client, custom_fields={"Lead Owner": "Bea"}, seen={"Lead Owner": "Kim"})).status_code == 200
    answer = await change(client, custom_fields={"Lead Owner": "Cy"}, seen={"Lead Owner": "Kim"})
    assert (answer.status_code, answer.json()["current"], answer.json()["seen"]) == (409, "Bea", "Kim")
    assert (await client.get(f"/api/contacts/{ANA['email']}")).json()["custom_fields"] == {"Lead Owner": "Bea"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"add_tags": [""]}, "add_tags"),
        ({"add_tags": ["a,b"]}, "add_tags"),
        ({"add_tags": ["x" * 61]}, "add_tags"),
        ({"custom_fields": {" ": "x"}}, "custom_fields"),
        ({"custom_fields": {"a": "x" * 10_001}}, "custom_fields"),
        ({"custom_fields": {"a": {"b": 1}}}, "custom_fields.a"),
        ({"status": "active"}, "status"),
    ],
)
async def test_an_edit_of_an_address_that_cannot_be_is_refused_by_name(client, bring, body, field):
    await bring(ANA)
    answer = await change(client, **body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"].startswith(field)


async def test_another_organization_edits_no_address(stranger, bring):
    await bring(ANA)
    assert (await change(stranger, add_tags=["x"])).status_code == 404


# ----------------------------------------------------------------------------------------------------- edits that meet


async def test_an_edit_of_a_value_that_changed_meanwhile_shows_both_and_writes_nothing(client, bring):
    await bring(ANA)
    person = (await client.get(f"/api/{PERSON}")).json()
    path = f"/api/people/{person['id']}"
    assert (await client.patch(path, json={"title": "Treasurer", "seen": {"title": "CFO"}})).status_code == 200
    answer = await client.patch(path, json={"title": "Boss", "phone": "1", "seen": {"title": "CFO"}})
    problem = answer.json()
    assert (answer.status_code, problem["current"], problem["seen"], problem["errors"][0]["field"]) == (409, "Treasurer", "CFO", "title")
    assert "changed by API key “test”" in problem["detail"]
    person = (await client.get(path)).json()
    assert (person["title"], person["phone"]) == ("Treasurer", "+34 91 000 00 00")
    assert (await client.patch(path, json={"title": "Boss", "seen": {"title": "Treasurer", "linkedin_url": ""}})).status_code == 200
    assert (await client.patch(path, json={"title": "x", "seen": {"shoe": "1"}})).status_code == 422


async def test_numbers_of_a_company_are_the_same_however_they_are_written(client, bring):
    await bring({**ANA, "employees": "1", "employee_count": "260", "revenue": "1.5"})
    company = (await client.get(f"/api/{COMPANY}")).json()
    path = f"/api/companies/{company['id']}"
    seen = {"employee_count": "260", "revenue": 1.50, "name": " Acme "}
    assert (await client.patch(path, json={"employee_count": 270, "seen": seen})).status_code == 200
    answer = await client.patch(path, json={"employee_count": 280, "seen": seen})
    assert (answer.status_code, answer.json()["current"], answer.json()["seen"]) == (409, 270, "260")


async def test_an_earlier_value_is_put_back_by_an_edit(bring, organization, actor):
    await bring(ANA)
    async with tenancy.transaction(organization, actor) as connection:
        people = PeopleService(connection, organization)
        person = await people.edit("ana.lopez@acme.example", {"title": "Treasurer"})
        title = next(fact for fact in person.facts if fact.field == "title")
        person = await people.edit(str(person.row.id), {"title": title.earlier[0].value}, {"title": title.value})
        title = next(fact for fact in person.facts if fact.field == "title")
    assert (title.value, title.origin.kind, [old.value for old in title.earlier]) == ("CFO", "edit", ["Treasurer", "CFO"])


# -------------------------------------------------------------------------------------------------------- taking back


async def test_a_decision_about_a_conflict_is_taken_back(client, stranger, bring):
    await bring(ANA, CONFLICT)
    await bring(CONFLICT)
    slot = (await client.get("/api/slots")).json()["items"][0]
    path = f"/api/slots/{slot['id']}"
    assert (await client.post(f"{path}/reopen")).status_code == 409
    for accept in (True, False):
        assert (await client.post(f"{path}/resolve", json={"accept": accept})).status_code == 200
        assert (await stranger.post(f"{path}/reopen")).status_code == 404
        answer = await client.post(f"{path}/reopen")
        assert (answer.status_code, answer.json()["validation_status"], answer.json()["decided_by"]) == (200, "pending", None)
        assert len((await client.get("/api/slots")).json()["items"]) == 2
        assert (await client.get("/api/people/eve@home.example")).json()["company_id"] is None


async def test_a_decision_that_was_overtaken_by_an_edit_moves_nobody_when_it_is_taken_back(client, bring):
    await bring(ANA, BO, CONFLICT)
    slot = (await client.get("/api/slots")).json()["items"][0]
    await client.post(f"/api/slots/{slot['id']}/resolve", json={"accept": True})
    person = (await client.get("/api/people/eve@home.example")).json()
    umbrella = (await client.get("/api/companies/umbrella.example")).json()["id"]
    await client.patch(f"/api/people/{person['id']}", json={"company_id": umbrella})
    await client.post(f"/api/slots/{slot['id']}/reopen")
    assert (await client.get("/api/people/eve@home.example")).json()["company_id"] == umbrella
