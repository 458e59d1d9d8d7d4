-- What follows an import: its rejects corrected in an import of their own, dry runs that a page finds again, and a way to what it changed
-- that does not lead through the organization's whole history.
SET LOCAL lock_timeout = '5s';

-- parent_import_id: the import whose rejects this one brings, corrected. dry_run_job_id: the job of the last dry run, of the import before
-- it ran, of taking it back afterwards. revert_preview: what the latter found. history_before: {kind: the last line of that history when
-- the import began}; NULL for imports from before this column.
ALTER TABLE intake.imports
ADD COLUMN parent_import_id uuid,
ADD COLUMN dry_run_job_id uuid,
ADD COLUMN revert_preview jsonb,
ADD COLUMN history_before jsonb;
ALTER TABLE intake.imports
ADD CONSTRAINT imports_parent_fkey FOREIGN KEY (organization_id, parent_import_id) REFERENCES intake.imports (organization_id, id) NOT VALID;
-- Names the import that a job in the audit log stands for.
CREATE INDEX idx_imports_job ON intake.imports (organization_id, job_id) WHERE job_id IS NOT NULL;

-- Where a reject was sent again: the last import that brought it, and its row there.
CREATE TABLE intake.corrections (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    import_id uuid NOT NULL,
    row_number bigint NOT NULL,
    correction_id uuid NOT NULL,
    correction_row bigint NOT NULL,
    corrected_by text NOT NULL DEFAULT kit.f_actor(),
    corrected_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT corrections_pkey PRIMARY KEY (organization_id, import_id, row_number),
    CONSTRAINT corrections_import_fkey FOREIGN KEY (organization_id, import_id) REFERENCES intake.imports (organization_id, id),
    CONSTRAINT corrections_correction_fkey FOREIGN KEY (organization_id, correction_id) REFERENCES intake.imports (organization_id, id)
);
CREATE INDEX idx_corrections_correction ON intake.corrections (organization_id, correction_id, correction_row);
CALL kit.f_protect('intake.corrections');
GRANT SELECT, INSERT, UPDATE ON intake.corrections TO outrider_app;

-- The rejects of an import, by reason, in the order of the file. What was taken back is not among them.
CREATE INDEX idx_raw_loads_rejects ON intake.raw_loads (organization_id, import_id, reason, row_number)
WHERE status = 'failed' AND import_id IS NOT NULL AND reason <> 'reverted';

-- Rows of imports that could not be used, and what became of them since: open, waiting (sent again, not read yet) or corrected. first_reason
-- is why the row was not taken, reason and raw_data are those of the last try.
CREATE VIEW intake.rejects WITH (security_invoker = true) AS
SELECT
    l.organization_id, l.import_id, l.row_number, l.reason AS first_reason, c.correction_id,
    CASE WHEN t.status = 'failed' AND t.reason <> 'reverted' THEN t.reason ELSE l.reason END AS reason,
    CASE WHEN t.status = 'failed' AND t.reason <> 'reverted' THEN t.raw_data ELSE l.raw_data END AS raw_data,
    CASE WHEN t.status <> 'failed' THEN 'corrected' WHEN t.load_id IS NULL AND s.id IS NOT NULL THEN 'waiting' ELSE 'open' END AS state
FROM intake.raw_loads AS l
LEFT JOIN intake.corrections AS c ON c.organization_id = l.organization_id AND c.import_id = l.import_id AND c.row_number = l.row_number
LEFT JOIN intake.raw_loads AS t ON t.organization_id = c.organization_id AND t.import_id = c.correction_id AND t.row_number = c.correction_row
LEFT JOIN intake.imports AS s ON s.organization_id = c.organization_id AND s.id = c.correction_id AND s.state IN ('uploaded', 'queued', 'running')
WHERE l.status = 'failed' AND l.import_id IS NOT NULL AND l.reason <> 'reverted';
GRANT SELECT ON intake.rejects TO outrider_app;

-- As 20261120098800_revert.sql says it, and reads only what was written since the import began.
CREATE OR REPLACE FUNCTION intake.f_import_changes(p_kind text, p_import_id uuid)
RETURNS TABLE (key text, field text, before jsonb, after jsonb, changed_since boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH began AS (
        SELECT coalesce((history_before ->> p_kind)::bigint, 0) AS history_id FROM intake.imports
        WHERE organization_id = kit.f_organization() AND id = p_import_id
    ),
    history AS (
        SELECT contact_id::text AS key, history_id, old_values, new_values, loads FROM vault.history
        WHERE organization_id = kit.f_organization() AND p_kind = 'contact' AND history_id > (SELECT history_id FROM began)
        UNION ALL
        SELECT person_id::text, history_id, old_values, new_values, loads FROM people.history
        WHERE organization_id = kit.f_organization() AND p_kind = 'person' AND history_id > (SELECT history_id FROM began)
        UNION ALL
        SELECT company_id::text, history_id, old_values, new_values, loads FROM company.history
        WHERE organization_id = kit.f_organization() AND p_kind = 'company' AND history_id > (SELECT history_id FROM began)
        UNION ALL
        SELECT affiliation_id::text, history_id, old_values, new_values, loads FROM people.affiliation_history
        WHERE organization_id = kit.f_organization() AND p_kind = 'affiliation' AND history_id > (SELECT history_id FROM began)
        UNION ALL
        SELECT profile_id::text, history_id, old_values, new_values, loads FROM people.profile_history
        WHERE organization_id = kit.f_organization() AND p_kind = 'profile' AND history_id > (SELECT history_id FROM began)
    ),
    entries AS (
        SELECT h.key, h.history_id, f.key AS field, h.old_values -> f.key AS before, f.value AS after, l.load_id IS NOT NULL AS is_ours
        FROM history AS h
        INNER JOIN LATERAL jsonb_each(h.new_values) AS f ON f.key NOT IN ('load_id', 'person_id')
        LEFT JOIN intake.raw_loads AS l
            ON l.organization_id = kit.f_organization() AND l.load_id = (h.loads ->> f.key)::bigint AND l.import_id = p_import_id
    ),
    bounds AS (
        SELECT key, field, min(history_id) AS first_id, max(history_id) AS last_id FROM entries WHERE is_ours GROUP BY key, field
    ),
    ends AS (
        SELECT
            b.key, b.field, (array_agg(e.before ORDER BY e.history_id))[1] AS before, (array_agg(e.after ORDER BY e.history_id DESC))[1] AS stands,
            (array_agg(e.after) FILTER (WHERE e.history_id = b.last_id))[1] AS left_behind, bool_or(NOT e.is_ours AND e.history_id < b.last_id) AS is_mixed
        FROM bounds AS b
        INNER JOIN entries AS e ON e.key = b.key AND e.field = b.field AND e.history_id >= b.first_id
        GROUP BY b.key, b.field
    )
    SELECT e.key, e.field, e.before, e.stands, (e.is_mixed OR (e.stands IS DISTINCT FROM e.left_behind))
    FROM ends AS e WHERE e.stands IS DISTINCT FROM e.before;
END;
