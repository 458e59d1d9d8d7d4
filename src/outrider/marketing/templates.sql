-- name: templates(organization_id, name, q, after, count)
-- Templates, newest first; with a name, in any case, with `q` in it, or all.
SELECT t.id, t.name, t.category, t.subject, t.body, t.created_by, t.created_at, t.updated_at FROM marketing.templates AS t
WHERE t.organization_id = :organization_id AND (:name::text IS NULL OR lower(t.name) = lower(:name))
    AND (:q::text IS NULL OR strpos(lower(t.name), lower(:q)) > 0) AND (:after::uuid IS NULL OR t.id < :after)
ORDER BY t.id DESC LIMIT :count;

-- name: template(organization_id, id)^
-- One of these.
SELECT t.id, t.name, t.category, t.subject, t.body, t.created_by, t.created_at, t.updated_at FROM marketing.templates AS t
WHERE t.organization_id = :organization_id AND t.id = :id;

-- name: template_id(organization_id, name)$
-- The id of the template with a name, in any case.
SELECT t.id FROM marketing.templates AS t WHERE t.organization_id = :organization_id AND lower(t.name) = lower(:name);

-- name: add_template(organization_id, name, category, subject, body)$
-- Makes a template and returns its id; none when the name is taken.
INSERT INTO marketing.templates (organization_id, name, category, subject, body)
VALUES (:organization_id, :name, :category, :subject, :body)
ON CONFLICT (organization_id, lower(name)) DO NOTHING RETURNING id;

-- name: change_template(organization_id, id, name, category, subject, body)!
-- Changes a template.
UPDATE marketing.templates SET name = :name, category = :category, subject = :subject, body = :body
WHERE organization_id = :organization_id AND id = :id;

-- name: delete_template(organization_id, id)!
-- Deletes a template.
DELETE FROM marketing.templates WHERE organization_id = :organization_id AND id = :id;

-- name: campaigns_with_template(organization_id, template_id)
-- The names of campaigns that use a template: three at most.
SELECT DISTINCT c.name FROM marketing.variants AS v
INNER JOIN marketing.steps AS s ON s.organization_id = :organization_id AND s.id = v.step_id
INNER JOIN marketing.campaigns AS c ON c.organization_id = :organization_id AND c.campaign_id = s.campaign_id
WHERE v.organization_id = :organization_id AND v.template_id = :template_id
ORDER BY c.name LIMIT 3;

-- name: campaigns_using(organization_id, ids)
-- The campaigns that use each of these templates, by name.
SELECT DISTINCT v.template_id, c.campaign_id, c.name, c.state FROM marketing.variants AS v
INNER JOIN marketing.steps AS s ON s.organization_id = :organization_id AND s.id = v.step_id
INNER JOIN marketing.campaigns AS c ON c.organization_id = :organization_id AND c.campaign_id = s.campaign_id
WHERE v.organization_id = :organization_id AND v.template_id = ANY (:ids::uuid[])
ORDER BY c.name, c.campaign_id;

-- name: taken_names(organization_id, name)
-- The names of templates that begin with one, in lower case.
SELECT lower(t.name) AS name FROM marketing.templates AS t
WHERE t.organization_id = :organization_id AND starts_with(lower(t.name), lower(:name));

-- name: template_texts(organization_id, ids)
-- The texts of templates.
SELECT t.id, t.subject, t.body FROM marketing.templates AS t WHERE t.organization_id = :organization_id AND t.id = ANY (:ids::uuid[]);

-- name: variables_of_enrollments(organization_id, enrollment_ids)
-- What is known of the people of enrollments, by the names that templates use.
SELECT
    e.id, c.custom_fields, coalesce(c.email, p.email) AS email, p.name, p.first_name, p.last_name, p.title, p.location, p.phone, p.linkedin_url,
    coalesce(o.name, c.company) AS company, o.domain AS company_domain, o.industry
FROM marketing.enrollments AS e
INNER JOIN people.master AS p ON p.organization_id = :organization_id AND p.id = e.person_id
LEFT JOIN vault.contacts AS c ON c.organization_id = :organization_id AND c.contact_id = e.contact_id
LEFT JOIN company.master AS o ON o.organization_id = :organization_id AND o.id = p.company_id
WHERE e.organization_id = :organization_id AND e.id = ANY (:enrollment_ids::uuid[]);

-- name: variables_of_person(organization_id, person_id)^
-- The same of one person, with their primary address.
SELECT
    p.id, c.custom_fields, p.email, p.name, p.first_name, p.last_name, p.title, p.location, p.phone, p.linkedin_url,
    coalesce(o.name, c.company) AS company, o.domain AS company_domain, o.industry
FROM people.master AS p
LEFT JOIN vault.contacts AS c ON c.organization_id = :organization_id AND c.email = p.email
LEFT JOIN company.master AS o ON o.organization_id = :organization_id AND o.id = p.company_id
WHERE p.organization_id = :organization_id AND p.id = :person_id;
