-- A member who has no password yet gets one; one who has, from another organization, keeps it.
SET LOCAL lock_timeout = '5s';

-- Sets the password of a member of the current organization who has none; true when it was set, NULL when they have one or nobody
-- there has the address.
CREATE FUNCTION tenancy.f_set_first_password(p_email text, p_password_hash text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE tenancy.users AS u SET password_hash = p_password_hash
    FROM tenancy.memberships AS m
    WHERE u.email = lower(btrim(p_email)) AND u.password_hash IS NULL
        AND m.user_id = u.id AND m.organization_id = kit.f_organization()
    RETURNING true;
END;
GRANT EXECUTE ON FUNCTION tenancy.f_set_first_password(text, text) TO outrider_app;
