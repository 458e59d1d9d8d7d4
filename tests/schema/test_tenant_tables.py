"""Every tenant table, whoever adds it: row security forced, the one policy, tenant-first keys (DESIGN, "Rules that hold everywhere").

Read from the catalogue, partitions and the organizations' own schemas included: a new table is under these rules the day it is made.
"""

import asyncpg
import pytest

# In public and in an organization's schema people have tables of their own (outrider_console's).
OURS = (
    "n.nspname IN ('kit', 'tenancy', 'intake', 'vault', 'people', 'company', 'ops', 'queue', 'bit', 'marketing', 'sending', 'engagement') "
    "OR (n.nspname = 'public' OR n.nspname LIKE 'org\\_%') AND c.relowner = 'outrider_owner'::regrole"
)
POLICY = "(organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)"

# Tables without a tenant, and why: the list of the tenants, the users that may belong to several and how those sign in, look-up lists,
# what tells a copy of the whole database, the ledger of migrations.
WITHOUT_A_TENANT = {
    "tenancy.organizations", "tenancy.users", "tenancy.oidc_links", "tenancy.oidc_states", "tenancy.password_resets",
    "tenancy.recovery_codes", "tenancy.second_factors", "tenancy.throttles", "bit.table_sizes", "intake.free_mail_domains",
    "intake.country_names", "engagement.scanner_networks", "engagement.scanner_user_agents", "sending.lineages", "marketing.time_zones",
    "public.migrations_log", "public._yoyo_log", "public._yoyo_version", "public.yoyo_lock",
}  # fmt: skip


async def offenders(connection: asyncpg.Connection, query: str) -> list[str]:
    """The first column of a query over `tenant`: (oid, name, relkind, relispartition) of every tenant table."""
    tenants = f"""
        WITH tenant AS (
            SELECT c.oid, c.oid::regclass::text AS name, c.relkind, c.relispartition, c.relrowsecurity,
                c.relforcerowsecurity, n.nspname, c.relname
            FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
            INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped
            WHERE c.relkind IN ('r', 'p') AND ({OURS})
        )
    """  # noqa: S608  (built from constants)
    return [row[0] for row in await connection.fetch(tenants + query)]


async def test_the_walk_meets_every_kind_of_tenant_table(catalogue, house):
    found = await offenders(catalogue, "SELECT name FROM tenant")
    org = f"org_{house.organization.hex}"
    assert {
        "vault.contacts", "ops.events", "ops.events_default", "people.profiles", f"people.profiles_{house.organization.hex}",
        f"{org}.playmaker_user_source", f"{org}.acme_corp_user_source",
    } <= set(found)  # fmt: skip
    assert any(name.startswith(f"{org}.gone_user_source_archived_") for name in found)
    assert len(found) > 30


async def test_every_table_of_ours_is_a_tenants_or_is_listed_with_a_reason(catalogue):
    strangers = await offenders(
        catalogue,
        f"""
        SELECT n.nspname || '.' || c.relname FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND ({OURS}) AND n.nspname <> 'queue' AND c.oid NOT IN (SELECT oid FROM tenant)
            AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
        """,  # noqa: S608
    )
    assert set(strangers) <= WITHOUT_A_TENANT


async def test_row_security_is_enabled_and_forced_on_every_tenant_table(catalogue):
    assert await offenders(catalogue, "SELECT name FROM tenant WHERE NOT (relrowsecurity AND relforcerowsecurity)") == []


async def test_every_tenant_table_has_exactly_one_policy_permissive_for_everybody_and_every_command(catalogue):
    assert await offenders(
        catalogue,
        """
        SELECT t.name || ': ' || count(p.oid) || ' policies' FROM tenant AS t LEFT JOIN pg_policy AS p ON p.polrelid = t.oid
        GROUP BY t.name HAVING count(p.oid) <> 1 OR NOT bool_and(p.polpermissive AND p.polcmd = '*' AND p.polroles = '{0}')
        """,
    ) == []  # fmt: skip


async def test_the_policy_says_what_design_says_and_checks_what_is_written_too(catalogue):
    assert await offenders(
        catalogue,
        f"""
        SELECT t.name || ': ' || pg_get_expr(p.polqual, p.polrelid) FROM tenant AS t INNER JOIN pg_policy AS p ON p.polrelid = t.oid
        WHERE pg_get_expr(p.polqual, p.polrelid) <> $${POLICY}$$
            OR coalesce(pg_get_expr(p.polwithcheck, p.polrelid), $${POLICY}$$) <> $${POLICY}$$
        """,  # noqa: S608
    ) == []  # fmt: skip


