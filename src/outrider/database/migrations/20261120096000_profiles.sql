-- {namespace}_user_source: partitions of people.profiles, one a namespace (seed 000, DESIGN ruling 6).
SET LOCAL lock_timeout = '5s';

-- Seed 000's columns in its order, then ours.
CREATE TABLE people.profiles (
    id uuid NOT NULL DEFAULT uuidv7(),
    email varchar NOT NULL,
    first_name varchar,
    last_name varchar,
    company varchar,
    linkedin_profile text,
    platform varchar,
    enrichment_data jsonb DEFAULT '{}',
    icp_score integer DEFAULT 0,
    behaviour_score integer DEFAULT 0,
    lead_score integer DEFAULT 0,
    apollo_enriched_at timestamptz,
    last_scored_at timestamptz,
    meta jsonb DEFAULT '{}',
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    namespace_id uuid NOT NULL,
    person_id uuid,
    load_id bigint,
    provenance jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT profiles_pkey PRIMARY KEY (organization_id, id, namespace_id),
    CONSTRAINT profiles_person_fkey FOREIGN KEY (organization_id, person_id) REFERENCES people.master (organization_id, id)
) PARTITION BY LIST (organization_id);
CREATE INDEX idx_profiles_person ON people.profiles (organization_id, person_id);
CALL kit.f_protect('people.profiles');
GRANT SELECT ON people.profiles TO outrider_app;

-- The schema that an organization's profile tables live in.
CREATE FUNCTION tenancy.f_schema(p_organization uuid) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN p_organization = '00000000-0000-0000-0000-000000000001' THEN 'public'
    ELSE 'org_' || replace(p_organization::text, '-', '')
END;
GRANT EXECUTE ON FUNCTION tenancy.f_schema(uuid) TO outrider_app;

