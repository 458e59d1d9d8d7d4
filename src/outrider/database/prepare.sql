-- What a server needs before the migrations, run as an administrator by every `outrider migrate`; each statement may be repeated.

-- name: make_role_owner()#
-- Owns every schema, table and function. Nobody logs in as it; not a superuser, so that row security binds it too.
DO $$ BEGIN
    CREATE ROLE outrider_owner NOLOGIN NOSUPERUSER NOBYPASSRLS;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

-- name: make_role_app()#
-- The application: owns nothing, reads nothing without a tenant.
DO $$ BEGIN
    CREATE ROLE outrider_app LOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

-- name: make_role_worker()#
-- The dispatcher of jobs: the queue's tables and nothing else.
DO $$ BEGIN
    CREATE ROLE outrider_worker LOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

-- name: make_role_console()#
-- A person in `outrider psql`: what the application may do, and tables of their own.
DO $$ BEGIN
    CREATE ROLE outrider_console NOLOGIN NOSUPERUSER NOBYPASSRLS INHERIT;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

-- name: join_console_to_app()#
DO $$ BEGIN
    IF NOT pg_has_role('outrider_console', 'outrider_app', 'MEMBER') THEN
        GRANT outrider_app TO outrider_console;
    END IF;
END $$;

-- name: join_admin_to_roles()#
-- So that an administrator who is not a superuser can act as them.
DO $$ BEGIN
    IF NOT (pg_has_role('outrider_owner', 'SET') AND pg_has_role('outrider_owner', 'USAGE') AND pg_has_role('outrider_console', 'SET')) THEN
        EXECUTE format('GRANT outrider_owner, outrider_console TO %I', current_user);
    END IF;
END $$;

-- name: let_owner_create()#
DO $$ BEGIN EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO outrider_owner', current_database()); END $$;

-- name: close_database()#
DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()); END $$;

-- name: open_database()#
DO $$ BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO outrider_app, outrider_worker, outrider_console, outrider_owner', current_database());
END $$;

-- name: let_console_use_temporary_tables()#
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO outrider_console', current_database()); END $$;

-- name: let_owner_use_public()#
GRANT USAGE, CREATE ON SCHEMA public TO outrider_owner WITH GRANT OPTION;

-- name: let_others_use_public()#
GRANT USAGE ON SCHEMA public TO outrider_app, outrider_worker;

-- name: let_console_use_public()#
GRANT USAGE, CREATE ON SCHEMA public TO outrider_console;

-- name: add_vector()#
CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;

-- name: add_trigrams()#
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

-- name: add_btree_gin()#
CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

-- name: add_unaccent()#
CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;

-- name: let_owner_read_statistics()#
-- So that the database page's functions see the whole server's figures. An account that may not give this leaves the page with less.
DO $$ BEGIN
    IF NOT pg_has_role('outrider_owner', 'pg_read_all_stats', 'USAGE') THEN
        GRANT pg_read_all_stats TO outrider_owner;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN NULL;
END $$;

-- name: add_statement_statistics()#
-- Times of statements, where the server has the extension; it counts when the library is loaded too. Of all tenants, so nobody's but ours.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements' AND installed_version IS NULL) THEN
        CREATE EXTENSION pg_stat_statements WITH SCHEMA public;
        REVOKE ALL ON public.pg_stat_statements, public.pg_stat_statements_info FROM PUBLIC;
        REVOKE ALL ON FUNCTION public.pg_stat_statements(boolean), public.pg_stat_statements_info() FROM PUBLIC;
        GRANT SELECT ON public.pg_stat_statements, public.pg_stat_statements_info TO outrider_owner;
        GRANT EXECUTE ON FUNCTION public.pg_stat_statements(boolean), public.pg_stat_statements_info() TO outrider_owner;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN NULL;
END $$;

-- name: find_not_leakproof()
-- The operators that searches and the source documents' queries lean on, and that row security keeps from using an index as long as
-- they are not marked leakproof (docs/decisions/0003-row-security-and-indexes.md).
SELECT p.oid::regprocedure::text AS signature
FROM pg_proc AS p
WHERE p.oid IN (
    'pg_catalog.textlike(text,text)'::regprocedure, 'pg_catalog.texticlike(text,text)'::regprocedure,
    'pg_catalog.jsonb_object_field_text(jsonb,text)'::regprocedure, 'pg_catalog.jsonb_exists(jsonb,text)'::regprocedure,
    'pg_catalog.numeric_ge(numeric,numeric)'::regprocedure, 'pg_catalog.numeric_gt(numeric,numeric)'::regprocedure,
    'pg_catalog.numeric_le(numeric,numeric)'::regprocedure, 'pg_catalog.numeric_lt(numeric,numeric)'::regprocedure
) AND NOT p.proleakproof;

-- name: mark_leakproof()#
DO $$
DECLARE
    v_signature text;
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        RETURN;
    END IF;
    FOREACH v_signature IN ARRAY ARRAY[
        'textlike(text,text)', 'texticlike(text,text)', 'jsonb_object_field_text(jsonb,text)', 'jsonb_exists(jsonb,text)',
        'numeric_ge(numeric,numeric)', 'numeric_gt(numeric,numeric)', 'numeric_le(numeric,numeric)', 'numeric_lt(numeric,numeric)'
    ] LOOP
        IF NOT (SELECT proleakproof FROM pg_proc WHERE oid = ('pg_catalog.' || v_signature)::regprocedure) THEN
            EXECUTE 'ALTER FUNCTION pg_catalog.' || v_signature || ' LEAKPROOF';
        END IF;
    END LOOP;
END $$;

-- name: foreign_objects()
-- What carries one of our names and was made by something else: there is no ledger of ours beside it. (Cairo too has a migrations_log.)
WITH ours AS (
    SELECT EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = to_regclass('public.migrations_log') AND attname = 'migration_hash' AND NOT attisdropped
    ) AS has_ledger
)
SELECT 'schema ' || nspname AS name FROM pg_namespace, ours
WHERE nspname IN ('kit', 'tenancy', 'intake', 'vault', 'people', 'company', 'ops', 'queue', 'bit', 'marketing', 'sending', 'engagement') AND NOT has_ledger
UNION ALL
SELECT 'table ' || relname FROM pg_class, ours
WHERE relnamespace = 'public'::regnamespace AND relname IN ('migrations_log', 'playmaker_user_source') AND NOT has_ledger
ORDER BY name;

-- name: has_ledger()$
-- Whether anything was migrated yet.
SELECT to_regclass('public.migrations_log') IS NOT NULL;

-- name: ledger()
-- The migrations that have run.
SELECT migration_id FROM public.migrations_log ORDER BY migration_id;

-- name: server_facts()^
SELECT
    current_setting('server_version_num')::int AS version_number,
    current_setting('server_version') AS version,
    ARRAY(SELECT name::text FROM pg_available_extensions) AS extensions,
    (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS can_make_roles;

-- name: set_search_path_app()#
ALTER ROLE outrider_app SET search_path = public, ops;

-- name: set_search_path_console()#
ALTER ROLE outrider_console SET search_path = public, ops;

-- name: planted_functions()
-- Functions in public that are neither an extension's, an administrator's nor the owner's: a call without a schema in a migration might
-- find one of them first (as in CVE-2018-1058).
SELECT p.oid::regprocedure::text AS signature
FROM pg_proc AS p
INNER JOIN pg_roles AS r ON r.oid = p.proowner
WHERE p.pronamespace = 'public'::regnamespace AND NOT r.rolsuper AND r.rolname NOT IN ('outrider_owner', current_user)
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e');