async def test_organization_id_is_never_null_and_comes_from_the_transaction(catalogue):
    assert await offenders(
        catalogue,
        """
        SELECT t.name FROM tenant AS t
        INNER JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attname = 'organization_id'
        LEFT JOIN pg_attrdef AS d ON d.adrelid = t.oid AND d.adnum = a.attnum
        WHERE NOT a.attnotnull OR a.atttypid <> 'uuid'::regtype
            OR pg_get_expr(d.adbin, d.adrelid)
                IS DISTINCT FROM '(NULLIF(current_setting(''app.organization_id''::text, true), ''''::text))::uuid'
        """,
    ) == []  # fmt: skip


async def test_every_tenant_table_has_a_primary_key_and_organization_id_is_first_in_it(catalogue):
    assert await offenders(
        catalogue,
        """
        SELECT t.name FROM tenant AS t
        WHERE NOT EXISTS (
            SELECT FROM pg_constraint AS c INNER JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
            WHERE c.conrelid = t.oid AND c.contype = 'p' AND a.attname = 'organization_id'
        )
        """,
    ) == []  # fmt: skip


async def test_organization_id_is_first_in_every_unique_index(catalogue):
    """The one exception: UNIQUE (email) of a {namespace}_user_source, whose bound fixes organization and namespace (seed 000)."""
    wrong = await offenders(
        catalogue,
        """
        SELECT i.indexrelid::regclass::text || ' on ' || t.name || ' (' || pg_get_indexdef(i.indexrelid, 1, true) || ')' || i.indnatts
        FROM tenant AS t INNER JOIN pg_index AS i ON i.indrelid = t.oid
        LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
        WHERE i.indisunique AND a.attname IS DISTINCT FROM 'organization_id'
            AND NOT (
                (t.relname LIKE '%\\_user\\_source' OR t.relname LIKE '%\\_archived\\_%')
                    AND (t.nspname = 'public' OR t.nspname LIKE 'org\\_%')
                AND i.indnatts = 1 AND pg_get_indexdef(i.indexrelid, 1, true) = 'email'
            )
        """,
    )
    assert wrong == []


async def test_what_may_be_unique_without_its_tenant_is_bound_to_one_organization_and_one_namespace(catalogue):
    assert await offenders(
        catalogue,
        """
        SELECT t.name || ' ' || coalesce(pg_get_expr(c.relpartbound, c.oid), 'no bound') FROM tenant AS t
        INNER JOIN pg_class AS c ON c.oid = t.oid
        INNER JOIN pg_index AS i ON i.indrelid = t.oid AND i.indisunique
        INNER JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] AND a.attname <> 'organization_id'
        LEFT JOIN pg_inherits AS h ON h.inhrelid = t.oid
        LEFT JOIN pg_class AS p ON p.oid = h.inhparent
        WHERE t.name NOT LIKE '%\\_archived\\_%'
            AND (
                pg_get_expr(c.relpartbound, c.oid) !~ '^FOR VALUES IN \\(''[0-9a-f-]{36}''\\)$'
                OR pg_get_partkeydef(p.oid) <> 'LIST (namespace_id)'
                OR pg_get_expr(p.relpartbound, p.oid) !~ '^FOR VALUES IN \\(''[0-9a-f-]{36}''\\)$'
            )
        """,
    ) == []  # fmt: skip


async def test_every_foreign_key_of_a_tenant_table_leads_with_organization_id_on_both_sides(catalogue):
    assert await offenders(
        catalogue,
        """
        SELECT t.name || '.' || c.conname FROM tenant AS t INNER JOIN pg_constraint AS c ON c.conrelid = t.oid AND c.contype = 'f'
        INNER JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        INNER JOIN pg_attribute AS b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
        WHERE a.attname <> 'organization_id' OR b.attname <> 'organization_id' OR cardinality(c.conkey) < 2
        """,
    ) == []  # fmt: skip


async def test_foreign_keys_neither_set_null_nor_set_default_nor_wait_for_the_commit(catalogue):
    assert await offenders(
        catalogue,
        f"""
        SELECT c.oid::regclass::text || '.' || k.conname FROM pg_constraint AS k INNER JOIN pg_class AS c ON c.oid = k.conrelid
        INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE k.contype = 'f' AND ({OURS}) AND (k.confdeltype NOT IN ('a', 'c') OR k.confupdtype <> 'a' OR k.condeferrable)
        """,  # noqa: S608
    ) == []  # fmt: skip


async def test_tables_without_a_tenant_and_tenant_tables_do_not_refer_to_each_other(catalogue):
    assert await offenders(
        catalogue,
        """
        SELECT c.conrelid::regclass::text || '.' || c.conname FROM pg_constraint AS c
        WHERE c.contype = 'f' AND ((c.conrelid IN (SELECT oid FROM tenant)) <> (c.confrelid IN (SELECT oid FROM tenant)))
        """,
    ) == []  # fmt: skip


