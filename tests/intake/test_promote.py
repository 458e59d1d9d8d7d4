"""vault.f_promote_contacts: pending loads become contacts and everything behind them, in one pass or not at all (BEHAVIOUR 2)."""

import asyncio

import asyncpg
import pytest

from .lead_loads import contact, golden, ingest, inside, lead, loads, new_import, import_rows, promote  # isort: skip


async def test_the_call_of_seed_001_runs_as_written(tenant):
    await ingest(tenant, {"email": "ann@acme.com", "name": "Ann Lee"})
    rows = await tenant.fetch("SELECT * FROM vault.f_promote_contacts(\n  p_load_ids := ARRAY[123, 456, 789]\n);")
    assert [tuple(row)[:3] for row in rows] == [(0, 0, 3)]
    assert "not found" in rows[0]["message"]
    assert await golden(tenant) == []


async def test_null_promotes_everything_that_waits(tenant):
    await ingest(tenant, *({"email": f"p{n}@acme.com"} for n in range(5)), {"email": "bad"}, {"email": "p1@acme.com"})
    row = await tenant.fetchrow("SELECT * FROM vault.f_promote_contacts(NULL)")
    assert tuple(row) == (5, 0, 0, "5 promoted, 0 updated, 0 failed")
    assert len(await golden(tenant)) == 5
    assert tuple(await tenant.fetchrow("SELECT * FROM vault.f_promote_contacts()"))[:3] == (0, 0, 0)


async def test_a_promoted_load_becomes_contact_person_company_affiliation_slots_and_profile(tenant):
    await ingest(tenant,
    {"email": " Ann@Acme.com", "name": "Ann Lee", "title": "CEO", "phone": "+1 5", "company": "Acme", "industry": "Tools",
                          "website": "https://acme.com", "linkedin_url": "linkedin.com/in/ann", "city": "Wien", "country": "Österreich",
                          "own": "x"})  # fmt: skip
    assert await promote(tenant) == (1, 0, 0)
    load = (await loads(tenant))[0]
    assert load["status"] == "promoted"
    assert load["promoted_at"] is not None
    row = await contact(tenant, "ann@acme.com")
    assert row == {
        "email": "ann@acme.com", "name": "Ann Lee", "phone": "+1 5", "company": "Acme", "title": "CEO", "source": "apollo", "tags": [],
        "custom_fields": {"own": "x"}, "score": 0, "status": "active", "person_name": "Ann Lee", "first_name": "Ann", "last_name": "Lee",
        "person_title": "CEO", "linkedin_url": "linkedin.com/in/ann", "location": "Wien, Österreich", "country_code": "AT",
        "seniority": None,
        "department": None, "domain": "acme.com",
    }  # fmt: skip
    company = await tenant.fetchrow("SELECT * FROM company.master")
    assert (company["name"], company["industry"], company["website"], company["load_id"]) == (
        "Acme",
        "Tools",
        "https://acme.com",
        load["load_id"],
    )
    person = await tenant.fetchrow("SELECT * FROM people.master")
    affiliation = await tenant.fetchrow("SELECT * FROM people.affiliations")
    assert (affiliation["person_id"], affiliation["company_id"], affiliation["company_key"], affiliation["title"]) == (
        person["id"], company["id"], "acme", "CEO")  # fmt: skip
    profile = await tenant.fetchrow("SELECT * FROM playmaker_user_source")
    assert (profile["email"], profile["first_name"], profile["last_name"], profile["company"], profile["platform"],
    profile["person_id"]) == (
        "ann@acme.com", "Ann", "Lee", "Acme", "apollo", person["id"])  # fmt: skip
    assert {person["load_id"], affiliation["load_id"], profile["load_id"]} == {load["load_id"]}
    for slot in ("people.slot", "company.slot"):
        assert await tenant.fetchval(f"SELECT validation_status FROM {slot}") == "validated"  # noqa: S608


