-- name: add_export(organization_id, kind, format, filters, ids, sort, direction, columns, file_name)$
-- Makes an export that waits and returns its id.
INSERT INTO people.exports (organization_id, kind, format, filters, ids, sort, direction, columns, file_name)
VALUES (:organization_id, :kind, :format, :filters::jsonb, :ids::jsonb, :sort, :direction, :columns::text[], :file_name)
RETURNING id;

-- name: set_export_job(organization_id, id, job_id)!
-- Its job is to write it.
UPDATE people.exports SET job_id = :job_id WHERE organization_id = :organization_id AND id = :id;

-- name: exports(organization_id, before, count)
-- Exports with how their jobs are, newest first.
SELECT
    e.id, e.kind, e.format, e.filters, e.ids, e.sort, e.direction, e.columns, e.file_name, e.state, e.rows_expected, e.rows_written, e.file_bytes,
    coalesce(e.error, j.error) AS error, e.job_id, e.created_by, e.created_at, e.finished_at, e.expires_at, j.state AS job_state
FROM people.exports AS e
LEFT JOIN ops.jobs AS j ON j.organization_id = e.organization_id AND j.id = e.job_id
WHERE e.organization_id = :organization_id AND (:before::uuid IS NULL OR e.id < :before::uuid)
ORDER BY e.id DESC LIMIT :count;

-- name: export(organization_id, id)^
-- One export.
SELECT
    e.id, e.kind, e.format, e.filters, e.ids, e.sort, e.direction, e.columns, e.file_name, e.state, e.rows_expected, e.rows_written, e.file_bytes,
    coalesce(e.error, j.error) AS error, e.job_id, e.created_by, e.created_at, e.finished_at, e.expires_at, j.state AS job_state
FROM people.exports AS e
LEFT JOIN ops.jobs AS j ON j.organization_id = e.organization_id AND j.id = e.job_id
WHERE e.organization_id = :organization_id AND e.id = :id;

-- name: begin_export(organization_id, id, rows_expected)!
-- It is being written, from the beginning.
UPDATE people.exports SET state = 'running', rows_expected = :rows_expected, rows_written = 0, error = NULL, finished_at = NULL
WHERE organization_id = :organization_id AND id = :id;

-- name: advance_export(organization_id, id, rows_written)!
-- Notes how far it is.
UPDATE people.exports SET rows_written = :rows_written WHERE organization_id = :organization_id AND id = :id;

-- name: finish_export(organization_id, id, rows_written, file_bytes, keep_days)!
-- Its file is whole.
UPDATE people.exports SET
    state = 'completed', rows_written = :rows_written, file_bytes = :file_bytes, finished_at = now(),
    expires_at = now() + make_interval(days => :keep_days)
WHERE organization_id = :organization_id AND id = :id;

-- name: end_export(organization_id, id, state, error)!
-- It failed, or was cancelled.
UPDATE people.exports SET state = :state, error = :error, finished_at = now() WHERE organization_id = :organization_id AND id = :id;

-- name: expire_exports(organization_id)
-- Marks exports whose time is over, so that nobody is offered their files; returns their ids.
UPDATE people.exports SET state = 'expired' WHERE organization_id = :organization_id AND state = 'completed' AND expires_at <= now() RETURNING id;
