-- Sessions of people who signed in, and what is asked before it is known which organization somebody comes to: logins, throttles,
-- password resets, second factors. Those belong to a user, who may be in several organizations, so they have no tenant; the application
-- reaches them through the functions below only.
SET LOCAL lock_timeout = '5s';

-- Where to look for a user's memberships and sessions. The truth is tenancy.memberships, whose rows can be seen in their organization
-- only; the trigger below keeps this list.
ALTER TABLE tenancy.users ADD COLUMN organization_ids uuid [] NOT NULL DEFAULT '{}';
-- Where they signed in last: the next sign-in leads there.
ALTER TABLE tenancy.users ADD COLUMN last_organization_id uuid;

CREATE FUNCTION tenancy.f_note_membership() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE tenancy.users SET organization_ids = array_remove(organization_ids, OLD.organization_id) WHERE id = OLD.user_id;
    ELSE
        UPDATE tenancy.users SET organization_ids = organization_ids || NEW.organization_id
        WHERE id = NEW.user_id AND NOT NEW.organization_id = ANY (organization_ids);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER memberships_note AFTER INSERT OR DELETE ON tenancy.memberships FOR EACH ROW EXECUTE FUNCTION tenancy.f_note_membership();

-- The members there are already. Row security binds the owner too, so organizations are gone through one by one.
DO $$
DECLARE
    v_organization uuid;
BEGIN
    FOR v_organization IN SELECT id FROM tenancy.organizations ORDER BY id LOOP
        PERFORM set_config('app.organization_id', v_organization::text, true);
        UPDATE tenancy.users AS u SET organization_ids = u.organization_ids || v_organization
        FROM tenancy.memberships AS m
        WHERE m.organization_id = v_organization AND m.user_id = u.id AND NOT v_organization = ANY (u.organization_ids);
    END LOOP;
    PERFORM set_config('app.organization_id', '', true);
END $$;

-- One browser's way in. Only the SHA-256 of what its cookie says is kept. Who is no member any more has none.
CREATE TABLE tenancy.sessions (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    user_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    second_factor_at timestamptz,
    user_agent text,
    address inet,
    CONSTRAINT sessions_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT sessions_token_key UNIQUE (organization_id, token_hash),
    CONSTRAINT sessions_membership_fkey FOREIGN KEY (organization_id, user_id)
    REFERENCES tenancy.memberships (organization_id, user_id) ON DELETE CASCADE
);
CREATE INDEX sessions_user ON tenancy.sessions (organization_id, user_id);
CALL kit.f_protect('tenancy.sessions');
GRANT SELECT, DELETE, UPDATE (last_seen_at) ON tenancy.sessions TO outrider_app;

-- How often something failed, for all server processes: a key is the SHA-256 of what is counted (an address, an address and an account).
CREATE TABLE tenancy.throttles (
    key bytea NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    blocked_until timestamptz,
    forget_at timestamptz NOT NULL,
    CONSTRAINT throttles_pkey PRIMARY KEY (key)
);
CREATE INDEX throttles_forget ON tenancy.throttles (forget_at);

-- Links sent by mail. A row is deleted when it is used.
CREATE TABLE tenancy.password_resets (
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT password_resets_pkey PRIMARY KEY (token_hash),
    CONSTRAINT password_resets_user_fkey FOREIGN KEY (user_id) REFERENCES tenancy.users (id) ON DELETE CASCADE
);
CREATE INDEX password_resets_user ON tenancy.password_resets (user_id);
CREATE INDEX password_resets_expires ON tenancy.password_resets (expires_at);

-- The secret of a user's authenticator app, encrypted by the application (DESIGN ruling 10). `last_step` is the 30-second step of the last
-- code taken: a code works once. Not confirmed: being set up.
CREATE TABLE tenancy.second_factors (
    user_id uuid NOT NULL,
    secret bytea NOT NULL,
    last_step bigint NOT NULL DEFAULT 0,
    confirmed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT second_factors_pkey PRIMARY KEY (user_id),
    CONSTRAINT second_factors_user_fkey FOREIGN KEY (user_id) REFERENCES tenancy.users (id) ON DELETE CASCADE
);

