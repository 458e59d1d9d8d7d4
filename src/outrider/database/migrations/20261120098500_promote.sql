-- The doors to golden records: promotion of pending loads (seed 001), and a chunk of an import. One call is one pass over a set.
SET LOCAL lock_timeout = '5s';

-- Makes golden records of what stands in pg_temp.golden_loads; returns the counts. One promotion at a time in an organization.
CREATE FUNCTION intake.f_make_golden(p_mode text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_rows bigint;
    v_companies_created bigint := 0;
    v_companies_updated bigint := 0;
    v_contacts_created bigint := 0;
    v_contacts_updated bigint := 0;
    v_people_created bigint := 0;
    v_people_updated bigint := 0;
    v_affiliations bigint := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(v_organization::text || '/golden', 0));
    IF p_mode = 'create' THEN
        DELETE FROM pg_temp.golden_loads AS l USING vault.contacts AS c WHERE c.organization_id = v_organization AND c.email = l.email;
        DELETE FROM pg_temp.golden_loads WHERE load_id NOT IN (SELECT min(f.load_id) FROM pg_temp.golden_loads AS f GROUP BY f.email);
    END IF;
    SELECT count(*) INTO v_rows FROM pg_temp.golden_loads;
    IF v_rows > 500 THEN
        ANALYZE pg_temp.golden_loads;
    END IF;
    CALL intake.f_read_facts(p_mode);
    IF v_rows > 500 THEN
        ANALYZE pg_temp.golden_facts (load_id, email, domain, company, namespace_id);
    END IF;
    CALL company.f_resolve(p_mode, v_companies_created, v_companies_updated);
    IF v_rows > 500 THEN
        ANALYZE pg_temp.golden_companies (domain, company_id, is_new, fact_count);
    END IF;
    CALL people.f_resolve(p_mode, v_contacts_created, v_contacts_updated, v_people_created, v_people_updated);
    IF v_rows > 500 THEN
        ANALYZE pg_temp.golden_people (email, contact_id, person_id, is_new_contact, is_new_person, fact_count);
    END IF;
    CALL people.f_attach(p_mode, v_affiliations);
    INSERT INTO intake.audit_log (organization_id, action, load_id, contact_id)
    SELECT v_organization, CASE WHEN g.is_new_contact AND f.load_id = g.load_id THEN 'contact_promoted' ELSE 'contact_updated' END, f.load_id, g.contact_id
    FROM pg_temp.golden_facts AS f
    INNER JOIN pg_temp.golden_people AS g ON g.email = f.email
    ORDER BY f.load_id;
    RETURN jsonb_build_object(
        'contacts_created', v_contacts_created, 'contacts_updated', v_contacts_updated, 'people_created', v_people_created,
        'people_updated', v_people_updated, 'companies_created', v_companies_created, 'companies_updated', v_companies_updated,
        'affiliations_created', v_affiliations
    );
END $$;

