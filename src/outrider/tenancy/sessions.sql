-- name: open_session(user_id, token_hash, lasts, second_factor, is_bound, signed_in_at, user_agent, address)$
-- A new session in this organization; its id.
SELECT tenancy.f_open_session(:user_id, :token_hash, :lasts, :second_factor, :is_bound, coalesce(:signed_in_at::timestamptz, now()), :user_agent, :address);

-- name: find_session(organization_id, token_hash, idle, without_code, recently)^
-- Who comes with a session that holds, as what their membership says now. Without a code it holds a short time only.
SELECT
    s.id, s.user_id, s.second_factor_at, s.is_bound,
    coalesce(s.signed_in_at, s.created_at) AS signed_in_at, s.last_seen_at < now() - interval '1 minute' AS is_touch_due,
    coalesce(s.signed_in_at, s.created_at) > now() - :recently::interval AS is_fresh,
    m.email, m.name, m.role, m.namespaces, m.time_zone,
    o.name AS organization_name, o.slug AS organization_slug, o.settings AS organization_settings,
    u.organization_ids, u.organization_names, u.has_second_factor
FROM tenancy.sessions AS s
INNER JOIN tenancy.members AS m ON m.organization_id = s.organization_id AND m.user_id = s.user_id
INNER JOIN tenancy.organizations AS o ON o.id = s.organization_id
CROSS JOIN LATERAL tenancy.f_standing(s.user_id) AS u
WHERE s.organization_id = :organization_id AND s.token_hash = :token_hash AND s.expires_at > now() AND s.last_seen_at > now() - :idle::interval
    AND (s.second_factor_at IS NOT NULL OR NOT u.has_second_factor OR s.created_at > now() - :without_code::interval);

-- name: touch_session(organization_id, id)!
-- Remembers, to the minute, that a session was used.
UPDATE tenancy.sessions SET last_seen_at = now()
WHERE organization_id = :organization_id AND id = :id AND last_seen_at < now() - interval '1 minute';

-- name: sessions_of(organization_id, user_id, idle)
-- A member's sessions in this organization that hold, the last used first.
SELECT id, created_at, last_seen_at, expires_at, user_agent, address
FROM tenancy.sessions
WHERE organization_id = :organization_id AND user_id = :user_id AND expires_at > now() AND last_seen_at > now() - :idle::interval
ORDER BY last_seen_at DESC, id DESC;

-- name: end_session(organization_id, user_id, id)$
-- The id if the member had this session.
DELETE FROM tenancy.sessions WHERE organization_id = :organization_id AND user_id = :user_id AND id = :id RETURNING id;

-- name: end_sessions(user_id, keep)$
-- Ends a user's sessions in all organizations but for one (NULL: all); how many.
SELECT tenancy.f_end_sessions(:user_id, :keep);
