-- name: ingest(rows, source, batch_id, metadata, namespace_id)
-- Rows become raw loads: one row each, then a summary.
SELECT load_id, status, message FROM intake.f_ingest_json(:rows::jsonb[], :source, :batch_id, :metadata::jsonb, :namespace_id);

-- name: promote(load_ids)^
-- Pending loads become golden records; NULL takes all of them.
SELECT promoted_count, updated_count, failed_count, message FROM vault.f_promote_contacts(:load_ids::bigint[]);

-- name: limit_lock_wait(milliseconds)$
-- How long this transaction waits for another ingest or promotion of the organization.
SELECT set_config('lock_timeout', :milliseconds, true);

-- name: new_id()$
-- An id for an import, in the order of time.
SELECT uuidv7();

-- name: insert_import!
-- A file that was uploaded and looked at.
INSERT INTO intake.imports (
    organization_id, id, file_name, file_bytes, rows_expected, file_format, mapping, source, batch_id, namespace_id, campaign, mode, promote
)
VALUES (
    :organization_id, :id, :file_name, :file_bytes, :rows_expected, :file_format, :mapping, :source, :batch_id, :namespace_id, :campaign, :mode, :promote
);

-- name: insert_correction(organization_id, id, parent_import_id, file_name, file_bytes, rows_expected, file_format)!
-- A file of corrected rows; what else there is to say of it is what was said of the first import.
INSERT INTO intake.imports (
    organization_id, id, parent_import_id, file_name, file_bytes, rows_expected, file_format, mapping, source, batch_id, namespace_id, campaign, mode,
    promote
)
SELECT
    i.organization_id, :id, i.id, :file_name, :file_bytes, :rows_expected, :file_format, i.mapping, i.source, i.batch_id, i.namespace_id, i.campaign,
    i.mode, i.promote
FROM intake.imports AS i
WHERE i.organization_id = :organization_id AND i.id = :parent_import_id;

-- name: get_import(organization_id, id)^
-- One import with the name of its namespace.
SELECT
    i.id, i.file_name, i.file_bytes, i.rows_expected, i.file_format, i.mapping, i.source, i.batch_id, n.name AS namespace, i.campaign, i.mode, i.promote,
    i.state, i.job_id, i.dry_run_job_id, i.parent_import_id, i.rows_read, i.rows_promoted, i.rows_pending, i.rows_duplicate, i.rows_failed,
    CASE WHEN i.rows_failed > 0 THEN (
        SELECT count(*) FROM intake.corrections AS c
        INNER JOIN intake.raw_loads AS l
            ON l.organization_id = c.organization_id AND l.import_id = c.correction_id AND l.row_number = c.correction_row AND l.status <> 'failed'
        WHERE c.organization_id = i.organization_id AND c.import_id = i.id
    ) ELSE 0 END AS rows_corrected,
    i.reasons, i.contacts_created, i.contacts_updated, i.people_created, i.people_updated, i.companies_created, i.companies_updated,
    i.affiliations_created, i.preview, i.revert_preview, i.revert_report, i.error, i.created_by, i.created_at, i.started_at, i.finished_at,
    i.state IN ('queued', 'running', 'reverting') AND NOT EXISTS (
        SELECT FROM ops.jobs AS j
        WHERE j.organization_id = i.organization_id AND j.id = i.job_id AND j.state NOT IN ('failed', 'expired', 'cancelled')
    ) AS is_given_up
FROM intake.imports AS i
LEFT JOIN tenancy.namespaces AS n ON n.organization_id = i.organization_id AND n.id = i.namespace_id
WHERE i.organization_id = :organization_id AND i.id = :id;

-- name: list_imports(organization_id, state, before, limit)
-- Imports, newest first, after the one that the last page ended with.
SELECT
    i.id, i.file_name, i.file_bytes, i.rows_expected, i.file_format, i.mapping, i.source, i.batch_id, n.name AS namespace, i.campaign, i.mode, i.promote,
    i.state, i.job_id, i.dry_run_job_id, i.parent_import_id, i.rows_read, i.rows_promoted, i.rows_pending, i.rows_duplicate, i.rows_failed,
    CASE WHEN i.rows_failed > 0 THEN (
        SELECT count(*) FROM intake.corrections AS c
        INNER JOIN intake.raw_loads AS l
            ON l.organization_id = c.organization_id AND l.import_id = c.correction_id AND l.row_number = c.correction_row AND l.status <> 'failed'
        WHERE c.organization_id = i.organization_id AND c.import_id = i.id
    ) ELSE 0 END AS rows_corrected,
    i.reasons, i.contacts_created, i.contacts_updated, i.people_created, i.people_updated, i.companies_created, i.companies_updated,
    i.affiliations_created, i.preview, i.revert_preview, i.revert_report, i.error, i.created_by, i.created_at, i.started_at, i.finished_at,
    i.state IN ('queued', 'running', 'reverting') AND NOT EXISTS (
        SELECT FROM ops.jobs AS j
        WHERE j.organization_id = i.organization_id AND j.id = i.job_id AND j.state NOT IN ('failed', 'expired', 'cancelled')
    ) AS is_given_up
