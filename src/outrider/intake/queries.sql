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

-- name: get_import(organization_id, id)^
-- One import with the name of its namespace.
SELECT
    i.id, i.file_name, i.file_bytes, i.rows_expected, i.file_format, i.mapping, i.source, i.batch_id, n.name AS namespace, i.campaign, i.mode, i.promote,
    i.state, i.job_id, i.rows_read, i.rows_promoted, i.rows_pending, i.rows_duplicate, i.rows_failed, i.reasons, i.contacts_created,
    i.contacts_updated,
    i.people_created, i.people_updated, i.companies_created, i.companies_updated, i.affiliations_created, i.preview, i.revert_report, i.error,
    i.created_by, i.created_at, i.started_at, i.finished_at
FROM intake.imports AS i
LEFT JOIN tenancy.namespaces AS n ON n.organization_id = i.organization_id AND n.id = i.namespace_id
WHERE i.organization_id = :organization_id AND i.id = :id;

-- name: list_imports(organization_id, state, before, limit)
-- Imports, newest first, after the one that the last page ended with.
SELECT
    i.id, i.file_name, i.file_bytes, i.rows_expected, i.file_format, i.mapping, i.source, i.batch_id, n.name AS namespace, i.campaign, i.mode, i.promote,
    i.state, i.job_id, i.rows_read, i.rows_promoted, i.rows_pending, i.rows_duplicate, i.rows_failed, i.reasons, i.contacts_created,
    i.contacts_updated,
    i.people_created, i.people_updated, i.companies_created, i.companies_updated, i.affiliations_created, i.preview, i.revert_report, i.error,
    i.created_by, i.created_at, i.started_at, i.finished_at
FROM intake.imports AS i
LEFT JOIN tenancy.namespaces AS n ON n.organization_id = i.organization_id AND n.id = i.namespace_id
WHERE i.organization_id = :organization_id AND (:state::text IS NULL OR i.state = :state) AND (:before::uuid IS NULL OR i.id < :before)
ORDER BY i.id DESC
LIMIT :limit;

-- name: set_mapping(organization_id, id, mapping)$
-- Another reading of the columns, as long as nothing ran; the id, NULL when it is too late.
UPDATE intake.imports SET mapping = :mapping, preview = NULL
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
UPDATE intake.imports SET state = :state, job_id = coalesce(:job_id, job_id)
WHERE organization_id = :organization_id AND id = :id AND state = ANY (:from_states::text[]) RETURNING id;

-- name: start_running(organization_id, id)$
-- Marks an import as running and says how many rows of it are in; NULL when it is not meant to run.
UPDATE intake.imports SET state = 'running', started_at = coalesce(started_at, now()), error = NULL
WHERE organization_id = :organization_id AND id = :id AND state IN ('queued', 'running') RETURNING rows_read;

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

-- name: keep_preview(organization_id, id, preview)!
-- What a dry run found.
UPDATE intake.imports SET preview = :preview WHERE organization_id = :organization_id AND id = :id;

-- name: fresh_changes()
-- What this transaction changed, field by field: how often, and the first ones with both values.
WITH history AS (
    SELECT 'contact' AS kind, c.email AS name, h.history_id, h.old_values, h.new_values
    FROM vault.history AS h
    INNER JOIN vault.contacts AS c ON c.organization_id = h.organization_id AND c.contact_id = h.contact_id
    WHERE h.changed_at = now()
    UNION ALL
    SELECT 'person', m.email, h.history_id, h.old_values, h.new_values
    FROM people.history AS h
    INNER JOIN people.master AS m ON m.organization_id = h.organization_id AND m.id = h.person_id
    WHERE h.changed_at = now()
    UNION ALL
    SELECT 'company', m.domain, h.history_id, h.old_values, h.new_values
    FROM company.history AS h
    INNER JOIN company.master AS m ON m.organization_id = h.organization_id AND m.id = h.company_id
    WHERE h.changed_at = now()
),
fields AS (
    SELECT
        h.kind, h.name, f.key AS field, h.old_values -> f.key AS old, f.value AS new,
        row_number() OVER (PARTITION BY h.kind, f.key ORDER BY h.history_id) AS place, count(*) OVER (PARTITION BY h.kind, f.key) AS changes
    FROM history AS h
    CROSS JOIN LATERAL jsonb_each(h.new_values) AS f
)
SELECT kind, field, changes, name, old, new FROM fields WHERE place <= 10 ORDER BY kind, changes DESC, field, place;

-- name: failed_rows(organization_id, import_id, after, limit)
-- Rows of an import that could not be used, in the order of the file.
SELECT row_number, reason, raw_data FROM intake.raw_loads
WHERE organization_id = :organization_id AND import_id = :import_id AND status = 'failed' AND row_number > :after
ORDER BY row_number LIMIT :limit;

-- name: invalid_json(texts)
-- Which of some texts the database would not take as jsonb: their places, from 1.
SELECT t.place FROM unnest(:texts::text[]) WITH ORDINALITY AS t (value, place) WHERE NOT pg_input_is_valid(t.value, 'jsonb');

-- name: revert(id, dry_run)$
-- Takes an import back, or says what that would do.
SELECT intake.f_revert_import(:id, :dry_run);

-- name: keep_revert(organization_id, id, report)!
-- What came of taking it back.
UPDATE intake.imports SET revert_report = :report, state = 'reverted' WHERE organization_id = :organization_id AND id = :id;

-- name: audit_entries(organization_id, action, before, limit)
-- The audit log, newest first.
SELECT log_id, action, load_id, contact_id, details, "timestamp", actor
FROM intake.audit_log
WHERE organization_id = :organization_id AND (:action::text IS NULL OR action = :action) AND (:before::bigint IS NULL OR log_id < :before)
ORDER BY log_id DESC
LIMIT :limit;

-- name: raw_load(organization_id, load_id)^
-- One load as it came.
SELECT load_id, batch_id, source, raw_data, status, created_at, promoted_at, metadata, email, reason, duplicate_of, import_id, row_number
FROM intake.raw_loads WHERE organization_id = :organization_id AND load_id = :load_id;
