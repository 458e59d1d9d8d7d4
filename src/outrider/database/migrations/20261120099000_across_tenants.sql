-- The only functions that look across tenants. Each returns ids and nothing else (DESIGN, "The tenant, in one place").
SET LOCAL lock_timeout = '5s';

-- Every organization, for a worker that goes round them one by one.
CREATE FUNCTION tenancy.f_organization_ids() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT id FROM tenancy.organizations ORDER BY id;
END;

-- The organization that a person means by a slug, a name or an id; no row when there is none.
CREATE FUNCTION tenancy.f_find_organization(p_text text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT id FROM tenancy.organizations
    WHERE slug = lower(p_text) OR lower(name) = lower(p_text) OR id::text = lower(p_text)
    ORDER BY slug = lower(p_text) DESC, id
    LIMIT 1;
END;

GRANT EXECUTE ON FUNCTION tenancy.f_organization_ids(), tenancy.f_find_organization(text) TO outrider_app;
GRANT EXECUTE ON FUNCTION tenancy.f_create_organization(text, text, uuid) TO outrider_app;
