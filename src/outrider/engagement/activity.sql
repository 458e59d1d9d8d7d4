-- name: activity(organization_id, type, campaign_id, person_id, message_id, verdict, platform, since, until, before_at, before_id, count)
-- A page of events, newest first, with the names of what they are about.
SELECT e.id, e.type, e.platform, e.occurred_at, e.received_at, e.event_key, e.campaign_id, c.name AS campaign, e.enrollment_id, e.message_id, e.step,
    e.person_id, p.name AS person, e.email, e.url, host(e.address) AS address, e.user_agent, e.payload, e.verdict, e.verdict_reason
FROM engagement.events AS e
LEFT JOIN marketing.campaigns AS c ON c.organization_id = e.organization_id AND c.campaign_id = e.campaign_id
LEFT JOIN people.master AS p ON p.organization_id = e.organization_id AND p.id = e.person_id
WHERE e.organization_id = :organization_id
    AND (:type::text IS NULL OR e.type = :type::text)
    AND (:campaign_id::uuid IS NULL OR e.campaign_id = :campaign_id::uuid)
    AND (:person_id::uuid IS NULL OR e.person_id = :person_id::uuid)
    AND (:message_id::uuid IS NULL OR e.message_id = :message_id::uuid)
    AND (:verdict::text IS NULL OR e.verdict = :verdict::text)
    AND (:platform::text IS NULL OR e.platform = :platform::text)
    AND (:since::timestamptz IS NULL OR e.occurred_at >= :since::timestamptz)
    AND (:until::timestamptz IS NULL OR e.occurred_at < :until::timestamptz)
    AND (:before_at::timestamptz IS NULL OR (e.occurred_at, e.id) < (:before_at::timestamptz, :before_id::uuid))
ORDER BY e.occurred_at DESC, e.id DESC
LIMIT :count;

-- name: kinds_of_activity(organization_id)
-- The types and platforms that events have, each once; one step through the index for each.
WITH RECURSIVE type AS (
    (SELECT e.type FROM engagement.events AS e WHERE e.organization_id = :organization_id ORDER BY e.type LIMIT 1)
    UNION ALL
    SELECT (SELECT e.type FROM engagement.events AS e WHERE e.organization_id = :organization_id AND e.type > t.type ORDER BY e.type LIMIT 1)
    FROM type AS t WHERE t.type IS NOT NULL
)
SELECT t.type FROM type AS t WHERE t.type IS NOT NULL LIMIT 200;

-- name: strangers(organization_id, people, campaigns, messages, enrollments)
-- Those of the ids that the organization has not, each with what it would be.
SELECT 'person_id' AS field, i.id FROM unnest(:people::uuid[]) AS i (id)
WHERE NOT EXISTS (SELECT FROM people.master AS p WHERE p.organization_id = :organization_id AND p.id = i.id)
UNION ALL
SELECT 'campaign_id', i.id FROM unnest(:campaigns::uuid[]) AS i (id)
WHERE NOT EXISTS (SELECT FROM marketing.campaigns AS c WHERE c.organization_id = :organization_id AND c.campaign_id = i.id)
UNION ALL
SELECT 'message_id', i.id FROM unnest(:messages::uuid[]) AS i (id)
WHERE NOT EXISTS (SELECT FROM sending.messages AS m WHERE m.organization_id = :organization_id AND m.id = i.id)
UNION ALL
SELECT 'enrollment_id', i.id FROM unnest(:enrollments::uuid[]) AS i (id)
WHERE NOT EXISTS (SELECT FROM marketing.enrollments AS n WHERE n.organization_id = :organization_id AND n.id = i.id);
