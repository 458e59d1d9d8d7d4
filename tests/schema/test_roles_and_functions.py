"""The application's role owns nothing and sees nothing without a tenant; what may more than it is fixed, listed and says only ids."""

import asyncpg
import pytest

from outrider.database.migrate import FOLDER
from outrider.kit import database

ROLES = ["outrider_owner", "outrider_app", "outrider_worker", "outrider_console"]
OURS = (
    "n.nspname IN ('kit', 'tenancy', 'intake', 'vault', 'people', 'company', 'ops', 'queue', 'bit', 'marketing', 'sending', 'engagement') "
    "OR n.nspname LIKE 'org\\_%'"
)
PROTECTED = ["intake.raw_loads", "vault.contacts", "intake.audit_log", "people.affiliations", "people.slot", "company.slot",
"people.history",
             "company.history", "vault.history", "people.affiliation_history", "people.profile_history"]  # fmt: skip


async def names(connection: asyncpg.Connection, query: str, *arguments) -> list[str]:
    return [row[0] for row in await connection.fetch(query, *arguments)]


async def test_no_role_of_ours_is_a_superuser_or_may_pass_by_row_security(catalogue):
    rows = await catalogue.fetch(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname LIKE 'outrider%'"
    )
    assert {row["rolname"] for row in rows} >= set(ROLES)
    assert [row["rolname"] for row in rows if any(list(row.values())[1:])] == []


async def test_the_application_is_a_member_of_nothing(catalogue):
    member_of = await names(
        catalogue,
        "SELECT roleid::regrole::text FROM pg_auth_members WHERE member IN ('outrider_app'::regrole, 'outrider_worker'::regrole)",
    )
    assert member_of == []


async def test_the_application_owns_nothing(catalogue):
    owned = await names(
        catalogue,
        """
        SELECT classid::regclass || ' ' || objid FROM pg_shdepend
        WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o' AND refobjid IN ('outrider_app'::regrole, 'outrider_worker'::regrole)
        """,
    )
    assert owned == []


async def test_everything_of_ours_belongs_to_the_owner(catalogue):
    strangers = await names(
        catalogue,
        f"""
        SELECT c.oid::regclass::text FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE ({OURS}) AND c.relkind IN ('r', 'p', 'v', 'S', 'm') AND c.relowner <> 'outrider_owner'::regrole
            AND (n.nspname NOT LIKE 'org\\_%' OR c.relispartition) -- the rest of an organization's schema is its people's
        UNION ALL
        SELECT p.oid::regprocedure::text FROM pg_proc AS p INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE ({OURS}) AND p.proowner <> 'outrider_owner'::regrole
        UNION ALL
        SELECT n.nspname FROM pg_namespace AS n WHERE ({OURS}) AND n.nspowner <> 'outrider_owner'::regrole
        """,  # noqa: S608
    )
    assert strangers == []


async def test_definers_functions_are_the_owners_and_fix_their_search_path_with_temporary_tables_last(catalogue):
    rows = await catalogue.fetch(
        """
        SELECT p.oid::regprocedure::text AS name, p.proowner = 'outrider_owner'::regrole AS is_ours,
            (SELECT option_value FROM pg_options_to_table(p.proconfig) WHERE option_name = 'search_path') AS path
        FROM pg_proc AS p WHERE p.prosecdef
        """
    )
    assert len(rows) > 10
    assert [row["name"] for row in rows if not row["is_ours"] or row["path"] != "pg_catalog, pg_temp"] == []


async def test_the_public_may_execute_nothing_of_ours(catalogue):
    """PUBLIC would be outrider_worker and everybody who may connect."""
    open_to_all = await names(
        catalogue,
        f"""
        SELECT p.oid::regprocedure::text FROM pg_proc AS p INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
        CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
        WHERE ({OURS}) AND a.grantee = 0 AND p.prosecdef
        """,  # noqa: S608
    )
    assert open_to_all == []


async def test_only_the_owner_works_in_the_tables_behind_the_functions(catalogue):
    """Functions that take what a caller left in temporary tables, or say what the caller may not see, are not the application's."""
    callable_by_app = set(
        await names(
            catalogue,
            f"""
            SELECT p.proname::text FROM pg_proc AS p INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
            WHERE ({OURS}) AND p.prosecdef AND has_function_privilege('outrider_app', p.oid, 'EXECUTE')
            """,  # noqa: S608
        )
    )
    assert {"f_ingest_json", "f_promote_contacts", "f_import_rows", "f_revert_import"} <= callable_by_app
    assert callable_by_app.isdisjoint(
        {"f_open_workspace", "f_store_rows", "f_read_facts", "f_resolve", "f_attach", "f_make_golden", "f_put_back", "f_adopt_profiles"}
    )


@pytest.mark.parametrize("table", PROTECTED)
async def test_the_application_may_read_and_not_change_what_seed_001_protects(catalogue, table):
    rights = await names(
        catalogue,
        "SELECT r FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS r "
        "WHERE has_table_privilege('outrider_app', $1, r)",
        table,
    )
    assert rights == ["SELECT"]
    columns = await names(
        catalogue,
        "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped "
        "AND (has_column_privilege('outrider_app', attrelid, attnum, 'INSERT') "
        "OR has_column_privilege('outrider_app', attrelid, attnum, 'UPDATE'))",
        table,
    )
    assert columns == []


