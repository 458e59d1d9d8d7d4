-- name: person_header(organization_id, id)^
-- The golden row of a person with what the head of their page shows: the company, the primary address, how much there is of the rest.
SELECT
    m.id, m.email, m.name, m.first_name, m.last_name, m.title, m.company_id, m.linkedin_url, m.phone, m.location, m.country_code, m.seniority,
    m.department, m.status, m.created_at, m.updated_at, m.load_id, m.provenance, k.name AS company_name, k.domain,
    coalesce(k.name, c.company, k.domain) AS company, c.status AS address_status, coalesce(c.tags, '[]') AS address_tags, c.source, a.tags,
    a.custom_fields, a.addresses, n.affiliations, n.profiles, n.notes
FROM people.master AS m
LEFT JOIN company.master AS k ON k.organization_id = m.organization_id AND k.id = m.company_id
LEFT JOIN vault.contacts AS c ON c.organization_id = m.organization_id AND c.email = m.email
CROSS JOIN LATERAL (
    SELECT
        count(*) AS addresses, kit.jsonb_merge(v.custom_fields ORDER BY v.email = m.email, v.contact_id DESC) AS custom_fields,
        (
            SELECT coalesce(jsonb_agg(DISTINCT t.tag), '[]') FROM vault.contacts AS w CROSS JOIN LATERAL jsonb_array_elements(w.tags) AS t (tag)
            WHERE w.organization_id = m.organization_id AND w.person_id = m.id
        ) AS tags
    FROM vault.contacts AS v WHERE v.organization_id = m.organization_id AND v.person_id = m.id
) AS a
CROSS JOIN LATERAL (
    SELECT
        (SELECT count(*) FROM people.affiliations AS a WHERE a.organization_id = m.organization_id AND a.person_id = m.id) AS affiliations,
        (SELECT count(*) FROM people.profiles AS p WHERE p.organization_id = m.organization_id AND p.person_id = m.id) AS profiles,
        (
            SELECT count(*) FROM people.notes AS t
            WHERE t.organization_id = m.organization_id AND t.person_id = m.id AND t.deleted_at IS NULL
        ) AS notes
) AS n
WHERE m.organization_id = :organization_id AND m.id = :id;

-- name: company_header(organization_id, id)^
-- The golden row of a company, with how many notes there are and whether it has people.
SELECT
    k.id, k.domain, k.name, k.industry, k.employee_count, k.revenue, k.revenue_currency, k.funding, k.location, k.country_code, k.linkedin_url,
    k.website, k.status, k.created_at, k.updated_at, k.load_id, k.provenance,
    (SELECT count(*) FROM people.master AS m WHERE m.organization_id = k.organization_id AND m.company_id = k.id) AS people_count,
    (
        SELECT count(*) FROM people.notes AS t
        WHERE t.organization_id = k.organization_id AND t.company_id = k.id AND t.deleted_at IS NULL
    ) AS notes
FROM company.master AS k WHERE k.organization_id = :organization_id AND k.id = :id;

-- name: histories(organization_id, person_id, kinds)
-- What was changed in a person and in their addresses, affiliations and profiles, oldest first within each; only the kinds asked for.
SELECT 'person' AS kind, h.person_id::text AS row_id, h.history_id, h.changed_at, h.changed_by, h.old_values, h.new_values, h.loads
FROM people.history AS h
WHERE h.organization_id = :organization_id AND h.person_id = :person_id AND 'person' = ANY (:kinds::text[])
UNION ALL
SELECT 'contact', h.contact_id::text, h.history_id, h.changed_at, h.changed_by, h.old_values, h.new_values, h.loads
FROM vault.history AS h
WHERE h.organization_id = :organization_id AND 'contact' = ANY (:kinds::text[]) AND h.contact_id = ANY (ARRAY(
    SELECT c.contact_id FROM vault.contacts AS c WHERE c.organization_id = :organization_id AND c.person_id = :person_id
))
UNION ALL
SELECT 'affiliation', h.affiliation_id::text, h.history_id, h.changed_at, h.changed_by, h.old_values, h.new_values, h.loads
FROM people.affiliation_history AS h
WHERE h.organization_id = :organization_id AND 'affiliation' = ANY (:kinds::text[]) AND h.affiliation_id = ANY (ARRAY(
    SELECT a.id FROM people.affiliations AS a WHERE a.organization_id = :organization_id AND a.person_id = :person_id
))
UNION ALL
SELECT 'profile', h.profile_id::text, h.history_id, h.changed_at, h.changed_by, h.old_values, h.new_values, h.loads
FROM people.profile_history AS h
WHERE h.organization_id = :organization_id AND 'profile' = ANY (:kinds::text[]) AND h.profile_id = ANY (ARRAY(
    SELECT p.id FROM people.profiles AS p WHERE p.organization_id = :organization_id AND p.person_id = :person_id
))
ORDER BY history_id;

