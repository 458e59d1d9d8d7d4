-- From raw loads to facts: values cleaned, and what is missing or contradicts itself named (BEHAVIOUR 2 and 3); and what stands after a load.
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
