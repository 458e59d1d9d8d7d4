-- What reading, editing and deciding need of people and companies.
SET LOCAL lock_timeout = '5s';

-- A word as LIKE looks for it in a folded text: anywhere in it, or with p_at_start at its very beginning; wildcards are letters.
CREATE FUNCTION people.f_pattern(p_word text, p_at_start boolean DEFAULT false) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN p_at_start THEN '' ELSE '%' END || regexp_replace(kit.f_fold(p_word), '([%_\\])', '\\\1', 'g') || '%';
GRANT EXECUTE ON FUNCTION people.f_pattern(text, boolean) TO outrider_app;

-- A whole name in its parts, taken apart as promotion does.
CREATE FUNCTION people.f_name_parts(p_name text) RETURNS TABLE (first_name text, last_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT n.first_name, n.last_name FROM people.f_names(p_name, NULL, NULL, NULL) AS n;
END;
GRANT EXECUTE ON FUNCTION people.f_name_parts(text) TO outrider_app;

-- A person's edit of golden values: {field: value or null}; what they gave comes from them from then on. The primary address follows in
-- name, title, phone and (with the company) company; another address follows where it said what the person did. False: no such person.
CREATE FUNCTION people.f_edit_person(p_id uuid, p_changes jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_fields text[] := ARRAY(SELECT jsonb_object_keys(p_changes));
    v_old people.master;
    v_new people.master;
BEGIN
    SELECT * INTO v_old FROM people.master WHERE organization_id = v_organization AND id = p_id FOR UPDATE;
    IF v_old.id IS NULL THEN
        RETURN false;
    END IF;
    v_new := jsonb_populate_record(v_old, p_changes);
    UPDATE people.master SET
        name = v_new.name, first_name = v_new.first_name, last_name = v_new.last_name, title = v_new.title, company_id = v_new.company_id,
        linkedin_url = v_new.linkedin_url, phone = v_new.phone, location = v_new.location, country_code = v_new.country_code,
        seniority = v_new.seniority, department = v_new.department, status = v_new.status, provenance = provenance - v_fields
    WHERE organization_id = v_organization AND id = p_id;

    UPDATE vault.contacts AS c SET name = f.name, title = f.title, phone = f.phone, company = f.company, provenance = c.provenance - v_fields
    FROM (
        SELECT
            t.contact_id,
            CASE
                WHEN 'name' = ANY (v_fields) AND (t.email = v_old.email OR t.name = v_old.name) THEN v_new.name
                ELSE t.name
            END AS name,
            CASE
                WHEN 'title' = ANY (v_fields) AND (t.email = v_old.email OR t.title = v_old.title) THEN v_new.title
                ELSE t.title
            END AS title,
            CASE
                WHEN 'phone' = ANY (v_fields) AND (t.email = v_old.email OR t.phone = v_old.phone) THEN v_new.phone
                ELSE t.phone
            END AS phone,
            CASE
                WHEN 'company_id' = ANY (v_fields) AND t.email = v_old.email AND k.id IS NOT NULL THEN coalesce(k.name, k.domain)
                ELSE t.company
            END AS company
        FROM vault.contacts AS t
        LEFT JOIN company.master AS k ON k.organization_id = v_organization AND k.id = v_new.company_id
        WHERE t.organization_id = v_organization AND t.person_id = p_id
    ) AS f
    WHERE c.organization_id = v_organization AND c.contact_id = f.contact_id
        AND (c.name, c.title, c.phone, c.company) IS DISTINCT FROM (f.name, f.title, f.phone, f.company);
    RETURN true;
END $$;
GRANT EXECUTE ON FUNCTION people.f_edit_person(uuid, jsonb) TO outrider_app;

-- The same for a company. Its people are found under its new name: the addresses that carried the old one follow. False: no such company.
CREATE FUNCTION company.f_edit_company(p_id uuid, p_changes jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_fields text[] := ARRAY(SELECT jsonb_object_keys(p_changes));
    v_old company.master;
    v_new company.master;
BEGIN
    SELECT * INTO v_old FROM company.master WHERE organization_id = v_organization AND id = p_id FOR UPDATE;
    IF v_old.id IS NULL THEN
        RETURN false;
    END IF;
    v_new := jsonb_populate_record(v_old, p_changes);
    UPDATE company.master SET
        name = v_new.name, industry = v_new.industry, employee_count = v_new.employee_count, revenue = v_new.revenue,
        revenue_currency = v_new.revenue_currency, funding = v_new.funding, location = v_new.location, country_code = v_new.country_code,
        linkedin_url = v_new.linkedin_url, website = v_new.website, status = v_new.status, provenance = provenance - v_fields
    WHERE organization_id = v_organization AND id = p_id;
    IF v_new.name IS NOT NULL AND v_new.name IS DISTINCT FROM v_old.name THEN
        UPDATE vault.contacts AS c SET company = v_new.name, provenance = c.provenance - 'company'
        FROM people.master AS m
        WHERE m.organization_id = v_organization AND m.company_id = p_id AND c.organization_id = v_organization AND c.person_id = m.id
            AND lower(c.company) = lower(v_old.name);
    END IF;
    RETURN true;
END $$;
GRANT EXECUTE ON FUNCTION company.f_edit_company(uuid, jsonb) TO outrider_app;

-- What a person decides about a conflict: accepted, the person works at the company of the slot's domain; rejected, they do not. Slots of
-- the same address and domain that wait for the same answer get it too. Returns what came of it: accepted, rejected, or why nothing
-- did: not_found, not_a_conflict, decided (already), no_person, no_company.
CREATE FUNCTION people.f_resolve_slot(p_id uuid, p_accept boolean) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_slot people.slot;
    v_person uuid;
    v_company uuid;
BEGIN
    SELECT * INTO v_slot FROM people.slot WHERE organization_id = v_organization AND id = p_id FOR UPDATE;
    IF v_slot.id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_slot.issue IS DISTINCT FROM 'conflict' THEN
        RETURN 'not_a_conflict';
    ELSIF v_slot.validation_status <> 'pending' THEN
        RETURN 'decided';
    END IF;
    IF p_accept THEN
        SELECT person_id INTO v_person FROM vault.contacts WHERE organization_id = v_organization AND email = v_slot.email;
        SELECT id INTO v_company FROM company.master WHERE organization_id = v_organization AND domain = v_slot.raw_data ->> 'domain';
        IF v_person IS NULL THEN
            RETURN 'no_person';
        ELSIF v_company IS NULL THEN
            RETURN 'no_company';
        END IF;
        UPDATE people.master SET company_id = v_company, provenance = provenance - 'company_id'
        WHERE organization_id = v_organization AND id = v_person AND company_id IS DISTINCT FROM v_company;
    END IF;
    UPDATE people.slot AS s SET
        validation_status = CASE WHEN p_accept THEN 'validated' ELSE 'rejected' END,
        promoted_at = CASE WHEN p_accept THEN now() END,
        decided_by = kit.f_actor(), decided_at = now()
    WHERE s.organization_id = v_organization AND s.issue = 'conflict' AND s.validation_status = 'pending' AND s.email = v_slot.email
        AND s.raw_data ->> 'domain' IS NOT DISTINCT FROM v_slot.raw_data ->> 'domain' AND (
            s.id = p_id
            OR s.load_id IN (SELECT l.load_id FROM intake.raw_loads AS l WHERE l.organization_id = v_organization AND l.email = v_slot.email)
        );
    RETURN CASE WHEN p_accept THEN 'accepted' ELSE 'rejected' END;
END $$;
GRANT EXECUTE ON FUNCTION people.f_resolve_slot(uuid, boolean) TO outrider_app;
