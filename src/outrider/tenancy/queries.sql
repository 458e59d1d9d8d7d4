-- name: find_organization(text)$
-- The id that a slug, a name or an id stands for.
SELECT tenancy.f_find_organization(:text);

-- name: organization_ids()
-- Every organization's id.
SELECT id FROM tenancy.f_organization_ids() AS o (id);

-- name: create_organization(name, slug, id)$
-- A new tenant with its default namespace.
SELECT tenancy.f_create_organization(:name, :slug, :id);

-- name: organization(organization_id)^
-- The tenant of this transaction.
SELECT id, name, slug, plan_type, physical_address, time_zone, settings @> '{"require_second_factor": true}' AS require_second_factor
FROM tenancy.organizations WHERE id = :organization_id;

-- name: hold_organization(organization_id)^
-- The same, which nobody else changes until the transaction ends.
SELECT id, name, slug, plan_type, physical_address, time_zone, settings @> '{"require_second_factor": true}' AS require_second_factor
FROM tenancy.organizations WHERE id = :organization_id FOR NO KEY UPDATE;

-- name: change_organization(organization_id, name, physical_address, time_zone, require_second_factor)!
-- What may be set of an organization.
UPDATE tenancy.organizations SET
    name = :name, physical_address = :physical_address, time_zone = :time_zone,
    settings = CASE
        WHEN settings @> '{"require_second_factor": true}' = :require_second_factor::boolean THEN settings
        ELSE settings || jsonb_build_object('require_second_factor', :require_second_factor::boolean)
    END
WHERE id = :organization_id;

-- name: members(organization_id)
-- The users of this organization, by address.
SELECT user_id, email, name, role, namespaces, created_at FROM tenancy.members WHERE organization_id = :organization_id ORDER BY email;

-- name: member(organization_id, user_id)^
-- One user of this organization.
SELECT user_id, email, name, role, namespaces, created_at
FROM tenancy.members WHERE organization_id = :organization_id AND user_id = :user_id;

-- name: add_member(email, name, password_hash, role, namespaces)^
-- A user joins: their id, and whether the password is theirs; no row when they are here already.
SELECT user_id, has_password FROM tenancy.f_add_member(:email, :name, :password_hash, :role, :namespaces);

-- name: hold_member(user_id)^
-- A member whom nobody else changes until the transaction ends.
SELECT email, role, is_last_owner, is_elsewhere FROM tenancy.f_hold_member(:user_id);

-- name: change_member(user_id, role, namespaces)$
-- changed, not_found or last_owner.
SELECT tenancy.f_change_member(:user_id, :role, :namespaces);

-- name: remove_member(user_id)$
-- removed, not_found or last_owner.
SELECT tenancy.f_remove_member(:user_id);

-- name: rename_member(user_id, name)!
-- Another name.
SELECT tenancy.f_rename_member(:user_id, :name);

-- name: note_reset(email)!
-- Writes down that a member got a new password.
SELECT tenancy.f_note_reset(:email);

-- name: has_second_factor(user_id)$
-- Whether a user has one.
SELECT has_second_factor FROM tenancy.f_standing(:user_id);

-- name: set_time_zone(user_id, time_zone)!
-- The zone that a user's times are shown in.
SELECT tenancy.f_set_time_zone(:user_id, :time_zone);

-- name: set_password(email, password_hash)$
-- True when a member has the address.
SELECT tenancy.f_set_password(:email, :password_hash);

-- name: trust_password(email)!
-- The operator made it: it opens all organizations that the member is in.
SELECT tenancy.f_trust_password(:email);

-- name: end_sessions_of(organization_id, email)$
-- Ends the sessions of a member in all organizations; how many.
SELECT tenancy.f_end_sessions(user_id, NULL) FROM tenancy.members WHERE organization_id = :organization_id AND email = lower(btrim(:email));

-- name: reset_second_factor(email)$
-- Whether the member had one, which is gone now; NULL when nobody here has the address.
SELECT tenancy.f_reset_second_factor(:email);

-- name: hold_namespaces(organization_id, names)
-- Those of the names that namespaces have, which keep them until the transaction ends.
SELECT name FROM tenancy.namespaces WHERE organization_id = :organization_id AND name = ANY(:names) FOR KEY SHARE;

