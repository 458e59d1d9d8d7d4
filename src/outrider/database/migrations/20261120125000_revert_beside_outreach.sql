-- Taking an import back beside outreach: who is in a campaign, on a list, or part of what happened since stays, and is named with the reason.
SET LOCAL lock_timeout = '5s';

-- Why people and addresses that are about to go have to stay for what outreach knows of them: (kind, key, reason), one row each at most. Reads
-- `pg_temp.revert_loads`. The ledger's messages are of enrollments, and so are tasks. A suppression is of an address, with a contact or without.
CREATE FUNCTION intake.f_held_by_outreach() RETURNS TABLE (kind text, key text, reason text)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH made AS MATERIALIZED (
        SELECT m.id FROM people.master AS m INNER JOIN pg_temp.revert_loads AS r ON r.load_id = m.load_id
        WHERE m.organization_id = kit.f_organization()
    ),
    held AS (
        SELECT 'person' AS kind, made.id::text AS key, 'is in a campaign' AS reason, 1 AS place
        FROM made INNER JOIN marketing.enrollments AS e ON e.organization_id = kit.f_organization() AND e.person_id = made.id
        UNION ALL
        SELECT 'person', made.id::text, 'a conversion of theirs counts', 2
        FROM made INNER JOIN marketing.conversions AS v ON v.organization_id = kit.f_organization() AND v.person_id = made.id
        UNION ALL
        SELECT 'person', made.id::text, 'showed interest', 3
        FROM made INNER JOIN marketing.prospect_intents AS i ON i.organization_id = kit.f_organization() AND i.person_id = made.id
        UNION ALL
        SELECT 'person', made.id::text, 'something happened with them since', 4
        FROM made INNER JOIN engagement.events AS v ON v.organization_id = kit.f_organization() AND v.person_id = made.id
        UNION ALL
        SELECT 'person', made.id::text, 'is on a list', 5
        FROM made INNER JOIN marketing.list_members AS l ON l.organization_id = kit.f_organization() AND l.person_id = made.id
        UNION ALL
        SELECT 'contact', c.contact_id::text, 'a campaign writes to it', 1
        FROM vault.contacts AS c
        INNER JOIN pg_temp.revert_loads AS r ON r.load_id = c.load_id
        INNER JOIN marketing.enrollments AS e ON e.organization_id = kit.f_organization() AND e.contact_id = c.contact_id
        WHERE c.organization_id = kit.f_organization()
    )
    SELECT DISTINCT ON (h.kind, h.key) h.kind, h.key, h.reason FROM held AS h ORDER BY h.kind, h.key, h.place;
END $$;

-- Reverts an import of the current organization and returns what came of it; a dry run changes nothing and returns the same.
-- kept: {kind: [{key, reason}]}, the first 1,000 of each; kept_count says how many in all.
CREATE OR REPLACE FUNCTION intake.f_revert_import(p_import_id uuid, p_dry_run boolean DEFAULT true) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_report jsonb := '{}';
    v_count bigint;
