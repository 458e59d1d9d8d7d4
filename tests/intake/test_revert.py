"""Taking an import back: what it made goes, what it changed returns, what changed since stays and is named (BEHAVIOUR 2)."""

import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from ..people.test_golden import TABLES
from .lead_loads import bring_in, contact, golden, import_rows, ingest, inside, lead, loads, new_import, promote

ANN = {"email": "ann@acme.com", "name": "Ann Lee", "company": "Acme", "own": 1}
# Changes a value of each of the five kinds: contact, person, company, affiliation, profile.
MORE = ANN | {"title": "CEO", "phone": "7", "industry": "Tools", "revenue": "$5M", "linkedin_url": "linkedin.com/in/ann", "city": "Rome",
              "country": "Italy", "own": 2, "more": "x", "seniority": "VP", "department": "Sales", "website": "https://acme.com",
              "funding": "Seed"}  # fmt: skip


async def revert(connection: asyncpg.Connection, import_id: UUID, *, dry_run: bool = False) -> dict[str, Any]:
    return await connection.fetchval("SELECT intake.f_revert_import($1, $2)", import_id, dry_run)


async def state(connection: asyncpg.Connection) -> dict[str, Any]:
    """Every golden row without its book-keeping."""
    found = {}
    for kind, query in TABLES.items():
        rows = await connection.fetch(query)
        found[kind] = {row["key"]: {name: value for name, value in row["row"].items() if name != "provenance"} for row in rows}
    return found


async def counts(connection: asyncpg.Connection) -> dict[str, int]:
    return {kind: len(rows) for kind, rows in (await state(connection)).items()}


