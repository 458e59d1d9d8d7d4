"""Seed 000's migration from a legacy table, as written, and rows that an application writes itself: they become contacts and persons."""

import time
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from outrider import tenancy

from .lead_loads import ACTOR, bring_in, golden, inside, loads

MIGRATE = "INSERT INTO playmaker_user_source \nSELECT * FROM user_source \nON CONFLICT (email) DO NOTHING;"
# The columns of seed 000 in its order; timestamps as node-postgres users have them, without a zone.
LEGACY = """
    CREATE TABLE {}.user_source (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(), email VARCHAR(255) UNIQUE, first_name VARCHAR(255), last_name VARCHAR(255),
        company VARCHAR(255), linkedin_profile TEXT, platform VARCHAR(50), enrichment_data JSONB, icp_score INTEGER,
        behaviour_score INTEGER, lead_score INTEGER, apollo_enriched_at TIMESTAMP, last_scored_at TIMESTAMP, meta JSONB,
        created_at TIMESTAMP, updated_at TIMESTAMP
    )
"""


class Legacy:
    """An organization with a legacy table beside its profile tables, and a person in `outrider psql` there."""

    def __init__(self, organization: tenancy.OrganizationId, console: asyncpg.Connection) -> None:
        self.organization, self.console = organization, console

    async def add(self, *rows: dict) -> None:
        for row in rows:
            names = ", ".join(row)
            places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
            await self.console.execute(f"INSERT INTO user_source ({names}) VALUES ({places})", *row.values())  # noqa: S608


@pytest_asyncio.fixture
async def legacy(organization: tenancy.OrganizationId, urls) -> AsyncIterator[Legacy]:
    """As `outrider psql` sets a session up: the role, the organization, its schema first on the path."""
    console = await asyncpg.connect(urls.admin)
    schema = f"org_{organization.hex}"
    await console.execute("SET ROLE outrider_console")
    await console.execute(f"SET search_path = {schema}, public, ops")
    await console.execute(
        "SELECT set_config('app.organization_id', $1, false), set_config('app.actor', 'user:test', false)", str(organization)
    )
    await console.execute(LEGACY.format(schema))
    yield Legacy(organization, console)
    await console.close()


ANN = {"email": " Ann@Acme.com ", "first_name": "Ann", "last_name": "Lee", "company": "Acme", "linkedin_profile": "linkedin.com/in/ann",
       "platform": "lemlist", "enrichment_data": '{"a": 1}', "icp_score": 40, "meta": '{"campaign": "Q1"}'}  # fmt: skip


async def test_the_legacy_migration_of_seed_000_runs_as_written_and_the_people_exist(legacy):
    await legacy.add(ANN, {"email": "bo@globex.com"}, {"email": "not an address"})
    assert await legacy.console.execute(MIGRATE) == "INSERT 0 3"
    async with inside(legacy.organization) as connection:
        ann, bo = await golden(connection)
        assert (ann["email"], ann["name"], ann["company"], ann["linkedin_url"], ann["source"], ann["domain"]) == (
            "ann@acme.com", "Ann Lee", "Acme", "linkedin.com/in/ann", "lemlist", "acme.com")  # fmt: skip
        assert (bo["email"], bo["name"], bo["source"]) == ("bo@globex.com", None, "user_source")
        assert ann["custom_fields"] == {}
        statuses = {load["raw_data"]["email"]: (load["status"], load["reason"], load["source"]) for load in await loads(connection)}
        assert statuses == {
            "ann@acme.com": ("promoted", None, "user_source"), "bo@globex.com": ("promoted", None, "user_source"),
            "not an address": ("failed", "bad_email", "user_source"),
        }  # fmt: skip