async def test_numbers_come_from_identity_columns_and_ids_from_uuidv7(catalogue):
    assert await offenders(
        catalogue,
        f"""
        SELECT c.oid::regclass::text || '.' || a.attname || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relkind IN ('r', 'p') AND ({OURS}) AND n.nspname <> 'queue'
            AND (
                pg_get_expr(d.adbin, d.adrelid) ~* 'nextval|gen_random_uuid|uuidv4|uuid_generate'
                OR (a.attidentity <> '' AND a.atttypid <> 'bigint'::regtype)
            )
        """,  # noqa: S608
    ) == []  # fmt: skip


async def test_every_single_key_of_a_tenant_table_makes_itself(catalogue):
    """A key that is one uuid or bigint beside organization_id is an identity, a uuidv7() or a reference to a row that has one."""
    assert await offenders(
        catalogue,
        """
        SELECT t.name || '.' || a.attname FROM tenant AS t
        INNER JOIN pg_constraint AS c ON c.conrelid = t.oid AND c.contype = 'p' AND cardinality(c.conkey) = 2
        INNER JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = c.conkey[2] AND a.atttypid IN ('uuid'::regtype, 'bigint'::regtype)
        LEFT JOIN pg_attrdef AS d ON d.adrelid = t.oid AND d.adnum = a.attnum
        WHERE a.attidentity = '' AND pg_get_expr(d.adbin, d.adrelid) IS DISTINCT FROM 'uuidv7()' AND a.attname NOT LIKE 'user\\_id'
        """,
    ) == []  # fmt: skip


async def test_constraints_are_named_by_us(catalogue):
    """Postgres calls a nameless check t_check or t_col_check1 and a nameless key t_a_b_fkey; PgQueuer's own tables keep its names."""
    assert await offenders(
        catalogue,
        f"""
        SELECT c.oid::regclass::text || '.' || k.conname FROM pg_constraint AS k
        INNER JOIN pg_class AS c ON c.oid = k.conrelid
        INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE ({OURS}) AND n.nspname <> 'queue' AND k.contype IN ('c', 'f', 'u', 'x') AND c.relname !~ '^_?yoyo|^migrations_log$'
            AND k.coninhcount = 0
            AND (
                k.conname = c.relname || '_check' OR k.conname ~ '_check[0-9]+$' OR k.conname ~ '_(fkey|key|excl)[0-9]+$'
                OR k.conname ~ '_organization_id_'
            )
        """,  # noqa: S608
    ) == []  # fmt: skip


async def test_triggers_on_tenant_tables_are_for_each_row(catalogue):
    assert await offenders(
        catalogue,
        """
        SELECT t.name || '.' || g.tgname FROM tenant AS t INNER JOIN pg_trigger AS g ON g.tgrelid = t.oid
        WHERE NOT g.tgisinternal AND ((g.tgtype & 1) = 0 OR g.tgoldtable IS NOT NULL OR g.tgnewtable IS NOT NULL)
        """,
    ) == []  # fmt: skip


async def test_no_trigger_of_a_tenant_table_notifies(catalogue):
    assert await offenders(
        catalogue,
        """
        SELECT DISTINCT t.name || ': ' || f.oid::regprocedure FROM tenant AS t
        INNER JOIN pg_trigger AS g ON g.tgrelid = t.oid AND NOT g.tgisinternal
        INNER JOIN pg_proc AS f ON f.oid = g.tgfoid
        WHERE f.prosrc ~* '\\m(pg_notify|notify)\\M'
        """,
    ) == []  # fmt: skip


async def test_no_statistics_are_kept_of_the_tenant_so_that_a_new_one_is_not_taken_for_empty(catalogue):
    assert await offenders(
        catalogue,
        """
        SELECT t.name FROM tenant AS t INNER JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attname = 'organization_id'
        WHERE a.attstattarget IS DISTINCT FROM 0
        """,
    ) == []  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "query"),
    [
        ("unlogged", "SELECT name FROM tenant INNER JOIN pg_class AS c USING (oid) WHERE c.relpersistence <> 'p'"),
        ("rules", "SELECT name FROM tenant WHERE EXISTS (SELECT FROM pg_rewrite AS r WHERE r.ev_class = tenant.oid)"),
        (
            "columns without time zone",
            "SELECT name || '.' || a.attname FROM tenant INNER JOIN pg_attribute AS a ON a.attrelid = tenant.oid "
            "WHERE a.attnum > 0 AND a.atttypid = 'timestamp'::regtype",
        ),
    ],
)
async def test_tenant_tables_have_none_of_these(catalogue, rule, query):
    assert await offenders(catalogue, query) == [], rule