-- name: insert_key(organization_id, name, prefix, key_hash, role, scopes, namespaces, created_by, expires_at)^
-- A key; only the hash of its secret is kept.
INSERT INTO tenancy.api_keys (organization_id, name, prefix, key_hash, role, scopes, namespaces, created_by, expires_at)
VALUES (:organization_id, :name, :prefix, :key_hash, :role, :scopes, :namespaces, :created_by, :expires_at)
RETURNING id, name, prefix, role, scopes, namespaces, created_by, created_at, last_used_at, expires_at, revoked_at;

-- name: keys(organization_id)
-- Every key of the organization, newest first.
SELECT id, name, prefix, role, scopes, namespaces, created_by, created_at, last_used_at, expires_at, revoked_at
FROM tenancy.api_keys WHERE organization_id = :organization_id ORDER BY id DESC;

-- name: page_of_keys(organization_id, before, count)
-- `count` keys older than the key `before` (NULL: from the newest).
SELECT id, name, prefix, role, scopes, namespaces, created_by, created_at, last_used_at, expires_at, revoked_at
FROM tenancy.api_keys WHERE organization_id = :organization_id AND (:before::uuid IS NULL OR id < :before::uuid)
ORDER BY id DESC LIMIT :count;

-- name: page_of_members(organization_id, after, count)
-- `count` users after the address `after` (NULL: from the first).
SELECT user_id, email, name, role, namespaces, created_at
FROM tenancy.members WHERE organization_id = :organization_id AND (:after::text IS NULL OR email > :after::text)
ORDER BY email LIMIT :count;

-- name: find_key(organization_id, key_hash)^
-- A key that still holds, by the hash of its secret.
SELECT id, role, scopes, namespaces, last_used_at IS NULL OR last_used_at < now() - interval '1 minute' AS is_touch_due
FROM tenancy.api_keys
WHERE organization_id = :organization_id AND key_hash = :key_hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());

-- name: touch_key(organization_id, id)!
-- Remembers, to the minute, that a key was used.
UPDATE tenancy.api_keys SET last_used_at = now()
WHERE organization_id = :organization_id AND id = :id AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute');

-- name: revoke_key(organization_id, id)!
-- A key that holds no more.
UPDATE tenancy.api_keys SET revoked_at = now() WHERE organization_id = :organization_id AND id = :id AND revoked_at IS NULL;

-- name: expiry_of_key(organization_id, id)$
-- When a key stops working; NULL for never, and for no such key.
SELECT expires_at FROM tenancy.api_keys WHERE organization_id = :organization_id AND id = :id;

-- name: role_of_key(organization_id, id)$
-- The role of a key; NULL for no such key.
SELECT role FROM tenancy.api_keys WHERE organization_id = :organization_id AND id = :id;

-- name: changes(organization_id, subject, subject_id, before, count)
-- `count` changes older than the change `before` (NULL: from the newest), of one kind of subject (NULL: all), of one (NULL: all).
SELECT id, changed_at, changed_by, changed_by_name, subject, subject_id, subject_name, action, old_values, new_values
FROM tenancy.changes
WHERE organization_id = :organization_id AND (:subject::text IS NULL OR subject = :subject::text)
    AND (:subject_id::uuid IS NULL OR subject_id = :subject_id::uuid) AND (:before::uuid IS NULL OR id < :before::uuid)
ORDER BY id DESC LIMIT :count;

-- name: key(organization_id, id)^
-- One key.
SELECT id, name, prefix, role, scopes, namespaces, created_by, created_at, last_used_at, expires_at, revoked_at
FROM tenancy.api_keys WHERE organization_id = :organization_id AND id = :id;

-- name: count_keys_of(organization_id, actor)$
-- How many keys that still hold were made by somebody.
SELECT count(*) FROM tenancy.api_keys
WHERE organization_id = :organization_id AND created_by = :actor AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());

-- name: namespace_names(organization_id)
-- The names of the organization's namespaces.
SELECT name FROM tenancy.namespaces WHERE organization_id = :organization_id ORDER BY name;

-- name: actor_names(organization_id, actors)
-- Who is behind those of the actors that are users or keys of this organization.
SELECT 'user:' || user_id AS actor, coalesce(name, email) AS name
FROM tenancy.members WHERE organization_id = :organization_id AND 'user:' || user_id = ANY(:actors::text[])
UNION ALL
SELECT 'key:' || id AS actor, 'API key “' || name || '”' AS name
FROM tenancy.api_keys WHERE organization_id = :organization_id AND 'key:' || id = ANY(:actors::text[]);
