"""The database page's figures: the operator's and nobody else's, without any row's contents, and never a burden on the server."""

import asyncpg
import pytest

from outrider import ops, tenancy
from outrider.kit.errors import Forbidden
from outrider.reports import read_health
from outrider.reports.tasks import SAMPLE, TASKS, schedule
from outrider.tenancy import DEFAULT_ORGANIZATION

from .conftest import caller_of

FUNCTIONS = ("f_tables()", "f_unused_indexes()", "f_connections()", "f_transactions()", "f_server()", "f_statements(5)")


async def test_the_figures_are_there(actor, organization):
    health = await read_health(DEFAULT_ORGANIZATION, actor)
    assert health.unread == ()
    assert {"vault.contacts", "people.profiles", "ops.events", "bit.figures"} <= {table.name for table in health.tables}
    assert not any("org_" in table.name or "events_2" in table.name for table in health.tables)
    assert health.server is not None
    assert health.server.sees_all
    assert health.server.connections >= 1
    assert (health.statements_state, len(health.statements) > 3) == ("on", True)
    assert health.migrations[0] == "20261120090000_schemas"
    assert health.pool is not None
    assert (health.pool.in_use, health.pool.waiting) == (0, 0)
    assert {finding.area for finding in health.findings} == {
        "queries", "indexes", "connections", "growth", "vacuum", "cache", "transactions", "replication",
    }  # fmt: skip


async def test_the_tables_of_every_slice_are_called_by_their_names(admin):
    async with admin.transaction():
        await admin.execute("SELECT set_config('app.organization_id', $1, true)", str(tenancy.DEFAULT_ORGANIZATION))
        found = {row[0] for row in await admin.fetch("SELECT table_name FROM bit.f_tables()")}
    assert {"vault.contacts", "marketing.enrollments", "sending.messages", "engagement.events"} <= found


async def test_nobody_but_the_operator_gets_any(actor, organization, tenant):
    with pytest.raises(Forbidden):
        await read_health(organization, actor)
    for function in FUNCTIONS:
        assert await tenant.fetch(f"SELECT * FROM bit.{function}") == [], function  # noqa: S608
    assert await tenant.fetchval("SELECT bit.f_sample_tables()") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with tenant.transaction():
            await tenant.fetch("SELECT * FROM bit.table_sizes")


async def test_the_application_does_not_get_round_the_functions(tenant):
    for query in ("SELECT query FROM public.pg_stat_statements", "SELECT * FROM public.pg_stat_statements(true)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with tenant.transaction():
                await tenant.fetch(query)


async def test_statements_come_without_what_was_asked_for(actor, admin):
    secret = "ana.lopez@secret.example"
    await admin.execute(f"SELECT count(*) AS told_ana FROM vault.contacts WHERE email = '{secret}' -- {secret}'s own")  # noqa: S608
    await admin.execute(f"DO $$ BEGIN PERFORM '{secret}'; END $$")
    async with tenancy.transaction(DEFAULT_ORGANIZATION, actor) as connection:
        texts = [row["statement"] for row in await connection.fetch("SELECT statement FROM bit.f_statements(100000)")]
    assert any("told_ana" in text for text in texts)
    assert [text for text in texts if secret in text] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SELECT 'ana@x.example', 34910000000, $1", "SELECT '…', …, $1"),
        ("select 'it''s -- hers', 2 -- 'a comment\nfrom t", "select '…', 2 from t"),
        ("WITH a AS (SELECT 1)\n\n  SELECT   *", "WITH a AS (SELECT 1) SELECT *"),
        ("-- Theirs: 'x'\nINSERT INTO t VALUES ('x')", "INSERT INTO t VALUES ('…')"),
        ("ALTER ROLE x PASSWORD 'y'", "ALTER"),
        ("  CREATE USER MAPPING …", "CREATE"),
        ("/* select */ DO 'x'", "?"),
    ],
)  # fmt: skip
async def test_what_pg_stat_statements_left_in_a_text_is_taken_out(admin, text, shown):
    assert await admin.fetchval("SELECT bit.f_without_values($1)", text) == shown