def kept(report: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    return {kind: [(item["name"], item["reason"]) for item in items] for kind, items in report["kept"].items()}


NOTHING = {"contact": 0, "person": 0, "company": 0, "affiliation": 0, "profile": 0}


async def test_what_an_import_made_goes(tenant):
    made = await bring_in(tenant, ANN, {"email": "bo@acme.com"}, {"email": "bad"}, {"email": "ANN@acme.com", "company": "Globex"})
    report = await revert(tenant, made)
    assert report["deleted"] == {"contact": 2, "person": 2, "company": 1, "affiliation": 3, "profile": 2}
    assert (report["restored"], report["kept"], report["kept_count"], report["loads"]) == ({}, {}, 0, 3)
    assert await counts(tenant) == NOTHING


async def test_the_loads_stay_and_say_that_they_were_reverted(tenant):
    made = await bring_in(tenant, ANN, ANN, {"email": "bad"})
    await revert(tenant, made)
    assert [(load["status"], load["reason"]) for load in await loads(tenant)] == [
        ("failed", "reverted"),
        ("failed", "reverted"),
        ("failed", "bad_email"),
    ]
    for slots in ("people.slot", "company.slot"):
        rows = await tenant.fetch(f"SELECT validation_status, reasons FROM {slots}")  # noqa: S608
        assert rows
        assert all(row["validation_status"] == "rejected" and "import_reverted" in row["reasons"] for row in rows)


async def test_every_deleted_contact_is_in_the_audit_log_with_who_took_it_back(tenant):
    made = await bring_in(tenant, ANN)
    number, load = await tenant.fetchrow("SELECT contact_id, load_id FROM vault.contacts")
    await revert(tenant, made)
    gone = await tenant.fetchrow("SELECT load_id, contact_id, actor FROM intake.audit_log WHERE action = 'contact_deleted'")
    assert tuple(gone) == (load, number, "user:test")
    details = await tenant.fetchval("SELECT details FROM intake.audit_log ORDER BY log_id DESC LIMIT 1")
    assert details == {"import_id": str(made), "reverted_loads": 1}


@pytest.mark.parametrize("mode", ["fill", "overwrite"])
async def test_what_an_import_changed_returns_field_by_field_in_all_five_kinds(tenant, mode):
    await bring_in(tenant, ANN)
    before = await state(tenant)
    made = await bring_in(tenant, MORE | ({} if mode == "fill" else {"name": "Anna Leigh"}), mode=mode)
    changed = await state(tenant)
    assert all(changed[kind] != before[kind] for kind in TABLES)
    report = await revert(tenant, made)
    assert (report["deleted"], report["kept"]) == ({}, {})
    assert set(report["restored"]) == set(TABLES)
    assert await state(tenant) == before


async def test_several_changes_of_one_import_return_to_what_was_before_the_first(tenant):
    await bring_in(tenant, ANN | {"title": "Intern"})
    before = await state(tenant)
    made = await new_import(tenant, "overwrite")
    for number, title in enumerate(("CEO", "CTO", "CFO"), 1):
        await import_rows(tenant, made, ANN | {"title": title}, first=number)
    await revert(tenant, made)
    assert await state(tenant) == before


async def test_a_dry_run_says_the_same_and_changes_nothing(tenant):
    await bring_in(tenant, ANN)
    made = await bring_in(tenant, MORE, {"email": "bo@globex.com"})
    await bring_in(tenant, {"email": "bo@globex.com"})
    before, stored = await state(tenant), [dict(load) for load in await loads(tenant)]
    tried = await revert(tenant, made, dry_run=True)
    assert await state(tenant) == before
    assert [dict(load) for load in await loads(tenant)] == stored
    done = await revert(tenant, made)
    assert {name: value for name, value in done.items() if name != "loads"} == tried
    assert tried["kept"]


async def test_the_same_rows_may_come_in_again_at_once(tenant):
    made = await bring_in(tenant, ANN, MORE)
    before = await state(tenant)
    await revert(tenant, made)
    again = await new_import(tenant)
    report = await import_rows(tenant, again, ANN, MORE)
    assert (report["promoted"], report["duplicate"], report["contacts_created"]) == (1, 1, 1)
    after = await state(tenant)
    for rows in (*before.values(), *after.values()):
        for row in rows.values():
            row.pop("load_id")
    assert after == before


async def test_an_import_can_be_taken_back_after_it_was_taken_back_and_came_again(tenant):
    await bring_in(tenant, ANN)
    before = await state(tenant)
    for _ in range(3):
        made = await bring_in(tenant, MORE, mode="overwrite")
        report = await revert(tenant, made)
        assert report["kept"] == {}
        assert await state(tenant) == before


async def test_taking_back_twice_does_nothing_more(tenant):
    await bring_in(tenant, ANN)
    made = await bring_in(tenant, MORE, {"email": "bo@acme.com"})
    await revert(tenant, made)
    before = await state(tenant)
    report = await revert(tenant, made)
    assert (report["deleted"], report["loads"]) == ({}, 0)
    assert await state(tenant) == before


@pytest.mark.parametrize(
    ("change", "field"),
    [("UPDATE people.master SET title = 'Boss'", "title"), ("UPDATE company.master SET industry = 'Mine'", "industry"),
     ("UPDATE playmaker_user_source SET linkedin_profile = 'mine'", "linkedin_profile")],
)  # fmt: skip
async def test_a_value_that_somebody_changed_since_is_kept_and_named_and_the_others_return(tenant, change, field):
    await bring_in(tenant, ANN)
    made = await bring_in(tenant, MORE)
    await tenant.execute(change)
    report = await revert(tenant, made)
    assert report["kept_count"] == 1
    ((_, reason),) = [item for items in kept(report).values() for item in items]
    assert reason == f"{field} was changed since"
    row = await contact(tenant, "ann@acme.com")
    assert (row["phone"], row["location"]) == (None, None)
    assert row["person_title"] == ("Boss" if field == "title" else None)


async def test_a_value_that_somebody_changed_and_changed_back_returns(tenant):
    await bring_in(tenant, ANN)
    before = await state(tenant)
    made = await bring_in(tenant, MORE)
    await tenant.execute("UPDATE people.master SET title = 'Boss'")
    await tenant.execute("UPDATE people.master SET title = 'CEO'")
    assert (await revert(tenant, made))["kept"] == {}
    assert await state(tenant) == before


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [("UPDATE people.master SET title = 'Boss'", "person", "changed since by user:test"),
     ("UPDATE company.master SET industry = 'Mine'", "company", "changed since by user:test"),
     ("UPDATE playmaker_user_source SET icp_score = 50", "profile", "changed since by user:test")],
)  # fmt: skip
async def test_a_row_that_somebody_changed_since_stays_whole_with_what_it_needs(tenant, change, kind, reason):
    made = await bring_in(tenant, MORE, {"email": "bo@globex.com", "name": "Bo Li"})
    await tenant.execute(change + (" WHERE domain = 'acme.com'" if kind == "company" else " WHERE email = 'ann@acme.com'"))
    stood = await state(tenant)
    report = await revert(tenant, made)
    names = {"person": "ann@acme.com", "company": "acme.com", "profile": "ann@acme.com"}
    assert (names[kind], reason) in kept(report)[kind]
    left = await state(tenant)
    assert left[kind] == {names[kind]: stood[kind][names[kind]]}
    if kind != "company":
        assert set(left["contact"]) == {"ann@acme.com"} == set(left["person"])
        assert left["person"]["ann@acme.com"]["company"] == "acme.com"