-- The table of a namespace's profiles: every character outside [a-z0-9_] becomes _ (BEHAVIOUR 1).
CREATE FUNCTION tenancy.f_table_name(p_namespace text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
RETURN regexp_replace(p_namespace, '[^a-z0-9_]', '_', 'g') || '_user_source';
GRANT EXECUTE ON FUNCTION tenancy.f_table_name(text) TO outrider_app;

-- Adds an organization with its place for profiles and its default namespace; returns its id. A known slug is an error.
CREATE FUNCTION tenancy.f_create_organization(p_name text, p_slug text, p_id uuid DEFAULT uuidv7()) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_partition text := 'profiles_' || replace(p_id::text, '-', '');
    v_previous text := current_setting('app.organization_id', true);
BEGIN
    INSERT INTO tenancy.organizations (id, name, slug) VALUES (p_id, p_name, p_slug);
    IF tenancy.f_schema(p_id) <> 'public' THEN
        EXECUTE format('CREATE SCHEMA %I', tenancy.f_schema(p_id));
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO outrider_app', tenancy.f_schema(p_id));
        EXECUTE format('GRANT CREATE ON SCHEMA %I TO outrider_console', tenancy.f_schema(p_id));
    END IF;
    EXECUTE format('CREATE TABLE people.%I (LIKE people.profiles INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY LIST (namespace_id)', v_partition);
    CALL kit.f_protect(format('people.%I', v_partition)::regclass);
    EXECUTE format('ALTER TABLE people.profiles ATTACH PARTITION people.%I FOR VALUES IN (%L)', v_partition, p_id);
    PERFORM set_config('app.organization_id', p_id::text, true);
    PERFORM tenancy.f_create_namespace('playmaker', ARRAY['playmaker'], NULL, true);
    PERFORM set_config('app.organization_id', coalesce(v_previous, ''), true);
    RETURN p_id;
END $$;

-- Adds a namespace to the current organization and makes its table, in the caller's transaction; returns its id.
-- Errors: 23505 or 42P07 for a name, or a table, that is taken; 23514 for a name that breaks the rule; 55P03 when writers stand in
-- the way for longer than five seconds. people.master is locked first, as imports lock it before profiles: no deadlock with them.
CREATE FUNCTION tenancy.f_create_namespace(
    p_name text, p_keywords text[], p_description text DEFAULT NULL, p_is_default boolean DEFAULT false
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s'
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_id uuid := uuidv7();
    v_table text := tenancy.f_table_name(p_name);
    v_path text := format('%I.%I', tenancy.f_schema(v_organization), v_table);
BEGIN
    INSERT INTO tenancy.namespaces (organization_id, id, name, keywords, table_name, description, is_default)
    VALUES (v_organization, v_id, p_name, p_keywords, v_table, p_description, p_is_default);
    LOCK TABLE people.master IN SHARE ROW EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %s (LIKE people.profiles INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', v_path);
    EXECUTE format('ALTER TABLE %s ALTER COLUMN namespace_id SET DEFAULT %L', v_path, v_id);
    -- Seed 000 writes ON CONFLICT (email). The partition holds one organization and one namespace, so the address alone is tenant-first.
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I UNIQUE (email)', v_path, v_table || '_email_key');
    CALL kit.f_protect(v_path::regclass);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO outrider_app', v_path);
    EXECUTE format(
        'ALTER TABLE people.%I ATTACH PARTITION %s FOR VALUES IN (%L)',
        'profiles_' || replace(v_organization::text, '-', ''), v_path, v_id
    );
    RETURN v_id;
END $$;
GRANT EXECUTE ON FUNCTION tenancy.f_create_namespace(text, text[], text, boolean) TO outrider_app;

-- Gives a namespace and its table another name. Errors as f_create_namespace; no such namespace: returns false.
CREATE FUNCTION tenancy.f_rename_namespace(p_name text, p_new_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s'
AS $$
DECLARE
    v_old tenancy.namespaces;
    v_table text := tenancy.f_table_name(p_new_name);
    v_schema text := tenancy.f_schema(kit.f_organization());
BEGIN
    SELECT * INTO v_old FROM tenancy.namespaces WHERE organization_id = kit.f_organization() AND name = p_name FOR UPDATE;
    IF v_old.id IS NULL THEN
        RETURN false;
    END IF;
    UPDATE tenancy.namespaces SET name = p_new_name, table_name = v_table
    WHERE organization_id = v_old.organization_id AND id = v_old.id;
    IF v_table <> v_old.table_name THEN
        EXECUTE format('ALTER TABLE %I.%I RENAME TO %I', v_schema, v_old.table_name, v_table);
        EXECUTE format('ALTER TABLE %I.%I RENAME CONSTRAINT %I TO %I', v_schema, v_table, v_old.table_name || '_email_key', v_table || '_email_key');
    END IF;
    RETURN true;
END $$;
GRANT EXECUTE ON FUNCTION tenancy.f_rename_namespace(text, text) TO outrider_app;

-- Takes a namespace out of service and keeps its rows in a table of their own, whose name is returned. NULL: no such namespace, or the
-- default one, which cannot go. Imports that were routed to it keep their campaign and lose the link.
CREATE FUNCTION tenancy.f_archive_namespace(p_name text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s'
AS $$
DECLARE
    v_old tenancy.namespaces;
    v_schema text := tenancy.f_schema(kit.f_organization());
    v_archive text;
BEGIN
    SELECT * INTO v_old FROM tenancy.namespaces
    WHERE organization_id = kit.f_organization() AND name = p_name AND NOT is_default FOR UPDATE;
    IF v_old.id IS NULL THEN
        RETURN NULL;
    END IF;
    v_archive := left(v_old.table_name, 29) || '_archived_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS');
    LOCK TABLE people.master IN SHARE ROW EXCLUSIVE MODE;
    EXECUTE format('ALTER TABLE people.%I DETACH PARTITION %I.%I', 'profiles_' || replace(v_old.organization_id::text, '-', ''), v_schema, v_old.table_name);
    EXECUTE format('ALTER TABLE %I.%I RENAME TO %I', v_schema, v_old.table_name, v_archive);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %I.%I FROM outrider_app', v_schema, v_archive);
    -- Its name is free again for a namespace of the same name.
    EXECUTE format('ALTER TABLE %I.%I RENAME CONSTRAINT %I TO %I', v_schema, v_archive, v_old.table_name || '_email_key', v_archive || '_key');
    -- What is archived no longer holds a person back from being merged or erased.
    EXECUTE format('ALTER TABLE %I.%I DROP CONSTRAINT IF EXISTS profiles_person_fkey', v_schema, v_archive);
    UPDATE intake.imports SET namespace_id = NULL WHERE organization_id = v_old.organization_id AND namespace_id = v_old.id;
    DELETE FROM tenancy.namespaces WHERE organization_id = v_old.organization_id AND id = v_old.id;
    RETURN v_archive;
END $$;
GRANT EXECUTE ON FUNCTION tenancy.f_archive_namespace(text) TO outrider_app;

-- Which namespace a campaign belongs to: the longest matching keyword wins, ties go to the namespace first by name, none is the
-- default (BEHAVIOUR 1). One row: the namespace, the keyword that matched (NULL for the default) and what else matched.
CREATE FUNCTION tenancy.f_route(p_campaign text)
RETURNS TABLE (namespace_id uuid, namespace text, keyword text, also_matched jsonb)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH hits AS (
        SELECT
            n.id, n.name, k.keyword,
            row_number() OVER (ORDER BY length(k.keyword) DESC, n.name COLLATE "C", k.keyword COLLATE "C") AS place
        FROM tenancy.namespaces AS n
        CROSS JOIN LATERAL unnest(n.keywords) AS k (keyword)
        WHERE n.organization_id = kit.f_organization() AND n.is_active
            AND position(lower(k.keyword) IN lower(p_campaign)) > 0
    )
    SELECT
        coalesce(h.id, d.id), coalesce(h.name, d.name), h.keyword,
        coalesce(
            (
                SELECT jsonb_agg(jsonb_build_object('namespace', o.name, 'keyword', o.keyword) ORDER BY o.place)
                FROM hits AS o WHERE o.place > 1
            ), '[]'
        )
    FROM tenancy.namespaces AS d
    LEFT JOIN hits AS h ON h.place = 1
    WHERE d.organization_id = kit.f_organization() AND d.is_default;
END;
GRANT EXECUTE ON FUNCTION tenancy.f_route(text) TO outrider_app;
