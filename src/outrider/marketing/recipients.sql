-- name: by_enrollment(organization_id, id, state, reasons, q, types, lacking, is_sent, is_refused, after, count)
-- Who is in a campaign, in the order of their enrollment. `types`: one of these events is known of them, what machines did left out, or
-- with `is_refused` the server refused a message to them; `lacking`: none of these. NULL and false ask nothing.
SELECT e.id, NULL AS word, NULL::double precision AS number
FROM marketing.enrollments AS e
INNER JOIN people.master AS p ON p.organization_id = :organization_id AND p.id = e.person_id
WHERE e.organization_id = :organization_id AND e.campaign_id = :id AND (:state::text IS NULL OR e.state = :state)
    AND (:reasons::text[] IS NULL OR e.reason = ANY (:reasons::text[]))
    AND (:q::text IS NULL OR strpos(lower(e.email), lower(:q)) > 0 OR strpos(lower(p.name), lower(:q)) > 0)
    AND (:types::text[] IS NULL OR e.person_id IN (
        SELECT v.person_id FROM engagement.events AS v
        WHERE v.organization_id = :organization_id AND v.campaign_id = :id AND v.type = ANY (:types::text[])
            AND (v.verdict = 'human' OR v.type NOT IN ('open', 'click', 'reply'))
    ) OR (:is_refused::boolean AND EXISTS (
        SELECT FROM sending.messages AS m
        WHERE m.organization_id = :organization_id AND m.enrollment_id = e.id AND m.status = 'failed' AND m.reason = 'bounce'
    )))
    AND (NOT :is_sent::boolean OR EXISTS (
        SELECT FROM sending.messages AS m WHERE m.organization_id = :organization_id AND m.enrollment_id = e.id AND m.status = 'sent'
    ))
    AND (:lacking::text[] IS NULL OR NOT EXISTS (
        SELECT FROM engagement.events AS v
        WHERE v.organization_id = :organization_id AND v.person_id = e.person_id AND v.campaign_id = :id AND v.type = ANY (:lacking::text[])
            AND v.verdict = 'human'
    ))
    AND (:after::uuid IS NULL OR e.id > :after)
ORDER BY e.id LIMIT :count;

-- name: by_value(organization_id, id, state, reasons, q, types, lacking, is_sent, is_refused, sort, word, number, after, count)
-- As `by_enrollment`, sorted by `sort`: name, next (whose next step is due first) or latest (with whom something happened last). `word` and
-- `number` are what the row before has to sort by.
WITH latest AS MATERIALIZED (
    SELECT h.person_id, max(h.at) AS at
    FROM (
        SELECT v.person_id, v.occurred_at AS at FROM engagement.events AS v
        WHERE :sort = 'latest' AND v.organization_id = :organization_id AND v.campaign_id = :id AND v.verdict = 'human'
        UNION ALL
        SELECT m.person_id, m.sent_at FROM sending.messages AS m
        WHERE :sort = 'latest' AND m.organization_id = :organization_id AND m.campaign_id = :id AND m.status = 'sent'
    ) AS h GROUP BY h.person_id
)
SELECT k.id, k.word, k.number
FROM (
    SELECT
        e.id, CASE :sort WHEN 'name' THEN lower(coalesce(nullif(p.name, ''), e.email, '')) ELSE '' END AS word,
        CASE :sort
            WHEN 'next' THEN CASE WHEN e.state IN ('ready', 'active', 'paused') THEN extract(EPOCH FROM e.next_at) END
            WHEN 'latest' THEN -extract(EPOCH FROM l.at)
        END::double precision AS due
    FROM marketing.enrollments AS e
    INNER JOIN people.master AS p ON p.organization_id = :organization_id AND p.id = e.person_id
    LEFT JOIN latest AS l ON l.person_id = e.person_id
    WHERE e.organization_id = :organization_id AND e.campaign_id = :id AND (:state::text IS NULL OR e.state = :state)
        AND (:reasons::text[] IS NULL OR e.reason = ANY (:reasons::text[]))
        AND (:q::text IS NULL OR strpos(lower(e.email), lower(:q)) > 0 OR strpos(lower(p.name), lower(:q)) > 0)
        AND (:types::text[] IS NULL OR e.person_id IN (
            SELECT v.person_id FROM engagement.events AS v
            WHERE v.organization_id = :organization_id AND v.campaign_id = :id AND v.type = ANY (:types::text[])
                AND (v.verdict = 'human' OR v.type NOT IN ('open', 'click', 'reply'))
        ) OR (:is_refused::boolean AND EXISTS (
            SELECT FROM sending.messages AS m
            WHERE m.organization_id = :organization_id AND m.enrollment_id = e.id AND m.status = 'failed' AND m.reason = 'bounce'
        )))
        AND (NOT :is_sent::boolean OR EXISTS (
            SELECT FROM sending.messages AS m WHERE m.organization_id = :organization_id AND m.enrollment_id = e.id AND m.status = 'sent'
        ))
        AND (:lacking::text[] IS NULL OR NOT EXISTS (
            SELECT FROM engagement.events AS v
            WHERE v.organization_id = :organization_id AND v.person_id = e.person_id AND v.campaign_id = :id AND v.type = ANY (:lacking::text[])
                AND v.verdict = 'human'
        ))
) AS w
CROSS JOIN LATERAL (SELECT w.id, w.word, coalesce(w.due, 'Infinity') AS number) AS k
WHERE :after::uuid IS NULL OR (k.word, k.number, k.id) > (:word::text, :number::double precision, :after::uuid)
ORDER BY k.word, k.number, k.id LIMIT :count;

