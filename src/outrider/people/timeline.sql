-- name: person_timeline(organization_id, person_id, at, place, key, count)
-- What happened with a person, newest first, before the entry (at, place, key): what loads said, what changed in their rows, roles that came,
-- notes, conflicts decided, what they did with our messages. A person's rows are few: they are gathered and the newest taken.
WITH addresses AS MATERIALIZED (
    SELECT c.contact_id, c.email FROM vault.contacts AS c WHERE c.organization_id = :organization_id AND c.person_id = :person_id
    UNION ALL
    SELECT NULL, m.email FROM people.master AS m
    WHERE m.organization_id = :organization_id AND m.id = :person_id
        AND NOT EXISTS (SELECT FROM vault.contacts AS c WHERE c.organization_id = :organization_id AND c.email = m.email)
),
loads AS MATERIALIZED (
    SELECT l.load_id, l.created_at, l.email, l.status, l.reason FROM intake.raw_loads AS l
    WHERE l.organization_id = :organization_id AND l.email = ANY (ARRAY(SELECT a.email FROM addresses AS a))
),
entries AS (
    SELECT
        'load' AS kind, 0 AS place, lpad(l.load_id::text, 20, '0') AS key, l.created_at AS at, NULL AS by, l.email AS of, l.load_id,
        NULL::jsonb AS old_values, NULL::jsonb AS new_values, NULL::jsonb AS loads, l.status AS text, l.reason, NULL::uuid AS subject_id
    FROM loads AS l
    UNION ALL
    SELECT
        'role', 1, a.id::text, a.created_at, NULL, NULL, a.load_id, NULL, NULL, NULL, coalesce(a.company_name, k.name, k.domain), a.title, a.company_id
    FROM people.affiliations AS a
    LEFT JOIN company.master AS k ON k.organization_id = a.organization_id AND k.id = a.company_id
    WHERE a.organization_id = :organization_id AND a.person_id = :person_id AND coalesce(a.company_name, k.domain, a.title) IS NOT NULL
    UNION ALL
    SELECT 'change', 2, lpad(h.history_id::text, 20, '0'), h.changed_at, h.changed_by, 'person', NULL, h.old_values, h.new_values, h.loads, NULL, NULL, NULL
    FROM people.history AS h WHERE h.organization_id = :organization_id AND h.person_id = :person_id
    UNION ALL
    SELECT
        'change', 3, lpad(h.history_id::text, 20, '0'), h.changed_at, h.changed_by, a.email, NULL, h.old_values, h.new_values, h.loads, NULL, NULL, NULL
    FROM addresses AS a
    INNER JOIN vault.history AS h ON h.organization_id = :organization_id AND h.contact_id = a.contact_id
    -- What followed from the person's own change is told there.
    WHERE NOT EXISTS (
        SELECT FROM people.history AS m
        WHERE m.organization_id = :organization_id AND m.person_id = :person_id AND m.changed_at = h.changed_at AND m.old_values @> h.old_values
            AND m.new_values @> h.new_values
    )
    UNION ALL
    SELECT
        'change', 4, lpad(h.history_id::text, 20, '0'), h.changed_at, h.changed_by, 'role at ' || coalesce(a.company_name, 'no company named'),
        NULL, h.old_values, h.new_values, h.loads, NULL, NULL, NULL
    FROM people.affiliations AS a
    INNER JOIN people.affiliation_history AS h ON h.organization_id = a.organization_id AND h.affiliation_id = a.id
    WHERE a.organization_id = :organization_id AND a.person_id = :person_id
    UNION ALL
    SELECT
        'change', 5, lpad(h.history_id::text, 20, '0'), h.changed_at, h.changed_by, 'profile in ' || n.name, NULL, h.old_values, h.new_values,
        h.loads, NULL, NULL, NULL
    FROM people.profiles AS p
    INNER JOIN people.profile_history AS h ON h.organization_id = p.organization_id AND h.profile_id = p.id
    INNER JOIN tenancy.namespaces AS n ON n.organization_id = p.organization_id AND n.id = p.namespace_id
    WHERE p.organization_id = :organization_id AND p.person_id = :person_id AND NOT EXISTS (
        SELECT FROM people.history AS m
        WHERE m.organization_id = :organization_id AND m.person_id = :person_id AND m.changed_at = h.changed_at AND m.old_values @> h.old_values
            AND m.new_values @> h.new_values
    )
    UNION ALL
    SELECT
        'decision', 6, s.id::text, s.decided_at, s.decided_by, s.email, s.load_id, NULL, NULL, NULL, coalesce(k.name, s.raw_data ->> 'domain'),
        CASE s.validation_status WHEN 'validated' THEN 'accepted' ELSE 'rejected' END, k.id
    FROM loads AS l
    INNER JOIN people.slot AS s ON s.organization_id = :organization_id AND s.load_id = l.load_id AND s.email = l.email AND s.decided_at IS NOT NULL
    LEFT JOIN company.master AS k ON k.organization_id = :organization_id AND k.domain = s.raw_data ->> 'domain'
    UNION ALL
    SELECT 'note', 7, t.id::text, t.created_at, t.created_by, NULL, NULL, NULL, NULL, NULL, t.body, NULL, t.id
    FROM people.notes AS t WHERE t.organization_id = :organization_id AND t.person_id = :person_id AND t.deleted_at IS NULL
    UNION ALL
    -- What machines did is not told, nor what every message goes through.
    SELECT 'outreach', 8, v.id::text, v.occurred_at, NULL, v.platform, NULL, NULL, NULL, NULL, v.type, c.name, v.message_id
    FROM engagement.events AS v
    LEFT JOIN marketing.campaigns AS c ON c.organization_id = :organization_id AND c.campaign_id = v.campaign_id
    WHERE v.organization_id = :organization_id AND v.person_id = :person_id AND v.verdict = 'human' AND v.type NOT IN ('delivered', 'deferred')
        AND (:at::timestamptz IS NULL OR v.occurred_at <= :at::timestamptz)
)
SELECT
    e.kind, e.place, e.key, e.at, e.by, e.of, e.load_id, e.old_values, e.new_values, e.loads, e.text, e.reason, e.subject_id, NULL::bigint AS count
