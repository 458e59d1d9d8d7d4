-- From raw loads to golden records: contact, person, company, affiliation, slots, profile, history and audit in one pass over a set
-- (BEHAVIOUR 2). Modes: fill (only blanks), overwrite (incoming values win), create (what is known stays as it is: the load that makes a
-- row gives its values). What comes of a set of loads does not depend on how it is cut into chunks.
SET LOCAL lock_timeout = '5s';

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
