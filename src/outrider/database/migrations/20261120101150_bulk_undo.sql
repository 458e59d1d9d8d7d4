-- Undoing bulk edits: a value that still is what the edit made of it goes back to what was there before, any other stays.
SET LOCAL lock_timeout = '5s';

-- Puts back values of people among these changes; returns the ids of the changes whose value stood as the edit left it.
CREATE FUNCTION people.f_bulk_put_back(p_changes bigint[]) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_put bigint[];
BEGIN
    WITH batch AS MATERIALIZED (
        SELECT b.* FROM people.bulk_changes AS b
        WHERE b.organization_id = v_organization AND b.change_id = ANY (p_changes) AND b.person_id IS NOT NULL
    ),
    now AS MATERIALIZED (
        SELECT m.id, m AS stands FROM people.master AS m
        WHERE m.organization_id = v_organization AND m.id = ANY (ARRAY(SELECT b.person_id FROM batch AS b))
        ORDER BY m.id
        FOR NO KEY UPDATE
    ),
    fit AS MATERIALIZED (
        SELECT b.change_id, b.person_id, b.field, b.old_value, b.load_id FROM batch AS b
        INNER JOIN now AS n ON n.id = b.person_id AND coalesce(to_jsonb(n.stands) -> b.field, 'null') = b.new_value
    ),
    before AS (
        SELECT f.person_id, jsonb_object_agg(f.field, f.old_value) AS old_values,
            coalesce(jsonb_object_agg(f.field, f.load_id) FILTER (WHERE f.load_id IS NOT NULL), '{}') AS loads
        FROM fit AS f GROUP BY f.person_id
    ),
    put AS (
        UPDATE people.master AS m SET
            title = v.title, location = v.location, country_code = v.country_code, seniority = v.seniority, department = v.department,
            status = v.status, provenance = m.provenance || b.loads
        FROM before AS b
        INNER JOIN now AS n ON n.id = b.person_id
        CROSS JOIN LATERAL jsonb_populate_record(n.stands, b.old_values) AS v
        WHERE m.organization_id = v_organization AND m.id = ANY (ARRAY(SELECT f.person_id FROM fit AS f)) AND m.id = b.person_id
    )
    SELECT coalesce(array_agg(f.change_id), '{}') INTO v_put FROM fit AS f;
    RETURN v_put;
END $$;

-- The same of companies.
CREATE FUNCTION company.f_bulk_put_back(p_changes bigint[]) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_put bigint[];
BEGIN
    WITH batch AS MATERIALIZED (
        SELECT b.* FROM people.bulk_changes AS b
        WHERE b.organization_id = v_organization AND b.change_id = ANY (p_changes) AND b.company_id IS NOT NULL
    ),
    now AS MATERIALIZED (
        SELECT m.id, m AS stands FROM company.master AS m
        WHERE m.organization_id = v_organization AND m.id = ANY (ARRAY(SELECT b.company_id FROM batch AS b))
        ORDER BY m.id
        FOR NO KEY UPDATE
    ),
    fit AS MATERIALIZED (
        SELECT b.change_id, b.company_id, b.field, b.old_value, b.load_id FROM batch AS b
        INNER JOIN now AS n ON n.id = b.company_id AND coalesce(to_jsonb(n.stands) -> b.field, 'null') = b.new_value
    ),
    before AS (
        SELECT f.company_id, jsonb_object_agg(f.field, f.old_value) AS old_values,
            coalesce(jsonb_object_agg(f.field, f.load_id) FILTER (WHERE f.load_id IS NOT NULL), '{}') AS loads
        FROM fit AS f GROUP BY f.company_id
    ),
    put AS (
        UPDATE company.master AS m SET
            industry = v.industry, funding = v.funding, location = v.location, country_code = v.country_code, status = v.status,
            provenance = m.provenance || b.loads
        FROM before AS b
        INNER JOIN now AS n ON n.id = b.company_id
        CROSS JOIN LATERAL jsonb_populate_record(n.stands, b.old_values) AS v
        WHERE m.organization_id = v_organization AND m.id = ANY (ARRAY(SELECT f.company_id FROM fit AS f)) AND m.id = b.company_id
    )
    SELECT coalesce(array_agg(f.change_id), '{}') INTO v_put FROM fit AS f;
    RETURN v_put;
END $$;

