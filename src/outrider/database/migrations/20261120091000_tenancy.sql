-- Organizations (the tenants), users, memberships, API keys.
SET LOCAL lock_timeout = '5s';

-- Not a tenant's table but the list of them. Row security shows the application its own row; the owner, which is not bound by it,
-- answers the cross-tenant questions of 20261120099000_across_tenants.sql.
CREATE TABLE tenancy.organizations (
    id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL,
    slug text NOT NULL,
    plan_type text NOT NULL DEFAULT 'self_hosted',
    physical_address text,
    time_zone text NOT NULL DEFAULT 'UTC',
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT organizations_pkey PRIMARY KEY (id),
    CONSTRAINT organizations_slug_key UNIQUE (slug),
    CONSTRAINT organizations_name_check CHECK (length(name) BETWEEN 1 AND 255),
    CONSTRAINT organizations_slug_check CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$')
);
ALTER TABLE tenancy.organizations ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenancy.organizations USING (id = nullif(current_setting('app.organization_id', true), '')::uuid);
CREATE POLICY owner_sees_all ON tenancy.organizations TO outrider_owner USING (true);
CREATE TRIGGER organizations_touch BEFORE UPDATE ON tenancy.organizations FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT, UPDATE (name, physical_address, time_zone, settings) ON tenancy.organizations TO outrider_app;

-- A person who signs in (seeds 002 and 004). Without a tenant: what they may do where is a membership. The application reads users
-- through tenancy.members and changes them through functions only.
CREATE TABLE tenancy.users (
    id uuid NOT NULL DEFAULT uuidv7(),
    email text NOT NULL,
    password_hash text,
    first_name text,
    last_name text,
    name text,
    avatar_url text,
    email_verified boolean NOT NULL DEFAULT false,
    time_zone text NOT NULL DEFAULT 'UTC',
    settings jsonb NOT NULL DEFAULT '{}',
    features jsonb NOT NULL DEFAULT '{}',
    onboarding_completed boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_email_check CHECK (email = lower(btrim(email)) AND length(email) BETWEEN 5 AND 254)
);
CREATE TRIGGER users_touch BEFORE UPDATE ON tenancy.users FOR EACH ROW EXECUTE FUNCTION kit.f_touch();

CREATE TABLE tenancy.memberships (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    user_id uuid NOT NULL,
    role text NOT NULL,
    namespaces text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT memberships_pkey PRIMARY KEY (organization_id, user_id),
    CONSTRAINT memberships_role_check CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'client'))
);
CALL kit.f_protect('tenancy.memberships');
CREATE TRIGGER memberships_touch BEFORE UPDATE ON tenancy.memberships FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT ON tenancy.memberships TO outrider_app;

-- The people of this organization. Row security holds inside the view, since its owner is bound by it too.
CREATE VIEW tenancy.members AS
SELECT m.organization_id, u.id AS user_id, u.email, u.name, m.role, m.namespaces, u.email_verified, u.time_zone, m.created_at
FROM tenancy.memberships AS m
INNER JOIN tenancy.users AS u ON u.id = m.user_id;
GRANT SELECT ON tenancy.members TO outrider_app;

-- API keys: only the SHA-256 of the secret is kept.
CREATE TABLE tenancy.api_keys (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL,
    prefix text NOT NULL,
    key_hash bytea NOT NULL,
    role text NOT NULL,
    scopes text[] NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT api_keys_hash_key UNIQUE (organization_id, key_hash),
    CONSTRAINT api_keys_name_check CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT api_keys_role_check CHECK (role IN ('owner', 'admin', 'member', 'viewer'))
);
CALL kit.f_protect('tenancy.api_keys');
GRANT SELECT, INSERT, UPDATE (last_used_at, revoked_at) ON tenancy.api_keys TO outrider_app;

-- Adds a user to the current organization; a user known by that address joins it, with the password they have. Returns the user's id.
CREATE FUNCTION tenancy.f_add_member(p_email text, p_name text, p_password_hash text, p_role text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_user uuid;
BEGIN
    INSERT INTO tenancy.users (email, name, password_hash) VALUES (lower(btrim(p_email)), p_name, p_password_hash)
    ON CONFLICT (email) DO NOTHING;
    SELECT id INTO STRICT v_user FROM tenancy.users WHERE email = lower(btrim(p_email));
    INSERT INTO tenancy.memberships (organization_id, user_id, role) VALUES (kit.f_organization(), v_user, p_role)
    ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role;
    RETURN v_user;
END $$;
GRANT EXECUTE ON FUNCTION tenancy.f_add_member(text, text, text, text) TO outrider_app;

-- Sets the password of a member of the current organization; returns false when nobody there has the address.
CREATE FUNCTION tenancy.f_set_password(p_email text, p_password_hash text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE tenancy.users AS u SET password_hash = p_password_hash
    FROM tenancy.memberships AS m
    WHERE u.email = lower(btrim(p_email)) AND m.user_id = u.id AND m.organization_id = kit.f_organization()
    RETURNING true;
END;
GRANT EXECUTE ON FUNCTION tenancy.f_set_password(text, text) TO outrider_app;
