-- Signing in with another provider (OpenID Connect), and secrets that get a newer key.
SET LOCAL lock_timeout = '5s';

-- Which user a provider means by a subject. Made at the first sign-in by the verified address, and holds when that changes.
CREATE TABLE tenancy.oidc_links (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT oidc_links_pkey PRIMARY KEY (issuer, subject),
    CONSTRAINT oidc_links_user_fkey FOREIGN KEY (user_id) REFERENCES tenancy.users (id) ON DELETE CASCADE
);
CREATE INDEX oidc_links_user ON tenancy.oidc_links (user_id);

-- SHA-256 of the states that came back from a provider: none comes back twice.
CREATE TABLE tenancy.oidc_states (
    state_hash bytea NOT NULL,
    forget_at timestamptz NOT NULL,
    CONSTRAINT oidc_states_pkey PRIMARY KEY (state_hash)
);
CREATE INDEX oidc_states_forget ON tenancy.oidc_states (forget_at);

-- Uses a state; false when it was used before. States that are over anyway are forgotten.
CREATE FUNCTION tenancy.f_use_oidc_state(p_state_hash bytea, p_forget_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM tenancy.oidc_states WHERE forget_at <= now();
    INSERT INTO tenancy.oidc_states (state_hash, forget_at) VALUES (p_state_hash, p_forget_at) ON CONFLICT (state_hash) DO NOTHING;
    RETURN FOUND;
END $$;

-- The user that a provider's subject is linked to; without a link the one with the address, who is linked now. No row: nobody here.
CREATE FUNCTION tenancy.f_find_oidc_login(p_issuer text, p_subject text, p_email text)
RETURNS TABLE (user_id uuid, password_hash text, organization_ids uuid [], last_organization_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO tenancy.oidc_links (issuer, subject, user_id)
    SELECT p_issuer, p_subject, u.id FROM tenancy.users AS u
    WHERE u.email = lower(btrim(p_email)) AND u.organization_ids <> '{}'
    ON CONFLICT (issuer, subject) DO NOTHING;
    RETURN QUERY SELECT u.id, u.password_hash, u.organization_ids, u.last_organization_id
    FROM tenancy.oidc_links AS l INNER JOIN tenancy.users AS u ON u.id = l.user_id
    WHERE l.issuer = p_issuer AND l.subject = p_subject;
END $$;

-- Puts a second factor's secret, encrypted anew, in the place of the one that was read; false when another came in between.
CREATE FUNCTION tenancy.f_reseal_second_factor(p_user uuid, p_was bytea, p_secret bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE tenancy.second_factors SET secret = p_secret WHERE user_id = p_user AND secret = p_was;
    RETURN FOUND;
END $$;

-- Takes the second factor of a member of the current organization away, and writes that down; whether there was one, NULL when nobody
-- there has the address.
CREATE FUNCTION tenancy.f_reset_second_factor(p_email text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_user tenancy.users;
BEGIN
    SELECT u.* INTO v_user FROM tenancy.users AS u INNER JOIN tenancy.memberships AS m ON m.user_id = u.id
    WHERE m.organization_id = v_organization AND u.email = lower(btrim(p_email));
    IF v_user.id IS NULL THEN
        RETURN NULL;
    END IF;
    IF NOT tenancy.f_remove_second_factor(v_user.id) THEN
        RETURN false;
    END IF;
    PERFORM tenancy.f_write_change(
        v_organization, 'user', v_user.id, v_user.email, 'changed', '{"second_factor": "on"}', '{"second_factor": "off"}'
    );
    RETURN true;
END $$;

GRANT EXECUTE ON FUNCTION
tenancy.f_use_oidc_state(bytea, timestamptz), tenancy.f_find_oidc_login(text, text, text), tenancy.f_reseal_second_factor(uuid, bytea, bytea),
tenancy.f_reset_second_factor(text)
TO outrider_app;