-- name: company_history(organization_id, id)
-- What was changed in a company, oldest first.
SELECT 'company' AS kind, company_id::text AS row_id, history_id, changed_at, changed_by, old_values, new_values, loads
FROM company.history WHERE organization_id = :organization_id AND company_id = :id ORDER BY history_id;

-- name: lock_person(organization_id, id)^
-- The golden values of a person who is about to be edited; nobody else edits them until the end of the transaction.
SELECT
    id, email, name, first_name, last_name, title, company_id, linkedin_url, phone, location, country_code, seniority, department, status
FROM people.master WHERE organization_id = :organization_id AND id = :id FOR UPDATE;

-- name: lock_company(organization_id, id)^
-- The golden values of a company that is about to be edited.
SELECT
    id, domain, name, industry, employee_count, revenue, revenue_currency, funding, location, country_code, linkedin_url, website, status
FROM company.master WHERE organization_id = :organization_id AND id = :id FOR UPDATE;

-- name: last_change_of_person(organization_id, id, field)^
-- Who changed a field of a person last, and when.
SELECT changed_by, changed_at FROM people.history
WHERE organization_id = :organization_id AND person_id = :id AND new_values ? :field ORDER BY history_id DESC LIMIT 1;

-- name: last_change_of_company(organization_id, id, field)^
-- Who changed a field of a company last, and when.
SELECT changed_by, changed_at FROM company.history
WHERE organization_id = :organization_id AND company_id = :id AND new_values ? :field ORDER BY history_id DESC LIMIT 1;

-- name: edit_contact(email, add, remove, fields, seen)$
-- Writes an edit of an address: done, not_found or changed.
SELECT vault.f_edit_contact(:email, :add::text[], :remove::text[], :fields::jsonb, :seen::jsonb);

-- name: custom_fields(organization_id, email)$
-- The custom fields of an address.
SELECT custom_fields FROM vault.contacts WHERE organization_id = :organization_id AND email = :email;

-- name: address_of(organization_id, contact_id, person_id)$
-- The address of a person with this number.
SELECT email FROM vault.contacts WHERE organization_id = :organization_id AND contact_id = :contact_id AND person_id = :person_id;

-- name: reopen_slot(id)$
-- Takes a decision about a conflict back; returns what came of it.
SELECT people.f_reopen_slot(:id);

-- name: change_of_person(organization_id, id, history_id)^
-- One change of a person.
SELECT old_values, new_values FROM people.history WHERE organization_id = :organization_id AND person_id = :id AND history_id = :history_id;

-- name: fresh_change(organization_id, id)$
-- What this transaction changed in a person or company, for undoing it; NULL when nothing.
SELECT max(h.history_id) FROM (
    SELECT history_id FROM people.history WHERE organization_id = :organization_id AND person_id = :id AND changed_at = now()
    UNION ALL
    SELECT history_id FROM company.history WHERE organization_id = :organization_id AND company_id = :id AND changed_at = now()
) AS h;

-- name: change_of_company(organization_id, id, history_id)^
-- One change of a company.
SELECT old_values, new_values FROM company.history WHERE organization_id = :organization_id AND company_id = :id AND history_id = :history_id;
