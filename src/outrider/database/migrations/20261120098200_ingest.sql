-- Raw loads come in through functions only (seed 001). They take rows by the thousand; every step is one statement over the set.
SET LOCAL lock_timeout = '5s';

-- The tables that one call works in: this session's own, emptied when the next call begins; only the owner can read them. Refuses
-- ones that somebody else made under our names.
CREATE PROCEDURE intake.f_open_workspace()
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF to_regclass('pg_temp.ingest_rows') IS NULL THEN
        CREATE TEMPORARY TABLE ingest_rows (
            ordinal bigint, load_id bigint, raw_data jsonb, row_number bigint, email text, reason text, status text, duplicate_of bigint
        ) ON COMMIT PRESERVE ROWS;
        CREATE TEMPORARY TABLE golden_loads (
            load_id bigint, email text, raw_data jsonb, source text, namespace_id uuid, campaign text
        ) ON COMMIT PRESERVE ROWS;
        CREATE TEMPORARY TABLE golden_facts (
            load_id bigint, place bigint, email text, source text, namespace_id uuid, campaign text, is_role boolean,
            name text, first_name text, last_name text, title text, seniority text, department text, phone text, linkedin_url text,
            location text, country_code text, company text, domain text, website text, company_linkedin_url text, industry text,
            employee_count text, revenue text, funding text, custom_fields jsonb, tags jsonb, issue text, reasons text[], links_company boolean,
            makes_company boolean DEFAULT true
        ) ON COMMIT PRESERVE ROWS;
        CREATE TEMPORARY TABLE golden_companies (
            domain text PRIMARY KEY, company_id uuid, is_new boolean, is_changed boolean, load_id bigint, fact_count bigint,
            name text, industry text, employee_count integer, revenue numeric, revenue_currency text, funding text,
            linkedin_url text, website text, brought_by jsonb
        ) ON COMMIT PRESERVE ROWS;
        CREATE TEMPORARY TABLE golden_people (
            email text PRIMARY KEY, contact_id bigint, person_id uuid, is_new_contact boolean, is_new_person boolean, load_id bigint,
            fact_count bigint, source text, campaign text, tags jsonb, name text, first_name text, last_name text, title text,
            seniority text, department text, phone text, linkedin_url text, location text, country_code text, company text,
            company_id uuid, custom_fields jsonb, brought_by jsonb
        ) ON COMMIT PRESERVE ROWS;
    ELSIF EXISTS (
        SELECT FROM pg_class
        WHERE relnamespace = pg_my_temp_schema() AND relname IN ('ingest_rows', 'golden_loads', 'golden_facts', 'golden_companies', 'golden_people')
            AND relowner <> 'outrider_owner'::regrole
    ) THEN
        RAISE EXCEPTION 'a temporary table of this session stands where Outrider works: end the session' USING ERRCODE = 'duplicate_table';
    END IF;
    -- A truncated table makes every plan that reads it new, which costs a small call more than its work: small leftovers are deleted.
    IF pg_relation_size('pg_temp.golden_facts') + pg_relation_size('pg_temp.ingest_rows') > 1048576 THEN
        TRUNCATE pg_temp.ingest_rows, pg_temp.golden_loads, pg_temp.golden_facts, pg_temp.golden_companies, pg_temp.golden_people;
    ELSE
        DELETE FROM pg_temp.ingest_rows;
        DELETE FROM pg_temp.golden_loads;
        DELETE FROM pg_temp.golden_facts;
        DELETE FROM pg_temp.golden_companies;
        DELETE FROM pg_temp.golden_people;
    END IF;
END $$;

