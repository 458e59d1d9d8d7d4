-- Users come, change and go, and everything about who may do what is written down (tenancy.changes).
SET LOCAL lock_timeout = '5s';

-- Who changed a user, a key or the organization, when, from what to what. Written by triggers and by the functions below; names are as
-- they were, so that it can be read when the user is gone.
CREATE TABLE tenancy.changes (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text NOT NULL DEFAULT kit.f_actor(),
    changed_by_name text,
    subject text NOT NULL,
    subject_id uuid NOT NULL,
    subject_name text NOT NULL,
    action text NOT NULL,
    old_values jsonb NOT NULL DEFAULT '{}',
    new_values jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT changes_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT changes_subject_check CHECK (subject IN ('user', 'key', 'organization')),
    CONSTRAINT changes_action_check CHECK (action IN ('added', 'changed', 'removed', 'revoked', 'password_reset'))
);
CALL kit.f_protect('tenancy.changes');
GRANT SELECT ON tenancy.changes TO outrider_app;

-- Writes a change down, in the organization whose row it is.
CREATE FUNCTION tenancy.f_write_change(
    p_organization uuid, p_subject text, p_id uuid, p_name text, p_action text, p_old jsonb DEFAULT '{}', p_new jsonb DEFAULT '{}'
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_actor text := kit.f_actor();
    v_before text := current_setting('app.organization_id', true);
BEGIN
    -- As in kit.f_remember: an administrator may change a row with no tenant set.
    PERFORM set_config('app.organization_id', p_organization::text, true);
    INSERT INTO tenancy.changes (organization_id, changed_by, changed_by_name, subject, subject_id, subject_name, action, old_values, new_values)
    VALUES (
        p_organization, v_actor,
        CASE split_part(v_actor, ':', 1)
            WHEN 'user' THEN (SELECT coalesce(u.name, u.email) FROM tenancy.users AS u WHERE u.id::text = split_part(v_actor, ':', 2))
            WHEN 'key' THEN (
                SELECT k.name FROM tenancy.api_keys AS k
                WHERE k.organization_id = p_organization AND k.id::text = split_part(v_actor, ':', 2)
            )
        END,
        p_subject, p_id, p_name, p_action, p_old, p_new
    );
    PERFORM set_config('app.organization_id', coalesce(v_before, ''), true);
END $$;

-- Writes down what a statement did to a row of memberships, keys or organizations; the arguments are the columns, and the keys of the
-- column settings, that count.
CREATE FUNCTION tenancy.f_note_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_old jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
    v_new jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
    v_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN v_old ELSE v_new END;
    v_action text := CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'DELETE' THEN 'removed' ELSE 'changed' END;
BEGIN
    v_old := v_old || coalesce(v_old -> 'settings', '{}');
    v_new := v_new || coalesce(v_new -> 'settings', '{}');
    SELECT coalesce(jsonb_object_agg(f, v_old -> f) FILTER (WHERE v_old ? f), '{}'), coalesce(jsonb_object_agg(f, v_new -> f) FILTER (WHERE v_new ? f), '{}')
    INTO v_old, v_new
    FROM unnest(TG_ARGV) AS f WHERE v_old -> f IS DISTINCT FROM v_new -> f;
    IF TG_OP = 'UPDATE' AND v_new = '{}' AND v_old = '{}' THEN
        RETURN NULL;
    END IF;
    CASE TG_TABLE_NAME
        WHEN 'memberships' THEN
            PERFORM tenancy.f_write_change(
                (v_row ->> 'organization_id')::uuid, 'user', u.id, u.email, v_action, v_old, v_new
            ) FROM tenancy.users AS u WHERE u.id = (v_row ->> 'user_id')::uuid;
        WHEN 'api_keys' THEN
            PERFORM tenancy.f_write_change(
                (v_row ->> 'organization_id')::uuid, 'key', (v_row ->> 'id')::uuid, v_row ->> 'name',
                CASE WHEN v_new ? 'revoked_at' AND TG_OP = 'UPDATE' THEN 'revoked' ELSE v_action END, v_old - 'revoked_at', v_new - 'revoked_at'
            );
        ELSE
            PERFORM tenancy.f_write_change((v_row ->> 'id')::uuid, 'organization', (v_row ->> 'id')::uuid, v_row ->> 'name', v_action, v_old, v_new);
    END CASE;
    RETURN NULL;
END $$;
CREATE TRIGGER memberships_change AFTER INSERT OR UPDATE OR DELETE ON tenancy.memberships
FOR EACH ROW EXECUTE FUNCTION tenancy.f_note_change('role', 'namespaces');
CREATE TRIGGER api_keys_change AFTER INSERT OR UPDATE OF role, scopes, namespaces, expires_at, revoked_at ON tenancy.api_keys
FOR EACH ROW EXECUTE FUNCTION tenancy.f_note_change('role', 'scopes', 'namespaces', 'expires_at', 'revoked_at');
CREATE TRIGGER organizations_change AFTER UPDATE OF name, physical_address, time_zone, settings ON tenancy.organizations
FOR EACH ROW EXECUTE FUNCTION tenancy.f_note_change('name', 'physical_address', 'time_zone', 'require_second_factor');

-- What clients and their keys are bound to follows a namespace that is renamed, and loses one that goes: a later one of the same name is
-- not theirs.
CREATE FUNCTION tenancy.f_follow_namespace() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    v_name text := CASE WHEN TG_OP = 'UPDATE' THEN NEW.name END;
BEGIN
    UPDATE tenancy.memberships
    SET namespaces = ARRAY(SELECT n.name FROM unnest(array_replace(namespaces, OLD.name, v_name)) AS n (name) WHERE n.name IS NOT NULL ORDER BY 1)
    WHERE organization_id = OLD.organization_id AND OLD.name = ANY (namespaces);
    UPDATE tenancy.api_keys
    SET namespaces = ARRAY(SELECT n.name FROM unnest(array_replace(namespaces, OLD.name, v_name)) AS n (name) WHERE n.name IS NOT NULL ORDER BY 1)
    WHERE organization_id = OLD.organization_id AND OLD.name = ANY (namespaces);
    RETURN NULL;
END $$;
CREATE TRIGGER namespaces_follow AFTER UPDATE OF name OR DELETE ON tenancy.namespaces
FOR EACH ROW EXECUTE FUNCTION tenancy.f_follow_namespace();

-- What follows takes their place: the first could make the last owner a viewer, the second give a password to somebody else's user.
-- squawk-ignore ban-drop-function
DROP FUNCTION tenancy.f_add_member(text, text, text, text);
-- squawk-ignore ban-drop-function
DROP FUNCTION tenancy.f_set_first_password(text, text);

-- Adds a user to the current organization. Who belongs to no organization gets the password, has_password true; who is in another one
-- keeps theirs, false: else whoever adds somebody could sign in as them there. No row: they are a member already.
CREATE FUNCTION tenancy.f_add_member(p_email text, p_name text, p_password_hash text, p_role text, p_namespaces text[])
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
        UPDATE tenancy.users SET password_hash = p_password_hash, name = coalesce(p_name, name) WHERE id = v_user.id;
    END IF;
    RETURN QUERY SELECT v_user.id, v_user.organization_ids = '{}';
END $$;

-- A member of the current organization, whom nobody else changes until the transaction ends; no row: nobody. Owners are locked with
-- them, in one order, so that two changes at once cannot both count on the other owner.
CREATE FUNCTION tenancy.f_hold_member(p_user uuid)
RETURNS TABLE (email text, role text, is_last_owner boolean, is_elsewhere boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
BEGIN
    PERFORM m.user_id FROM tenancy.memberships AS m
    WHERE m.organization_id = v_organization AND (m.user_id = p_user OR m.role = 'owner')
    ORDER BY m.user_id FOR NO KEY UPDATE;
    RETURN QUERY
    SELECT
        u.email, m.role,
        m.role = 'owner' AND NOT EXISTS (
            SELECT FROM tenancy.memberships AS o WHERE o.organization_id = v_organization AND o.role = 'owner' AND o.user_id <> p_user
        ),
        u.organization_ids <> ARRAY[v_organization]
    FROM tenancy.memberships AS m INNER JOIN tenancy.users AS u ON u.id = m.user_id
    WHERE m.organization_id = v_organization AND m.user_id = p_user;
END $$;

-- Gives a member a role and a client's namespaces. What came of it: changed, not_found, last_owner (nothing was done).
CREATE FUNCTION tenancy.f_change_member(p_user uuid, p_role text, p_namespaces text[]) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_held record;
BEGIN
    SELECT * INTO v_held FROM tenancy.f_hold_member(p_user);
    IF v_held.role IS NULL THEN
        RETURN 'not_found';
    ELSIF v_held.is_last_owner AND p_role <> 'owner' THEN
        RETURN 'last_owner';
    END IF;
    UPDATE tenancy.memberships SET role = p_role, namespaces = p_namespaces
    WHERE organization_id = kit.f_organization() AND user_id = p_user AND (role, namespaces) IS DISTINCT FROM (p_role, p_namespaces);
    RETURN 'changed';
END $$;

-- Takes a member out of the current organization, sessions and all. What came of it: removed, not_found, last_owner (nothing was done).
CREATE FUNCTION tenancy.f_remove_member(p_user uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_held record;
BEGIN
    SELECT * INTO v_held FROM tenancy.f_hold_member(p_user);
    IF v_held.role IS NULL THEN
        RETURN 'not_found';
    ELSIF v_held.is_last_owner THEN
        RETURN 'last_owner';
    END IF;
    DELETE FROM tenancy.memberships WHERE organization_id = kit.f_organization() AND user_id = p_user;
    RETURN 'removed';
END $$;

-- Gives a member of the current organization another name; NULL takes it away.
CREATE FUNCTION tenancy.f_rename_member(p_user uuid, p_name text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH renamed AS (
        UPDATE tenancy.users AS u SET name = p_name
        WHERE u.id = p_user AND kit.f_organization() = ANY (u.organization_ids) AND u.name IS DISTINCT FROM p_name
        RETURNING u.id, u.email, old.name AS was
    )
    SELECT tenancy.f_write_change(
        kit.f_organization(), 'user', r.id, r.email, 'changed', jsonb_build_object('name', r.was), jsonb_build_object('name', p_name)
    ) FROM renamed AS r;
END;

-- Writes down that a member of the current organization got a new password.
CREATE FUNCTION tenancy.f_note_reset(p_email text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT tenancy.f_write_change(kit.f_organization(), 'user', u.id, u.email, 'password_reset')
    FROM tenancy.users AS u WHERE u.email = lower(btrim(p_email)) AND kit.f_organization() = ANY (u.organization_ids);
END;

-- The zone that a user's times are shown in, wherever they are.
CREATE FUNCTION tenancy.f_set_time_zone(p_user uuid, p_time_zone text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE tenancy.users SET time_zone = p_time_zone WHERE id = p_user AND kit.f_organization() = ANY (organization_ids);
END;

GRANT EXECUTE ON FUNCTION
tenancy.f_add_member(text, text, text, text, text[]), tenancy.f_hold_member(uuid), tenancy.f_change_member(uuid, text, text[]),
tenancy.f_remove_member(uuid), tenancy.f_rename_member(uuid, text), tenancy.f_note_reset(text),
tenancy.f_set_time_zone(uuid, text)
TO outrider_app;
