-- name: person_of_address(organization_id, email)$
-- The id of the person whom an address belongs to, by any of theirs.
SELECT id FROM (
    SELECT person_id AS id, 1 AS place FROM vault.contacts WHERE organization_id = :organization_id AND email = :email
    UNION ALL
    SELECT id, 2 FROM people.master WHERE organization_id = :organization_id AND email = :email
) AS found ORDER BY place LIMIT 1;

-- name: company_of_domain(organization_id, domain)$
-- The id of the company with a domain.
SELECT id FROM company.master WHERE organization_id = :organization_id AND domain = :domain;

-- name: people_of_company(organization_id, company_id, count)
-- The ids of a company's people, newest first.
SELECT id FROM people.master WHERE organization_id = :organization_id AND company_id = :company_id ORDER BY id DESC LIMIT :count;

-- name: contacts(organization_id, person_id)
-- The addresses of a person, the primary one first.
SELECT
    c.contact_id, c.email, c.person_id, c.email = m.email AS is_primary, c.name, c.phone, c.company, c.title, c.status, c.source, c.tags,
    c.custom_fields, c.score, c.last_activity_at, c.created_at, c.updated_at, c.load_id, c.provenance
FROM vault.contacts AS c
INNER JOIN people.master AS m ON m.organization_id = c.organization_id AND m.id = c.person_id
WHERE c.organization_id = :organization_id AND c.person_id = :person_id
ORDER BY is_primary DESC, c.contact_id;

-- name: affiliations(organization_id, person_id)
-- The roles of a person, newest first.
SELECT
    a.id, a.company_id, a.company_name, k.domain, a.title, a.seniority, a.department, a.location, a.country_code, a.website, a.phone, a.source,
    a.created_at, a.load_id, a.provenance
FROM people.affiliations AS a
LEFT JOIN company.master AS k ON k.organization_id = a.organization_id AND k.id = a.company_id
WHERE a.organization_id = :organization_id AND a.person_id = :person_id
ORDER BY a.created_at DESC, a.id DESC;

-- name: profiles(organization_id, person_id)
-- A person as each namespace sees them.
SELECT
    p.id, n.name AS namespace, p.email, p.first_name, p.last_name, p.company, p.linkedin_profile, p.platform, p.icp_score, p.behaviour_score,
    p.lead_score, p.meta, p.created_at, p.load_id, p.provenance
FROM people.profiles AS p
INNER JOIN tenancy.namespaces AS n ON n.organization_id = p.organization_id AND n.id = p.namespace_id
WHERE p.organization_id = :organization_id AND p.person_id = :person_id
ORDER BY n.name, p.email;

-- name: loads_of_addresses(organization_id, emails, count)
-- What was said about addresses, newest first.
SELECT
    l.load_id, l.email, l.source, l.batch_id, l.status, l.reason, l.created_at, l.import_id, i.file_name, l.row_number
FROM intake.raw_loads AS l
LEFT JOIN intake.imports AS i ON i.organization_id = l.organization_id AND i.id = l.import_id
WHERE l.organization_id = :organization_id AND l.email = ANY (:emails::text[])
ORDER BY l.load_id DESC LIMIT :count;

-- name: loads(organization_id, ids)
-- Where loads came from.
SELECT l.load_id, l.source, l.batch_id, l.import_id, i.file_name, l.row_number, coalesce(l.reason, '') = 'reverted' AS is_reverted
FROM intake.raw_loads AS l
LEFT JOIN intake.imports AS i ON i.organization_id = l.organization_id AND i.id = l.import_id
WHERE l.organization_id = :organization_id AND l.load_id = ANY (:ids::bigint[]);

-- name: slots_of_loads(organization_id, ids, emails, count)
-- What loads said about addresses, with what is wrong with it; newest first.
SELECT id, email, raw_data, validation_status, issue, reasons, load_id, created_at, promoted_at, decided_by, decided_at
FROM people.slot
WHERE organization_id = :organization_id AND load_id = ANY (:ids::bigint[]) AND email = ANY (:emails::text[])
ORDER BY id DESC LIMIT :count;

-- name: conflicts(organization_id, after, count)
-- Slots that contradict themselves and wait for a person, oldest first.
SELECT id, email, raw_data, validation_status, issue, reasons, load_id, created_at, promoted_at, decided_by, decided_at
FROM people.slot
WHERE organization_id = :organization_id AND issue = 'conflict' AND validation_status = 'pending' AND (:after::uuid IS NULL OR id > :after::uuid)
ORDER BY id LIMIT :count;

-- name: incomplete(organization_id, after, count)
-- Slots that lack something, oldest first.
SELECT id, email, raw_data, validation_status, issue, reasons, load_id, created_at, promoted_at, decided_by, decided_at
FROM people.slot
WHERE organization_id = :organization_id AND issue = 'incomplete' AND validation_status = 'pending' AND (:after::uuid IS NULL OR id > :after::uuid)
ORDER BY id LIMIT :count;

-- name: slot(organization_id, id)^
-- One slot.
SELECT id, email, raw_data, validation_status, issue, reasons, load_id, created_at, promoted_at, decided_by, decided_at
FROM people.slot WHERE organization_id = :organization_id AND id = :id;

-- name: resolve_slot(id, accept)$
-- Decides about a conflict; returns what came of it.
SELECT people.f_resolve_slot(:id, :accept);

-- name: name_parts(name)^
-- A whole name in its parts.
SELECT first_name, last_name FROM people.f_name_parts(:name);

-- name: edit_person(id, changes)$
-- Writes a person's edit; false: no such person.
SELECT people.f_edit_person(:id, :changes::jsonb);

-- name: edit_company(id, changes)$
-- Writes a company's edit; false: no such company.
SELECT company.f_edit_company(:id, :changes::jsonb);

-- name: expire_intelligence(organization_id, most)$
-- Drops at most so many enrichments that are stale and whose person nothing happened with for 30 days; returns how many.
WITH stale AS (
    SELECT i.id FROM people.intelligence AS i
    WHERE i.organization_id = :organization_id AND i.stale_at <= now() AND NOT EXISTS (
        SELECT FROM vault.contacts AS c
        WHERE c.organization_id = :organization_id AND c.person_id = i.person_id AND c.last_activity_at > now() - interval '30 days'
    )
    ORDER BY i.stale_at LIMIT :most
),
dropped AS (
    DELETE FROM people.intelligence AS i USING stale AS s WHERE i.organization_id = :organization_id AND i.id = s.id RETURNING i.id
)
SELECT count(*) FROM dropped;
