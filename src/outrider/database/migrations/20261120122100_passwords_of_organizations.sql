-- A password that an organization's admins made opens that organization alone: else they could make an account for somebody's address, wait
-- until another organization lets that person in, and come in there with the password they know.
SET LOCAL lock_timeout = '5s';

-- The organization whose admins made the password. NULL: whoever reads mail at the address made it, or the operator of the installation.
ALTER TABLE tenancy.users ADD COLUMN password_from uuid;
-- Whether the session was opened with such a password: then it leads to no other organization.
ALTER TABLE tenancy.sessions ADD COLUMN is_bound boolean NOT NULL DEFAULT false;

-- When its holder last showed who they are: going on to another organization makes a session without that. NULL: when it began.
ALTER TABLE tenancy.sessions ADD COLUMN signed_in_at timestamptz;

-- Nobody knows any more who made the passwords there are. Who is in one organization and did not prove their address yet is taken for one
-- of its making; who is in several keeps the ways they have, and who is in the operator's (the default one) was let in by the operator.
UPDATE tenancy.users SET password_from = organization_ids[1]
WHERE password_hash IS NOT NULL AND NOT email_verified AND cardinality(organization_ids) = 1
    AND organization_ids[1] <> '00000000-0000-0000-0000-000000000001';
DO $$
DECLARE
    v_organization uuid;
BEGIN
    FOR v_organization IN SELECT id FROM tenancy.organizations ORDER BY id LOOP
        PERFORM set_config('app.organization_id', v_organization::text, true);
        UPDATE tenancy.sessions AS s SET is_bound = true FROM tenancy.users AS u
        WHERE s.organization_id = v_organization AND u.id = s.user_id AND u.password_from = v_organization;
    END LOOP;
    PERFORM set_config('app.organization_id', '', true);
END $$;

-- The organization whose admins made a user's password; NULL: it opens all that they are in.
CREATE FUNCTION tenancy.f_password_from(p_user uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT u.password_from FROM tenancy.users AS u WHERE u.id = p_user;
END;

-- Adds a user to the current organization. Who belongs to no organization gets the password, which opens this one
-- alone, has_password true; who is in another one
-- keeps theirs, false: else whoever adds somebody could sign in as them there. No row: they are a member already.
CREATE OR REPLACE FUNCTION tenancy.f_add_member(p_email text, p_name text, p_password_hash text, p_role text, p_namespaces text[])
RETURNS TABLE (user_id uuid, has_password boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_user tenancy.users;
BEGIN
    INSERT INTO tenancy.users (email, name) VALUES (lower(btrim(p_email)), p_name) ON CONFLICT (email) DO NOTHING;
    SELECT * INTO STRICT v_user FROM tenancy.users AS u WHERE u.email = lower(btrim(p_email)) FOR UPDATE;
    INSERT INTO tenancy.memberships (organization_id, user_id, role, namespaces)
    VALUES (kit.f_organization(), v_user.id, p_role, p_namespaces)
    ON CONFLICT ON CONSTRAINT memberships_pkey DO NOTHING;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF v_user.organization_ids = '{}' THEN
        UPDATE tenancy.users SET password_hash = p_password_hash, password_from = kit.f_organization(), name = coalesce(p_name, name) WHERE id = v_user.id;
    END IF;
    RETURN QUERY SELECT v_user.id, v_user.organization_ids = '{}';
END $$;

-- Sets the password of a member of the current organization, which opens this one alone; returns false when nobody there has the address.
CREATE OR REPLACE FUNCTION tenancy.f_set_password(p_email text, p_password_hash text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE tenancy.users AS u SET password_hash = p_password_hash, password_from = m.organization_id
    FROM tenancy.memberships AS m
    WHERE u.email = lower(btrim(p_email)) AND m.user_id = u.id AND m.organization_id = kit.f_organization()
    RETURNING true;
END;

-- Lets the password of a member of the current organization open all that they are in: for the operator of the installation, whom all trust.
CREATE FUNCTION tenancy.f_trust_password(p_email text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE tenancy.users AS u SET password_from = NULL
    WHERE u.email = lower(btrim(p_email)) AND u.password_from = kit.f_organization();
END;

-- Uses a link: sets the password, ends every session and every other link of the user. The user's id, NULL when the link does not hold.
-- Who could open it reads mail at the address: it is verified, and the password is theirs.
CREATE OR REPLACE FUNCTION tenancy.f_use_reset(p_token_hash bytea, p_password_hash text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_user uuid;
BEGIN
    DELETE FROM tenancy.password_resets WHERE token_hash = p_token_hash AND expires_at > now() RETURNING user_id INTO v_user;
    IF v_user IS NOT NULL THEN
        UPDATE tenancy.users SET password_hash = p_password_hash, password_from = NULL, email_verified = true WHERE id = v_user;
        DELETE FROM tenancy.password_resets WHERE user_id = v_user;
        PERFORM tenancy.f_end_sessions(v_user, NULL);
    END IF;
    RETURN v_user;
END $$;

-- squawk-ignore ban-drop-function
DROP FUNCTION tenancy.f_open_session(uuid, bytea, interval, boolean, text, inet);
-- A new session of a member in the current organization; its id. The member's sessions that are over leave on the way.
-- Error: 23503 when they are no member.
CREATE FUNCTION tenancy.f_open_session(
    p_user uuid, p_token_hash bytea, p_lasts interval, p_second_factor boolean, p_is_bound boolean, p_signed_in_at timestamptz,
    p_user_agent text, p_address inet
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_id uuid;
BEGIN
    DELETE FROM tenancy.sessions WHERE organization_id = v_organization AND user_id = p_user AND expires_at <= now();
    INSERT INTO tenancy.sessions (organization_id, user_id, token_hash, expires_at, second_factor_at, is_bound, signed_in_at, user_agent, address)
    VALUES (
        v_organization, p_user, p_token_hash, now() + p_lasts, CASE WHEN p_second_factor THEN now() END, p_is_bound,
        p_signed_in_at, left(p_user_agent, 400), p_address
    )
    RETURNING id INTO v_id;
    UPDATE tenancy.users SET last_organization_id = v_organization
    WHERE id = p_user AND last_organization_id IS DISTINCT FROM v_organization;
    RETURN v_id;
END $$;

GRANT EXECUTE ON FUNCTION
tenancy.f_password_from(uuid), tenancy.f_trust_password(text), tenancy.f_open_session(uuid, bytea, interval, boolean, boolean, timestamptz, text, inet)
TO outrider_app;
