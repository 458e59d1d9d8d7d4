"""The database remembers every change of a golden row: which fields, what before and after, by whom, from which load (BEHAVIOUR 2)."""

import asyncpg
import pytest

from ..intake.lead_loads import bring_in, import_rows, inside, lead, new_import

HISTORIES = {
    "people.master": "people.history", "company.master": "company.history", "vault.contacts": "vault.history",
    "people.affiliations": "people.affiliation_history", "people.profiles": "people.profile_history",
}  # fmt: skip
FIRST = {"email": "a@acme.com", "name": "Ann Lee", "company": "Acme", "own": 1}
MORE = {"title": "CEO", "phone": "7", "industry": "Tools", "linkedin_url": "linkedin.com/in/ann", "city": "Rome", "own": 2}


async def history(connection: asyncpg.Connection, table: str) -> list[dict]:
    columns = "changed_fields, old_values, new_values, changed_by, loads"
    rows = await connection.fetch(f"SELECT {columns} FROM {HISTORIES[table]} ORDER BY history_id")  # noqa: S608
    return [dict(row) for row in rows]


async def load_of(connection: asyncpg.Connection, number: int) -> int:
    return await connection.fetchval("SELECT load_id FROM intake.raw_loads ORDER BY load_id OFFSET $1 LIMIT 1", number)


@pytest.mark.parametrize("table", HISTORIES)
async def test_making_a_row_is_no_change_of_it(tenant, table):
    await bring_in(tenant, FIRST)
    assert await history(tenant, table) == []


@pytest.mark.parametrize(
    ("table", "before", "after"),
    [
        ("people.master", {"title": None, "phone": None, "linkedin_url": None, "location": None},
         {"title": "CEO", "phone": "7", "linkedin_url": "linkedin.com/in/ann", "location": "Rome"}),
        ("company.master", {"industry": None}, {"industry": "Tools"}),
        ("vault.contacts", {"title": None, "phone": None, "custom_fields": {"own": 1}},
        {"title": "CEO", "phone": "7", "custom_fields": {"own": 2}}),
        ("people.affiliations", {"title": None, "phone": None, "location": None}, {"title": "CEO", "phone": "7", "location": "Rome"}),
        ("people.profiles", {"linkedin_profile": None}, {"linkedin_profile": "linkedin.com/in/ann"}),
    ],
)  # fmt: skip
async def test_a_load_that_changes_a_row_leaves_what_was_what_is_who_and_the_load_of_every_field(tenant, table, before, after):
    await bring_in(tenant, FIRST)
    await bring_in(tenant, FIRST | MORE, mode="overwrite")
    load = await load_of(tenant, 1)
    assert await history(tenant, table) == [
        {
            "changed_fields": sorted(after), "old_values": before, "new_values": after, "changed_by": "user:test",
            "loads": dict.fromkeys(after, load),
        }
    ]  # fmt: skip


async def test_of_several_rows_in_a_chunk_each_field_names_the_load_that_brought_it(tenant):
    await bring_in(tenant, FIRST)
    await bring_in(
        tenant,
        {"email": "a@acme.com", "title": "CEO"},
        {"email": "a@acme.com", "phone": "7", "linkedin_url": "linkedin.com/in/a", "company": "Acme"},
    )
    title, phone = await load_of(tenant, 1), await load_of(tenant, 2)
    assert (await history(tenant, "people.master"))[0]["loads"] == {"title": title, "phone": phone, "linkedin_url": phone}
    assert (await history(tenant, "vault.contacts"))[0]["loads"] == {"title": title, "phone": phone}
    assert (await history(tenant, "people.profiles"))[0]["loads"] == {"linkedin_profile": phone}
    assert (await history(tenant, "people.affiliations"))[0]["loads"] == {"phone": phone}


@pytest.mark.parametrize("table", HISTORIES)
async def test_the_same_rows_again_change_nothing(tenant, table):
    for mode in ("fill", "overwrite", "create", "fill"):
        await bring_in(tenant, FIRST | MORE, mode=mode)
    assert await history(tenant, table) == []