FROM intake.imports AS i
LEFT JOIN tenancy.namespaces AS n ON n.organization_id = i.organization_id AND n.id = i.namespace_id
WHERE i.organization_id = :organization_id AND (:state::text IS NULL OR i.state = :state) AND (:before::uuid IS NULL OR i.id < :before)
ORDER BY i.id DESC
LIMIT :limit;

-- name: import_lines(organization_id, states, before, limit)
-- Imports in short, newest first, with the job at work on each: the one that runs it, else its last dry run.
SELECT
    i.id, i.file_name, i.file_bytes, i.rows_expected, i.source, n.name AS namespace, i.promote,
    i.mapping @> '[{"field": "email"}]' AS has_address, i.preview IS NOT NULL AS has_preview, i.parent_import_id, i.state, i.error, i.rows_read,
    i.rows_promoted, i.rows_pending, i.rows_duplicate, i.rows_failed, i.contacts_created, i.contacts_updated, i.people_created, i.people_updated,
    i.companies_created, i.companies_updated, i.created_by, i.created_at, i.started_at, i.finished_at, j.name AS work, j.state AS work_state,
    j.error AS work_error, coalesce(j.progress_done, 0) AS done, coalesce(j.progress_total, i.rows_expected) AS total,
    j.cancel_requested_at IS NOT NULL AS is_stopping,
    i.state IN ('queued', 'running', 'reverting') AND (j.id IS NULL OR j.state IN ('failed', 'expired', 'cancelled')) AS is_given_up
FROM intake.imports AS i
LEFT JOIN tenancy.namespaces AS n ON n.organization_id = i.organization_id AND n.id = i.namespace_id
LEFT JOIN ops.jobs AS j
    ON j.organization_id = i.organization_id
        AND j.id = CASE WHEN i.state IN ('queued', 'running', 'reverting') THEN i.job_id ELSE i.dry_run_job_id END
WHERE i.organization_id = :organization_id AND (:states::text[] IS NULL OR i.state = ANY (:states)) AND (:before::uuid IS NULL OR i.id < :before)
ORDER BY i.id DESC
LIMIT :limit;

-- name: import_lines_by_id(organization_id, ids)
-- Some imports in short, oldest first.
SELECT
    i.id, i.file_name, i.file_bytes, i.rows_expected, i.source, n.name AS namespace, i.promote,
    i.mapping @> '[{"field": "email"}]' AS has_address, i.preview IS NOT NULL AS has_preview, i.parent_import_id, i.state, i.error, i.rows_read,
    i.rows_promoted, i.rows_pending, i.rows_duplicate, i.rows_failed, i.contacts_created, i.contacts_updated, i.people_created, i.people_updated,
    i.companies_created, i.companies_updated, i.created_by, i.created_at, i.started_at, i.finished_at, j.name AS work, j.state AS work_state,
    j.error AS work_error, coalesce(j.progress_done, 0) AS done, coalesce(j.progress_total, i.rows_expected) AS total,
    j.cancel_requested_at IS NOT NULL AS is_stopping,
    i.state IN ('queued', 'running', 'reverting') AND (j.id IS NULL OR j.state IN ('failed', 'expired', 'cancelled')) AS is_given_up
FROM intake.imports AS i
LEFT JOIN tenancy.namespaces AS n ON n.organization_id = i.organization_id AND n.id = i.namespace_id
LEFT JOIN ops.jobs AS j
    ON j.organization_id = i.organization_id
        AND j.id = CASE WHEN i.state IN ('queued', 'running', 'reverting') THEN i.job_id ELSE i.dry_run_job_id END
WHERE i.organization_id = :organization_id AND i.id = ANY (:ids::uuid[])
ORDER BY i.id;

-- name: set_mapping(organization_id, id, mapping)$
-- Another reading of the columns, as long as nothing ran; the id, NULL when it is too late.
UPDATE intake.imports SET mapping = :mapping, preview = NULL
WHERE organization_id = :organization_id AND id = :id AND state = 'uploaded' RETURNING id;

