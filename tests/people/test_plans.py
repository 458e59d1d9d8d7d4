"""Searches and lists go by their indexes, as the application's role inside a tenant, and so do the queries of seed 001."""

# ruff: noqa: S608 -- the tables' names are written here

import json
import re
import subprocess
import uuid

import pytest
import pytest_asyncio

from outrider import runtime, tenancy
from outrider.commands import console
from outrider.kit.server import EmbeddedServer
from outrider.people import ContactFilters, Filters, search
from outrider.people.search import CONTACTS, PEOPLE
from tests.conftest import new_organization

CROWD = 20_000
ACTOR = tenancy.Actor("user", "test")


@pytest_asyncio.fixture(scope="module")
async def crowd(pool, urls):
    """An organization with enough people that a plan matters; made set-based, since what matters here is reading."""
    import asyncpg

    organization = await new_organization()
    connection = await asyncpg.connect(urls.admin)
    await connection.execute("SELECT set_config('app.organization_id', $1, false)", str(organization))
    await connection.execute(
        "INSERT INTO company.master (organization_id, domain, name) "
        "SELECT $1, 'c' || n || '.example', 'Company ' || md5(n::text) FROM generate_series(1, 500) AS n",
        organization,
    )
    await connection.execute(
        "INSERT INTO people.master (organization_id, email, name, title, company_id) "
        "SELECT $1, 'p' || n || '@c' || n % 500 + 1 || '.example', md5(n::text) || ' ' || md5((n % 700)::text), 'T' || n % 40, k.id "
        "FROM generate_series(1, $2::int) AS n "
        "JOIN company.master AS k ON k.organization_id = $1 AND k.domain = 'c' || n % 500 + 1 || '.example'",
        organization,
        CROWD,
    )
    await connection.execute(
        "INSERT INTO vault.contacts (organization_id, email, name, company, source, person_id, created_at, score) "
        "SELECT $1, m.email, m.name, k.name, 'apollo', m.id, now() - random() * interval '90 days', (random() * 100)::int "
        "FROM people.master AS m JOIN company.master AS k ON (k.organization_id, k.id) = (m.organization_id, m.company_id) "
        "WHERE m.organization_id = $1",
        organization,
    )
    await connection.execute(
        "INSERT INTO intake.raw_loads (organization_id, batch_id, source, raw_data, status, email, created_at) "
        "SELECT $1, 'b', 'apollo', jsonb_build_object('email', m.email), CASE WHEN random() < 0.02 THEN 'pending' ELSE 'promoted' END, "
        "m.email, now() - random() * interval '90 days' FROM people.master AS m WHERE m.organization_id = $1",
        organization,
    )
    await connection.execute(
        "UPDATE vault.contacts SET tags = CASE WHEN contact_id % 700 = 0 THEN '[\"rare\"]'::jsonb ELSE '[\"common\"]' END "
        "WHERE organization_id = $1 AND contact_id % 5 = 0",
        organization,
    )
    for table in ("company.master", "people.master", "vault.contacts", "intake.raw_loads"):
        await connection.execute(f"VACUUM ANALYZE {table}")
    yield organization
    await connection.close()


async def plan_of(organization, statement, mode="auto"):
    async with tenancy.transaction(organization, ACTOR) as connection:
        await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
        rows = await connection.fetch(f"EXPLAIN {statement.sql}", *statement.parameters)
    return "\n".join(row[0] for row in rows)


def first_page(sort):
    return search.order(PEOPLE.sorts, sort, None, None)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("q", ["abc", "abc def", "x", "li"])
async def test_a_rare_word_is_found_by_the_search_index_alone(crowd, q, mode):
    plan = await plan_of(crowd, PEOPLE.full(crowd, Filters(q=q), first_page("newest"), 51), mode)
    assert "Bitmap Index Scan on idx_contacts_search" in plan
    assert "Seq Scan" not in plan
    assert "organization_id" in next(line for line in plan.splitlines() if "Index Cond" in line and "search_text" in line)


