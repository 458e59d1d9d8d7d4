-- From raw loads to golden records: contact, person, company, affiliation, slots, profile, history and audit in one pass over a set
-- (BEHAVIOUR 2). Modes: fill (only blanks), overwrite (incoming values win), create (what is known stays as it is: the load that makes a
-- row gives its values). What comes of a set of loads does not depend on how it is cut into chunks.
SET LOCAL lock_timeout = '5s';

-- Reads pg_temp.golden_loads into pg_temp.golden_facts: values cleaned, and what is missing or contradicts itself named.
CREATE PROCEDURE intake.f_read_facts(p_mode text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO pg_temp.golden_facts (
        load_id, place, email, source, namespace_id, campaign, is_role, name, first_name, last_name, title, seniority, department, phone,
        linkedin_url, location, country_code, company, domain, website, company_linkedin_url, industry, employee_count, revenue, funding,
        custom_fields, tags, issue, reasons, links_company
    )
    SELECT
        l.load_id, CASE WHEN p_mode = 'overwrite' THEN -l.load_id ELSE l.load_id END, l.email, l.source, l.namespace_id, l.campaign, c.is_role,
        n.name, n.first_name, n.last_name, c.title, c.seniority, c.department, c.phone,
        CASE WHEN c.linkedin_kind = 'person' THEN c.linkedin_url END, c.location, coalesce(k.code, kl.code), m.company, x.domain, c.website,
        coalesce(
            CASE WHEN c.company_linkedin_kind = 'company' THEN c.company_linkedin_url END, CASE WHEN c.linkedin_kind = 'company' THEN c.linkedin_url END
        ),
        c.industry,
        -- Only texts that hold a number: the first of them counts. What the simple patterns take, f_number takes.
        CASE WHEN p.employee_count ~ '^[0-9]{1,9}([-+]|$)' OR intake.f_number(p.employee_count) BETWEEN 0 AND 2e9 THEN p.employee_count END,
        CASE WHEN p.revenue ~ '^[$€£]?([0-9]{1,15}([.,][0-9]{1,2})?[kKmMbB]?|[0-9]{1,3}(,[0-9]{3}){1,6})$' OR intake.f_number(p.revenue) IS NOT NULL THEN p.revenue END,
        c.funding,
        CASE
            WHEN p.custom_fields <> '{}' AND p.custom_fields @? '$.* ? (@ == "" || @ == null)' THEN intake.f_without_blanks(p.custom_fields)
            ELSE p.custom_fields
        END,
        CASE WHEN c.is_role THEN '["role"]'::jsonb ELSE '[]' END || coalesce(c.tags, '[]'),
        CASE WHEN v.conflicts <> '{}' THEN 'conflict' WHEN v.gaps <> '{}' THEN 'incomplete' END,
        v.conflicts || v.gaps,
        v.conflicts = '{}' AND x.domain IS NOT NULL
    FROM pg_temp.golden_loads AS l
    -- Each OFFSET 0 keeps the planner from pulling a step up into the next and computing its values again at every mention.
    CROSS JOIN LATERAL (
        SELECT
            intake.f_clean(r.name) AS name, intake.f_clean(r.first_name) AS first_name, intake.f_clean(r.last_name) AS last_name,
            intake.f_clean(r.title) AS title, intake.f_clean(r.seniority) AS seniority, intake.f_clean(r.department) AS department,
            intake.f_clean(r.phone) AS phone, intake.f_clean(r.linkedin_url) AS linkedin_url, intake.f_clean(r.company) AS company,
            intake.f_clean(r.website) AS website, intake.f_clean(r.company_linkedin_url) AS company_linkedin_url,
            intake.f_clean(r.industry) AS industry, intake.f_clean(r.employee_count) AS employee_count, intake.f_clean(r.revenue) AS revenue, intake.f_clean(r.funding) AS funding,
            intake.f_clean(r.location) AS location, intake.f_clean(r.city) AS city, intake.f_clean(r.state) AS state,
            intake.f_clean(r.country) AS country, intake.f_domain(intake.f_clean(r.domain)) AS domain, r.tags,
            l.raw_data - ARRAY[
                'email', 'name', 'first_name', 'last_name', 'title', 'seniority', 'department', 'phone', 'linkedin_url', 'city', 'state',
                'country', 'location', 'company', 'domain', 'website', 'company_linkedin_url', 'industry', 'employee_count', 'revenue', 'funding',
                'tags'
            ] AS custom_fields
        FROM jsonb_to_record(CASE WHEN jsonb_typeof(l.raw_data) = 'object' THEN l.raw_data ELSE '{}' END) AS r (
            name text, first_name text, last_name text, title text, seniority text, department text, phone text, linkedin_url text, city text,
            state text, country text, location text, company text, domain text, website text, company_linkedin_url text, industry text,
            employee_count text, revenue text, funding text, tags jsonb
        ) OFFSET 0
    ) AS p
    CROSS JOIN LATERAL (
        SELECT
            intake.f_known(p.name) AS name, intake.f_known(p.first_name) AS first_name, intake.f_known(p.last_name) AS last_name,
            left(intake.f_known(p.title), 255) AS title, intake.f_known(p.seniority) AS seniority, intake.f_known(p.department) AS department,
            intake.f_known(p.phone) AS phone, intake.f_known(p.company) AS company, left(intake.f_known(p.industry), 200) AS industry,
            intake.f_known(p.funding) AS funding, intake.f_known(p.website) AS website,
            -- An index on it takes 2,704 bytes.
            CASE WHEN length(p.linkedin_url) <= 500 THEN intake.f_known(p.linkedin_url) END AS linkedin_url,
            CASE WHEN length(p.company_linkedin_url) <= 500 THEN intake.f_known(p.company_linkedin_url) END AS company_linkedin_url,
            coalesce(
                intake.f_known(p.location), nullif(concat_ws(', ', intake.f_known(p.city), intake.f_known(p.state), intake.f_known(p.country)), '')
            ) AS location,
            lower(intake.f_known(p.country)) AS country,
            intake.f_is_role_address(l.email) AS is_role,
            substring(l.email FROM strpos(l.email, '@') + 1) AS email_domain,
            coalesce(p.domain, intake.f_domain(p.website)) AS given_domain,
            CASE WHEN p.linkedin_url ~* 'linkedin\.com/(company|school|showcase)/' THEN 'company' ELSE 'person' END AS linkedin_kind,
            CASE WHEN p.company_linkedin_url ~* 'linkedin\.com/(in|pub)/' THEN 'person' ELSE 'company' END AS company_linkedin_kind,
            CASE jsonb_typeof(p.tags)
                WHEN 'array' THEN p.tags
                WHEN 'string' THEN (SELECT jsonb_agg(btrim(t)) FROM regexp_split_to_table(p.tags #>> '{}', '[,;|]') AS t WHERE btrim(t) <> '')
            END AS tags
        OFFSET 0
    ) AS c
    LEFT JOIN intake.free_mail_domains AS f ON f.domain = c.email_domain
    LEFT JOIN intake.free_mail_domains AS fg ON fg.domain = c.given_domain
    LEFT JOIN intake.country_names AS k ON k.name = c.country
    -- Of a place only a whole part after a comma counts, and no abbreviation: CA may be California (BEHAVIOUR 3), Georgia a state.
    LEFT JOIN intake.country_names AS kl
        ON c.country IS NULL AND length(kl.name) > 3 AND kl.name <> 'georgia' AND kl.name = lower(btrim(substring(c.location FROM '([^,]*)$')))
    CROSS JOIN LATERAL (
        SELECT
            CASE WHEN length(c.company) BETWEEN 2 AND 200 THEN c.company END AS company,
            CASE
                WHEN fg.domain IS NULL AND NOT intake.f_is_shared_host(c.given_domain) AND NOT intake.f_is_free_mail_brand(c.given_domain)
                    THEN c.given_domain
            END AS given_domain,
            f.domain IS NOT NULL OR intake.f_is_free_mail_brand(c.email_domain) AS is_free_mail
        OFFSET 0
    ) AS m
    CROSS JOIN LATERAL (SELECT coalesce(m.given_domain, CASE WHEN NOT m.is_free_mail THEN c.email_domain END) AS domain OFFSET 0) AS x
    CROSS JOIN LATERAL (SELECT * FROM people.f_names(c.name, c.first_name, c.last_name, l.email) OFFSET 0) AS n
    CROSS JOIN LATERAL (
        SELECT
            array_remove(ARRAY[
                CASE WHEN n.name IS NULL AND NOT c.is_role THEN 'no_name' END,
                CASE WHEN n.name IS NOT NULL AND (n.first_name IS NULL OR n.last_name IS NULL) THEN 'one_word_name' END,
                CASE WHEN intake.f_is_placeholder(coalesce(p.name, p.first_name, p.last_name)) THEN 'placeholder_name' END,
                CASE WHEN x.domain IS NULL THEN 'no_domain' END,
                CASE WHEN p.company IS NOT NULL AND m.company IS NULL THEN 'unusable_company' END,
                CASE WHEN c.linkedin_kind = 'company' THEN 'linkedin_url_of_a_company' END,
                CASE WHEN c.company_linkedin_kind = 'person' THEN 'linkedin_url_of_a_person' END
            ], NULL) AS gaps,
            array_remove(ARRAY[
                CASE
                    WHEN m.given_domain <> c.email_domain AND NOT m.is_free_mail
                        AND right(c.email_domain, length(m.given_domain) + 1) <> '.' || m.given_domain
                        AND right(m.given_domain, length(c.email_domain) + 1) <> '.' || c.email_domain THEN 'email_domain_is_not_company_domain'
                END,
                CASE WHEN company.f_is_edu_conflict(x.domain, c.industry) THEN 'edu_domain_of_another_industry' END
            ], NULL) AS conflicts
        OFFSET 0
    ) AS v;
END $$;

-- An object without the keys that hold nothing.
CREATE FUNCTION intake.f_without_blanks(p_object jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(p_object) AS e WHERE e.value NOT IN ('""', 'null');
END;

-- A .edu domain with an industry that has nothing to do with education contradicts itself (BEHAVIOUR 2).
CREATE FUNCTION company.f_is_edu_conflict(p_domain text, p_industry text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN right(p_domain, 4) = '.edu' AND p_industry !~* 'educat|universit|college|school|academ|research';

-- One row a company that the facts name; new ones are made, known ones changed as the mode allows.
CREATE PROCEDURE company.f_resolve(p_mode text, INOUT p_created bigint DEFAULT 0, INOUT p_updated bigint DEFAULT 0)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
BEGIN
    IF p_mode = 'create' THEN
        UPDATE pg_temp.golden_facts SET makes_company = false
        WHERE domain IS NOT NULL AND load_id NOT IN (SELECT min(f.load_id) FROM pg_temp.golden_facts AS f WHERE f.domain IS NOT NULL GROUP BY f.domain);
    END IF;
    INSERT INTO pg_temp.golden_companies (
        domain, company_id, is_new, load_id, fact_count, name, industry, employee_count, revenue, revenue_currency, funding, linkedin_url,
        website, brought_by
    )
    SELECT
        g.domain, coalesce(m.id, uuidv7()), m.id IS NULL, g.load_id, g.fact_count, g.name, g.industry,
        CASE WHEN e.employee_count BETWEEN 0 AND 2e9 THEN e.employee_count::integer END, e.revenue,
        CASE WHEN g.revenue LIKE '%€%' THEN 'EUR' WHEN g.revenue LIKE '%£%' THEN 'GBP' WHEN g.revenue LIKE '%$%' THEN 'USD' END,
        g.funding, g.linkedin_url, g.website, '{}'
    FROM (
        SELECT
            domain, min(load_id) AS load_id, count(*) AS fact_count,
            kit.first_set(company ORDER BY place) AS name, kit.first_set(industry ORDER BY place) AS industry,
            kit.first_set(employee_count ORDER BY place) AS employee_count, kit.first_set(revenue ORDER BY place) AS revenue,
            kit.first_set(funding ORDER BY place) AS funding, kit.first_set(company_linkedin_url ORDER BY place) AS linkedin_url,
            kit.first_set(website ORDER BY place) AS website
        FROM pg_temp.golden_facts WHERE domain IS NOT NULL AND makes_company GROUP BY domain
    ) AS g
    CROSS JOIN LATERAL (SELECT intake.f_number(g.employee_count) AS employee_count, intake.f_number(g.revenue) AS revenue OFFSET 0) AS e
    LEFT JOIN LATERAL (
        SELECT id FROM company.master WHERE organization_id = v_organization AND domain = g.domain OFFSET 0
    ) AS m ON true;

    -- Where several loads speak of one company, which of them each value came from.
    UPDATE pg_temp.golden_companies AS g SET brought_by = jsonb_strip_nulls(l.loads)
    FROM (
        SELECT domain, jsonb_build_object(
            'name', abs(min(place) FILTER (WHERE company IS NOT NULL)), 'industry', abs(min(place) FILTER (WHERE industry IS NOT NULL)),
            'employee_count', abs(min(place) FILTER (WHERE employee_count IS NOT NULL)), 'revenue', abs(min(place) FILTER (WHERE revenue IS NOT NULL)),
            'revenue_currency', abs(min(place) FILTER (WHERE revenue IS NOT NULL)), 'funding', abs(min(place) FILTER (WHERE funding IS NOT NULL)),
            'linkedin_url', abs(min(place) FILTER (WHERE company_linkedin_url IS NOT NULL)), 'website', abs(min(place) FILTER (WHERE website IS NOT NULL))
        ) AS loads
        FROM pg_temp.golden_facts WHERE domain IS NOT NULL AND makes_company GROUP BY domain HAVING count(*) > 1
    ) AS l
    WHERE g.domain = l.domain;

    INSERT INTO company.slot (organization_id, domain, raw_data, validation_status, promoted_at, load_id, issue, reasons)
    SELECT
        v_organization, g.domain,
        jsonb_strip_nulls(jsonb_build_object(
            'name', g.name, 'industry', g.industry, 'employee_count', g.employee_count, 'revenue', g.revenue, 'funding', g.funding,
            'linkedin_url', g.linkedin_url, 'website', g.website
        )),
        CASE WHEN r.reasons = '{}' THEN 'validated' ELSE 'pending' END, now(), g.load_id,
        CASE WHEN 'edu_domain_of_another_industry' = ANY (r.reasons) THEN 'conflict' WHEN r.reasons <> '{}' THEN 'incomplete' END, r.reasons
    FROM pg_temp.golden_companies AS g
    CROSS JOIN LATERAL (
        SELECT array_remove(ARRAY[
            CASE WHEN company.f_is_edu_conflict(g.domain, g.industry) THEN 'edu_domain_of_another_industry' END,
            CASE WHEN g.name IS NULL THEN 'no_name' END
        ], NULL) AS reasons OFFSET 0
    ) AS r;

    INSERT INTO company.master (
        organization_id, id, domain, name, industry, employee_count, revenue, revenue_currency, funding, linkedin_url, website, load_id, provenance
    )
    SELECT
        v_organization, company_id, domain, name, industry, employee_count, revenue, revenue_currency, funding, linkedin_url, website, load_id, brought_by
    FROM pg_temp.golden_companies WHERE is_new ORDER BY company_id;
    GET DIAGNOSTICS p_created = ROW_COUNT;

    IF p_mode = 'create' THEN
        RETURN;
    END IF;
    WITH change AS MATERIALIZED (
        SELECT o.id, n.*, o.provenance || kit.f_brought_by(to_jsonb(o), to_jsonb(n), g.load_id, g.brought_by) AS provenance
        FROM pg_temp.golden_companies AS g
        CROSS JOIN LATERAL (SELECT * FROM company.master WHERE organization_id = v_organization AND id = g.company_id OFFSET 0) AS o
        CROSS JOIN LATERAL (
            SELECT
                kit.f_choose(p_mode, o.name, g.name) AS name, kit.f_choose(p_mode, o.industry, g.industry) AS industry,
                kit.f_choose(p_mode, o.employee_count, g.employee_count) AS employee_count, kit.f_choose(p_mode, o.revenue, g.revenue) AS revenue,
                -- The currency goes with its amount.
                CASE
                    WHEN kit.f_choose(p_mode, o.revenue, g.revenue) IS DISTINCT FROM o.revenue THEN g.revenue_currency
                    ELSE o.revenue_currency
                END AS revenue_currency,
                kit.f_choose(p_mode, o.funding, g.funding) AS funding, kit.f_choose(p_mode, o.linkedin_url, g.linkedin_url) AS linkedin_url,
                kit.f_choose(p_mode, o.website, g.website) AS website
            OFFSET 0
        ) AS n
        WHERE NOT g.is_new
            AND (o.name, o.industry, o.employee_count, o.revenue, o.funding, o.linkedin_url, o.website)
            IS DISTINCT FROM (n.name, n.industry, n.employee_count, n.revenue, n.funding, n.linkedin_url, n.website)
    )
    UPDATE company.master AS m SET
        name = c.name, industry = c.industry, employee_count = c.employee_count, revenue = c.revenue, revenue_currency = c.revenue_currency,
        funding = c.funding, linkedin_url = c.linkedin_url, website = c.website, provenance = c.provenance
    FROM change AS c
    WHERE m.organization_id = v_organization AND m.id = ANY (ARRAY(SELECT id FROM change)) AND m.id = c.id;
    GET DIAGNOSTICS p_updated = ROW_COUNT;
END $$;

-- One row an address that the facts name; persons and contacts are made or changed.
CREATE PROCEDURE people.f_resolve(
    p_mode text, INOUT p_contacts_created bigint DEFAULT 0, INOUT p_contacts_updated bigint DEFAULT 0, INOUT p_people_created bigint DEFAULT 0,
    INOUT p_people_updated bigint DEFAULT 0
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
BEGIN
    INSERT INTO pg_temp.golden_people (
        email, contact_id, person_id, is_new_contact, is_new_person, load_id, fact_count, source, name, first_name, last_name, title, seniority,
        department, phone, linkedin_url, location, country_code, company, company_id, custom_fields, tags, brought_by, campaign
    )
    SELECT
        g.email, coalesce(c.contact_id, nextval('vault.contacts_contact_id_seq')), coalesce(c.person_id, m.id, uuidv7()),
        c.contact_id IS NULL, c.contact_id IS NULL AND m.id IS NULL, g.load_id, g.fact_count, g.source, g.name, g.first_name, g.last_name, g.title,
        g.seniority, g.department, g.phone, g.linkedin_url, g.location, g.country_code, g.company, gc.company_id, g.custom_fields, g.tags, '{}', g.campaign
    FROM (
        SELECT
            email, min(load_id) AS load_id, count(*) AS fact_count, kit.first_set(source ORDER BY place) AS source,
            kit.first_set(name ORDER BY place) AS name, kit.first_set(first_name ORDER BY place) AS first_name,
            kit.first_set(last_name ORDER BY place) AS last_name, kit.first_set(title ORDER BY place) AS title,
            kit.first_set(seniority ORDER BY place) AS seniority, kit.first_set(department ORDER BY place) AS department,
            kit.first_set(phone ORDER BY place) AS phone, kit.first_set(linkedin_url ORDER BY place) AS linkedin_url,
            kit.first_set(location ORDER BY place) AS location, kit.first_set(country_code ORDER BY place) AS country_code,
            kit.first_set(company ORDER BY place) AS company,
            kit.first_set(CASE WHEN links_company THEN domain END ORDER BY place) AS domain,
            CASE WHEN count(*) = 1 THEN min(custom_fields::text)::jsonb ELSE kit.jsonb_merge(custom_fields ORDER BY place DESC) END AS custom_fields,
            kit.first_set(tags ORDER BY place) AS tags, kit.first_set(campaign ORDER BY place) AS campaign
        FROM pg_temp.golden_facts GROUP BY email
        ORDER BY min(load_id)
    ) AS g
    LEFT JOIN LATERAL (
        SELECT contact_id, person_id FROM vault.contacts WHERE organization_id = v_organization AND email = g.email OFFSET 0
    ) AS c ON true
    LEFT JOIN LATERAL (SELECT id FROM people.master WHERE organization_id = v_organization AND email = g.email OFFSET 0) AS m ON true
    LEFT JOIN pg_temp.golden_companies AS gc ON gc.domain = g.domain;

    UPDATE pg_temp.golden_people AS g SET brought_by = jsonb_strip_nulls(l.loads)
    FROM (
        SELECT email, jsonb_build_object(
            'name', abs(min(place) FILTER (WHERE name IS NOT NULL)), 'first_name', abs(min(place) FILTER (WHERE first_name IS NOT NULL)),
            'last_name', abs(min(place) FILTER (WHERE last_name IS NOT NULL)), 'title', abs(min(place) FILTER (WHERE title IS NOT NULL)),
            'seniority', abs(min(place) FILTER (WHERE seniority IS NOT NULL)), 'department', abs(min(place) FILTER (WHERE department IS NOT NULL)),
            'phone', abs(min(place) FILTER (WHERE phone IS NOT NULL)), 'linkedin_url', abs(min(place) FILTER (WHERE linkedin_url IS NOT NULL)),
            'location', abs(min(place) FILTER (WHERE location IS NOT NULL)), 'country_code', abs(min(place) FILTER (WHERE country_code IS NOT NULL)),
            'company', abs(min(place) FILTER (WHERE company IS NOT NULL)), 'company_id', abs(min(place) FILTER (WHERE links_company)),
            'linkedin_profile', abs(min(place) FILTER (WHERE linkedin_url IS NOT NULL)),
            'custom_fields', abs(min(place) FILTER (WHERE custom_fields <> '{}'))
        ) AS loads
        FROM pg_temp.golden_facts GROUP BY email HAVING count(*) > 1
    ) AS l
    WHERE g.email = l.email;
    -- What a later load does not change is what the first one says.
    IF p_mode = 'overwrite' THEN
        UPDATE pg_temp.golden_people AS g SET source = f.source, tags = f.tags
        FROM pg_temp.golden_facts AS f WHERE g.fact_count > 1 AND f.load_id = g.load_id;
    END IF;

    INSERT INTO people.master (
        organization_id, id, email, name, first_name, last_name, title, company_id, linkedin_url, phone, location, country_code, seniority,
        department, load_id, provenance
    )
    SELECT
        v_organization, person_id, email, name, first_name, last_name, title, company_id, linkedin_url, phone, location, country_code, seniority,
        department, load_id, brought_by - ARRAY['company', 'linkedin_profile', 'custom_fields']
    FROM pg_temp.golden_people WHERE is_new_person ORDER BY person_id;
    GET DIAGNOSTICS p_people_created = ROW_COUNT;

    INSERT INTO vault.contacts (
        organization_id, contact_id, email, name, phone, company, title, source, tags, custom_fields, load_id, person_id, provenance
    )
    SELECT
        v_organization, contact_id, email, name, phone, company, title, source, tags, custom_fields, load_id, person_id,
        brought_by - ARRAY['first_name', 'last_name', 'seniority', 'department', 'linkedin_url', 'linkedin_profile', 'location', 'country_code', 'company_id']
    FROM pg_temp.golden_people WHERE is_new_contact ORDER BY contact_id;
    GET DIAGNOSTICS p_contacts_created = ROW_COUNT;

    IF p_mode = 'create' THEN
        RETURN;
    END IF;
    WITH change AS MATERIALIZED (
        SELECT o.id, n.*, o.provenance || kit.f_brought_by(to_jsonb(o), to_jsonb(n), g.load_id, g.brought_by) AS provenance
        FROM pg_temp.golden_people AS g
        CROSS JOIN LATERAL (SELECT * FROM people.master WHERE organization_id = v_organization AND id = g.person_id OFFSET 0) AS o
        CROSS JOIN LATERAL (
            SELECT
                kit.f_choose(p_mode, o.name, g.name) AS name, kit.f_choose(p_mode, o.first_name, g.first_name) AS first_name,
                kit.f_choose(p_mode, o.last_name, g.last_name) AS last_name, kit.f_choose(p_mode, o.title, g.title) AS title,
                kit.f_choose(p_mode, o.company_id, g.company_id) AS company_id, kit.f_choose(p_mode, o.linkedin_url, g.linkedin_url) AS linkedin_url,
                kit.f_choose(p_mode, o.phone, g.phone) AS phone, kit.f_choose(p_mode, o.location, g.location) AS location,
                kit.f_choose(p_mode, o.country_code, g.country_code) AS country_code, kit.f_choose(p_mode, o.seniority, g.seniority) AS seniority,
                kit.f_choose(p_mode, o.department, g.department) AS department
            OFFSET 0
        ) AS n
        WHERE NOT g.is_new_person
            AND (o.name, o.first_name, o.last_name, o.title, o.company_id, o.linkedin_url, o.phone, o.location, o.country_code, o.seniority, o.department)
            IS DISTINCT FROM
            (n.name, n.first_name, n.last_name, n.title, n.company_id, n.linkedin_url, n.phone, n.location, n.country_code, n.seniority, n.department)
    )
    UPDATE people.master AS m SET
        name = c.name, first_name = c.first_name, last_name = c.last_name, title = c.title, company_id = c.company_id,
        linkedin_url = c.linkedin_url, phone = c.phone, location = c.location, country_code = c.country_code, seniority = c.seniority,
        department = c.department, provenance = c.provenance
    FROM change AS c
    WHERE m.organization_id = v_organization AND m.id = ANY (ARRAY(SELECT id FROM change)) AND m.id = c.id;
    GET DIAGNOSTICS p_people_updated = ROW_COUNT;

    WITH change AS MATERIALIZED (
        SELECT o.contact_id, n.*, o.provenance || kit.f_brought_by(to_jsonb(o), to_jsonb(n), g.load_id, g.brought_by) AS provenance
        FROM pg_temp.golden_people AS g
        CROSS JOIN LATERAL (SELECT * FROM vault.contacts WHERE organization_id = v_organization AND contact_id = g.contact_id OFFSET 0) AS o
        CROSS JOIN LATERAL (
            SELECT
                kit.f_choose(p_mode, o.name, g.name) AS name, kit.f_choose(p_mode, o.phone, g.phone) AS phone,
                kit.f_choose(p_mode, o.company, g.company) AS company, kit.f_choose(p_mode, o.title, g.title) AS title,
                CASE WHEN p_mode = 'overwrite' THEN o.custom_fields || g.custom_fields ELSE g.custom_fields || o.custom_fields END AS custom_fields
            OFFSET 0
        ) AS n
        WHERE NOT g.is_new_contact
            AND (o.name, o.phone, o.company, o.title, o.custom_fields) IS DISTINCT FROM (n.name, n.phone, n.company, n.title, n.custom_fields)
    )
    UPDATE vault.contacts AS t SET
        name = c.name, phone = c.phone, company = c.company, title = c.title, custom_fields = c.custom_fields, provenance = c.provenance
    FROM change AS c
    WHERE t.organization_id = v_organization AND t.contact_id = ANY (ARRAY(SELECT contact_id FROM change)) AND t.contact_id = c.contact_id;
    GET DIAGNOSTICS p_contacts_updated = ROW_COUNT;
END $$;

-- Affiliations (only ever added to), people slots, and the profiles of each namespace that a load was routed to.
CREATE PROCEDURE people.f_attach(p_mode text, INOUT p_affiliations_created bigint DEFAULT 0)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
BEGIN
    WITH facts AS MATERIALIZED (
        SELECT
            g.person_id, coalesce(lower(f.company), '') AS company_key, min(f.load_id) AS load_id,
            kit.first_set(f.company ORDER BY f.load_id) AS company_name, kit.first_set(gc.company_id ORDER BY f.load_id) AS company_id,
            kit.first_set(f.title ORDER BY f.load_id) AS title, kit.first_set(f.seniority ORDER BY f.load_id) AS seniority,
            kit.first_set(f.department ORDER BY f.load_id) AS department, kit.first_set(f.location ORDER BY f.load_id) AS location,
            kit.first_set(f.country_code ORDER BY f.load_id) AS country_code, kit.first_set(f.website ORDER BY f.load_id) AS website,
            kit.first_set(f.phone ORDER BY f.load_id) AS phone, kit.first_set(f.source ORDER BY f.load_id) AS source,
            bool_and(g.is_new_person) AS is_new_person,
            CASE WHEN count(*) > 1 THEN jsonb_strip_nulls(jsonb_build_object(
                'company_id', min(f.load_id) FILTER (WHERE gc.company_id IS NOT NULL), 'title', min(f.load_id) FILTER (WHERE f.title IS NOT NULL),
                'seniority', min(f.load_id) FILTER (WHERE f.seniority IS NOT NULL), 'department', min(f.load_id) FILTER (WHERE f.department IS NOT NULL),
                'location', min(f.load_id) FILTER (WHERE f.location IS NOT NULL), 'country_code', min(f.load_id) FILTER (WHERE f.country_code IS NOT NULL),
                'website', min(f.load_id) FILTER (WHERE f.website IS NOT NULL), 'phone', min(f.load_id) FILTER (WHERE f.phone IS NOT NULL)
            )) ELSE '{}' END AS brought_by
        FROM pg_temp.golden_facts AS f
        INNER JOIN pg_temp.golden_people AS g ON g.email = f.email
        LEFT JOIN pg_temp.golden_companies AS gc ON gc.domain = f.domain
        GROUP BY g.person_id, coalesce(lower(f.company), '')
    ),
    -- Same company and new facts: blanks are filled, nothing is replaced, in any mode.
    change AS MATERIALIZED (
        SELECT o.id, n.*, o.provenance || kit.f_brought_by(to_jsonb(o), to_jsonb(n), f.load_id, f.brought_by) AS provenance
        FROM facts AS f
        CROSS JOIN LATERAL (
            SELECT * FROM people.affiliations WHERE organization_id = v_organization AND person_id = f.person_id AND company_key = f.company_key OFFSET 0
        ) AS o
        CROSS JOIN LATERAL (
            SELECT
                coalesce(o.company_id, f.company_id) AS company_id, coalesce(o.title, f.title) AS title, coalesce(o.seniority, f.seniority) AS seniority,
                coalesce(o.department, f.department) AS department, coalesce(o.location, f.location) AS location,
                coalesce(o.country_code, f.country_code) AS country_code, coalesce(o.website, f.website) AS website, coalesce(o.phone, f.phone) AS phone
            OFFSET 0
        ) AS n
        WHERE NOT f.is_new_person AND p_mode <> 'create'
            AND (o.company_id, o.title, o.seniority, o.department, o.location, o.country_code, o.website, o.phone)
            IS DISTINCT FROM (n.company_id, n.title, n.seniority, n.department, n.location, n.country_code, n.website, n.phone)
    ),
    enriched AS (
        UPDATE people.affiliations AS a SET
            company_id = c.company_id, title = c.title, seniority = c.seniority, department = c.department, location = c.location,
            country_code = c.country_code, website = c.website, phone = c.phone, provenance = c.provenance
        FROM change AS c
        WHERE a.organization_id = v_organization AND a.id = ANY (ARRAY(SELECT id FROM change)) AND a.id = c.id
    )
    INSERT INTO people.affiliations (
        organization_id, person_id, company_key, company_id, company_name, title, seniority, department, location, country_code, website, phone,
        source, load_id, provenance
    )
    SELECT
        v_organization, person_id, company_key, company_id, company_name, title, seniority, department, location, country_code, website, phone, source,
        load_id, brought_by
    FROM facts
    ON CONFLICT (organization_id, person_id, company_key) DO NOTHING;
    GET DIAGNOSTICS p_affiliations_created = ROW_COUNT;

    INSERT INTO people.slot (organization_id, email, raw_data, validation_status, promoted_at, load_id, issue, reasons)
    SELECT
        v_organization, email,
        jsonb_strip_nulls(jsonb_build_object(
            'name', name, 'first_name', first_name, 'last_name', last_name, 'title', title, 'company', company, 'domain', domain,
            'linkedin_url', linkedin_url, 'phone', phone, 'location', location
        )),
        CASE WHEN issue IS NULL THEN 'validated' ELSE 'pending' END, CASE WHEN issue IS DISTINCT FROM 'conflict' THEN now() END, load_id, issue, reasons
    FROM pg_temp.golden_facts ORDER BY load_id;

    INSERT INTO people.profiles (
        organization_id, namespace_id, email, first_name, last_name, company, linkedin_profile, platform, meta, person_id, load_id, provenance
    )
    SELECT
        v_organization, f.namespace_id, g.email, g.first_name, g.last_name, g.company, g.linkedin_url, g.source,
        CASE WHEN f.campaign IS NULL THEN '{}' ELSE jsonb_build_object('campaign', f.campaign) END, g.person_id, g.load_id,
        g.brought_by - ARRAY['name', 'title', 'seniority', 'department', 'phone', 'linkedin_url', 'location', 'country_code', 'company_id', 'custom_fields']
    FROM (
        SELECT namespace_id, email, kit.first_set(campaign ORDER BY load_id) AS campaign FROM pg_temp.golden_facts GROUP BY namespace_id, email
    ) AS f
    INNER JOIN pg_temp.golden_people AS g ON g.email = f.email
    LEFT JOIN LATERAL (
        SELECT id FROM people.profiles
        WHERE organization_id = v_organization AND namespace_id = f.namespace_id AND email = g.email::varchar AND NOT g.is_new_contact OFFSET 0
    ) AS o ON true
    WHERE o.id IS NULL
    ORDER BY g.load_id
    ON CONFLICT DO NOTHING;

    IF p_mode = 'create' THEN
        RETURN;
    END IF;
    WITH change AS MATERIALIZED (
        SELECT o.namespace_id, o.id, n.*, o.provenance || kit.f_brought_by(to_jsonb(o), to_jsonb(n), g.load_id, g.brought_by) AS provenance
        FROM (SELECT DISTINCT namespace_id, email FROM pg_temp.golden_facts) AS f
        INNER JOIN pg_temp.golden_people AS g ON g.email = f.email AND NOT g.is_new_contact
        CROSS JOIN LATERAL (
            SELECT * FROM people.profiles
            WHERE organization_id = v_organization AND namespace_id = f.namespace_id AND email = g.email::varchar OFFSET 0
        ) AS o
        CROSS JOIN LATERAL (
            SELECT
                kit.f_choose(p_mode, o.first_name, g.first_name::varchar) AS first_name, kit.f_choose(p_mode, o.last_name, g.last_name::varchar) AS last_name,
                kit.f_choose(p_mode, o.company, g.company::varchar) AS company, kit.f_choose(p_mode, o.linkedin_profile, g.linkedin_url) AS linkedin_profile,
                g.person_id
            OFFSET 0
        ) AS n
        WHERE (o.first_name, o.last_name, o.company, o.linkedin_profile, o.person_id)
            IS DISTINCT FROM (n.first_name, n.last_name, n.company, n.linkedin_profile, n.person_id)
    )
    UPDATE people.profiles AS p SET
        first_name = c.first_name, last_name = c.last_name, company = c.company, linkedin_profile = c.linkedin_profile, person_id = c.person_id,
        provenance = c.provenance
    FROM change AS c
    WHERE p.organization_id = v_organization AND p.namespace_id = c.namespace_id AND p.id = ANY (ARRAY(SELECT id FROM change)) AND p.id = c.id;
END $$;

-- What stands after a load: fill keeps what is there, overwrite takes what comes if something comes.
CREATE FUNCTION kit.f_choose(p_mode text, p_there anyelement, p_comes anyelement) RETURNS anyelement
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN p_mode = 'overwrite' THEN coalesce(p_comes, p_there) ELSE coalesce(p_there, p_comes) END $$;

-- {field: load_id} of the fields of p_new that differ from p_old: from p_loads where it knows better, else p_load_id.
CREATE FUNCTION kit.f_brought_by(p_old jsonb, p_new jsonb, p_load_id bigint, p_loads jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT coalesce(jsonb_object_agg(n.key, coalesce(p_loads -> n.key, to_jsonb(p_load_id))), '{}')
    FROM jsonb_each(p_new) AS n
    WHERE n.value IS DISTINCT FROM p_old -> n.key;
END;

-- Makes golden records of what stands in pg_temp.golden_loads; returns the counts. One promotion at a time in an organization.
CREATE FUNCTION intake.f_make_golden(p_mode text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_rows bigint;
    v_companies_created bigint := 0;
    v_companies_updated bigint := 0;
    v_contacts_created bigint := 0;
    v_contacts_updated bigint := 0;
    v_people_created bigint := 0;
    v_people_updated bigint := 0;
    v_affiliations bigint := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(v_organization::text || '/golden', 0));
    IF p_mode = 'create' THEN
        DELETE FROM pg_temp.golden_loads AS l USING vault.contacts AS c WHERE c.organization_id = v_organization AND c.email = l.email;
        DELETE FROM pg_temp.golden_loads WHERE load_id NOT IN (SELECT min(f.load_id) FROM pg_temp.golden_loads AS f GROUP BY f.email);
    END IF;
    SELECT count(*) INTO v_rows FROM pg_temp.golden_loads;
    IF v_rows > 500 THEN
        ANALYZE pg_temp.golden_loads;
    END IF;
    CALL intake.f_read_facts(p_mode);
    IF v_rows > 500 THEN
        ANALYZE pg_temp.golden_facts (load_id, email, domain, company, namespace_id);
    END IF;
    CALL company.f_resolve(p_mode, v_companies_created, v_companies_updated);
    IF v_rows > 500 THEN
        ANALYZE pg_temp.golden_companies (domain, company_id, is_new, fact_count);
    END IF;
    CALL people.f_resolve(p_mode, v_contacts_created, v_contacts_updated, v_people_created, v_people_updated);
    IF v_rows > 500 THEN
        ANALYZE pg_temp.golden_people (email, contact_id, person_id, is_new_contact, is_new_person, fact_count);
    END IF;
    CALL people.f_attach(p_mode, v_affiliations);
    INSERT INTO intake.audit_log (organization_id, action, load_id, contact_id)
    SELECT v_organization, CASE WHEN g.is_new_contact AND f.load_id = g.load_id THEN 'contact_promoted' ELSE 'contact_updated' END, f.load_id, g.contact_id
    FROM pg_temp.golden_facts AS f
    INNER JOIN pg_temp.golden_people AS g ON g.email = f.email
    ORDER BY f.load_id;
    RETURN jsonb_build_object(
        'contacts_created', v_contacts_created, 'contacts_updated', v_contacts_updated, 'people_created', v_people_created,
        'people_updated', v_people_updated, 'companies_created', v_companies_created, 'companies_updated', v_companies_updated,
        'affiliations_created', v_affiliations
    );
END $$;

-- Seed 001's promotion: pending loads become contacts (and persons, companies, …); NULL means all pending ones. A load that is not found
-- or not pending counts as failed, and one that is there says why. Incoming values win, except for loads of an import, which keep its mode.
CREATE FUNCTION vault.f_promote_contacts(p_load_ids bigint[] DEFAULT NULL)
RETURNS TABLE (promoted_count integer, updated_count integer, failed_count integer, message text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_default uuid;
    v_mode text;
    v_asked bigint;
    v_promoted bigint := 0;
    v_updated bigint := 0;
    v_failed bigint := 0;
    v_new bigint;
    v_taken bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(v_organization::text || '/golden', 0));
    SELECT id INTO v_default FROM tenancy.namespaces WHERE organization_id = v_organization AND is_default;
    SELECT count(DISTINCT i) INTO v_asked FROM unnest(p_load_ids) AS i WHERE i IS NOT NULL;

    FOREACH v_mode IN ARRAY ARRAY['create', 'fill', 'overwrite'] LOOP
        CALL intake.f_open_workspace();
        INSERT INTO pg_temp.golden_loads (load_id, email, raw_data, source, namespace_id, campaign)
        SELECT l.load_id, l.email, l.raw_data, l.source, coalesce(n.id, v_default), coalesce(i.campaign, l.metadata ->> 'campaign')
        FROM intake.raw_loads AS l
        LEFT JOIN intake.imports AS i ON i.organization_id = v_organization AND i.id = l.import_id
        LEFT JOIN tenancy.namespaces AS n ON n.organization_id = v_organization AND n.id = l.namespace_id
        WHERE l.organization_id = v_organization AND l.status = 'pending' AND l.email IS NOT NULL
            AND (p_load_ids IS NULL OR l.load_id = ANY (p_load_ids)) AND coalesce(i.mode, 'overwrite') = v_mode;
        IF NOT FOUND THEN
            CONTINUE;
        END IF;
        -- The rows are locked and marked first: two promotions at once never take the same load.
        UPDATE intake.raw_loads AS l SET status = 'promoted', promoted_at = now()
        FROM pg_temp.golden_loads AS g WHERE l.organization_id = v_organization AND l.load_id = g.load_id AND l.status = 'pending';
        GET DIAGNOSTICS v_taken = ROW_COUNT;
        v_new := (intake.f_make_golden(v_mode) ->> 'contacts_created')::bigint;
        v_promoted := v_promoted + v_new;
        v_updated := v_updated + v_taken - v_new;
    END LOOP;

    -- What is pending and has no usable address was put there past f_ingest_json: it is kept, with the reason.
    UPDATE intake.raw_loads AS l SET status = 'failed', reason = coalesce(intake.f_address_problem(intake.f_address(l.raw_data ->> 'email')), 'no_email')
    WHERE l.organization_id = v_organization AND l.status = 'pending' AND l.email IS NULL AND (p_load_ids IS NULL OR l.load_id = ANY (p_load_ids));
    GET DIAGNOSTICS v_failed = ROW_COUNT;
    IF p_load_ids IS NOT NULL THEN
        v_failed := v_asked - v_promoted - v_updated;
        UPDATE intake.raw_loads AS l SET reason = 'not pending: ' || l.status
        WHERE l.organization_id = v_organization AND l.load_id = ANY (p_load_ids) AND l.status = 'duplicate' AND l.reason IS NULL;
    END IF;
    INSERT INTO intake.audit_log (organization_id, action, details)
    VALUES (v_organization, 'batch_processed', jsonb_build_object('promoted', v_promoted, 'updated', v_updated, 'failed', v_failed));
    RETURN QUERY SELECT
        v_promoted::integer, v_updated::integer, v_failed::integer,
        format('%s promoted, %s updated, %s failed', v_promoted, v_updated, v_failed)
        || CASE WHEN v_failed > 0 AND p_load_ids IS NOT NULL THEN ' (not found, not pending or without a usable address)' ELSE '' END;
END $$;
GRANT EXECUTE ON FUNCTION vault.f_promote_contacts(bigint[]) TO outrider_app;

-- One chunk of an import, stored and (if the import says so) promoted in the caller's transaction: rows, their numbers and what the
-- reader found wrong with them. Duplicates of the last 30 days keep that status and still bring their values, as the mode allows.
CREATE FUNCTION intake.f_import_rows(p_import_id uuid, p_rows jsonb[], p_row_numbers bigint[], p_problems text[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_import intake.imports;
    v_namespace uuid;
    v_report jsonb;
    v_counts jsonb := '{}';
BEGIN
    SELECT * INTO STRICT v_import FROM intake.imports WHERE organization_id = v_organization AND id = p_import_id;
    SELECT id INTO v_namespace FROM tenancy.namespaces
    WHERE organization_id = v_organization AND (id = v_import.namespace_id OR is_default) ORDER BY is_default LIMIT 1;
    -- The lock of f_store_rows first, then the one of f_make_golden: as ingest and promotion in one transaction take them.
    CALL intake.f_store_rows(
        p_rows, v_import.source, v_import.batch_id, CASE WHEN v_import.promote THEN 'promoted' ELSE 'pending' END, '{}', v_namespace, p_import_id,
        p_row_numbers, p_problems
    );
    SELECT jsonb_build_object(
        'rows', count(*), 'promoted', count(*) FILTER (WHERE status = 'promoted'), 'pending', count(*) FILTER (WHERE status = 'pending'),
        'duplicate', count(*) FILTER (WHERE status = 'duplicate'), 'failed', count(*) FILTER (WHERE status = 'failed')
    ) INTO v_report FROM pg_temp.ingest_rows;
    SELECT coalesce(jsonb_object_agg(reason, rows), '{}') INTO v_counts
    FROM (SELECT reason, count(*) AS rows FROM pg_temp.ingest_rows WHERE status = 'failed' GROUP BY reason) AS r;
    v_report := v_report || jsonb_build_object('reasons', v_counts);
    IF v_import.promote THEN
        INSERT INTO pg_temp.golden_loads (load_id, email, raw_data, source, namespace_id, campaign)
        SELECT load_id, email, raw_data, v_import.source, v_namespace, v_import.campaign
        FROM pg_temp.ingest_rows WHERE status IN ('promoted', 'duplicate');
        v_report := v_report || intake.f_make_golden(v_import.mode);
    END IF;
    RETURN v_report;
END $$;
GRANT EXECUTE ON FUNCTION intake.f_import_rows(uuid, jsonb[], bigint[], text[]) TO outrider_app;
