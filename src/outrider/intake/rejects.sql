-- name: rejects(organization_id, import_id, reasons, after, is_open, limit)
-- Rows that could not be used for one of `reasons`, in the order of the file; is_open: only those that wait for somebody.
SELECT r.row_number, r.reason, r.raw_data, r.state, r.correction_id
FROM unnest(:reasons::text[]) AS k (reason)
CROSS JOIN LATERAL (
    SELECT v.row_number, v.reason, v.raw_data, v.state, v.correction_id FROM intake.rejects AS v
    WHERE v.organization_id = :organization_id AND v.import_id = :import_id AND v.first_reason = k.reason AND v.row_number > :after
        AND (NOT :is_open::boolean OR v.state = 'open')
    ORDER BY v.row_number
    LIMIT :limit
) AS r
ORDER BY r.row_number
LIMIT :limit;

-- name: reject_examples(organization_id, import_id, reasons)
-- The first row of each reason that waits for somebody.
SELECT r.row_number, r.reason, r.raw_data
FROM unnest(:reasons::text[]) AS k (reason)
CROSS JOIN LATERAL (
    SELECT v.row_number, v.reason, v.raw_data FROM intake.rejects AS v
    WHERE v.organization_id = :organization_id AND v.import_id = :import_id AND v.first_reason = k.reason AND v.state = 'open'
    ORDER BY v.row_number
    LIMIT 1
) AS r;

-- name: rejects_by_number(organization_id, import_id, row_numbers)
-- These rows of an import, as far as they could not be used.
SELECT row_number, reason, raw_data, state, correction_id FROM intake.rejects
WHERE organization_id = :organization_id AND import_id = :import_id AND row_number = ANY (:row_numbers::bigint[])
ORDER BY row_number;

-- name: first_rejects(organization_id, import_id, limit)
-- The first rows that could not be used, as they came; within a dry run, whose reasons nobody has counted yet.
SELECT row_number, reason, raw_data FROM intake.raw_loads
WHERE organization_id = :organization_id AND import_id = :import_id AND status = 'failed' AND reason <> 'reverted'
ORDER BY row_number LIMIT :limit;

-- name: lock_import(organization_id, id)$
-- Makes two who correct the rows of one import take turns; its id.
SELECT id FROM intake.imports WHERE organization_id = :organization_id AND id = :id FOR UPDATE;

-- name: hand_on_corrections(organization_id, import_id, row_numbers, correction_id)!
-- Rows that are corrections themselves: what they correct is looked for in the new import from now on.
UPDATE intake.corrections AS c SET correction_id = :correction_id, correction_row = n.place
FROM unnest(:row_numbers::bigint[]) WITH ORDINALITY AS n (row_number, place)
WHERE c.organization_id = :organization_id AND c.correction_id = :import_id AND c.correction_row = n.row_number;

-- name: insert_corrections(organization_id, import_id, row_numbers, correction_id)!
-- Notes that these rows were sent again as the rows 1, 2, 3, … of another import.
INSERT INTO intake.corrections (organization_id, import_id, row_number, correction_id, correction_row)
SELECT :organization_id, :import_id, n.row_number, :correction_id, n.place
FROM unnest(:row_numbers::bigint[]) WITH ORDINALITY AS n (row_number, place)
ON CONFLICT (organization_id, import_id, row_number) DO UPDATE SET
    correction_id = excluded.correction_id, correction_row = excluded.correction_row, corrected_by = excluded.corrected_by,
    corrected_at = excluded.corrected_at;