-- Stores rows as raw loads and leaves what became of each in pg_temp.ingest_rows. A row whose address was loaded in the last 30 days, or
-- stands earlier in this call, is a duplicate of that load; one without a usable address, or with a problem that the reader found, failed.
-- p_status is what a good row gets: pending, or promoted when the caller promotes in the same transaction.
CREATE PROCEDURE intake.f_store_rows(
    p_rows jsonb[], p_source text, p_batch_id text, p_status text, p_metadata jsonb DEFAULT '{}', p_namespace_id uuid DEFAULT NULL,
    p_import_id uuid DEFAULT NULL, p_row_numbers bigint[] DEFAULT NULL, p_problems text[] DEFAULT NULL
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
BEGIN
    -- Two calls at once must not both take an address for new.
    PERFORM pg_advisory_xact_lock(hashtextextended(v_organization::text || '/ingest', 0));
    CALL intake.f_open_workspace();

    INSERT INTO pg_temp.ingest_rows (ordinal, load_id, raw_data, row_number, email, reason, status, duplicate_of)
    WITH given AS MATERIALIZED (
        SELECT
            r.ordinal, nextval('intake.raw_loads_load_id_seq') AS load_id, r.raw_data, p_row_numbers[r.ordinal] AS row_number,
            CASE WHEN p.reason IS NULL THEN a.address END AS email, coalesce(p_problems[r.ordinal], p.reason) AS reason
        FROM (SELECT coalesce(u.raw_data, 'null') AS raw_data, u.ordinal FROM unnest(p_rows) WITH ORDINALITY AS u (raw_data, ordinal)) AS r
        CROSS JOIN LATERAL (SELECT intake.f_address(r.raw_data ->> 'email') AS address OFFSET 0) AS a
        CROSS JOIN LATERAL (SELECT intake.f_address_problem(a.address) AS reason OFFSET 0) AS p
    ),
    ranked AS (
        SELECT *, first_value(load_id) OVER (PARTITION BY email, reason IS NULL ORDER BY ordinal) AS first_load_id FROM given
    )
    SELECT
        r.ordinal, r.load_id, r.raw_data, r.row_number, r.email, r.reason,
        CASE
            WHEN r.reason IS NOT NULL THEN 'failed'
            WHEN k.load_id IS NOT NULL OR r.first_load_id < r.load_id THEN 'duplicate'
            ELSE p_status
        END,
        CASE WHEN r.reason IS NULL THEN coalesce(k.load_id, nullif(r.first_load_id, r.load_id)) END
    FROM ranked AS r
    LEFT JOIN LATERAL (
        SELECT l.load_id FROM intake.raw_loads AS l
        WHERE l.organization_id = v_organization AND l.email = r.email AND r.reason IS NULL
            AND l.status IN ('pending', 'promoted') AND l.created_at > now() - interval '30 days'
        ORDER BY l.load_id LIMIT 1
    ) AS k ON true;

    INSERT INTO intake.raw_loads (
        organization_id, load_id, batch_id, source, raw_data, status, promoted_at, metadata, email, reason, duplicate_of, import_id, row_number,
        namespace_id
    )
    SELECT
        v_organization, load_id, p_batch_id, p_source, raw_data, status, CASE WHEN status = 'promoted' THEN now() END, p_metadata, email, reason,
        duplicate_of, p_import_id, row_number, p_namespace_id
    FROM pg_temp.ingest_rows ORDER BY ordinal;

    INSERT INTO intake.audit_log (organization_id, action, load_id)
    SELECT v_organization, 'contact_ingested', load_id FROM pg_temp.ingest_rows ORDER BY ordinal;
END $$;

-- Seed 001's front door: one row per stored load, then a summary with a NULL load_id. Blank source or batch, or over 500 characters: an
-- error row, nothing stored. An element that is NULL is kept as JSON's null.
CREATE FUNCTION intake.f_ingest_json(p_rows jsonb[], p_source text, p_batch_id text, p_metadata jsonb DEFAULT '{}', p_namespace_id uuid DEFAULT NULL)
RETURNS TABLE (load_id bigint, status text, message text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF intake.f_clean(left(p_source, 1000)) IS NULL OR intake.f_clean(left(p_batch_id, 1000)) IS NULL THEN
        RETURN QUERY SELECT NULL::bigint, 'error', 'source and batch_id must not be blank; nothing was stored';
        RETURN;
    END IF;
    IF greatest(length(p_source), length(p_batch_id)) > 500 THEN
        RETURN QUERY SELECT NULL::bigint, 'error', 'source and batch_id have at most 500 characters; nothing was stored';
        RETURN;
    END IF;
    IF coalesce(cardinality(p_rows), 0) = 0 THEN
        RETURN QUERY SELECT NULL::bigint, 'error', 'no rows were given; nothing was stored';
        RETURN;
    END IF;
    CALL intake.f_store_rows(p_rows, btrim(p_source), btrim(p_batch_id), 'pending', p_metadata, p_namespace_id);
    INSERT INTO intake.audit_log (organization_id, action, details)
    SELECT kit.f_organization(), 'batch_processed', jsonb_build_object(
        'batch_id', btrim(p_batch_id), 'source', btrim(p_source), 'rows', count(*),
        'pending', count(*) FILTER (WHERE r.status = 'pending'), 'duplicate', count(*) FILTER (WHERE r.status = 'duplicate'),
        'failed', count(*) FILTER (WHERE r.status = 'failed')
    ) FROM pg_temp.ingest_rows AS r;
    RETURN QUERY
    SELECT r.load_id, CASE WHEN r.status = 'failed' THEN 'error' ELSE 'success' END,
        CASE r.status
            WHEN 'pending' THEN 'stored'
            WHEN 'duplicate' THEN 'duplicate of load ' || r.duplicate_of
            ELSE 'failed: ' || r.reason
        END
    FROM pg_temp.ingest_rows AS r ORDER BY r.ordinal;
    RETURN QUERY
    SELECT NULL::bigint, 'success', format(
        'inserted %s, skipped %s (%s duplicate, %s failed)', count(*) FILTER (WHERE r.status = 'pending'), count(*) FILTER (WHERE r.status <> 'pending'),
        count(*) FILTER (WHERE r.status = 'duplicate'), count(*) FILTER (WHERE r.status = 'failed')
    ) FROM pg_temp.ingest_rows AS r;
END $$;
GRANT EXECUTE ON FUNCTION intake.f_ingest_json(jsonb[], text, text, jsonb, uuid) TO outrider_app;