async def test_a_profile_keeps_its_values_and_knows_its_person_and_its_load(legacy):
    await legacy.add(ANN, {"email": "bad"})
    number = await legacy.console.fetchval("SELECT id FROM user_source WHERE first_name = 'Ann'")
    await legacy.console.execute(MIGRATE)
    async with inside(legacy.organization) as connection:
        profile = await connection.fetchrow("SELECT * FROM playmaker_user_source WHERE email = 'ann@acme.com'")
        person, load = (
            await connection.fetchval("SELECT id FROM people.master"),
            await connection.fetchval("SELECT load_id FROM people.master"),
        )
        assert (profile["id"], profile["person_id"], profile["load_id"]) == (number, person, load)
        assert [profile[name] for name in ("first_name", "icp_score", "behaviour_score", "enrichment_data", "meta", "platform")] == [
            "Ann", 40, 0, {"a": 1}, {"campaign": "Q1"}, "lemlist"]  # fmt: skip
        assert profile["created_at"] is not None
        bad = await connection.fetchrow("SELECT person_id, load_id FROM playmaker_user_source WHERE email = 'bad'")
        assert (bad["person_id"], bad["load_id"] is None) == (None, False)
        assert (
            await connection.fetchval("SELECT count(*) FROM people.profile_history WHERE changed_fields ?| ARRAY['first_name', 'meta']")
            == 0
        )


async def test_the_migration_may_run_again_and_changes_nothing(legacy):
    await legacy.add(ANN, {"email": "bo@globex.com"}, {"email": "bad"})
    await legacy.console.execute(MIGRATE)
    async with inside(legacy.organization) as connection:
        before = [dict(row) for row in await connection.fetch("SELECT * FROM playmaker_user_source ORDER BY id")], await golden(connection)
    assert await legacy.console.execute(MIGRATE) == "INSERT 0 0"
    async with inside(legacy.organization) as connection:
        assert (
            [dict(row) for row in await connection.fetch("SELECT * FROM playmaker_user_source ORDER BY id")],
            await golden(connection),
        ) == before
        assert len(await loads(connection)) == 3


async def test_addresses_that_differ_in_case_only_become_one_profile_and_one_contact(legacy):
    await legacy.add({"email": "Ann@acme.com"}, {"email": "ann@acme.com"})
    assert await legacy.console.execute(MIGRATE) == "INSERT 0 1"
    async with inside(legacy.organization) as connection:
        assert [row["email"] for row in await golden(connection)] == ["ann@acme.com"]


async def test_seed_000_finds_the_legacy_tables_and_drops_them(legacy):
    find = (
        "SELECT tablename FROM pg_tables \nWHERE tablename IN ('user_source', 'source_users')"
        " AND schemaname = ANY (current_schemas(false));"
    )
    assert [row[0] for row in await legacy.console.fetch(find)] == ["user_source"]
    await legacy.console.execute("DROP TABLE IF EXISTS user_source;")
    await legacy.console.execute("DROP TABLE IF EXISTS source_users;")
    assert await legacy.console.fetch(find) == []


async def test_ten_thousand_rows_come_in_with_one_statement(legacy):
    await legacy.console.execute(
        """
        INSERT INTO user_source (email, first_name, last_name, company, platform, created_at)
        SELECT
            CASE
                WHEN n % 500 = 0 THEN 'bad ' || n
                WHEN n % 7 = 0 THEN upper('p' || n || '@c' || n % 900 || '.example')
                ELSE 'p' || n || '@c' || n % 900 || '.example'
            END,
            'Ann', 'N' || n, 'C' || n % 900, 'lemlist', now() - n * interval '1 second'
        FROM generate_series(1, 10000) AS n
        """
    )
    assert await legacy.console.execute(MIGRATE) == "INSERT 0 10000"
    async with inside(legacy.organization) as connection:
        counts = await connection.fetchrow(
            """
            SELECT (SELECT count(*) FROM vault.contacts), (SELECT count(*) FROM people.master), (SELECT count(*) FROM company.master),
                (SELECT count(*) FROM playmaker_user_source WHERE person_id IS NOT NULL),
                (SELECT count(*) FROM intake.raw_loads WHERE status = 'failed'),
                (SELECT count(*) FROM playmaker_user_source WHERE load_id IS NULL)
            """
        )
        assert tuple(counts) == (9980, 9980, 900, 9980, 20, 0)