@pytest.mark.parametrize("change", ["status = 'bounced'", "last_activity_at = now()"])
async def test_an_address_that_something_happened_with_stays(organization, admin, change):
    async with inside(organization) as connection:
        made = await bring_in(connection, ANN, {"email": "bo@acme.com"})
    await admin.execute(f"UPDATE vault.contacts SET {change} WHERE organization_id = $1 AND email = 'ann@acme.com'", organization)  # noqa: S608
    async with inside(organization) as connection:
        report = await revert(connection, made)
        assert kept(report)["contact"] == [("ann@acme.com", "something happened with the address since")]
        assert [row["email"] for row in await golden(connection)] == ["ann@acme.com"]


async def test_a_person_who_was_enriched_since_stays(tenant):
    made = await bring_in(tenant, ANN)
    await tenant.execute("INSERT INTO people.intelligence (person_id, linkedin_data) SELECT id, '{}' FROM people.master")
    report = await revert(tenant, made)
    assert kept(report)["person"] == [("ann@acme.com", "was enriched since")]
    assert len(await golden(tenant)) == 1


ENROLLED = """
    WITH made AS (INSERT INTO marketing.campaigns (name) VALUES ('Q4') RETURNING campaign_id)
    INSERT INTO marketing.enrollments (campaign_id, person_id, contact_id, email, state, reason)
    SELECT m.campaign_id, c.person_id, c.contact_id, c.email, 'excluded', 'bounced' FROM made AS m CROSS JOIN vault.contacts AS c
    WHERE c.organization_id = kit.f_organization() AND c.email = 'ann@acme.com'
"""
ON_A_LIST = """
    WITH made AS (INSERT INTO marketing.lists (name) VALUES ('Fair') RETURNING id)
    INSERT INTO marketing.list_members (list_id, person_id) SELECT m.id, p.id FROM made AS m CROSS JOIN people.master AS p
    WHERE p.organization_id = kit.f_organization() AND p.email = 'ann@acme.com'
"""
CONVERTED = """
    INSERT INTO marketing.conversions (person_id, type, converted_at)
    SELECT id, 'sale', now() FROM people.master WHERE organization_id = kit.f_organization() AND email = 'ann@acme.com'
"""
INTERESTED = """
    INSERT INTO marketing.prospect_intents (person_id, type)
    SELECT id, 'referral' FROM people.master WHERE organization_id = kit.f_organization() AND email = 'ann@acme.com'
"""
VISITED = """
    INSERT INTO engagement.events (occurred_at, event_key, type, platform, person_id)
    SELECT now(), 'one', 'website_visit', 'x', id FROM people.master WHERE organization_id = kit.f_organization() AND email = 'ann@acme.com'
"""


@pytest.mark.parametrize(
    ("change", "reason"),
    [(ENROLLED, "is in a campaign"), (ON_A_LIST, "is on a list"), (CONVERTED, "a conversion of theirs counts"),
     (INTERESTED, "showed interest"), (VISITED, "something happened with them since")],
)  # fmt: skip
async def test_whom_outreach_knows_stays_and_the_others_go(organization, admin, change, reason):
    async with inside(organization) as connection:
        made = await bring_in(connection, ANN, {"email": "bo@globex.com", "name": "Bo Li"})
    async with admin.transaction():
        await admin.execute("SELECT set_config('app.organization_id', $1, true)", str(organization))
        await admin.execute(change)
    async with inside(organization) as connection:
        tried = await revert(connection, made, dry_run=True)
        report = await revert(connection, made)
        assert (tried["deleted"], tried["kept"]) == (report["deleted"], report["kept"])
        assert kept(report)["person"] == [("ann@acme.com", reason)]
        assert report["deleted"] == {"contact": 1, "person": 1, "company": 1, "affiliation": 1, "profile": 1}
        assert [row["email"] for row in await golden(connection)] == ["ann@acme.com"]


