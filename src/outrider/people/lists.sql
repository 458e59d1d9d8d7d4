-- name: people(organization_id, ids)
-- People by their ids, in the order of these.
SELECT
    m.id, m.email, m.name, m.first_name, m.last_name, m.title, coalesce(k.name, a.company, k.domain) AS company, m.company_id, k.domain,
    m.location, m.country_code, m.seniority, m.department, m.phone, m.linkedin_url, m.status, a.source, m.created_at, m.updated_at,
    a.addresses, a.tags, a.custom_fields
FROM unnest(:ids::uuid[]) WITH ORDINALITY AS i (id, place)
INNER JOIN people.master AS m ON m.organization_id = :organization_id AND m.id = i.id
LEFT JOIN company.master AS k ON k.organization_id = :organization_id AND k.id = m.company_id
CROSS JOIN LATERAL (
    SELECT
        count(*) AS addresses, min(v.company) FILTER (WHERE v.email = m.email) AS company, min(v.source) FILTER (WHERE v.email = m.email) AS source,
        CASE WHEN count(*) = 1 THEN min(v.custom_fields::text)::jsonb ELSE kit.jsonb_merge(v.custom_fields ORDER BY v.email = m.email, v.contact_id DESC) END
            AS custom_fields,
        CASE
            WHEN bool_or(v.tags <> '[]') THEN (
                SELECT jsonb_agg(DISTINCT t.tag) FROM vault.contacts AS w
                CROSS JOIN LATERAL jsonb_array_elements(w.tags) AS t (tag)
                WHERE w.organization_id = :organization_id AND w.person_id = m.id
            )
            ELSE '[]'
        END AS tags
    FROM vault.contacts AS v WHERE v.organization_id = :organization_id AND v.person_id = m.id
) AS a
ORDER BY i.place;

-- name: companies(organization_id, ids)
-- Companies by their ids, in the order of these.
SELECT
    k.id, k.domain, k.name, k.industry, k.employee_count, k.revenue, k.revenue_currency, k.funding, k.location, k.country_code, k.linkedin_url,
    k.website, k.status, p.people_count, k.created_at, k.updated_at
FROM unnest(:ids::uuid[]) WITH ORDINALITY AS i (id, place)
INNER JOIN company.master AS k ON k.organization_id = :organization_id AND k.id = i.id
CROSS JOIN LATERAL (SELECT count(*) AS people_count FROM people.master AS m WHERE m.organization_id = :organization_id AND m.company_id = k.id) AS p
ORDER BY i.place;

-- name: contacts(organization_id, ids)
-- Addresses by their numbers, in the order of these.
SELECT
    c.contact_id, c.email, c.person_id, coalesce(c.email = m.email, false) AS is_primary, c.name, c.title, c.company, c.phone,
    split_part(c.email, '@', 2) AS domain, c.status, c.source, c.tags, c.custom_fields, c.score, c.last_activity_at, c.created_at, c.updated_at
FROM unnest(:ids::bigint[]) WITH ORDINALITY AS i (id, place)
INNER JOIN vault.contacts AS c ON c.organization_id = :organization_id AND c.contact_id = i.id
LEFT JOIN people.master AS m ON m.organization_id = :organization_id AND m.id = c.person_id
ORDER BY i.place;

-- name: selected(organization_id, id, part)^
-- One part of a selection, as ids or as numbers.
SELECT ids, numbers FROM people.selections WHERE organization_id = :organization_id AND id = :id AND part = :part;

-- name: drop_selection(organization_id, id)!
-- Forgets a selection.
DELETE FROM people.selections WHERE organization_id = :organization_id AND id = :id;

-- name: select_people(organization_id, id, ids)$
-- Keeps those of the people named that are there as a selection of one part; returns how many.
WITH there AS (SELECT m.id FROM people.master AS m WHERE m.organization_id = :organization_id AND m.id = ANY (:ids::uuid[])),
kept AS (
    INSERT INTO people.selections (organization_id, id, part, ids)
    SELECT :organization_id, :id, 0, array_agg(t.id ORDER BY t.id) FROM there AS t HAVING count(*) > 0
)
SELECT count(*) FROM there;

-- name: select_companies(organization_id, id, ids)$
-- The same of companies.
WITH there AS (SELECT k.id FROM company.master AS k WHERE k.organization_id = :organization_id AND k.id = ANY (:ids::uuid[])),
kept AS (
    INSERT INTO people.selections (organization_id, id, part, ids)
    SELECT :organization_id, :id, 0, array_agg(t.id ORDER BY t.id) FROM there AS t HAVING count(*) > 0
)
SELECT count(*) FROM there;

-- name: select_contacts(organization_id, id, ids)$
-- The same of addresses, by their numbers.
WITH there AS (SELECT c.contact_id FROM vault.contacts AS c WHERE c.organization_id = :organization_id AND c.contact_id = ANY (:ids::bigint[])),
kept AS (
    INSERT INTO people.selections (organization_id, id, part, numbers)
    SELECT :organization_id, :id, 0, array_agg(t.contact_id ORDER BY t.contact_id) FROM there AS t HAVING count(*) > 0
)
SELECT count(*) FROM there;

-- name: count_people(organization_id, ids)$
-- How many of the people named are there.
SELECT count(*) FROM people.master AS m WHERE m.organization_id = :organization_id AND m.id = ANY (:ids::uuid[]);

-- name: count_companies(organization_id, ids)$
-- How many of the companies named are there.
SELECT count(*) FROM company.master AS k WHERE k.organization_id = :organization_id AND k.id = ANY (:ids::uuid[]);

-- name: count_contacts(organization_id, ids)$
-- How many of the addresses named are there.
SELECT count(*) FROM vault.contacts AS c WHERE c.organization_id = :organization_id AND c.contact_id = ANY (:ids::bigint[]);