async def test_a_view_that_only_bears_the_extensions_name_is_not_read(admin, actor):
    """Somebody who may make views in public must not have the owner run what is in them."""
    await admin.execute("DROP EXTENSION pg_stat_statements")
    try:
        await admin.execute("CREATE VIEW public.pg_stat_statements AS SELECT 1 / 0 AS query")
        health = await read_health(DEFAULT_ORGANIZATION, actor)
        assert (health.statements_state, health.statements) == ("missing", ())
        assert any("no pg_stat_statements" in finding.text for finding in health.findings)
    finally:
        await admin.execute("DROP VIEW public.pg_stat_statements")
        await restore_statements(admin)


async def test_a_server_that_does_not_show_its_statements_is_told_of(admin, actor):
    await admin.execute("REVOKE ALL ON public.pg_stat_statements FROM outrider_owner")
    try:
        health = await read_health(DEFAULT_ORGANIZATION, actor)
        assert (health.statements_state, health.statements) == ("closed", ())
    finally:
        await admin.execute("GRANT SELECT ON public.pg_stat_statements TO outrider_owner")


async def test_what_takes_too_long_is_left_out_and_named(admin, actor):
    async with admin.transaction():
        await admin.execute("LOCK TABLE vault.contacts IN ACCESS EXCLUSIVE MODE")
        health = await read_health(DEFAULT_ORGANIZATION, actor)
    assert "tables" in health.unread
    assert health.tables == ()
    assert health.server is not None
    assert "growth" not in {finding.area for finding in health.findings}


async def test_growth_is_seen_from_the_sample_of_a_week_ago_or_the_oldest_there_is(admin, actor):
    async def bytes_before() -> int | None:
        tables = (await read_health(DEFAULT_ORGANIZATION, actor)).tables
        return next(table.bytes_before for table in tables if table.name == "vault.contacts")

    async def keep(days_ago: int, number: int) -> None:
        await admin.execute("INSERT INTO bit.table_sizes VALUES (current_date - $1::int, 'vault.contacts', $2, 0)", days_ago, number)

    await admin.execute("DELETE FROM bit.table_sizes")
    try:
        await keep(0, 5)
        assert await bytes_before() is None
        await keep(2, 20)
        await keep(3, 30)
        assert await bytes_before() == 30
        await keep(7, 70)
        await keep(9, 90)
        assert await bytes_before() == 70
    finally:
        await admin.execute("DELETE FROM bit.table_sizes")


async def test_sizes_are_kept_every_day_once_and_for_a_year(admin, actor, operator):
    await schedule(actor)
    planned = {each.name: each for each in await ops.list_schedules(DEFAULT_ORGANIZATION, actor)}
    assert planned[SAMPLE].is_active
    await admin.execute("INSERT INTO bit.table_sizes VALUES (current_date - 500, 'vault.contacts', 1, 0)")
    async with tenancy.transaction(DEFAULT_ORGANIZATION, actor) as connection:
        job = await ops.enqueue(connection, SAMPLE, {})
    for _ in range(2):
        done = await ops.run_job_here(DEFAULT_ORGANIZATION, job, TASKS)
    assert done.output["tables"] > 20
    days = await admin.fetch("SELECT day, bytes FROM bit.table_sizes WHERE table_name = 'vault.contacts'")
    assert len(days) == 1
    assert days[0]["bytes"] > 0
    await admin.execute("DELETE FROM bit.table_sizes")


async def test_the_api_answers_owners_of_the_default_organization_only(operator, client, as_role):
    answer = await operator.get("/api/database")
    assert answer.status_code == 200
    assert answer.json()["server"]["version"].startswith("18")
    assert (await client.get("/api/database")).status_code == 403
    assert (await (await as_role("member")).get("/api/database")).status_code == 403
    assert "database:read" not in caller_of(DEFAULT_ORGANIZATION, "member").scopes


async def restore_statements(admin: asyncpg.Connection) -> None:
    from outrider.database.migrate import queries

    await queries.add_statement_statistics(admin)
