-- name: notes_of_person(organization_id, subject_id, before, count)
-- The notes on a person, newest first, older than the one that the last page ended with.
SELECT id, person_id, company_id, body, created_by, created_at, edited_by, edited_at
FROM people.notes
WHERE organization_id = :organization_id AND person_id = :subject_id AND deleted_at IS NULL AND (:before::uuid IS NULL OR id < :before::uuid)
ORDER BY id DESC LIMIT :count;

-- name: notes_of_company(organization_id, subject_id, before, count)
-- The notes on a company.
SELECT id, person_id, company_id, body, created_by, created_at, edited_by, edited_at
FROM people.notes
WHERE organization_id = :organization_id AND company_id = :subject_id AND deleted_at IS NULL AND (:before::uuid IS NULL OR id < :before::uuid)
ORDER BY id DESC LIMIT :count;

-- name: add_note(organization_id, person_id, company_id, body)^
-- A new note, by who acts.
INSERT INTO people.notes (organization_id, person_id, company_id, body) VALUES (:organization_id, :person_id, :company_id, :body)
RETURNING id, person_id, company_id, body, created_by, created_at, edited_by, edited_at;

-- name: note(organization_id, id)^
-- One note, deleted or not.
SELECT id, person_id, company_id, body, created_by, created_at, edited_by, edited_at, deleted_at
FROM people.notes WHERE organization_id = :organization_id AND id = :id;

-- name: edit_note(organization_id, id, body)^
-- Another text.
UPDATE people.notes SET body = :body, edited_by = kit.f_actor(), edited_at = now()
WHERE organization_id = :organization_id AND id = :id AND deleted_at IS NULL
RETURNING id, person_id, company_id, body, created_by, created_at, edited_by, edited_at;

-- name: delete_note(organization_id, id)!
-- Hides a note.
UPDATE people.notes SET deleted_by = kit.f_actor(), deleted_at = now() WHERE organization_id = :organization_id AND id = :id AND deleted_at IS NULL;

-- name: restore_note(organization_id, id)^
-- Brings a note back.
UPDATE people.notes SET deleted_by = NULL, deleted_at = NULL WHERE organization_id = :organization_id AND id = :id
RETURNING id, person_id, company_id, body, created_by, created_at, edited_by, edited_at;

-- name: person_exists(organization_id, id)$
-- True for a person who is there.
SELECT EXISTS (SELECT FROM people.master WHERE organization_id = :organization_id AND id = :id);

-- name: company_exists(organization_id, id)$
-- True for a company that is there.
SELECT EXISTS (SELECT FROM company.master WHERE organization_id = :organization_id AND id = :id);
