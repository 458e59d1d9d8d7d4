-- What lists of profiles need: a text to search in, an index for every order and filter (seed 000's tables, as their client reads them).
SET LOCAL lock_timeout = '5s';

-- Folded once, when a row is written. The address is in it whole and in its parts, so that each of these begins a word: '% li%' finds
-- j-li@…. A generated column is stored, and the table written anew: 11 s for a million profiles, and 13 s for the indexes, in which
-- nobody writes profiles. squawk's other way, a column that is filled later, answers searches with half of the people until it is.
-- squawk-ignore adding-field-with-default
ALTER TABLE people.profiles ADD COLUMN search_text text GENERATED ALWAYS AS (
    kit.f_fold(
        ' ' || coalesce(first_name || ' ', '') || coalesce(last_name || ' ', '') || email || ' ' || translate(email, '@.-_+', '     ')
        || coalesce(' ' || company, '')
    )
) STORED;

CREATE INDEX idx_profiles_newest ON people.profiles (organization_id, created_at, id);
CREATE INDEX idx_profiles_lead_score ON people.profiles (organization_id, lead_score, id);
CREATE INDEX idx_profiles_platform ON people.profiles (organization_id, platform);
-- Without the organization, which a partition has one of: as the first column it would be one entry that holds every row of the partition.
CREATE INDEX idx_profiles_search ON people.profiles USING gin (search_text public.gin_trgm_ops);

-- Lists walk along the time and the score; seed 000 allows NULL in both, and so do we, on the way in.
CREATE TRIGGER profiles_fill BEFORE INSERT OR UPDATE ON people.profiles FOR EACH ROW
WHEN (NEW.created_at IS NULL OR NEW.lead_score IS NULL) EXECUTE FUNCTION people.f_clean_profile();

-- The two functions that make a partition give it the generated column too. A namespace's table has its indexes before anybody is kept
-- waiting for it; nothing else of them is new.
-- Adds an organization with its place for profiles and its default namespace; returns its id. A known slug is an error.
CREATE OR REPLACE FUNCTION tenancy.f_create_organization(p_name text, p_slug text, p_id uuid DEFAULT uuidv7()) RETURNS uuid
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
    EXECUTE format('CREATE TABLE people.%I (LIKE people.profiles INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED) PARTITION BY LIST (namespace_id)', v_partition);
    CALL kit.f_protect(format('people.%I', v_partition)::regclass);
    EXECUTE format('ALTER TABLE people.profiles ATTACH PARTITION people.%I FOR VALUES IN (%L)', v_partition, p_id);
    PERFORM set_config('app.organization_id', p_id::text, true);
    PERFORM tenancy.f_create_namespace('playmaker', ARRAY['playmaker'], NULL, true);
    PERFORM set_config('app.organization_id', coalesce(v_previous, ''), true);
    RETURN p_id;
END $$;

-- Adds a namespace to the current organization and makes its table, in the caller's transaction; returns its id.
-- Errors: 23505 or 42P07 for a name, or a table, that is taken; 23514 for a name that breaks the rule; 55P03 when writers stand in
-- the way for longer than a second. people.master is locked when the table is whole, and before the profiles
-- that it joins, as imports lock them: no deadlock with them.
CREATE OR REPLACE FUNCTION tenancy.f_create_namespace(
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
    EXECUTE format('CREATE TABLE %s (LIKE people.profiles INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING INDEXES)', v_path);
    EXECUTE format('ALTER TABLE %s ALTER COLUMN namespace_id SET DEFAULT %L', v_path, v_id);
    -- Seed 000 writes ON CONFLICT (email). The partition holds one organization and one namespace, so the address alone is tenant-first.
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I UNIQUE (email)', v_path, v_table || '_email_key');
    CALL kit.f_protect(v_path::regclass);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO outrider_app', v_path);
    LOCK TABLE people.master IN SHARE ROW EXCLUSIVE MODE;
    EXECUTE format(
        'ALTER TABLE people.%I ATTACH PARTITION %s FOR VALUES IN (%L)',
        'profiles_' || replace(v_organization::text, '-', ''), v_path, v_id
    );
    RETURN v_id;
END $$;
