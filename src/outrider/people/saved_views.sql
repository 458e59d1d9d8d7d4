-- name: views(organization_id, actor, kind)
-- The views that somebody sees, their own and those shared, in the order in which they were made.
SELECT id, kind, name, filters, sort, direction, columns, is_shared, created_by, created_at, updated_at
FROM people.saved_views
WHERE organization_id = :organization_id AND (is_shared OR created_by = :actor) AND (:kind::text IS NULL OR kind = :kind)
ORDER BY id;

-- name: view(organization_id, actor, id)^
-- One of these.
SELECT id, kind, name, filters, sort, direction, columns, is_shared, created_by, created_at, updated_at
FROM people.saved_views
WHERE organization_id = :organization_id AND id = :id AND (is_shared OR created_by = :actor);

-- name: view_count(organization_id, actor)$
-- How many views somebody has.
SELECT count(*) FROM people.saved_views WHERE organization_id = :organization_id AND created_by = :actor;

-- name: add_view(organization_id, kind, name, filters, sort, direction, columns, is_shared)$
-- Saves a view of the transaction's actor and returns its id; none when they have one of that name.
INSERT INTO people.saved_views (organization_id, kind, name, filters, sort, direction, columns, is_shared)
VALUES (:organization_id, :kind, :name, :filters::jsonb, :sort, :direction, :columns::text[], :is_shared)
ON CONFLICT (organization_id, created_by, kind, name) DO NOTHING
RETURNING id;

-- name: change_view(organization_id, id, name, filters, sort, direction, columns, is_shared)!
-- Changes a view.
UPDATE people.saved_views SET
    name = :name, filters = :filters::jsonb, sort = :sort, direction = :direction, columns = :columns::text[], is_shared = :is_shared
WHERE organization_id = :organization_id AND id = :id;

-- name: delete_view(organization_id, id)!
-- Deletes a view.
DELETE FROM people.saved_views WHERE organization_id = :organization_id AND id = :id;