@pytest.mark.parametrize(
    ("sort", "index"),
    [
        ("newest", "master_pkey"),
        ("name", "idx_people_sort_name"),
        ("email", "idx_people_email"),
        ("updated", "idx_people_updated_at"),
        ("company", "idx_company_sort_name"),
    ],
)
async def test_a_page_of_every_order_is_read_from_its_index(crowd, sort, index):
    by = first_page(sort)
    async with tenancy.transaction(crowd, ACTOR) as connection:
        statement = PEOPLE.glance(crowd, Filters(), by, 51)
        rows = await connection.fetch(statement.sql, *statement.parameters)
    last = rows[50]
    cursor = by.cursor(last["key"], last["id"])
    for after in (None, cursor):
        plan = await plan_of(crowd, PEOPLE.glance(crowd, Filters(), search.order(PEOPLE.sorts, sort, None, after), 51))
        assert index in plan
        assert "Seq Scan" not in plan
        if after and sort != "company":
            assert any(">" in line or "<" in line for line in plan.splitlines() if "Index Cond" in line), plan


async def test_a_common_word_is_found_by_walking(crowd):
    plan = await plan_of(crowd, PEOPLE.glance(crowd, Filters(q="example"), first_page("newest"), 51))
    assert "Index Scan Backward using idx_contacts_person" in plan
    plan = await plan_of(crowd, PEOPLE.glance(crowd, Filters(q="example"), first_page("name"), 51))
    assert "idx_people_sort_name" in plan
    assert "idx_contacts_person" in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_a_rare_tag_is_found_by_its_own_index(crowd, mode):
    plan = await plan_of(crowd, PEOPLE.full(crowd, Filters(tag=("rare",)), first_page("newest"), 51), mode)
    assert "Bitmap Index Scan on idx_contacts_tags" in plan
    assert "Seq Scan" not in plan
    newest = search.order(CONTACTS.sorts, "newest", None, None, CONTACTS.id_type)
    plan = await plan_of(crowd, CONTACTS.full(crowd, ContactFilters(tag=("rare",)), newest, 51), mode)
    assert "Bitmap Index Scan on idx_contacts_tags" in plan
    assert "tags ? " in next(line for line in plan.splitlines() if "Index Cond" in line and "tags" in line)


@pytest.mark.parametrize(
    ("sort", "index"), [("newest", "contacts_pkey"), ("email", "idx_contacts_email"), ("updated", "idx_contacts_updated_at")]
)
async def test_a_page_of_addresses_is_read_from_its_index(crowd, sort, index):
    by = search.order(CONTACTS.sorts, sort, None, None, CONTACTS.id_type)
    async with tenancy.transaction(crowd, ACTOR) as connection:
        statement = CONTACTS.glance(crowd, ContactFilters(), by, 51)
        rows = await connection.fetch(statement.sql, *statement.parameters)
    cursor = by.cursor(rows[50]["key"], rows[50]["id"])
    for after in (None, cursor):
        here = search.order(CONTACTS.sorts, sort, None, after, CONTACTS.id_type)
        plan = await plan_of(crowd, CONTACTS.glance(crowd, ContactFilters(), here, 51))
        assert index in plan
        assert "Seq Scan" not in plan