async def test_an_address_that_a_campaign_writes_to_stays_with_who_was_there_before(organization, admin):
    async with inside(organization) as connection:
        await bring_in(connection, {"email": "bo@globex.com", "name": "Bo Li"})
        made = await bring_in(connection, ANN)
    async with admin.transaction():
        await admin.execute("SELECT set_config('app.organization_id', $1, true)", str(organization))
        await admin.execute(
            "UPDATE vault.contacts AS c SET person_id = p.id FROM people.master AS p "
            "WHERE p.organization_id = $1 AND p.email = 'bo@globex.com' AND c.organization_id = $1 AND c.email = 'ann@acme.com'",
            organization,
        )
        await admin.execute(ENROLLED)
    async with inside(organization) as connection:
        report = await revert(connection, made)
        assert kept(report)["contact"] == [("ann@acme.com", "a campaign writes to it")]


async def test_a_later_load_of_the_same_address_keeps_the_contact(tenant):
    made = await bring_in(tenant, ANN, {"email": "bo@acme.com", "name": "Bo Li"})
    later = await bring_in(tenant, {"email": "ANN@acme.com", "phone": "7"})
    load = await tenant.fetchval("SELECT load_id FROM intake.raw_loads WHERE import_id = $1", later)
    report = await revert(tenant, made)
    assert kept(report)["contact"] == [("ann@acme.com", f"load {load} says the same address")]
    (row,) = await golden(tenant)
    assert (row["email"], row["phone"], row["domain"]) == ("ann@acme.com", "7", "acme.com")


async def test_a_duplicate_that_was_ingested_later_keeps_the_contact_too(tenant):
    made = await bring_in(tenant, ANN)
    await ingest(tenant, ANN)
    assert len(kept(await revert(tenant, made))["contact"]) == 1
    assert len(await golden(tenant)) == 1


async def test_an_affiliation_that_a_later_load_repeats_stays_and_one_that_it_does_not_goes(tenant):
    made = await bring_in(tenant, ANN, ANN | {"company": "Globex"})
    await bring_in(tenant, {"email": "ann@acme.com", "company": "ACME"})
    report = await revert(tenant, made)
    assert [row["company_name"] for row in await tenant.fetch("SELECT company_name FROM people.affiliations")] == ["Acme"]
    assert report["deleted"] == {"affiliation": 1}


async def test_an_import_before_a_later_one_can_be_taken_back_after_the_later_one_was(tenant):
    """Last in, first out, as people undo."""
    nothing = await state(tenant)
    first = await bring_in(tenant, ANN)
    one = await state(tenant)
    second = await bring_in(tenant, MORE, mode="overwrite")
    two = await state(tenant)
    third = await bring_in(tenant, MORE | {"title": "CTO", "phone": "8", "own": 3}, {"email": "bo@acme.com"}, mode="overwrite")
    for made, wanted in ((third, two), (second, one), (first, nothing)):
        report = await revert(tenant, made)
        assert report["kept"] == {}, made
        assert await state(tenant) == wanted


async def test_an_import_under_a_later_one_gives_back_what_the_later_one_did_not_touch(tenant):
    await bring_in(tenant, ANN | {"title": "Intern"})
    middle = await bring_in(tenant, ANN | {"title": "CEO", "phone": "7"}, mode="overwrite")
    await bring_in(tenant, ANN | {"title": "CTO"}, mode="overwrite")
    report = await revert(tenant, middle)
    row = await contact(tenant, "ann@acme.com")
    assert (row["title"], row["person_title"], row["phone"]) == ("CTO", "CTO", None)
    assert ("ann@acme.com", "title was changed since") in kept(report)["person"]