async def test_a_load_that_is_not_there_not_pending_or_failed_counts_as_failed_and_says_why(tenant):
    await ingest(tenant, {"email": "a@acme.com"}, {"email": "A@acme.com"}, {"email": "bad"}, {"email": "b@acme.com"})
    first, duplicate, bad, other = [row["load_id"] for row in await loads(tenant)]
    assert await promote(tenant, [first]) == (1, 0, 0)
    assert await promote(tenant, [first, duplicate, bad, other, 10**12, other, None]) == (1, 0, 4)
    reasons = {row["load_id"]: (row["status"], row["reason"]) for row in await loads(tenant)}
    assert reasons == {
        first: ("promoted", None), duplicate: ("duplicate", "not pending: duplicate"), bad: ("failed", "bad_email"),
        other: ("promoted", None),
    }  # fmt: skip


async def test_an_empty_list_promotes_nothing(tenant):
    await ingest(tenant, {"email": "a@acme.com"})
    assert await promote(tenant, []) == (0, 0, 0)
    assert (await loads(tenant))[0]["status"] == "pending"


async def test_a_pending_load_without_a_usable_address_fails_with_the_reason(organization, admin):
    """Somebody put it there past f_ingest_json."""
    await admin.execute(
        "INSERT INTO intake.raw_loads (organization_id, batch_id, source, raw_data) "
        "VALUES ($1, 'b', 's', '{\"email\": \"noreply@x.com\"}')",
        organization,
    )
    async with inside(organization) as connection:
        assert await promote(connection) == (0, 0, 1)
        (load,) = await loads(connection)
        assert (load["status"], load["reason"]) == ("failed", "filtered_email")


async def known(organization, admin, **incoming):
    """A contact with tags, a score and a status; then the same address comes again."""
    async with inside(organization) as connection:
        await lead(
            connection,
            {"email": "a@acme.com", "name": "Ann Lee", "phone": "1", "company": "Acme", "title": "CEO", "tags": ["vip"], "x": 1, "y": 1},
        )
    await admin.execute("UPDATE vault.contacts SET score = 80, status = 'unsubscribed' WHERE organization_id = $1", organization)
    await admin.execute("UPDATE intake.raw_loads SET created_at = now() - interval '31 days' WHERE organization_id = $1", organization)
    async with inside(organization) as connection:
        assert await lead(connection, {"email": "A@acme.com", **incoming}, source="hubspot") == (0, 1, 0)
        return await contact(connection, "a@acme.com")


async def test_incoming_values_win_over_known_ones(organization, admin):
    row = await known(organization, admin, name="Ann Smith", phone="2", company="Globex", title="CTO", tags=["other"])
    assert [row[field] for field in ("name", "phone", "company", "title")] == ["Ann Smith", "2", "Globex", "CTO"]


@pytest.mark.parametrize("blank", ["", " ", None, "n/a", "-"])
async def test_a_blank_value_does_not_win(organization, admin, blank):
    row = await known(organization, admin, name=blank, phone=blank, company=blank, title=blank, x=blank if blank != "-" else None)
    assert [row[field] for field in ("name", "phone", "company", "title")] == ["Ann Lee", "1", "Acme", "CEO"]
    assert row["custom_fields"]["x"] in (1, " ", "n/a")


async def test_custom_fields_merge_and_tags_status_score_and_source_stay(organization, admin):
    row = await known(organization, admin, x=2, z=3, tags=["other"])
    assert row["custom_fields"] == {"x": 2, "y": 1, "z": 3}
    assert (row["tags"], row["status"], row["score"], row["source"]) == (["vip"], "unsubscribed", 80, "apollo")


async def test_the_source_of_a_contact_is_its_loads(tenant):
    await ingest(tenant, {"email": "a@acme.com"}, source="lemlist", batch="x")
    await ingest(tenant, {"email": "b@acme.com"}, source="manual")
    await promote(tenant)
    assert [(row["email"], row["source"]) for row in await golden(tenant)] == [("a@acme.com", "lemlist"), ("b@acme.com", "manual")]
    assert [row["platform"] for row in await tenant.fetch("SELECT platform FROM playmaker_user_source ORDER BY email")] == [
        "lemlist",
        "manual",
    ]