async def test_a_single_row_that_an_application_writes_becomes_a_contact_at_once(tenant):
    number = await tenant.fetchval(
        "INSERT INTO playmaker_user_source (email, first_name, company) VALUES (' Ann@ACME.com', 'Ann', 'Acme') RETURNING id"
    )
    (row,) = await golden(tenant)
    assert (row["email"], row["first_name"], row["company"]) == ("ann@acme.com", "Ann", "Acme")
    found = await tenant.fetchrow("SELECT id, person_id FROM playmaker_user_source WHERE email = 'ann@acme.com'")
    assert found["id"] == number
    assert found["person_id"] == await tenant.fetchval("SELECT id FROM people.master")


async def test_rows_written_one_after_the_other_in_one_transaction_all_become_contacts(tenant):
    for n in range(5):
        await tenant.execute("INSERT INTO playmaker_user_source (email) VALUES ($1) ON CONFLICT (email) DO NOTHING", f"p{n % 3}@acme.com")
    assert [row["email"] for row in await golden(tenant)] == ["p0@acme.com", "p1@acme.com", "p2@acme.com"]


async def test_a_profile_of_somebody_who_is_known_joins_that_person_and_fills_blanks(tenant):
    await bring_in(tenant, {"email": "ann@acme.com", "name": "Ann Lee"})
    await tenant.execute("SELECT tenancy.f_create_namespace('acme-corp', ARRAY['acme'])")
    await tenant.execute("INSERT INTO acme_corp_user_source (email, first_name, company) VALUES ('ann@acme.com', 'Anna', 'Acme')")
    (row,) = await golden(tenant)
    assert (row["first_name"], row["company"]) == ("Ann", "Acme")
    person = await tenant.fetchval("SELECT id FROM people.master")
    profile = await tenant.fetchrow("SELECT first_name, person_id FROM acme_corp_user_source")
    assert tuple(profile) == ("Anna", person)


async def test_a_row_without_an_address_is_refused_by_name(tenant):
    with pytest.raises(asyncpg.NotNullViolationError, match="email"):
        await tenant.execute("INSERT INTO playmaker_user_source (first_name) VALUES ('Ann')")


async def test_an_administrators_rows_for_an_organization_are_taken_without_a_tenant_set(organization, admin):
    await admin.execute(
        f"INSERT INTO org_{organization.hex}.playmaker_user_source (organization_id, email, first_name) VALUES ($1, 'ann@acme.com', 'Ann')",  # noqa: S608
        organization,
    )
    async with inside(organization) as connection:
        assert [row["first_name"] for row in await golden(connection)] == ["Ann"]


async def test_the_default_organization_has_its_tables_in_public(admin, pool):
    if not await admin.fetchval("SELECT EXISTS (SELECT FROM tenancy.organizations WHERE id = $1)", tenancy.DEFAULT_ORGANIZATION):
        await tenancy.create_organization("Default", "default-of-the-tests", tenancy.DEFAULT_ORGANIZATION)
    address = f"ann{time.monotonic_ns()}@acme.com"
    async with tenancy.transaction(tenancy.DEFAULT_ORGANIZATION, ACTOR) as connection:
        await connection.execute("INSERT INTO public.playmaker_user_source (email) VALUES ($1)", address)
        assert await connection.fetchval("SELECT count(*) FROM vault.contacts WHERE email = $1", address) == 1


async def test_another_organization_sees_nothing_of_it(legacy, other_organization):
    await legacy.add(ANN)
    await legacy.console.execute(MIGRATE)
    async with inside(other_organization) as connection:
        assert await golden(connection) == []
        assert await connection.fetchval("SELECT count(*) FROM playmaker_user_source") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with inside(other_organization) as connection:
            await connection.execute(
                f"INSERT INTO org_{legacy.organization.hex}.playmaker_user_source (organization_id, email) "  # noqa: S608
                f"VALUES ('{legacy.organization}', 'x@y.com')"
            )