async def test_a_value_of_another_import_in_between_is_kept_and_named(tenant):
    """The import ran in two goes; somebody else's value came in the middle and was overwritten."""
    await bring_in(tenant, ANN | {"title": "Intern"})
    made = await new_import(tenant, "overwrite")
    await import_rows(tenant, made, ANN | {"title": "CEO"}, first=1)
    await tenant.execute("UPDATE people.master SET title = 'Boss'")
    await import_rows(tenant, made, ANN | {"title": "CTO"}, first=2)
    report = await revert(tenant, made)
    assert ("ann@acme.com", "title was changed since") in kept(report)["person"]
    assert (await contact(tenant, "ann@acme.com"))["person_title"] == "CTO"


async def test_a_company_stays_as_long_as_somebody_works_there(tenant):
    made = await bring_in(tenant, {"email": "ann@acme.com", "name": "Ann Lee", "company": "Acme"})
    await bring_in(tenant, {"email": "bo@acme.com", "name": "Bo Li"})
    report = await revert(tenant, made)
    assert kept(report) == {"company": [("acme.com", "people who stay work there")]}
    assert [row["email"] for row in await golden(tenant)] == ["bo@acme.com"]


async def test_a_company_that_an_import_gave_to_somebody_who_was_there_goes_and_leaves_them_without_one(tenant):
    await bring_in(tenant, {"email": "ann@gmail.com", "name": "Ann Lee"})
    before = await state(tenant)
    made = await bring_in(tenant, {"email": "ann@gmail.com", "domain": "acme.com", "company": "Acme"})
    assert (await contact(tenant, "ann@gmail.com"))["domain"] == "acme.com"
    report = await revert(tenant, made)
    assert report["deleted"] == {"company": 1, "affiliation": 1}
    assert await state(tenant) == before


async def test_a_profile_that_an_application_wrote_is_not_the_imports(tenant):
    await tenant.execute("INSERT INTO playmaker_user_source (email, first_name) VALUES ('ann@acme.com', 'Ann')")
    made = await bring_in(tenant, MORE)
    report = await revert(tenant, made)
    assert "profile" not in report["deleted"]
    assert await tenant.fetchval("SELECT first_name FROM playmaker_user_source") == "Ann"


async def test_an_import_that_was_promoted_later_is_taken_back_whole(tenant):
    made = await new_import(tenant, promote=False)
    await import_rows(tenant, made, ANN, {"email": "bo@acme.com"})
    await promote(tenant)
    await revert(tenant, made)
    assert await counts(tenant) == NOTHING


async def test_an_import_that_was_never_promoted_leaves_no_load_waiting(tenant):
    made = await new_import(tenant, promote=False)
    await import_rows(tenant, made, ANN)
    assert (await revert(tenant, made))["loads"] == 1
    assert await promote(tenant) == (0, 0, 0)
    assert await lead(tenant, ANN) == (1, 0, 0)


async def test_other_imports_and_their_people_are_not_touched(tenant):
    await bring_in(tenant, ANN, {"email": "cy@gmail.com"})
    await lead(tenant, {"email": "dee@globex.com"})
    before = await state(tenant)
    made = await bring_in(tenant, *({"email": f"p{n}@p{n % 9}.com", "name": f"P N{n}"} for n in range(300)))
    await revert(tenant, made)
    assert await state(tenant) == before


async def test_an_import_of_another_organization_cannot_be_taken_back(organization, other_organization):
    async with inside(other_organization) as connection:
        made = await bring_in(connection, ANN)
    async with inside(organization) as connection:
        report = await revert(connection, made)
        assert (report["deleted"], report["loads"]) == ({}, 0)
    async with inside(other_organization) as connection:
        assert len(await golden(connection)) == 1


async def test_the_report_is_plain_json(tenant):
    made = await bring_in(tenant, ANN)
    assert json.loads(json.dumps(await revert(tenant, made, dry_run=True))) == {
        "deleted": {"contact": 1, "person": 1, "company": 1, "affiliation": 1, "profile": 1}, "restored": {}, "kept": {}, "kept_count": 0,
    }  # fmt: skip


async def test_five_thousand_rows_are_taken_back_in_one_call(tenant):
    made = await bring_in(
        tenant, *({"email": f"p{n}@p{n % 900}.example", "name": f"P N{n}", "company": f"P{n % 900}"} for n in range(5_000))
    )
    report = await revert(tenant, made)
    assert report["deleted"]["contact"] == 5_000