-- name: settle_imports(organization_id)!
-- Ends the imports whose jobs were given up without a word to them, because their workers were killed too often.
UPDATE intake.imports AS i SET
    state = CASE
        WHEN i.state = 'reverting' THEN 'completed'
        WHEN EXISTS (
            SELECT FROM ops.jobs AS j WHERE j.organization_id = i.organization_id AND j.id = i.job_id AND j.state = 'cancelled'
        ) THEN 'cancelled'
        ELSE 'failed'
    END,
    error = coalesce(
        (SELECT coalesce(j.error, 'its job was ' || j.state) FROM ops.jobs AS j WHERE j.organization_id = i.organization_id AND j.id = i.job_id),
        'its job is gone'
    ),
    finished_at = now()
WHERE i.organization_id = :organization_id AND i.state IN ('queued', 'running', 'reverting') AND NOT EXISTS (
    SELECT FROM ops.jobs AS j
    WHERE j.organization_id = i.organization_id AND j.id = i.job_id AND j.state NOT IN ('failed', 'expired', 'cancelled')
);

-- name: change_import(organization_id, id, file_format, mapping, rows_expected, source, namespace_id, campaign, mode, promote)$
-- Other words about a file, as long as nothing ran; the id, NULL when it is too late.
UPDATE intake.imports SET
    file_format = :file_format, mapping = :mapping, rows_expected = :rows_expected, source = :source, namespace_id = :namespace_id,
    campaign = :campaign, mode = :mode, promote = :promote, preview = NULL
WHERE organization_id = :organization_id AND id = :id AND state = 'uploaded' RETURNING id;

-- name: remembered_mapping(organization_id, fingerprint)$
-- The mapping that was chosen for these headers.
SELECT mapping FROM intake.mappings WHERE organization_id = :organization_id AND fingerprint = :fingerprint;

-- name: remember_mapping(organization_id, fingerprint, mapping)!
-- Offers this mapping for the next file with these headers.
INSERT INTO intake.mappings (organization_id, fingerprint, mapping) VALUES (:organization_id, :fingerprint, :mapping)
ON CONFLICT (organization_id, fingerprint) DO UPDATE SET mapping = excluded.mapping, updated_by = excluded.updated_by, updated_at = excluded.updated_at;

-- name: move_import(organization_id, id, from_states, state, job_id)$
-- Takes an import from one of some states to another; the id, NULL when it is in none of them.
UPDATE intake.imports SET state = :state, job_id = coalesce(:job_id, job_id), revert_preview = NULL
WHERE organization_id = :organization_id AND id = :id AND state = ANY (:from_states::text[]) RETURNING id;

-- name: start_running(organization_id, id, history_before, job_id)$
-- Marks an import as running, remembers where the histories ended, and says how many rows of it are in; NULL when it is not meant to run.
-- One that failed or was cancelled runs when its own job was started anew.
UPDATE intake.imports SET
    state = 'running', started_at = coalesce(started_at, now()), error = NULL,
    history_before = CASE WHEN rows_read > 0 OR history_before IS NOT NULL THEN history_before ELSE :history_before END
WHERE organization_id = :organization_id AND id = :id
    AND (state IN ('queued', 'running') OR (state IN ('cancelled', 'failed') AND job_id = :job_id))
RETURNING rows_read;

-- name: import_rows(id, rows, row_numbers, problems)$
-- One chunk of a file, stored and promoted.
SELECT intake.f_import_rows(:id, :rows::jsonb[], :row_numbers::bigint[], :problems::text[]);

-- name: add_counts(organization_id, id, report)!
-- Adds what came of a chunk, in the chunk's own transaction.
UPDATE intake.imports AS i SET
    rows_read = i.rows_read + r.rows, rows_promoted = i.rows_promoted + r.promoted, rows_pending = i.rows_pending + r.pending,
    rows_duplicate = i.rows_duplicate + r.duplicate, rows_failed = i.rows_failed + r.failed,
    contacts_created = i.contacts_created + coalesce(r.contacts_created, 0), contacts_updated = i.contacts_updated + coalesce(r.contacts_updated, 0),
    people_created = i.people_created + coalesce(r.people_created, 0), people_updated = i.people_updated + coalesce(r.people_updated, 0),
    companies_created = i.companies_created + coalesce(r.companies_created, 0),
    companies_updated = i.companies_updated + coalesce(r.companies_updated, 0),
    affiliations_created = i.affiliations_created + coalesce(r.affiliations_created, 0),
    reasons = i.reasons || (
        SELECT coalesce(jsonb_object_agg(n.key, n.value::bigint + coalesce((i.reasons ->> n.key)::bigint, 0)), '{}') FROM jsonb_each_text(r.reasons) AS n
    )