async def test_a_persons_edit_is_remembered_without_a_load(tenant):
    await bring_in(tenant, FIRST)
    await tenant.execute("UPDATE people.master SET title = 'Boss', phone = '1'")
    await tenant.execute("UPDATE people.master SET title = 'Boss'")
    assert await history(tenant, "people.master") == [
        {
            "changed_fields": ["phone", "title"], "old_values": {"phone": None, "title": None},
            "new_values": {"phone": "1", "title": "Boss"},
            "changed_by": "user:test", "loads": {},
        }
    ]  # fmt: skip


async def test_a_profile_that_an_application_writes_is_remembered_too(tenant):
    await bring_in(tenant, FIRST)
    await tenant.execute("UPDATE playmaker_user_source SET icp_score = 40 WHERE email = 'a@acme.com'")
    (entry,) = await history(tenant, "people.profiles")
    assert (entry["changed_fields"], entry["old_values"], entry["new_values"]) == (["icp_score"], {"icp_score": 0}, {"icp_score": 40})


@pytest.mark.parametrize("table", HISTORIES)
async def test_book_keeping_alone_is_no_change(organization, admin, table):
    async with inside(organization) as connection:
        await bring_in(connection, FIRST)
    await admin.execute(f"UPDATE {table} SET updated_at = now() WHERE organization_id = $1", organization)  # noqa: S608
    async with inside(organization) as connection:
        assert await history(connection, table) == []


@pytest.mark.parametrize(
    ("table", "change"),
    [("people.master", "title = 'x'"), ("company.master", "industry = 'x'"), ("vault.contacts", "score = 90"),
    ("people.affiliations", "title = 'x'"),
     ("people.profiles", "lead_score = 9")],
)  # fmt: skip
async def test_an_administrator_without_a_tenant_leaves_a_trace_with_the_row(organization, admin, table, change):
    """Seed 001, "Bypass (for admin)": whom row security does not bind, the history does."""
    async with inside(organization) as connection:
        await bring_in(connection, FIRST)
    await admin.execute(f"UPDATE {table} SET {change} WHERE organization_id = $1", organization)  # noqa: S608
    assert await admin.fetchval("SELECT nullif(current_setting('app.organization_id', true), '')") is None
    async with inside(organization) as connection:
        (entry,) = await history(connection, table)
        assert entry["changed_by"] == "sql:postgres"


async def test_updated_at_moves_with_a_change(organization):
    async with inside(organization) as connection:
        await bring_in(connection, FIRST)
    async with inside(organization) as connection:
        await bring_in(connection, FIRST | MORE)
        for table in HISTORIES:
            assert await connection.fetchval(f"SELECT bool_and(updated_at > created_at) FROM {table}"), table  # noqa: S608


async def test_history_cannot_be_written_or_wiped_by_the_application(organization):
    for table in HISTORIES.values():
        for command in (f"DELETE FROM {table}", f"UPDATE {table} SET changed_by = NULL", f"INSERT INTO {table} DEFAULT VALUES"):  # noqa: S608
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with inside(organization) as connection:
                    await connection.execute(command)


async def test_the_primary_address_of_a_person_never_changes(organization):
    async with inside(organization) as connection:
        await bring_in(connection, FIRST)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="primary email never changes"):
        async with inside(organization) as connection:
            await connection.execute("UPDATE people.master SET email = 'b@acme.com'")


async def test_the_same_value_from_another_load_keeps_the_load_that_brought_it_first(tenant):
    await lead(tenant, {"email": "a@acme.com", "title": "CEO"})
    made = await new_import(tenant, "overwrite")
    await import_rows(tenant, made, {"email": "a@acme.com", "title": "CEO", "phone": "7"})
    first, second = await load_of(tenant, 0), await load_of(tenant, 1)
    person = await tenant.fetchrow("SELECT load_id, provenance FROM people.master")
    assert (person["load_id"], person["provenance"]) == (first, {"phone": second})
