-- Keys for clients: bound to namespaces, as memberships with that role are.
SET LOCAL lock_timeout = '5s';

-- Names, as in tenancy.memberships; empty for every other role.
ALTER TABLE tenancy.api_keys ADD COLUMN namespaces text[] NOT NULL DEFAULT '{}';

-- Wider than before, so whoever relied on it still may.
-- squawk-ignore ban-drop-constraint
ALTER TABLE tenancy.api_keys DROP CONSTRAINT api_keys_role_check;

-- Every row passes and there are but a few.
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE tenancy.api_keys ADD CONSTRAINT api_keys_role_check CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'client'));