-- Seed 001's promotion: pending loads become contacts (and persons, companies, …); NULL means all pending ones. A load that is not found
-- or not pending counts as failed, and one that is there says why. Incoming values win, except for loads of an import, which keep its mode.
CREATE FUNCTION vault.f_promote_contacts(p_load_ids bigint[] DEFAULT NULL)
RETURNS TABLE (promoted_count integer, updated_count integer, failed_count integer, message text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_default uuid;
    v_mode text;
    v_asked bigint;
    v_promoted bigint := 0;
    v_updated bigint := 0;
    v_failed bigint := 0;
    v_new bigint;
    v_taken bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(v_organization::text || '/golden', 0));
    SELECT id INTO v_default FROM tenancy.namespaces WHERE organization_id = v_organization AND is_default;
    SELECT count(DISTINCT i) INTO v_asked FROM unnest(p_load_ids) AS i WHERE i IS NOT NULL;

    FOREACH v_mode IN ARRAY ARRAY['create', 'fill', 'overwrite'] LOOP
        CALL intake.f_open_workspace();
        INSERT INTO pg_temp.golden_loads (load_id, email, raw_data, source, namespace_id, campaign)
        SELECT l.load_id, l.email, l.raw_data, l.source, coalesce(n.id, v_default), coalesce(i.campaign, l.metadata ->> 'campaign')
        FROM intake.raw_loads AS l
        LEFT JOIN intake.imports AS i ON i.organization_id = v_organization AND i.id = l.import_id
        LEFT JOIN tenancy.namespaces AS n ON n.organization_id = v_organization AND n.id = l.namespace_id
        WHERE l.organization_id = v_organization AND l.status = 'pending' AND l.email IS NOT NULL
            AND (p_load_ids IS NULL OR l.load_id = ANY (p_load_ids)) AND coalesce(i.mode, 'overwrite') = v_mode;
        IF NOT FOUND THEN
            CONTINUE;
        END IF;
        -- The rows are locked and marked first: two promotions at once never take the same load.
        UPDATE intake.raw_loads AS l SET status = 'promoted', promoted_at = now()
        FROM pg_temp.golden_loads AS g WHERE l.organization_id = v_organization AND l.load_id = g.load_id AND l.status = 'pending';
        GET DIAGNOSTICS v_taken = ROW_COUNT;
        v_new := (intake.f_make_golden(v_mode) ->> 'contacts_created')::bigint;
        v_promoted := v_promoted + v_new;
        v_updated := v_updated + v_taken - v_new;
    END LOOP;

    -- What is pending and has no usable address was put there past f_ingest_json: it is kept, with the reason.
    UPDATE intake.raw_loads AS l SET status = 'failed', reason = coalesce(intake.f_address_problem(intake.f_address(l.raw_data ->> 'email')), 'no_email')
    WHERE l.organization_id = v_organization AND l.status = 'pending' AND l.email IS NULL AND (p_load_ids IS NULL OR l.load_id = ANY (p_load_ids));
    GET DIAGNOSTICS v_failed = ROW_COUNT;
    IF p_load_ids IS NOT NULL THEN
        v_failed := v_asked - v_promoted - v_updated;
        UPDATE intake.raw_loads AS l SET reason = 'not pending: ' || l.status
        WHERE l.organization_id = v_organization AND l.load_id = ANY (p_load_ids) AND l.status = 'duplicate' AND l.reason IS NULL;
    END IF;
    INSERT INTO intake.audit_log (organization_id, action, details)
    VALUES (v_organization, 'batch_processed', jsonb_build_object('promoted', v_promoted, 'updated', v_updated, 'failed', v_failed));
    RETURN QUERY SELECT
        v_promoted::integer, v_updated::integer, v_failed::integer,
        format('%s promoted, %s updated, %s failed', v_promoted, v_updated, v_failed)
        || CASE WHEN v_failed > 0 AND p_load_ids IS NOT NULL THEN ' (not found, not pending or without a usable address)' ELSE '' END;
END $$;
GRANT EXECUTE ON FUNCTION vault.f_promote_contacts(bigint[]) TO outrider_app;

-- One chunk of an import, stored and (if the import says so) promoted in the caller's transaction: rows, their numbers and what the
-- reader found wrong with them. Duplicates of the last 30 days keep that status and still bring their values, as the mode allows.
CREATE FUNCTION intake.f_import_rows(p_import_id uuid, p_rows jsonb[], p_row_numbers bigint[], p_problems text[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_import intake.imports;
    v_namespace uuid;
    v_report jsonb;
    v_counts jsonb := '{}';
BEGIN
    SELECT * INTO STRICT v_import FROM intake.imports WHERE organization_id = v_organization AND id = p_import_id;
    SELECT id INTO v_namespace FROM tenancy.namespaces
    WHERE organization_id = v_organization AND (id = v_import.namespace_id OR is_default) ORDER BY is_default LIMIT 1;
    -- The lock of f_store_rows first, then the one of f_make_golden: as ingest and promotion in one transaction take them.
    CALL intake.f_store_rows(
        p_rows, v_import.source, v_import.batch_id, CASE WHEN v_import.promote THEN 'promoted' ELSE 'pending' END, '{}', v_namespace, p_import_id,
        p_row_numbers, p_problems
    );
    SELECT jsonb_build_object(
        'rows', count(*), 'promoted', count(*) FILTER (WHERE status = 'promoted'), 'pending', count(*) FILTER (WHERE status = 'pending'),
        'duplicate', count(*) FILTER (WHERE status = 'duplicate'), 'failed', count(*) FILTER (WHERE status = 'failed')
    ) INTO v_report FROM pg_temp.ingest_rows;
    SELECT coalesce(jsonb_object_agg(reason, rows), '{}') INTO v_counts
    FROM (SELECT reason, count(*) AS rows FROM pg_temp.ingest_rows WHERE status = 'failed' GROUP BY reason) AS r;
    v_report := v_report || jsonb_build_object('reasons', v_counts);
    IF v_import.promote THEN
        INSERT INTO pg_temp.golden_loads (load_id, email, raw_data, source, namespace_id, campaign)
        SELECT load_id, email, raw_data, v_import.source, v_namespace, v_import.campaign
        FROM pg_temp.ingest_rows WHERE status IN ('promoted', 'duplicate');
        v_report := v_report || intake.f_make_golden(v_import.mode);
    END IF;
    RETURN v_report;
END $$;
GRANT EXECUTE ON FUNCTION intake.f_import_rows(uuid, jsonb[], bigint[], text[]) TO outrider_app;