-- name: recipients(organization_id, id, ids)
-- These of a campaign's enrollments, in this order: where each stands, and what happened so far. What a machine opened or clicked is not counted.
SELECT
    e.id, e.person_id, p.name, e.email, e.state, e.reason, e.next_step, e.next_at, e.time_zone, e.enrolled_at, e.stopped_at,
    s.messages AS sent_count, s.sent_at, v.opened_at, v.clicked_at, v.replied_at, least(v.bounced_at, s.refused_at) AS bounced_at,
    v.unsubscribed_at, v.complained_at
FROM unnest(:ids::uuid[]) WITH ORDINALITY AS w (id, place)
INNER JOIN marketing.enrollments AS e ON e.organization_id = :organization_id AND e.campaign_id = :id AND e.id = w.id
INNER JOIN people.master AS p ON p.organization_id = :organization_id AND p.id = e.person_id
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE m.status = 'sent') AS messages, max(m.sent_at) FILTER (WHERE m.status = 'sent') AS sent_at,
        min(m.last_attempt_at) FILTER (WHERE m.status = 'failed' AND m.reason = 'bounce') AS refused_at
    FROM sending.messages AS m WHERE m.organization_id = :organization_id AND m.enrollment_id = e.id
) AS s
CROSS JOIN LATERAL (
    SELECT
        min(o.occurred_at) FILTER (WHERE o.type = 'open' AND o.verdict = 'human') AS opened_at,
        min(o.occurred_at) FILTER (WHERE o.type = 'click' AND o.verdict = 'human') AS clicked_at,
        min(o.occurred_at) FILTER (WHERE o.type IN ('reply', 'linkedin_reply') AND o.verdict = 'human') AS replied_at,
        min(o.occurred_at) FILTER (WHERE o.type IN ('bounce', 'dropped')) AS bounced_at,
        min(o.occurred_at) FILTER (WHERE o.type = 'unsubscribe') AS unsubscribed_at,
        min(o.occurred_at) FILTER (WHERE o.type = 'spam_report') AS complained_at
    FROM engagement.events AS o
    WHERE o.organization_id = :organization_id AND o.person_id = e.person_id AND o.campaign_id = :id
) AS v
ORDER BY w.place;