SEED = {
    "pending contacts": (
        """SELECT load_id, batch_id, raw_data->>'email' as email, created_at
FROM intake.raw_loads
WHERE status = 'pending'
ORDER BY created_at DESC
LIMIT 100;""",
        ["idx_raw_loads_status", "idx_raw_loads_created_at"],
    ),
    "recent promotions": (
        """SELECT c.contact_id, c.email, c.name, c.created_at
FROM vault.contacts c
WHERE c.created_at > NOW() - INTERVAL '1 day'
ORDER BY c.created_at DESC;""",
        ["idx_contacts_created_at"],
    ),
    "high-value leads": (
        """SELECT email, name, company, score, status
FROM vault.contacts
WHERE score >= 80
  AND status = 'active'
ORDER BY score DESC
LIMIT 50;""",
        ["idx_contacts_score"],
    ),
    "an email": ("SELECT * FROM vault.contacts WHERE email = 'john@example.com';", ["idx_contacts_email"]),
    "a week": ("SELECT * FROM vault.contacts WHERE created_at > NOW() - INTERVAL '7 days';", ["idx_contacts_created_at"]),
    "a person's email": ("SELECT * FROM people.master WHERE email = 'john@example.com';", ["idx_people_email"]),
    "a status": ("SELECT * FROM vault.contacts WHERE status = 'bounced';", ["idx_contacts_status"]),
    "a load's status": ("SELECT * FROM intake.raw_loads WHERE status = 'pending';", ["idx_raw_loads_status"]),
    "a payload's email": ("SELECT * FROM intake.raw_loads WHERE raw_data->>'email' = 'p7@c8.example';", ["idx_raw_loads_raw_data_email"]),
    "recent loads": ("SELECT * FROM intake.raw_loads WHERE created_at > NOW() - INTERVAL '1 day';", ["idx_raw_loads_created_at"]),
}


@pytest.fixture
def psql(server: EmbeddedServer, urls, crowd, tmp_path):
    """Run SQL as `outrider psql` does: the same connection string, role, tenant and search path."""

    def run(*arguments, organization=None):
        owner = tenancy.Caller(organization or crowd, ACTOR, "owner", frozenset())
        place = runtime.Installation(tmp_path, urls, server)
        target, environment = console.connection(runtime.Session(organization or crowd, ACTOR, False, place, owner))
        command = [server.binaries.path("psql"), "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", target, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("name", list(SEED))
def test_the_queries_of_seed_001_run_as_written_with_the_plans_it_promises(psql, name):
    statement, indexes = SEED[name]
    done = psql("-c", statement)
    assert done.returncode == 0, done.stderr
    plan = psql("-c", f"EXPLAIN {statement}").stdout
    assert any(index in plan for index in indexes), plan
    assert "Seq Scan" not in plan


def test_the_examples_of_seed_001_run_as_written(psql):
    done = psql(
        "-c",
        """SELECT * FROM intake.f_ingest_json(
  p_rows := ARRAY['{"email":"john@example.com","name":"John Doe"}'::jsonb],
  p_source := 'apollo',
  p_batch_id := 'batch-123'
);""",
        "-c",
        """SELECT * FROM vault.f_promote_contacts(
  p_load_ids := ARRAY[123, 456, 789]
);""",
        "-c",
        "SELECT promoted_count FROM vault.f_promote_contacts(NULL);",
        "-c",
        "EXPLAIN ANALYZE SELECT * FROM vault.contacts WHERE email = 'john@example.com';",
    )
    assert done.returncode == 0, done.stderr
    assert "|success|stored" in done.stdout
    assert re.search(r"^0\|[0-3]\|[0-3]\|0 promoted", done.stdout, re.MULTILINE)  # some of these numbers may wait here
    assert "idx_contacts_email" in done.stdout


@pytest.mark.parametrize("table", ["intake.raw_loads", "vault.contacts"])
def test_the_console_reads_and_writes_only_through_functions(psql, table):
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET source = 'x'", f"INSERT INTO {table} (source) VALUES ('x')"):
        done = psql("-c", statement)
        assert done.returncode != 0
        assert "permission denied" in done.stderr
    nobody = tenancy.OrganizationId(uuid.uuid4())
    assert psql("-c", f"SELECT count(*) FROM {table}", organization=nobody).stdout.strip() == "0"
    assert json.loads(psql("-c", f"SELECT count(*) FROM {table}").stdout) >= CROWD