async def test_nobody_may_truncate_reference_or_hang_triggers_on_a_table_of_ours(catalogue):
    """TRUNCATE is not bound by row security."""
    given = await names(
        catalogue,
        f"""
        SELECT DISTINCT c.oid::regclass::text || ' ' || a.privilege_type || ' ' || a.grantee::regrole FROM pg_class AS c
        INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL aclexplode(c.relacl) AS a
        WHERE ({OURS} OR c.relname LIKE '%\\_user\\_source') AND a.grantee <> c.relowner
            AND (a.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN') OR a.grantee = 0 OR a.is_grantable)
        """,  # noqa: S608
    )
    assert given == []


async def reachable(catalogue: asyncpg.Connection) -> list[str]:
    return await names(
        catalogue,
        f"""
        SELECT c.oid::regclass::text FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm') AND ({OURS} OR c.relname LIKE '%\\_user\\_source%') ORDER BY 1
        """,  # noqa: S608
    )


async def test_without_a_tenant_the_application_sees_no_row_of_any_relation(catalogue, urls, house):
    application = await asyncpg.connect(urls.app)
    seen, refused = [], 0
    try:
        for relation in await reachable(catalogue):
            try:
                if await application.fetchval(f"SELECT count(*) FROM {relation}"):  # noqa: S608
                    seen.append(relation)
            except asyncpg.InsufficientPrivilegeError:
                refused += 1
        assert seen == []
        assert refused > 0
        assert await catalogue.fetchval("SELECT count(*) FROM tenancy.namespaces") > 0
    finally:
        await application.close()


async def test_the_applications_sequences_and_ledger_are_closed(catalogue):
    open_sequences = await names(
        catalogue,
        f"""
        SELECT c.oid::regclass::text FROM pg_sequence AS s INNER JOIN pg_class AS c ON c.oid = s.seqrelid
        INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE ({OURS}) AND n.nspname <> 'queue' AND has_sequence_privilege('outrider_app', s.seqrelid, 'UPDATE, USAGE')
        """,  # noqa: S608
    )
    assert open_sequences == []
    assert not await catalogue.fetchval("SELECT has_table_privilege('outrider_app', 'public.migrations_log', 'INSERT, UPDATE, DELETE')")


async def test_views_are_bound_by_row_security_of_their_owner(catalogue):
    """A view reads as its owner: outrider_owner, whom forced row security binds; a superuser's view would show every tenant."""
    wrong = await names(
        catalogue,
        f"""
        SELECT c.oid::regclass::text FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('v', 'm') AND ({OURS}) AND (c.relowner <> 'outrider_owner'::regrole OR c.relkind = 'm')
        """,  # noqa: S608
    )
    assert wrong == []


async def test_only_the_listed_functions_look_across_tenants_and_they_return_ids(catalogue):
    """Who reads the list of tenants without saying which one is meant. Other tenant tables are closed to them by forced row security.

    f_standing tells the names of a user's own organizations (tests/tenancy/test_sessions.py).
    """
    listed = "".join(
        (FOLDER / f"{name}.sql").read_text()
        for name in (
            "20261120099000_across_tenants",
            "20261120104100_jobs_in_words",
            "20261120114000_work_across_tenants",
        )
    )
    rows = await catalogue.fetch(
        f"""
        SELECT p.proname::text AS name, p.oid::regprocedure::text AS signature, pg_get_function_result(p.oid) AS result
        FROM pg_proc AS p INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE ({OURS}) AND p.prosecdef AND pg_get_functiondef(p.oid) ~ 'tenancy\\.(organizations|f_organizations_where)' AND p.prokind = 'f'
            AND pg_get_functiondef(p.oid) !~ 'kit\\.f_organization\\(\\)'
            AND p.proname NOT IN ('f_create_organization', 'f_standing')
        """  # noqa: S608
    )
    assert {row["name"] for row in rows} == {
        "f_organization_ids",
        "f_find_organization",
        "f_organizations_with_work",
        "f_organizations_to_follow",
        "f_organizations_in_doubt",
    }
    assert {row["result"] for row in rows} <= {"uuid", "SETOF uuid"}
    assert [row["signature"] for row in rows if f"CREATE FUNCTION {row['signature'].partition('(')[0]}(" not in listed] == []


async def test_the_owner_itself_sees_no_row_of_a_tenant_without_naming_it(catalogue, urls, house):
    """So no definer's function can look across tenants by forgetting its WHERE; tenancy.organizations is the one it may read."""
    owner = await asyncpg.connect(urls.admin)
    try:
        await owner.execute("SET ROLE outrider_owner")
        tables = await names(
            catalogue,
            "SELECT c.oid::regclass::text FROM pg_class AS c INNER JOIN pg_attribute AS a "
            "ON a.attrelid = c.oid AND a.attname = 'organization_id' "
            "WHERE c.relkind IN ('r', 'p') AND NOT a.attisdropped",
        )
        assert [table for table in tables if await owner.fetchval(f"SELECT count(*) FROM {table}")] == []  # noqa: S608
        assert await owner.fetchval("SELECT count(*) FROM tenancy.organizations") > 0
    finally:
        await owner.close()


async def test_what_is_set_for_a_tenant_does_not_outlive_its_transaction(pool, house, actor):
    from outrider import tenancy

    async with tenancy.transaction(house.organization, actor) as connection:
        assert await connection.fetchval("SELECT count(*) FROM tenancy.namespaces") == 2
    async with database.pool().acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM tenancy.namespaces") == 0
        assert await connection.fetchval("SELECT kit.f_organization()") is None
