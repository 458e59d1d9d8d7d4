-- name: audit_by_time(organization_id, since, until, before_time, before_id, limit)
-- The audit log, newest first, after the entry that the last page ended with.
SELECT log_id, action, load_id, contact_id, details, "timestamp", actor
FROM intake.audit_log
WHERE organization_id = :organization_id
    AND "timestamp" >= coalesce(:since::timestamptz, '-infinity') AND "timestamp" < coalesce(:until::timestamptz, 'infinity')
    AND "timestamp" <= coalesce(:before_time::timestamptz, 'infinity')
    AND (:before_id::bigint IS NULL OR "timestamp" < :before_time OR log_id < :before_id)
ORDER BY "timestamp" DESC, log_id DESC
LIMIT :limit;

-- name: audit_by_action(organization_id, action, since, until, before_time, before_id, limit)
-- The entries of one action.
SELECT log_id, action, load_id, contact_id, details, "timestamp", actor
FROM intake.audit_log
WHERE organization_id = :organization_id AND action = :action
    AND "timestamp" >= coalesce(:since::timestamptz, '-infinity') AND "timestamp" < coalesce(:until::timestamptz, 'infinity')
    AND "timestamp" <= coalesce(:before_time::timestamptz, 'infinity')
    AND (:before_id::bigint IS NULL OR "timestamp" < :before_time OR log_id < :before_id)
ORDER BY "timestamp" DESC, log_id DESC
LIMIT :limit;

-- name: audit_by_actor(organization_id, actor, action, since, until, before_time, before_id, limit)
-- What one actor did, with what their imports and other jobs did for them.
WITH actors AS (
    SELECT :actor::text AS actor
    UNION
    SELECT 'job:' || id FROM ops.jobs WHERE organization_id = :organization_id AND requested_by = :actor
    UNION
    SELECT 'job:' || job_id FROM intake.imports WHERE organization_id = :organization_id AND created_by = :actor AND job_id IS NOT NULL
)
SELECT e.log_id, e.action, e.load_id, e.contact_id, e.details, e."timestamp", e.actor
FROM actors AS a
CROSS JOIN LATERAL (
    SELECT l.log_id, l.action, l.load_id, l.contact_id, l.details, l."timestamp", l.actor
    FROM intake.audit_log AS l
    WHERE l.organization_id = :organization_id AND l.actor = a.actor AND (:action::text IS NULL OR l.action = :action)
        AND l."timestamp" >= coalesce(:since::timestamptz, '-infinity') AND l."timestamp" < coalesce(:until::timestamptz, 'infinity')
        AND l."timestamp" <= coalesce(:before_time::timestamptz, 'infinity')
        AND (:before_id::bigint IS NULL OR l."timestamp" < :before_time OR l.log_id < :before_id)
    ORDER BY l."timestamp" DESC, l.log_id DESC
    LIMIT :limit
) AS e
ORDER BY e."timestamp" DESC, e.log_id DESC
LIMIT :limit;

-- name: audit_of_contact(organization_id, email, contact_id, actor, action, since, until, before_time, before_id, limit)
-- What was done with one address (also one that is gone) or one contact: by the loads that said it, and by its contact.
WITH loads AS (
    SELECT load_id FROM intake.raw_loads WHERE organization_id = :organization_id AND email = :email
    UNION ALL
    SELECT load_id FROM intake.audit_log WHERE organization_id = :organization_id AND contact_id = :contact_id AND load_id IS NOT NULL
),
contacts AS (
    SELECT contact_id FROM vault.contacts WHERE organization_id = :organization_id AND email = :email
    UNION ALL
    SELECT :contact_id::bigint
),
entries AS (
    SELECT l.log_id FROM intake.audit_log AS l
    WHERE l.organization_id = :organization_id AND l.load_id = ANY (ARRAY(SELECT load_id FROM loads))
    UNION
    SELECT l.log_id FROM intake.audit_log AS l
    WHERE l.organization_id = :organization_id AND l.contact_id = ANY (ARRAY(SELECT contact_id FROM contacts))
)
SELECT l.log_id, l.action, l.load_id, l.contact_id, l.details, l."timestamp", l.actor
FROM entries AS e
INNER JOIN intake.audit_log AS l ON l.organization_id = :organization_id AND l.log_id = e.log_id
WHERE (:actor::text IS NULL OR l.actor = :actor) AND (:action::text IS NULL OR l.action = :action)
    AND l."timestamp" >= coalesce(:since::timestamptz, '-infinity') AND l."timestamp" < coalesce(:until::timestamptz, 'infinity')
    AND l."timestamp" <= coalesce(:before_time::timestamptz, 'infinity')
    AND (:before_id::bigint IS NULL OR l."timestamp" < :before_time OR l.log_id < :before_id)
