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
SELECT id, name, slug, plan_type, physical_address, time_zone FROM tenancy.organizations WHERE id = :organization_id;

-- name: members(organization_id)
-- The users of this organization, by address.
SELECT user_id, email, name, role, created_at FROM tenancy.members WHERE organization_id = :organization_id ORDER BY email;

-- name: add_member(email, name, password_hash, role)$
-- A user joins; the id.
SELECT tenancy.f_add_member(:email, :name, :password_hash, :role);

-- name: set_first_password(email, password_hash)$
-- True when the member had no password.
SELECT tenancy.f_set_first_password(:email, :password_hash);

-- name: set_password(email, password_hash)$
-- True when a member has the address.
SELECT tenancy.f_set_password(:email, :password_hash);

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
SELECT user_id, email, name, role, created_at
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

-- name: revoke_key(organization_id, id)$
-- The id if there is such a key, revoked now or before.
UPDATE tenancy.api_keys SET revoked_at = coalesce(revoked_at, now())
WHERE organization_id = :organization_id AND id = :id RETURNING id;