FROM jsonb_to_record(:report::jsonb) AS r (
    rows bigint, promoted bigint, pending bigint, duplicate bigint, failed bigint, reasons jsonb, contacts_created bigint, contacts_updated bigint,
    people_created bigint, people_updated bigint, companies_created bigint, companies_updated bigint, affiliations_created bigint
)
WHERE i.organization_id = :organization_id AND i.id = :id;

-- name: finish_import(organization_id, id, state, error)!
-- The end of an import, good or bad.
UPDATE intake.imports SET state = :state, error = :error, finished_at = now() WHERE organization_id = :organization_id AND id = :id;

-- name: keep_preview(organization_id, id, preview, mapping, mode, promote)!
-- What a dry run found, unless somebody said something else about the file meanwhile.
UPDATE intake.imports SET preview = :preview
WHERE organization_id = :organization_id AND id = :id AND mapping = :mapping::jsonb AND mode = :mode AND promote = :promote;

-- name: keep_dry_run_job(organization_id, id, job_id)!
-- The job of a dry run, so that who looks at the import finds it.
UPDATE intake.imports SET dry_run_job_id = :job_id WHERE organization_id = :organization_id AND id = :id;

-- name: history_before(organization_id)$
-- The last line of each history, {kind: history_id}: what is written from now on comes after it.
SELECT jsonb_build_object(
    'contact', (SELECT max(history_id) FROM vault.history WHERE organization_id = :organization_id),
    'person', (SELECT max(history_id) FROM people.history WHERE organization_id = :organization_id),
    'company', (SELECT max(history_id) FROM company.history WHERE organization_id = :organization_id),
    'affiliation', (SELECT max(history_id) FROM people.affiliation_history WHERE organization_id = :organization_id),
    'profile', (SELECT max(history_id) FROM people.profile_history WHERE organization_id = :organization_id)
);

-- name: fresh_changes(organization_id, before)
-- What this transaction changed, field by field: how often, and the first ones with both values. before: `history_before` at its beginning.
WITH history AS (
    SELECT 'contact' AS kind, c.email AS name, h.history_id, h.old_values, h.new_values
    FROM vault.history AS h
    INNER JOIN vault.contacts AS c ON c.organization_id = h.organization_id AND c.contact_id = h.contact_id
    WHERE h.organization_id = :organization_id AND h.history_id > coalesce((:before::jsonb ->> 'contact')::bigint, 0) AND h.changed_at = now()
    UNION ALL
    SELECT 'person', m.email, h.history_id, h.old_values, h.new_values
    FROM people.history AS h
    INNER JOIN people.master AS m ON m.organization_id = h.organization_id AND m.id = h.person_id
    WHERE h.organization_id = :organization_id AND h.history_id > coalesce((:before::jsonb ->> 'person')::bigint, 0) AND h.changed_at = now()
    UNION ALL
    SELECT 'company', m.domain, h.history_id, h.old_values, h.new_values
    FROM company.history AS h
    INNER JOIN company.master AS m ON m.organization_id = h.organization_id AND m.id = h.company_id
    WHERE h.organization_id = :organization_id AND h.history_id > coalesce((:before::jsonb ->> 'company')::bigint, 0) AND h.changed_at = now()
),
fields AS (
    SELECT
        h.kind, h.name, f.key AS field, h.old_values -> f.key AS old, f.value AS new,
        row_number() OVER (PARTITION BY h.kind, f.key ORDER BY h.history_id) AS place, count(*) OVER (PARTITION BY h.kind, f.key) AS changes
    FROM history AS h
    CROSS JOIN LATERAL jsonb_each(h.new_values) AS f
)
SELECT kind, field, changes, name, old, new FROM fields WHERE place <= 10 ORDER BY kind, changes DESC, field, place;

-- name: invalid_json(texts)
-- Which of some texts the database would not take as jsonb: their places, from 1.
SELECT t.place FROM unnest(:texts::text[]) WITH ORDINALITY AS t (value, place) WHERE NOT pg_input_is_valid(t.value, 'jsonb');

-- name: revert(id, dry_run)$
-- Takes an import back, or says what that would do.
SELECT intake.f_revert_import(:id, :dry_run);

-- name: keep_revert_preview(organization_id, id, report)!
-- What taking it back would do.
UPDATE intake.imports SET revert_preview = :report WHERE organization_id = :organization_id AND id = :id;

-- name: keep_revert(organization_id, id, report)!
-- What came of taking it back.
UPDATE intake.imports SET revert_report = :report, state = 'reverted' WHERE organization_id = :organization_id AND id = :id;

-- name: raw_load(organization_id, load_id)^
-- One load as it came.
SELECT load_id, batch_id, source, raw_data, status, created_at, promoted_at, metadata, email, reason, duplicate_of, import_id, row_number
FROM intake.raw_loads WHERE organization_id = :organization_id AND load_id = :load_id;