ORDER BY l."timestamp" DESC, l.log_id DESC
LIMIT :limit;

-- name: actors(organization_id, actors)
-- What is known of some actors: a member's name, a key's name, a job with the import it is for and who asked for it.
WITH given AS (
    SELECT actor, CASE WHEN actor ~ '^job:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN right(actor, 36)::uuid END AS job_id
    FROM unnest(:actors::text[]) AS a (actor)
)
SELECT
    g.actor, coalesce(m.name, m.email, k.name) AS name, i.id AS import_id, i.file_name,
    coalesce(j.name, CASE i.state WHEN 'reverted' THEN 'intake.revert' ELSE CASE WHEN i.id IS NOT NULL THEN 'intake.import' END END) AS job,
    coalesce(j.requested_by, i.created_by) AS requested_by, coalesce(r.name, r.email, s.name) AS requester
FROM given AS g
LEFT JOIN tenancy.members AS m ON m.organization_id = :organization_id AND 'user:' || m.user_id = g.actor
LEFT JOIN tenancy.api_keys AS k ON k.organization_id = :organization_id AND 'key:' || k.id = g.actor
LEFT JOIN ops.jobs AS j ON j.organization_id = :organization_id AND j.id = g.job_id
LEFT JOIN LATERAL (
    SELECT n.id, n.file_name, n.created_by, n.state FROM intake.imports AS n
    WHERE n.organization_id = :organization_id AND (n.job_id = g.job_id OR n.id = CASE WHEN j.name LIKE 'intake.%' THEN (j.data ->> 'import_id')::uuid END)
    LIMIT 1
) AS i ON true
LEFT JOIN tenancy.members AS r ON r.organization_id = :organization_id AND 'user:' || r.user_id = coalesce(j.requested_by, i.created_by)
LEFT JOIN tenancy.api_keys AS s ON s.organization_id = :organization_id AND 'key:' || s.id = coalesce(j.requested_by, i.created_by);

-- name: possible_actors(organization_id)
-- Who may be asked for: members, then API keys, by name.
SELECT actor, name FROM (
    SELECT 1 AS place, 'user:' || m.user_id AS actor, coalesce(m.name, m.email) AS name FROM tenancy.members AS m
    WHERE m.organization_id = :organization_id
    UNION ALL
    SELECT 2, 'key:' || k.id, 'API key “' || k.name || '”' FROM tenancy.api_keys AS k WHERE k.organization_id = :organization_id
) AS a
ORDER BY place, name, actor
LIMIT 500;

-- name: loads_by_id(organization_id, load_ids)
-- What some loads are: their address and whether it still is a contact, who said it, the file it stood in.
SELECT l.load_id, l.email, c.contact_id IS NOT NULL AS is_contact, l.source, l.row_number, i.id AS import_id, i.file_name
FROM intake.raw_loads AS l
LEFT JOIN vault.contacts AS c ON c.organization_id = l.organization_id AND c.email = l.email
LEFT JOIN intake.imports AS i ON i.organization_id = l.organization_id AND i.id = l.import_id
WHERE l.organization_id = :organization_id AND l.load_id = ANY (:load_ids::bigint[]);
