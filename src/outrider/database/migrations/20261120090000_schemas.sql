-- Schemas, and the few functions that every table leans on.
SET LOCAL lock_timeout = '5s';

CREATE SCHEMA kit;
CREATE SCHEMA tenancy;
CREATE SCHEMA intake;
CREATE SCHEMA vault;
CREATE SCHEMA people;
CREATE SCHEMA company;
CREATE SCHEMA ops;
CREATE SCHEMA queue;

GRANT USAGE ON SCHEMA kit, tenancy, intake, vault, people, company, ops TO outrider_app;
GRANT USAGE ON SCHEMA queue TO outrider_worker;

-- Nobody may call a function unless a migration says so.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- The tenant of this transaction; NULL outside `tenancy.transaction`.
CREATE FUNCTION kit.f_organization() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.organization_id', true), '')::uuid;

GRANT EXECUTE ON FUNCTION kit.f_organization() TO outrider_app;

-- Who acts in this transaction ('user:…', 'key:…', 'job:…'); NULL when nobody said so, as in a plain psql session.
CREATE FUNCTION kit.f_actor() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('app.actor', true), ''), 'sql:' || session_user);

GRANT EXECUTE ON FUNCTION kit.f_actor() TO outrider_app;

-- Text as searches compare it: lower case, accents taken off.
CREATE FUNCTION kit.f_fold(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(public.unaccent('public.unaccent'::regdictionary, p_text));

GRANT EXECUTE ON FUNCTION kit.f_fold(text) TO outrider_app;

-- Makes a table a tenant's: row security forced, and the one policy (DESIGN, "The tenant, in one place"). No statistics are kept of
-- organization_id: with them the planner takes a new tenant for empty and reads all of its rows where an index would find one
-- (docs/decisions/0004-no-statistics-of-the-tenant.md).
CREATE PROCEDURE kit.f_protect(p_table regclass)
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
    EXECUTE format('ALTER TABLE %s ALTER COLUMN organization_id SET STATISTICS 0', p_table);
    EXECUTE format(
        'CREATE POLICY tenant ON %s USING (organization_id = nullif(current_setting(''app.organization_id'', true), '''')::uuid)',
        p_table
    );
END $$;

-- Keeps updated_at true (seed 002 and 004 have it on every table).
CREATE FUNCTION kit.f_touch() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;

-- Merges objects in the order they come: a later key wins.
CREATE AGGREGATE kit.jsonb_merge(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}');

-- Seed 000: "Check migrations_log table to see what's been executed."
GRANT SELECT ON public.migrations_log TO outrider_console;