async def test_loads_of_an_import_keep_its_mode_when_they_are_promoted_later(organization):
    async with inside(organization) as connection:
        await lead(connection, *({"email": f"{mode}@acme.com", "title": "CEO"} for mode in ("fill", "overwrite", "create")))
    for mode in ("fill", "overwrite", "create"):
        async with inside(organization) as connection:
            made = await new_import(connection, mode, promote=False)
            report = await import_rows(
                connection, made, {"email": f"new-{mode}@acme.com"}, {"email": f"{mode}@acme.com", "title": "CTO", "phone": "7"}
            )
            assert (report["pending"], report["duplicate"]) == (1, 1)
    async with inside(organization) as connection:
        assert await promote(connection) == (3, 0, 0)


async def pending_twice(organization, admin, mode: str) -> None:
    """Two pending loads of one address: the second window opened while the first load still waited."""
    for title, phone in (("CEO", None), ("CTO", "7")):
        async with inside(organization) as connection:
            made = await new_import(connection, mode, promote=False)
            await import_rows(connection, made, {"email": "a@acme.com", "title": title, "phone": phone})
        await admin.execute("UPDATE intake.raw_loads SET created_at = now() - interval '31 days' WHERE organization_id = $1", organization)


@pytest.mark.parametrize(("mode", "title", "phone"), [("fill", "CEO", "7"), ("overwrite", "CTO", "7"), ("create", "CEO", None)])
async def test_two_pending_loads_of_one_address_become_one_contact(organization, admin, mode, title, phone):
    await pending_twice(organization, admin, mode)
    async with inside(organization) as connection:
        assert await promote(connection) == (1, 1, 0)
        row = await contact(connection, "a@acme.com")
        assert (row["title"], row["phone"]) == (title, phone)


async def test_every_action_is_in_the_audit_log_with_its_load_and_contact(organization, admin):
    await known(organization, admin, title="CTO")
    async with inside(organization) as connection:
        first, second = [row["load_id"] for row in await loads(connection)]
        number = await connection.fetchval("SELECT contact_id FROM vault.contacts")
        log = [tuple(row) for row in await connection.fetch("SELECT action, load_id, contact_id FROM intake.audit_log ORDER BY log_id")]
        assert log == [
            ("contact_ingested", first, None), ("batch_processed", None, None), ("contact_promoted", first, number),
            ("batch_processed", None, None),
            ("contact_ingested", second, None), ("batch_processed", None, None), ("contact_updated", second, number),
            ("batch_processed", None, None),
        ]  # fmt: skip
        details = await connection.fetchval("SELECT details FROM intake.audit_log ORDER BY log_id DESC LIMIT 1")
        assert details == {"promoted": 0, "updated": 1, "failed": 0}


@pytest.mark.parametrize(
    "table", ["people.master", "vault.contacts", "people.affiliations", "people.slot", "people.profiles", "company.master"]
)
async def test_a_failure_in_the_middle_leaves_nothing_of_the_pass(organization, admin, table):
    async with inside(organization) as connection:
        await ingest(connection, *({"email": f"p{n}@acme{n}.com", "name": f"Ann N{n}"} for n in range(40)))
    name = table.replace(".", "_")
    await admin.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name}_broken CHECK (organization_id <> '{organization}') NOT VALID")
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            async with inside(organization) as connection:
                await promote(connection)
    finally:
        await admin.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}_broken")
    async with inside(organization) as connection:
        for each in (
            "vault.contacts",
            "people.master",
            "company.master",
            "people.affiliations",
            "people.slot",
            "company.slot",
            "people.profiles",
        ):
            assert await connection.fetchval(f"SELECT count(*) FROM {each}") == 0, each  # noqa: S608
        assert {row["status"] for row in await loads(connection)} == {"pending"}
        assert await promote(connection) == (40, 0, 0)


async def test_promotions_at_the_same_time_take_every_load_once(organization):
    async with inside(organization) as connection:
        await ingest(connection, *({"email": f"p{n}@acme{n % 7}.com", "name": f"Ann N{n}"} for n in range(300)))

    async def call() -> tuple[int, int, int]:
        async with inside(organization) as connection:
            done = await promote(connection)
            await asyncio.sleep(0.05)
            return done

    counts = await asyncio.gather(*(call() for _ in range(4)))
    assert [sum(column) for column in zip(*counts, strict=True)] == [300, 0, 0]
    async with inside(organization) as connection:
        assert len(await golden(connection)) == 300
        assert await connection.fetchval("SELECT count(*) FROM company.master") == 7
        assert await connection.fetchval("SELECT count(*) FROM intake.audit_log WHERE action = 'contact_promoted'") == 300