-- The same of addresses: a tag that was added and is still there goes, one that was taken away and is not there comes back.
CREATE FUNCTION vault.f_bulk_put_back(p_changes bigint[]) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_put bigint[];
BEGIN
    WITH batch AS MATERIALIZED (
        SELECT b.* FROM people.bulk_changes AS b
        WHERE b.organization_id = v_organization AND b.change_id = ANY (p_changes) AND b.contact_id IS NOT NULL
    ),
    now AS MATERIALIZED (
        SELECT t.contact_id, t.tags, t.custom_fields, t.status, t.title FROM vault.contacts AS t
        WHERE t.organization_id = v_organization AND t.contact_id = ANY (ARRAY(SELECT b.contact_id FROM batch AS b))
        ORDER BY t.contact_id
        FOR NO KEY UPDATE
    ),
    fit AS MATERIALIZED (
        SELECT b.change_id, b.contact_id, b.field, b.key, b.old_value, b.load_id FROM batch AS b
        INNER JOIN now AS n ON n.contact_id = b.contact_id AND b.new_value = CASE b.field
            WHEN 'tag' THEN to_jsonb(n.tags ? b.key)
            WHEN 'custom' THEN coalesce(n.custom_fields -> b.key, 'null')
            WHEN 'status' THEN to_jsonb(n.status)
            ELSE coalesce(to_jsonb(n.title), 'null')
        END
    ),
    before AS (
        SELECT
            f.contact_id,
            coalesce(jsonb_agg(f.key ORDER BY f.change_id) FILTER (WHERE f.field = 'tag' AND f.old_value = 'true'), '[]') AS tags_back,
            coalesce(array_agg(f.key) FILTER (WHERE f.field = 'tag' AND f.old_value = 'false'), '{}') AS tags_gone,
            coalesce(jsonb_object_agg(f.key, f.old_value) FILTER (WHERE f.field = 'custom' AND f.old_value <> 'null'), '{}') AS fields_back,
            coalesce(array_agg(f.key) FILTER (WHERE f.field = 'custom' AND f.old_value = 'null'), '{}') AS fields_gone,
            max(f.old_value #>> '{}') FILTER (WHERE f.field = 'status') AS status,
            bool_or(f.field = 'title') AS has_title, max(f.old_value #>> '{}') FILTER (WHERE f.field = 'title') AS title,
            coalesce(jsonb_object_agg(
                CASE f.field WHEN 'custom' THEN 'custom_fields' ELSE f.field END, f.load_id
            ) FILTER (WHERE f.load_id IS NOT NULL), '{}') AS loads
        FROM fit AS f GROUP BY f.contact_id
    ),
    put AS (
        UPDATE vault.contacts AS t SET
            tags = (t.tags - b.tags_gone) || b.tags_back, custom_fields = (t.custom_fields - b.fields_gone) || b.fields_back,
            status = coalesce(b.status, t.status), title = CASE WHEN b.has_title THEN b.title ELSE t.title END, provenance = t.provenance || b.loads
        FROM before AS b
        WHERE t.organization_id = v_organization AND t.contact_id = ANY (ARRAY(SELECT f.contact_id FROM fit AS f)) AND t.contact_id = b.contact_id
    )
    SELECT coalesce(array_agg(f.change_id), '{}') INTO v_put FROM fit AS f;
    RETURN v_put;
END $$;

-- Undoes at most so many changes of a bulk edit that no undo has looked at yet; returns how many values went back and how many stayed, since
-- somebody changed them since. Both 0: nothing is left.
CREATE FUNCTION people.f_bulk_undo(p_bulk_id uuid, p_most integer, OUT undone bigint, OUT kept bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_changes bigint[] := ARRAY(
        SELECT b.change_id FROM people.bulk_changes AS b
        WHERE b.organization_id = v_organization AND b.bulk_id = p_bulk_id AND b.outcome IS NULL
        ORDER BY b.change_id LIMIT p_most
    );
    v_put bigint[];
BEGIN
    v_put := people.f_bulk_put_back(v_changes) || company.f_bulk_put_back(v_changes) || vault.f_bulk_put_back(v_changes);
    UPDATE people.bulk_changes AS b SET outcome = CASE WHEN b.change_id = ANY (v_put) THEN 'undone' ELSE 'kept' END
    WHERE b.organization_id = v_organization AND b.change_id = ANY (v_changes);
    undone := cardinality(v_put);
    kept := cardinality(v_changes) - cardinality(v_put);
END $$;
GRANT EXECUTE ON FUNCTION people.f_bulk_undo(uuid, integer) TO outrider_app;
