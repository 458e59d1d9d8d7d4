-- name: load(organization_id, load_id)^
-- One load as it came, with where it is from, whom it led to and what was found about it.
SELECT
    l.load_id, l.raw_data AS payload, l.source, l.batch_id, l.status, l.reason, l.created_at, l.promoted_at, l.email, l.duplicate_of, l.import_id,
    i.file_name, l.row_number, n.name AS namespace, m.id AS person_id, coalesce(m.name, m.email) AS person_name, k.id AS company_id,
    coalesce(k.name, k.domain) AS company_name, s.issue, coalesce(s.reasons, '{}') AS reasons, s.validation_status AS slot_status
FROM intake.raw_loads AS l
LEFT JOIN intake.imports AS i ON i.organization_id = l.organization_id AND i.id = l.import_id
LEFT JOIN tenancy.namespaces AS n ON n.organization_id = l.organization_id AND n.id = l.namespace_id
LEFT JOIN vault.contacts AS c ON c.organization_id = l.organization_id AND c.email = l.email
LEFT JOIN people.master AS m ON m.organization_id = l.organization_id AND m.id = c.person_id
LEFT JOIN LATERAL (
    SELECT t.issue, t.reasons, t.validation_status, t.raw_data ->> 'domain' AS domain FROM people.slot AS t
    WHERE t.organization_id = l.organization_id AND t.load_id = l.load_id ORDER BY t.id DESC LIMIT 1
) AS s ON true
LEFT JOIN company.master AS k ON k.organization_id = l.organization_id AND k.domain = s.domain
WHERE l.organization_id = :organization_id AND l.load_id = :load_id;

-- name: loads_of_person(organization_id, person_id, before, count)
-- What was said about a person's addresses, newest first, before the load that the last page ended with.
SELECT l.load_id, l.email, l.source, l.batch_id, l.status, l.reason, l.created_at, l.import_id, i.file_name, l.row_number
FROM intake.raw_loads AS l
LEFT JOIN intake.imports AS i ON i.organization_id = l.organization_id AND i.id = l.import_id
WHERE l.organization_id = :organization_id AND (:before::bigint IS NULL OR l.load_id < :before::bigint) AND l.email = ANY (ARRAY(
    SELECT c.email FROM vault.contacts AS c WHERE c.organization_id = :organization_id AND c.person_id = :person_id
    UNION
    SELECT m.email FROM people.master AS m WHERE m.organization_id = :organization_id AND m.id = :person_id
))
ORDER BY l.load_id DESC LIMIT :count;

-- name: waiting_conflicts(organization_id, after, count)
-- Conflicts that wait, oldest first, with the person as they are, the company that the row names, and the one that the address is of.
SELECT
    s.id, s.email, s.raw_data, s.reasons, s.load_id, s.created_at, m.id AS person_id, m.name AS person_name, m.title AS person_title,
    o.id AS present_company_id, coalesce(o.name, o.domain) AS present_company, k.id AS company_id, k.name AS company_name, k.industry,
    a.id AS address_company_id, a.name AS address_company, l.source, l.batch_id, l.import_id, i.file_name, l.row_number
FROM (
    SELECT t.id, t.email, t.raw_data, t.reasons, t.load_id, t.created_at FROM people.slot AS t
    WHERE t.organization_id = :organization_id AND t.issue = 'conflict' AND t.validation_status = 'pending'
        AND (:after::uuid IS NULL OR t.id > :after::uuid)
    ORDER BY t.id LIMIT :count
) AS s
LEFT JOIN vault.contacts AS c ON c.organization_id = :organization_id AND c.email = s.email
LEFT JOIN people.master AS m ON m.organization_id = :organization_id AND m.id = c.person_id
LEFT JOIN company.master AS o ON o.organization_id = :organization_id AND o.id = m.company_id
LEFT JOIN company.master AS k ON k.organization_id = :organization_id AND k.domain = s.raw_data ->> 'domain'
LEFT JOIN company.master AS a ON a.organization_id = :organization_id AND a.domain = substring(s.email FROM strpos(s.email, '@') + 1)
LEFT JOIN intake.raw_loads AS l ON l.organization_id = :organization_id AND l.load_id = s.load_id
LEFT JOIN intake.imports AS i ON i.organization_id = :organization_id AND i.id = l.import_id
ORDER BY s.id;

-- name: count_conflicts(organization_id, most)$
-- How many conflicts wait, counted up to `most`.
SELECT count(*) FROM (
    SELECT FROM people.slot WHERE organization_id = :organization_id AND issue = 'conflict' AND validation_status = 'pending' LIMIT :most
) AS w;
