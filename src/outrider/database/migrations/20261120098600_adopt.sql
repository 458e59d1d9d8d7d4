-- Rows written straight into a profile table (seed 000's migration, an application of its own) become raw loads, contacts and persons.
SET LOCAL lock_timeout = '5s';

-- The address as it identifies somebody, and seed 000's defaults where a legacy row has nothing.
CREATE FUNCTION people.f_clean_profile() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.email := coalesce(intake.f_address(NEW.email), NEW.email);
    NEW.enrichment_data := coalesce(NEW.enrichment_data, '{}');
    NEW.meta := coalesce(NEW.meta, '{}');
    NEW.icp_score := coalesce(NEW.icp_score, 0);
    NEW.behaviour_score := coalesce(NEW.behaviour_score, 0);
    NEW.lead_score := coalesce(NEW.lead_score, 0);
    NEW.created_at := coalesce(NEW.created_at, now());
    NEW.updated_at := coalesce(NEW.updated_at, now());
    RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION intake.f_address(text), intake.f_unwrap_address(text) TO outrider_app;

-- Takes the profiles of a namespace that no load stands behind, 10,000 at a time, the way every other row comes in.
CREATE FUNCTION people.f_adopt_profiles(p_namespace_id uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_ids uuid[];
    v_rows jsonb[];
    v_adopted bigint := 0;
BEGIN
    LOOP
        SELECT array_agg(p.id ORDER BY p.created_at, p.id), array_agg(
            jsonb_strip_nulls(jsonb_build_object(
                'email', p.email, 'first_name', p.first_name, 'last_name', p.last_name, 'company', p.company, 'linkedin_url', p.linkedin_profile,
                'platform', p.platform, 'legacy_id', p.id, 'enrichment_data', nullif(p.enrichment_data, '{}'), 'meta', nullif(p.meta, '{}')
            )) ORDER BY p.created_at, p.id
        ) INTO v_ids, v_rows
        FROM (
            SELECT * FROM people.profiles
            WHERE organization_id = v_organization AND namespace_id = p_namespace_id AND load_id IS NULL AND person_id IS NULL
            ORDER BY created_at, id LIMIT 10000
        ) AS p;
        EXIT WHEN v_ids IS NULL;
        CALL intake.f_store_rows(v_rows, 'user_source', 'user_source', 'promoted', '{}', p_namespace_id);
        UPDATE people.profiles AS p SET load_id = r.load_id
        FROM unnest(v_ids) WITH ORDINALITY AS i (id, ordinal)
        INNER JOIN pg_temp.ingest_rows AS r ON r.ordinal = i.ordinal
        WHERE p.organization_id = v_organization AND p.namespace_id = p_namespace_id AND p.id = ANY (v_ids) AND p.id = i.id;
        INSERT INTO pg_temp.golden_loads (load_id, email, raw_data, source, namespace_id)
        SELECT load_id, email, raw_data - ARRAY['legacy_id', 'enrichment_data', 'meta', 'platform'], coalesce(raw_data ->> 'platform', 'user_source'), p_namespace_id
        FROM pg_temp.ingest_rows WHERE status IN ('promoted', 'duplicate');
        PERFORM intake.f_make_golden('fill');
        -- Promotion looks for profiles of known contacts only; these were there before their contacts.
        UPDATE people.profiles AS p SET person_id = g.person_id
        FROM unnest(v_ids) WITH ORDINALITY AS i (id, ordinal)
        INNER JOIN pg_temp.ingest_rows AS r ON r.ordinal = i.ordinal
        INNER JOIN pg_temp.golden_people AS g ON g.email = r.email
        WHERE p.organization_id = v_organization AND p.namespace_id = p_namespace_id AND p.id = ANY (v_ids) AND p.id = i.id
            AND p.person_id IS NULL;
        v_adopted := v_adopted + cardinality(v_ids);
    END LOOP;
    RETURN v_adopted;
END $$;

-- Fires for every row, works for the first: by then all rows of the statement are there, and it takes them together. (A trigger on the
-- statement would say it more plainly; Citus has none on distributed tables.)
CREATE FUNCTION people.f_adopt_profile() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_before text := current_setting('app.organization_id', true);
BEGIN
    -- An administrator whom row security does not bind may add rows with no tenant set: the row's own counts.
    IF v_before IS DISTINCT FROM NEW.organization_id::text THEN
        PERFORM set_config('app.organization_id', NEW.organization_id::text, true);
    END IF;
    -- OFFSET 0: the row by its key. Looking for "no person" first would read every row of the statement for each of them.
    IF EXISTS (
        SELECT FROM (
            SELECT load_id, person_id FROM people.profiles
            WHERE organization_id = NEW.organization_id AND id = NEW.id AND namespace_id = NEW.namespace_id OFFSET 0
        ) AS p
        WHERE p.load_id IS NULL AND p.person_id IS NULL
    ) THEN
        PERFORM people.f_adopt_profiles(NEW.namespace_id);
    END IF;
    IF v_before IS DISTINCT FROM NEW.organization_id::text THEN
        PERFORM set_config('app.organization_id', coalesce(v_before, ''), true);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER profiles_clean BEFORE INSERT ON people.profiles FOR EACH ROW
WHEN (NEW.load_id IS NULL AND NEW.person_id IS NULL) EXECUTE FUNCTION people.f_clean_profile();
CREATE TRIGGER profiles_adopt AFTER INSERT ON people.profiles FOR EACH ROW
WHEN (NEW.load_id IS NULL AND NEW.person_id IS NULL) EXECUTE FUNCTION people.f_adopt_profile();
