-- name: add_bulk_edit(organization_id, kind, changes, asked)$
-- Makes a bulk edit that waits and returns its id.
INSERT INTO people.bulk_edits (organization_id, kind, changes, asked)
VALUES (:organization_id, :kind, :changes::jsonb, :asked::jsonb)
RETURNING id;

-- name: note_matched(organization_id, id, matched)!
-- Notes how many rows are meant.
UPDATE people.bulk_edits SET matched = :matched WHERE organization_id = :organization_id AND id = :id;

-- name: bulk_edits(organization_id, before, count)
-- Bulk edits with how their jobs are, newest first.
SELECT
    e.id, e.kind, e.changes, e.asked, e.state, e.matched, e.parts_done, e.changed, e.held, e.undone, e.kept, e.job_id, e.undo_job_id, e.created_by,
    e.created_at, e.finished_at, e.undone_by, e.undone_at, j.state AS job_state, j.error
FROM people.bulk_edits AS e
LEFT JOIN ops.jobs AS j ON j.organization_id = e.organization_id AND j.id = coalesce(e.undo_job_id, e.job_id)
WHERE e.organization_id = :organization_id AND (:before::uuid IS NULL OR e.id < :before::uuid)
ORDER BY e.id DESC LIMIT :count;

-- name: bulk_edit(organization_id, id)^
-- One bulk edit.
SELECT
    e.id, e.kind, e.changes, e.asked, e.state, e.matched, e.parts_done, e.changed, e.held, e.undone, e.kept, e.job_id, e.undo_job_id, e.created_by,
    e.created_at, e.finished_at, e.undone_by, e.undone_at, j.state AS job_state, j.error
FROM people.bulk_edits AS e
LEFT JOIN ops.jobs AS j ON j.organization_id = e.organization_id AND j.id = coalesce(e.undo_job_id, e.job_id)
WHERE e.organization_id = :organization_id AND e.id = :id;

-- name: lock_bulk_edit(organization_id, id)!
-- Keeps others from beginning or undoing it until this transaction ends.
SELECT 1 FROM people.bulk_edits WHERE organization_id = :organization_id AND id = :id FOR UPDATE;

-- name: begin_bulk_edit(organization_id, id, job_id)!
-- Its job is to do it.
UPDATE people.bulk_edits SET state = 'queued', job_id = :job_id WHERE organization_id = :organization_id AND id = :id;

-- name: apply_bulk_part(id, part)$
-- Applies it to one part of its selection; returns how many rows changed.
SELECT people.f_bulk_apply(:id, :part);

-- name: advance_bulk_edit(organization_id, id, parts_done, changed, is_over)!
-- Notes how far it is.
UPDATE people.bulk_edits SET
    parts_done = :parts_done, changed = changed + :changed, state = CASE WHEN :is_over::boolean THEN 'completed' ELSE 'running' END,
    finished_at = CASE WHEN :is_over::boolean THEN now() END
WHERE organization_id = :organization_id AND id = :id;

-- name: cancel_bulk_edit(organization_id, id)!
-- It was stopped: what is done stays, and can be undone.
UPDATE people.bulk_edits SET state = CASE state WHEN 'undoing' THEN 'completed' ELSE 'cancelled' END, finished_at = coalesce(finished_at, now())
WHERE organization_id = :organization_id AND id = :id AND state IN ('queued', 'running', 'undoing');

-- name: begin_undo(organization_id, id, job_id, actor)!
-- It is being undone, by a job or at once.
UPDATE people.bulk_edits SET state = 'undoing', undo_job_id = :job_id, undone_by = :actor, finished_at = coalesce(finished_at, now())
WHERE organization_id = :organization_id AND id = :id;

-- name: undo_bulk_edit(id, most)^
-- Undoes the next so many of its changes; returns how many values went back and how many stayed.
SELECT u.undone, u.kept FROM people.f_bulk_undo(:id, :most) AS u;

-- name: advance_undo(organization_id, id, undone, kept, is_over)!
-- Notes how far undoing is.
UPDATE people.bulk_edits SET
    undone = undone + :undone, kept = kept + :kept, state = CASE WHEN :is_over::boolean THEN 'undone' ELSE 'undoing' END,
    undone_at = CASE WHEN :is_over::boolean THEN now() END
WHERE organization_id = :organization_id AND id = :id;

-- name: change_count(organization_id, id, most)$
-- How many values a bulk edit changed that no undo has looked at, at most so many (none: all of them).
SELECT count(*) FROM (
    SELECT FROM people.bulk_changes WHERE organization_id = :organization_id AND bulk_id = :id AND outcome IS NULL LIMIT :most::bigint
) AS c;

-- name: kept_changes(organization_id, id, count)
-- What an undo could not put back, since it was changed since or is a status that holds: whose, what the edit wrote, what was before and what stands now.
SELECT
    coalesce(c.email, m.email, k.domain) AS whose, b.field, b.key, b.old_value, b.new_value,
    CASE b.field
        WHEN 'tag' THEN to_jsonb(c.tags ? b.key)
        WHEN 'custom' THEN c.custom_fields -> b.key
        ELSE coalesce(to_jsonb(c), to_jsonb(m), to_jsonb(k)) -> b.field
    END AS stands
FROM people.bulk_changes AS b
LEFT JOIN vault.contacts AS c ON c.organization_id = b.organization_id AND c.contact_id = b.contact_id
LEFT JOIN people.master AS m ON m.organization_id = b.organization_id AND m.id = b.person_id
LEFT JOIN company.master AS k ON k.organization_id = b.organization_id AND k.id = b.company_id
WHERE b.organization_id = :organization_id AND b.bulk_id = :id AND b.outcome = 'kept'
ORDER BY b.change_id LIMIT :count;

-- name: wait_for_golden(organization_id)!
-- One that makes or changes golden records by the thousand at a time: imports and promotions take this lock too.
SELECT pg_advisory_xact_lock(hashtextextended(:organization_id::uuid::text || '/golden', 0));