BEGIN
    -- Nobody may take a load of this import for one that theirs repeats while it goes.
    PERFORM pg_advisory_xact_lock(hashtextextended(v_organization::text || '/ingest', 0));
    PERFORM pg_advisory_xact_lock(hashtextextended(v_organization::text || '/golden', 0));
    DROP TABLE IF EXISTS pg_temp.revert_loads, pg_temp.revert_keys, pg_temp.revert_changes, pg_temp.revert_since, pg_temp.revert_held;
    CREATE TEMPORARY TABLE revert_loads ON COMMIT DROP AS
    SELECT load_id, email, namespace_id FROM intake.raw_loads WHERE organization_id = v_organization AND import_id = p_import_id;
    CREATE UNIQUE INDEX ON pg_temp.revert_loads (load_id);
    ANALYZE pg_temp.revert_loads;
    -- What the import changed, of every kind.
    CREATE TEMPORARY TABLE revert_changes ON COMMIT DROP AS
    SELECT k.kind, c.* FROM unnest(ARRAY['contact', 'person', 'company', 'affiliation', 'profile']) AS k (kind)
    CROSS JOIN LATERAL intake.f_import_changes(k.kind, p_import_id) AS c;
    CREATE INDEX ON pg_temp.revert_changes (kind, key);
    -- Who, other than the import, the value of now is from in a row that the import made: the last one who changed a field that does not
    -- stand as the import left it. A change that was taken back does not count.
    CREATE TEMPORARY TABLE revert_since ON COMMIT DROP AS
    WITH history AS (
        SELECT 'contact' AS kind, y.contact_id::text AS key, y.history_id, y.old_values, y.new_values, y.loads, y.changed_by
        FROM vault.contacts AS t
        INNER JOIN pg_temp.revert_loads AS r ON r.load_id = t.load_id
        INNER JOIN vault.history AS y ON y.organization_id = v_organization AND y.contact_id = t.contact_id
        WHERE t.organization_id = v_organization
        UNION ALL
        SELECT 'affiliation', y.affiliation_id::text, y.history_id, y.old_values, y.new_values, y.loads, y.changed_by
        FROM people.affiliations AS t
        INNER JOIN pg_temp.revert_loads AS r ON r.load_id = t.load_id
        INNER JOIN people.affiliation_history AS y ON y.organization_id = v_organization AND y.affiliation_id = t.id
        WHERE t.organization_id = v_organization
        UNION ALL
        SELECT 'profile', y.profile_id::text, y.history_id, y.old_values, y.new_values, y.loads, y.changed_by
        FROM people.profiles AS t
        INNER JOIN pg_temp.revert_loads AS r ON r.load_id = t.load_id
        INNER JOIN people.profile_history AS y ON y.organization_id = v_organization AND y.profile_id = t.id
        WHERE t.organization_id = v_organization
        UNION ALL
        SELECT 'person', y.person_id::text, y.history_id, y.old_values, y.new_values, y.loads, y.changed_by
        FROM people.master AS t
        INNER JOIN pg_temp.revert_loads AS r ON r.load_id = t.load_id
        INNER JOIN people.history AS y ON y.organization_id = v_organization AND y.person_id = t.id
        WHERE t.organization_id = v_organization
        UNION ALL
        SELECT 'company', y.company_id::text, y.history_id, y.old_values, y.new_values, y.loads, y.changed_by
        FROM company.master AS t
        INNER JOIN pg_temp.revert_loads AS r ON r.load_id = t.load_id
        INNER JOIN company.history AS y ON y.organization_id = v_organization AND y.company_id = t.id
        WHERE t.organization_id = v_organization
    ),
    entries AS (
        SELECT h.kind, h.key, h.history_id, f.key AS field, h.old_values -> f.key AS before, f.value AS after, coalesce(h.changed_by, 'somebody') AS who,
            r.load_id IS NOT NULL AS is_ours
        FROM history AS h
        INNER JOIN LATERAL jsonb_each(h.new_values) AS f ON f.key NOT IN ('load_id', 'person_id')
        LEFT JOIN pg_temp.revert_loads AS r ON r.load_id = (h.loads ->> f.key)::bigint
    ),
    ends AS (
        SELECT
            kind, key, max(history_id) AS last_id, (array_agg(after ORDER BY history_id DESC))[1] AS stands,
            (array_agg(who ORDER BY history_id DESC))[1] AS who,
            coalesce((array_agg(after ORDER BY history_id DESC) FILTER (WHERE is_ours))[1], (array_agg(before ORDER BY history_id))[1]) AS left_behind
        FROM entries GROUP BY kind, key, field
    )
    SELECT DISTINCT ON (kind, key) kind, key, who FROM ends WHERE stands IS DISTINCT FROM left_behind ORDER BY kind, key, last_id DESC;
    CREATE UNIQUE INDEX ON pg_temp.revert_since (kind, key);
    CREATE TEMPORARY TABLE revert_held ON COMMIT DROP AS SELECT * FROM intake.f_held_by_outreach();
    CREATE UNIQUE INDEX ON pg_temp.revert_held (kind, key);
    ANALYZE pg_temp.revert_held;
    -- What the import made, and why some of it has to stay.
    CREATE TEMPORARY TABLE revert_keys (kind text, key text, reason text) ON COMMIT DROP;
    INSERT INTO pg_temp.revert_keys
    SELECT 'contact', c.contact_id::text, CASE
        WHEN o.load_id IS NOT NULL THEN 'load ' || o.load_id || ' says the same address'
        WHEN c.status <> 'active' OR c.last_activity_at IS NOT NULL THEN 'something happened with the address since'
        WHEN q.key IS NOT NULL THEN q.reason
        WHEN h.who IS NOT NULL THEN 'changed since by ' || h.who
    END
    FROM vault.contacts AS c
    INNER JOIN pg_temp.revert_loads AS r ON r.load_id = c.load_id
    LEFT JOIN LATERAL (
        SELECT l.load_id FROM intake.raw_loads AS l
        WHERE l.organization_id = v_organization AND l.email = c.email AND l.status IN ('promoted', 'duplicate')
            AND l.import_id IS DISTINCT FROM p_import_id
        ORDER BY l.load_id LIMIT 1
    ) AS o ON true
    LEFT JOIN pg_temp.revert_held AS q ON q.kind = 'contact' AND q.key = c.contact_id::text
    LEFT JOIN pg_temp.revert_since AS h ON h.kind = 'contact' AND h.key = c.contact_id::text
    WHERE c.organization_id = v_organization;
    CREATE UNIQUE INDEX ON pg_temp.revert_keys (kind, key);
    ANALYZE pg_temp.revert_keys, pg_temp.revert_changes, pg_temp.revert_since;

    INSERT INTO pg_temp.revert_keys
    SELECT 'affiliation', a.id::text, CASE
        WHEN o.load_id IS NOT NULL THEN 'load ' || o.load_id || ' says it too'
        WHEN h.who IS NOT NULL THEN 'changed since by ' || h.who
    END
    FROM people.affiliations AS a
    INNER JOIN pg_temp.revert_loads AS r ON r.load_id = a.load_id
    LEFT JOIN LATERAL (
        SELECT l.load_id FROM vault.contacts AS t
        INNER JOIN intake.raw_loads AS l
            ON l.organization_id = v_organization AND l.email = t.email AND l.status IN ('promoted', 'duplicate')
                AND l.import_id IS DISTINCT FROM p_import_id
        WHERE t.organization_id = v_organization AND t.person_id = a.person_id
            AND a.company_key = coalesce(lower(intake.f_known(intake.f_clean(l.raw_data ->> 'company'))), '')
        ORDER BY l.load_id LIMIT 1
    ) AS o ON true
    LEFT JOIN pg_temp.revert_since AS h ON h.kind = 'affiliation' AND h.key = a.id::text
    WHERE a.organization_id = v_organization;

    INSERT INTO pg_temp.revert_keys
    SELECT 'profile', p.id::text, CASE WHEN h.who IS NOT NULL THEN 'changed since by ' || h.who END
    FROM people.profiles AS p
    INNER JOIN pg_temp.revert_loads AS r ON r.load_id = p.load_id
    LEFT JOIN pg_temp.revert_since AS h ON h.kind = 'profile' AND h.key = p.id::text
    WHERE p.organization_id = v_organization;
    ANALYZE pg_temp.revert_keys;

    INSERT INTO pg_temp.revert_keys
    SELECT 'person', m.id::text, CASE
        WHEN q.key IS NOT NULL THEN q.reason
        WHEN c.contact_id IS NOT NULL THEN coalesce(c.reason, 'has another address')
        WHEN a.id IS NOT NULL THEN coalesce('an affiliation stays: ' || a.reason, 'has an affiliation from somewhere else')
        WHEN p.id IS NOT NULL THEN coalesce('a profile stays: ' || p.reason, 'has a profile from somewhere else')
        WHEN i.id IS NOT NULL THEN 'was enriched since'
        WHEN w.id IS NOT NULL THEN 'has a note'
        WHEN h.who IS NOT NULL THEN 'changed since by ' || h.who
    END
    FROM people.master AS m
    INNER JOIN pg_temp.revert_loads AS r ON r.load_id = m.load_id
    LEFT JOIN LATERAL (
        SELECT t.contact_id, k.reason FROM vault.contacts AS t
        LEFT JOIN pg_temp.revert_keys AS k ON k.kind = 'contact' AND k.key = t.contact_id::text
        WHERE t.organization_id = v_organization AND t.person_id = m.id AND (k.key IS NULL OR k.reason IS NOT NULL) LIMIT 1
    ) AS c ON true
    LEFT JOIN LATERAL (
        SELECT t.id, k.reason FROM people.affiliations AS t
        LEFT JOIN pg_temp.revert_keys AS k ON k.kind = 'affiliation' AND k.key = t.id::text
        WHERE t.organization_id = v_organization AND t.person_id = m.id AND (k.key IS NULL OR k.reason IS NOT NULL) LIMIT 1
    ) AS a ON true
    LEFT JOIN LATERAL (
        SELECT t.id, k.reason FROM people.profiles AS t
        LEFT JOIN pg_temp.revert_keys AS k ON k.kind = 'profile' AND k.key = t.id::text
        WHERE t.organization_id = v_organization AND t.person_id = m.id AND (k.key IS NULL OR k.reason IS NOT NULL) LIMIT 1
    ) AS p ON true
    LEFT JOIN LATERAL (SELECT t.id FROM people.intelligence AS t WHERE t.organization_id = v_organization AND t.person_id = m.id LIMIT 1) AS i ON true
    LEFT JOIN LATERAL (
        SELECT t.id FROM people.notes AS t WHERE t.organization_id = v_organization AND t.person_id = m.id AND t.deleted_at IS NULL LIMIT 1
    ) AS w ON true
    LEFT JOIN pg_temp.revert_held AS q ON q.kind = 'person' AND q.key = m.id::text
    LEFT JOIN pg_temp.revert_since AS h ON h.kind = 'person' AND h.key = m.id::text
    WHERE m.organization_id = v_organization;
    -- A contact stays with its person.
    UPDATE pg_temp.revert_keys AS k SET reason = 'its person stays: ' || p.reason
    FROM vault.contacts AS c
    INNER JOIN pg_temp.revert_keys AS p ON p.kind = 'person' AND p.key = c.person_id::text AND p.reason IS NOT NULL
    WHERE c.organization_id = v_organization AND k.kind = 'contact' AND k.key = c.contact_id::text AND k.reason IS NULL;
    -- So does its profile, and what it says of itself at a company; where the person stays because another load says the address, only what
    -- that load says too.
    UPDATE pg_temp.revert_keys AS k SET reason = 'its contact stays: ' || c.reason
    FROM people.profiles AS p
    INNER JOIN vault.contacts AS t ON t.organization_id = v_organization AND t.email = p.email
    INNER JOIN pg_temp.revert_keys AS c ON c.kind = 'contact' AND c.key = t.contact_id::text AND c.reason IS NOT NULL
    WHERE p.organization_id = v_organization AND k.kind = 'profile' AND k.key = p.id::text AND k.reason IS NULL;
    UPDATE pg_temp.revert_keys AS k SET reason = 'a profile stays: ' || t.reason
    FROM people.profiles AS p
    INNER JOIN pg_temp.revert_keys AS t ON t.kind = 'profile' AND t.key = p.id::text AND t.reason IS NOT NULL
    WHERE p.organization_id = v_organization AND k.kind = 'person' AND k.key = p.person_id::text AND k.reason IS NULL;
    UPDATE pg_temp.revert_keys AS k SET reason = 'its person stays: ' || p.reason
    FROM people.affiliations AS a
    INNER JOIN pg_temp.revert_keys AS p ON p.kind = 'person' AND p.key = a.person_id::text AND p.reason NOT LIKE 'load % says the same address'
    WHERE a.organization_id = v_organization AND k.kind = 'affiliation' AND k.key = a.id::text AND k.reason IS NULL;
    ANALYZE pg_temp.revert_keys;

    INSERT INTO pg_temp.revert_keys
    WITH made AS MATERIALIZED (
        SELECT m.id FROM company.master AS m
        INNER JOIN pg_temp.revert_loads AS r ON r.load_id = m.load_id
        WHERE m.organization_id = v_organization
    ),
    worked_for AS (
        SELECT DISTINCT made.id FROM made
        CROSS JOIN LATERAL (SELECT id FROM people.master WHERE organization_id = v_organization AND company_id = made.id OFFSET 0) AS t
        LEFT JOIN LATERAL (SELECT key FROM pg_temp.revert_keys WHERE kind = 'person' AND key = t.id::text AND reason IS NULL OFFSET 0) AS k ON true
        LEFT JOIN LATERAL (
            SELECT key FROM pg_temp.revert_changes WHERE kind = 'person' AND key = t.id::text AND field = 'company_id' AND NOT changed_since OFFSET 0
        ) AS c ON true
        WHERE k.key IS NULL AND c.key IS NULL
    ),
    named AS (
        SELECT DISTINCT made.id FROM made
        CROSS JOIN LATERAL (SELECT id FROM people.affiliations WHERE organization_id = v_organization AND company_id = made.id OFFSET 0) AS t
        LEFT JOIN LATERAL (SELECT key FROM pg_temp.revert_keys WHERE kind = 'affiliation' AND key = t.id::text AND reason IS NULL OFFSET 0) AS k ON true
        LEFT JOIN LATERAL (
            SELECT key FROM pg_temp.revert_changes
            WHERE kind = 'affiliation' AND key = t.id::text AND field = 'company_id' AND NOT changed_since OFFSET 0
        ) AS c ON true
        WHERE k.key IS NULL AND c.key IS NULL
    )
    SELECT 'company', m.id::text, CASE
        WHEN p.id IS NOT NULL THEN 'people who stay work there'
        WHEN a.id IS NOT NULL THEN 'an affiliation that stays names it'
        WHEN w.id IS NOT NULL THEN 'has a note'
        WHEN h.who IS NOT NULL THEN 'changed since by ' || h.who
    END
    FROM made AS m
    LEFT JOIN worked_for AS p ON p.id = m.id
    LEFT JOIN named AS a ON a.id = m.id
    LEFT JOIN LATERAL (
        SELECT t.id FROM people.notes AS t WHERE t.organization_id = v_organization AND t.company_id = m.id AND t.deleted_at IS NULL LIMIT 1
    ) AS w ON true
    LEFT JOIN pg_temp.revert_since AS h ON h.kind = 'company' AND h.key = m.id::text;

    -- What is going to be deleted needs no values put back.
    DELETE FROM pg_temp.revert_changes AS c USING pg_temp.revert_keys AS k WHERE k.kind = c.kind AND k.key = c.key AND k.reason IS NULL;
    -- Values of rows that the import made and that stay, stay with them: they are named with the row.
    DELETE FROM pg_temp.revert_changes AS c USING pg_temp.revert_keys AS k WHERE k.kind = c.kind AND k.key = c.key;

    SELECT jsonb_build_object(
        'deleted', coalesce((SELECT jsonb_object_agg(kind, n) FROM (SELECT kind, count(*) AS n FROM pg_temp.revert_keys WHERE reason IS NULL GROUP BY kind) AS d), '{}'),
        'restored', coalesce((SELECT jsonb_object_agg(kind, n) FROM (SELECT kind, count(*) AS n FROM pg_temp.revert_changes WHERE NOT changed_since GROUP BY kind) AS d), '{}'),
        'kept_count', (SELECT count(*) FROM pg_temp.revert_keys WHERE reason IS NOT NULL) + (SELECT count(*) FROM pg_temp.revert_changes WHERE changed_since),
        'kept', coalesce((
            SELECT jsonb_object_agg(kind, items) FROM (
                SELECT kind, jsonb_agg(jsonb_build_object('key', key, 'name', name, 'reason', reason) ORDER BY key) AS items
                FROM (
                    SELECT k.kind, k.key, k.reason, intake.f_name_of(k.kind, k.key) AS name, row_number() OVER (PARTITION BY k.kind ORDER BY k.key) AS place
                    FROM (
                        SELECT kind, key, reason FROM pg_temp.revert_keys WHERE reason IS NOT NULL
                        UNION ALL
                        SELECT kind, key, field || ' was changed since' FROM pg_temp.revert_changes WHERE changed_since
                    ) AS k
                ) AS n WHERE place <= 1000 GROUP BY kind
            ) AS g
        ), '{}')
    ) INTO v_report;
    IF p_dry_run THEN
        RETURN v_report;
    END IF;

    CALL intake.f_put_back();

    UPDATE people.slot SET validation_status = 'rejected', reasons = reasons || '{import_reverted}'::text[]
    WHERE organization_id = v_organization AND load_id IN (SELECT load_id FROM pg_temp.revert_loads);
    UPDATE company.slot SET validation_status = 'rejected', reasons = reasons || '{import_reverted}'::text[]
    WHERE organization_id = v_organization AND load_id IN (SELECT load_id FROM pg_temp.revert_loads);
    INSERT INTO intake.audit_log (organization_id, action, load_id, contact_id)
    SELECT v_organization, 'contact_deleted', c.load_id, c.contact_id
    FROM vault.contacts AS c
    INNER JOIN pg_temp.revert_keys AS k ON k.kind = 'contact' AND k.key = c.contact_id::text AND k.reason IS NULL
    WHERE c.organization_id = v_organization;
    DELETE FROM people.profiles WHERE organization_id = v_organization
    AND id IN (SELECT key::uuid FROM pg_temp.revert_keys WHERE kind = 'profile' AND reason IS NULL);
    DELETE FROM people.affiliations WHERE organization_id = v_organization
    AND id IN (SELECT key::uuid FROM pg_temp.revert_keys WHERE kind = 'affiliation' AND reason IS NULL);
    DELETE FROM vault.contacts WHERE organization_id = v_organization
    AND contact_id IN (SELECT key::bigint FROM pg_temp.revert_keys WHERE kind = 'contact' AND reason IS NULL);
    DELETE FROM people.master WHERE organization_id = v_organization
    AND id IN (SELECT key::uuid FROM pg_temp.revert_keys WHERE kind = 'person' AND reason IS NULL);
    DELETE FROM company.master WHERE organization_id = v_organization
    AND id IN (SELECT key::uuid FROM pg_temp.revert_keys WHERE kind = 'company' AND reason IS NULL);
    -- A reverted load opens no window: the same rows may come in again at once.
    UPDATE intake.raw_loads SET status = 'failed', reason = 'reverted'
    WHERE organization_id = v_organization AND import_id = p_import_id AND status <> 'failed';
    GET DIAGNOSTICS v_count = ROW_COUNT;
    INSERT INTO intake.audit_log (organization_id, action, details)
    VALUES (v_organization, 'batch_processed', jsonb_build_object('import_id', p_import_id, 'reverted_loads', v_count));
    RETURN v_report || jsonb_build_object('loads', v_count);
END $$;