async def test_imports_and_promotions_of_the_same_people_at_once_leave_one_contact_each(organization):
    rows = [{"email": f"p{n}@acme{n % 7}.com", "name": f"Ann N{n}"} for n in range(200)]

    async def by_import() -> None:
        async with inside(organization) as connection:
            made = await new_import(connection)
            for n in range(0, 200, 50):
                await import_rows(connection, made, *rows[n : n + 50], first=n + 1)

    async def by_call() -> None:
        async with inside(organization) as connection:
            await ingest(connection, *rows)
        async with inside(organization) as connection:
            await promote(connection)

    await asyncio.gather(by_import(), by_call(), by_import(), by_call())
    async with inside(organization) as connection:
        assert len(await golden(connection)) == 200
        assert await connection.fetchval("SELECT count(*) FROM people.master") == 200
        assert await connection.fetchval("SELECT count(*) FROM people.affiliations") == 200
        assert await connection.fetchval("SELECT count(DISTINCT email) FROM intake.raw_loads WHERE status = 'promoted'") == 200
        assert await connection.fetchval("SELECT count(*) FROM intake.raw_loads WHERE status = 'pending'") == 0


async def test_ingest_and_promotion_in_one_transaction_do_not_lock_each_other_and_an_import_out(organization):
    """Each takes the organization's locks in the same order, whatever it starts with."""

    async def one_go(number: int) -> None:
        async with inside(organization) as connection:
            await ingest(connection, {"email": f"one{number}@acme.com"})
            await asyncio.sleep(0.05)
            await promote(connection)

    async def by_import(number: int) -> None:
        async with inside(organization) as connection:
            made = await new_import(connection)
            await import_rows(connection, made, {"email": f"imported{number}@acme.com"})
            await asyncio.sleep(0.05)

    await asyncio.gather(*(work(n) for n in range(4) for work in (one_go, by_import)))
    async with inside(organization) as connection:
        assert len(await golden(connection)) == 8


async def test_the_campaign_of_a_load_goes_into_its_profile(tenant):
    await tenant.fetch(
        "SELECT * FROM intake.f_ingest_json(ARRAY['{\"email\":\"a@acme.com\"}'::jsonb], 'lemlist', 'b', '{\"campaign\": \"Acme Q3\"}')"
    )
    await promote(tenant)
    assert await tenant.fetchval("SELECT meta FROM playmaker_user_source") == {"campaign": "Acme Q3"}


async def test_a_namespace_of_somebody_else_is_not_taken_for_ours(tenant, admin, other_organization):
    theirs = await admin.fetchval("SELECT id FROM tenancy.namespaces WHERE organization_id = $1", other_organization)
    await tenant.fetch("SELECT * FROM intake.f_ingest_json(ARRAY['{\"email\":\"a@acme.com\"}'::jsonb], 's', 'b', '{}', $1)", theirs)
    assert await promote(tenant) == (1, 0, 0)
    assert await tenant.fetchval("SELECT count(*) FROM playmaker_user_source") == 1


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM vault.contacts WHERE email = 'p7@acme.com'",
        "SELECT load_id, batch_id, raw_data->>'email' as email, created_at FROM intake.raw_loads WHERE status = 'pending' "
        "ORDER BY created_at DESC LIMIT 100",
        "SELECT email, name, company, score, status FROM vault.contacts WHERE score >= 80 AND status = 'active' "
        "ORDER BY score DESC LIMIT 50",
        "SELECT * FROM intake.raw_loads WHERE raw_data->>'email' = 'p7@acme.com'",
    ],
)
async def test_the_promised_indexes_serve_the_queries_of_seed_001(organization, urls, query):
    """As the application, row security included: seed 001, "Indexes & Performance"."""
    async with inside(organization) as connection:
        await lead(connection, *({"email": f"p{n}@acme.com"} for n in range(3000)))
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {query}"))
    assert "Seq Scan" not in plan, plan
    assert "idx_" in plan
