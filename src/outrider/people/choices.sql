-- name: imports(organization_id)
-- The latest imports.
SELECT i.id, i.file_name || ', ' || to_char(i.created_at, 'FMDD Mon YYYY') AS name
FROM intake.imports AS i WHERE i.organization_id = :organization_id ORDER BY i.id DESC LIMIT 50;

-- name: namespaces(organization_id)
-- The names of namespaces.
SELECT n.name FROM tenancy.namespaces AS n WHERE n.organization_id = :organization_id ORDER BY n.name;

-- name: sources(organization_id)
-- Where addresses came from, each once: read from the index, one jump a source.
WITH RECURSIVE found AS (
    (SELECT c.source FROM vault.contacts AS c WHERE c.organization_id = :organization_id ORDER BY c.source LIMIT 1)
    UNION ALL
    SELECT n.source FROM found AS f CROSS JOIN LATERAL (
        SELECT c.source FROM vault.contacts AS c
        WHERE c.organization_id = :organization_id AND c.source > f.source ORDER BY c.source LIMIT 1
    ) AS n
)
SELECT f.source FROM found AS f LIMIT 200;

-- name: seniorities(organization_id)
-- The seniorities of the newest people, the most frequent first.
SELECT m.seniority AS value FROM (
    SELECT p.seniority FROM people.master AS p WHERE p.organization_id = :organization_id ORDER BY p.id DESC LIMIT 5000
) AS m WHERE m.seniority IS NOT NULL GROUP BY m.seniority ORDER BY count(*) DESC, m.seniority LIMIT 50;

-- name: departments(organization_id)
-- The departments of the newest people, the most frequent first.
SELECT m.department AS value FROM (
    SELECT p.department FROM people.master AS p WHERE p.organization_id = :organization_id ORDER BY p.id DESC LIMIT 5000
) AS m WHERE m.department IS NOT NULL GROUP BY m.department ORDER BY count(*) DESC, m.department LIMIT 50;

-- name: lists(organization_id)
-- The latest lists.
SELECT l.id, l.name FROM marketing.lists AS l WHERE l.organization_id = :organization_id ORDER BY l.id DESC LIMIT 200;

-- name: names_by_id(organization_id, ids)
-- What imports and lists are called.
SELECT i.id, i.file_name || ', ' || to_char(i.created_at, 'FMDD Mon YYYY') AS name
FROM intake.imports AS i WHERE i.organization_id = :organization_id AND i.id = ANY (:ids::uuid[])
UNION ALL
SELECT l.id, l.name FROM marketing.lists AS l WHERE l.organization_id = :organization_id AND l.id = ANY (:ids::uuid[]);