FROM entries AS e
WHERE :at::timestamptz IS NULL OR (e.at, e.place, e.key COLLATE "C") < (:at::timestamptz, :place::integer, :key::text)
ORDER BY e.at DESC, e.place DESC, e.key COLLATE "C" DESC LIMIT :count;

-- name: company_timeline(organization_id, company_id, at, place, key, count)
-- What happened with a company, newest first, before the entry (at, place, key): what loads said of it, people who came to it (those of one
-- transaction in one entry), what changed, notes. Many may have come, and many loads may name it: each is read from an index of its own.
WITH company AS MATERIALIZED (
    SELECT k.id, k.domain FROM company.master AS k WHERE k.organization_id = :organization_id AND k.id = :company_id
),
arrivals AS MATERIALIZED (
    SELECT a.created_at, count(*) AS count, min(a.load_id) AS load_id FROM people.affiliations AS a
    WHERE a.organization_id = :organization_id AND a.company_id = :company_id AND (:at::timestamptz IS NULL OR a.created_at <= :at::timestamptz)
    GROUP BY a.created_at ORDER BY a.created_at DESC LIMIT :count + 1
),
entries AS (
    SELECT
        'load' AS kind, 0 AS place, s.id::text AS key, s.created_at AS at, NULL AS by, NULL AS of, s.load_id, NULL::jsonb AS old_values,
        NULL::jsonb AS new_values, NULL::jsonb AS loads, l.status AS text, l.reason, NULL::uuid AS subject_id, NULL::bigint AS count
    FROM company AS c
    INNER JOIN company.slot AS s ON s.organization_id = :organization_id AND s.domain = c.domain
    LEFT JOIN intake.raw_loads AS l ON l.organization_id = :organization_id AND l.load_id = s.load_id
    UNION ALL
    SELECT
        'people', 1, lpad(extract(EPOCH FROM a.created_at)::text, 20, '0'), a.created_at, NULL, NULL, a.load_id, NULL, NULL, NULL, (
            SELECT string_agg(f.name, ', ' ORDER BY f.name) FROM (
                SELECT coalesce(m.name, m.email) AS name FROM people.affiliations AS p
                INNER JOIN people.master AS m ON m.organization_id = :organization_id AND m.id = p.person_id
                WHERE p.organization_id = :organization_id AND p.company_id = :company_id AND p.created_at = a.created_at
                ORDER BY p.id LIMIT 3
            ) AS f
        ), NULL, NULL, a.count
    FROM arrivals AS a
    UNION ALL
    SELECT
        'change', 2, lpad(h.history_id::text, 20, '0'), h.changed_at, h.changed_by, 'company', NULL, h.old_values, h.new_values, h.loads, NULL,
        NULL, NULL, NULL
    FROM company.history AS h WHERE h.organization_id = :organization_id AND h.company_id = :company_id
    UNION ALL
    SELECT 'note', 7, t.id::text, t.created_at, t.created_by, NULL, NULL, NULL, NULL, NULL, t.body, NULL, t.id, NULL
    FROM people.notes AS t WHERE t.organization_id = :organization_id AND t.company_id = :company_id AND t.deleted_at IS NULL
)
SELECT e.kind, e.place, e.key, e.at, e.by, e.of, e.load_id, e.old_values, e.new_values, e.loads, e.text, e.reason, e.subject_id, e.count
FROM entries AS e
WHERE :at::timestamptz IS NULL OR (e.at, e.place, e.key COLLATE "C") < (:at::timestamptz, :place::integer, :key::text)
ORDER BY e.at DESC, e.place DESC, e.key COLLATE "C" DESC LIMIT :count;