-- SHA-256 of the codes for who lost the app. A row is deleted when it is used.
CREATE TABLE tenancy.recovery_codes (
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_factor_fkey FOREIGN KEY (user_id) REFERENCES tenancy.second_factors (user_id) ON DELETE CASCADE
);

-- What a sign-in needs to know of an address; no row when nobody has it.
CREATE FUNCTION tenancy.f_find_login(p_email text)
RETURNS TABLE (user_id uuid, password_hash text, organization_ids uuid [], last_organization_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT u.id, u.password_hash, u.organization_ids, u.last_organization_id
    FROM tenancy.users AS u WHERE u.email = lower(btrim(p_email));
END;

-- The same of a user whose id is known.
CREATE FUNCTION tenancy.f_login(p_user uuid)
RETURNS TABLE (email text, password_hash text, organization_ids uuid [])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT u.email, u.password_hash, u.organization_ids FROM tenancy.users AS u WHERE u.id = p_user;
END;

-- What a page says of its visitor besides the membership: the organizations they are in, whether they have a second factor.
-- The one function that tells the names of other organizations: those of this user.
CREATE FUNCTION tenancy.f_standing(p_user uuid)
RETURNS TABLE (organization_ids uuid [], organization_names text [], has_second_factor boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT
        array_agg(o.id ORDER BY o.name, o.id), array_agg(o.name ORDER BY o.name, o.id),
        EXISTS (SELECT FROM tenancy.second_factors AS f WHERE f.user_id = p_user AND f.confirmed_at IS NOT NULL)
    FROM tenancy.users AS u
    INNER JOIN tenancy.organizations AS o ON o.id = ANY (u.organization_ids)
    WHERE u.id = p_user
    GROUP BY u.id;
END;

-- A new session of a member in the current organization; its id. The member's sessions that are over leave on the way.
-- Error: 23503 when they are no member.
CREATE FUNCTION tenancy.f_open_session(
    p_user uuid, p_token_hash bytea, p_lasts interval, p_second_factor boolean, p_user_agent text, p_address inet
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_id uuid;
BEGIN
    DELETE FROM tenancy.sessions WHERE organization_id = v_organization AND user_id = p_user AND expires_at <= now();
    INSERT INTO tenancy.sessions (organization_id, user_id, token_hash, expires_at, second_factor_at, user_agent, address)
    VALUES (
        v_organization, p_user, p_token_hash, now() + p_lasts, CASE WHEN p_second_factor THEN now() END, left(p_user_agent, 400), p_address
    )
    RETURNING id INTO v_id;
    UPDATE tenancy.users SET last_organization_id = v_organization
    WHERE id = p_user AND last_organization_id IS DISTINCT FROM v_organization;
    RETURN v_id;
END $$;

-- Ends a user's sessions in all organizations, but for one; how many.
CREATE FUNCTION tenancy.f_end_sessions(p_user uuid, p_except uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_previous text := current_setting('app.organization_id', true);
    v_organization uuid;
    v_here integer;
    v_ended integer := 0;
BEGIN
    FOR v_organization IN SELECT unnest(organization_ids) FROM tenancy.users WHERE id = p_user LOOP
        PERFORM set_config('app.organization_id', v_organization::text, true);
        DELETE FROM tenancy.sessions WHERE organization_id = v_organization AND user_id = p_user AND id IS DISTINCT FROM p_except;
        GET DIAGNOSTICS v_here = ROW_COUNT;
        v_ended := v_ended + v_here;
    END LOOP;
    PERFORM set_config('app.organization_id', coalesce(v_previous, ''), true);
    RETURN v_ended;
END $$;

-- Puts a password hash in the place of the one that was checked; false when another came in between.
CREATE FUNCTION tenancy.f_replace_password(p_user uuid, p_was text, p_password_hash text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE tenancy.users SET password_hash = p_password_hash WHERE id = p_user AND password_hash IS NOT DISTINCT FROM p_was;
    RETURN FOUND;
END $$;

-- Keeps the hash of a link for an hour if a member of some organization has the address; whether one does.
CREATE FUNCTION tenancy.f_ask_reset(p_email text, p_token_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM tenancy.password_resets WHERE expires_at <= now();
    INSERT INTO tenancy.password_resets (token_hash, user_id, expires_at)
    SELECT p_token_hash, u.id, now() + interval '1 hour' FROM tenancy.users AS u
    WHERE u.email = lower(btrim(p_email)) AND u.organization_ids <> '{}';
    RETURN FOUND;
END $$;

-- Whose link it is; no row when it is used, over or none of ours.
CREATE FUNCTION tenancy.f_find_reset(p_token_hash bytea) RETURNS TABLE (user_id uuid, email text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT u.id, u.email FROM tenancy.password_resets AS r INNER JOIN tenancy.users AS u ON u.id = r.user_id
    WHERE r.token_hash = p_token_hash AND r.expires_at > now();
END;

-- Uses a link: sets the password, ends every session and every other link of the user. The user's id, NULL when the link does not hold.
-- Who could open it reads mail at the address: it is verified.
CREATE FUNCTION tenancy.f_use_reset(p_token_hash bytea, p_password_hash text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_user uuid;
BEGIN
    DELETE FROM tenancy.password_resets WHERE token_hash = p_token_hash AND expires_at > now() RETURNING user_id INTO v_user;
    IF v_user IS NOT NULL THEN
        UPDATE tenancy.users SET password_hash = p_password_hash, email_verified = true WHERE id = v_user;
        DELETE FROM tenancy.password_resets WHERE user_id = v_user;
        PERFORM tenancy.f_end_sessions(v_user, NULL);
    END IF;
    RETURN v_user;
END $$;

-- Counts an attempt under every key and returns 0, or counts nothing and returns the seconds to wait. An attempt counts as failed until
-- f_forgive says otherwise, so that many at once cannot all pass. Beyond a key's free failures the wait doubles, to 15 minutes. All is
-- forgotten an hour after the first failure, else an office of many would never be rid of its typing errors; who had to wait is
-- remembered for an hour after that.
CREATE FUNCTION tenancy.f_attempt(p_keys bytea [], p_free integer []) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz;
    v_wait integer;
BEGIN
    DELETE FROM tenancy.throttles WHERE key IN (
        SELECT t.key FROM tenancy.throttles AS t WHERE t.forget_at <= now() ORDER BY t.forget_at LIMIT 100 FOR UPDATE SKIP LOCKED
    );
    INSERT INTO tenancy.throttles (key, forget_at) SELECT k.key, now() + interval '1 hour' FROM unnest(p_keys) AS k (key) ORDER BY k.key
    ON CONFLICT (key) DO NOTHING;
    PERFORM t.key FROM tenancy.throttles AS t WHERE t.key = ANY (p_keys) ORDER BY t.key FOR UPDATE;
    v_now := clock_timestamp(); -- the locks may have been waited for
    UPDATE tenancy.throttles AS t SET failures = 0, blocked_until = NULL, forget_at = v_now + interval '1 hour'
    WHERE t.key = ANY (p_keys) AND (t.failures = 0 OR t.forget_at <= v_now);
    SELECT ceil(extract(epoch FROM max(t.blocked_until) - v_now)) INTO v_wait
    FROM tenancy.throttles AS t WHERE t.key = ANY (p_keys) AND t.blocked_until > v_now;
    IF v_wait > 0 THEN
        RETURN v_wait;
    END IF;
    UPDATE tenancy.throttles AS t SET
        failures = t.failures + 1,
        blocked_until = w.until,
        forget_at = greatest(t.forget_at, w.until + interval '1 hour')
    FROM (
        SELECT
            k.key, CASE WHEN b.failures >= k.free THEN v_now + least(power(2, least(b.failures - k.free, 20)), 900) * interval '1 second' END AS until
        FROM unnest(p_keys, p_free) AS k (key, free) INNER JOIN tenancy.throttles AS b ON b.key = k.key
    ) AS w
    WHERE t.key = w.key;
    RETURN 0;
END $$;

-- An attempt succeeded after all: it does not count under these keys, and what failed before is forgotten under the second ones.
CREATE FUNCTION tenancy.f_forgive(p_uncounted bytea [], p_forgotten bytea []) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM tenancy.throttles WHERE key = ANY (p_forgotten);
    UPDATE tenancy.throttles SET failures = greatest(failures - 1, 0), blocked_until = NULL WHERE key = ANY (p_uncounted);
END $$;

-- A user's second factor, being set up or in force; no row without one.
CREATE FUNCTION tenancy.f_second_factor(p_user uuid)
RETURNS TABLE (secret bytea, confirmed_at timestamptz, codes_left integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT f.secret, f.confirmed_at, (SELECT count(*)::integer FROM tenancy.recovery_codes AS c WHERE c.user_id = f.user_id)
    FROM tenancy.second_factors AS f WHERE f.user_id = p_user;
END;

-- Begins to set one up, or begins anew; false when one is in force.
CREATE FUNCTION tenancy.f_begin_second_factor(p_user uuid, p_secret bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO tenancy.second_factors (user_id, secret) VALUES (p_user, p_secret)
    ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = 0
    WHERE second_factors.confirmed_at IS NULL;
    RETURN FOUND;
END $$;

-- Takes the code of a step; false when that step's code, or a later one's, was taken before.
CREATE FUNCTION tenancy.f_take_step(p_user uuid, p_step bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE tenancy.second_factors SET last_step = p_step WHERE user_id = p_user AND last_step < p_step;
    RETURN FOUND;
END $$;

-- Puts the second factor in force, if it is not yet, and gives it these recovery codes instead of those it had; false without one.
CREATE FUNCTION tenancy.f_set_recovery_codes(p_user uuid, p_code_hashes bytea []) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE tenancy.second_factors SET confirmed_at = coalesce(confirmed_at, now()) WHERE user_id = p_user;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM tenancy.recovery_codes WHERE user_id = p_user;
    INSERT INTO tenancy.recovery_codes (user_id, code_hash) SELECT p_user, h.code_hash FROM unnest(p_code_hashes) AS h (code_hash);
    RETURN true;
END $$;

-- Uses a recovery code; false when there is no such one.
CREATE FUNCTION tenancy.f_take_recovery_code(p_user uuid, p_code_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM tenancy.recovery_codes WHERE user_id = p_user AND code_hash = p_code_hash;
    RETURN FOUND;
END $$;

-- Takes the second factor away, recovery codes and all; false when there was none.
CREATE FUNCTION tenancy.f_remove_second_factor(p_user uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM tenancy.second_factors WHERE user_id = p_user;
    RETURN FOUND;
END $$;

GRANT EXECUTE ON FUNCTION
tenancy.f_find_login(text), tenancy.f_login(uuid), tenancy.f_standing(uuid),
tenancy.f_open_session(uuid, bytea, interval, boolean, text, inet), tenancy.f_end_sessions(uuid, uuid),
tenancy.f_replace_password(uuid, text, text), tenancy.f_ask_reset(text, bytea), tenancy.f_find_reset(bytea),
tenancy.f_use_reset(bytea, text), tenancy.f_attempt(bytea [], integer []), tenancy.f_forgive(bytea [], bytea []),
tenancy.f_second_factor(uuid), tenancy.f_begin_second_factor(uuid, bytea), tenancy.f_take_step(uuid, bigint),
tenancy.f_set_recovery_codes(uuid, bytea []), tenancy.f_take_recovery_code(uuid, bytea), tenancy.f_remove_second_factor(uuid)
TO outrider_app;
