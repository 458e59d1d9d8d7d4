-- name: at_a_glance(organization_id, most)^
-- How an organization's outreach stands; what may be many is counted to `most`. "Today" is a day of the organization's zone.
SELECT
    c.campaigns, c.running, m.mailboxes, m.failing, d.frozen_at IS NOT NULL AS is_frozen, d.frozen_reason,
    (
        SELECT count(*) FROM (
            SELECT FROM engagement.events AS v
            WHERE v.organization_id = :organization_id AND v.type = 'sent' AND v.occurred_at >= date_trunc('day', now(), o.time_zone) LIMIT :most
        ) AS counted
    ) AS sent_today,
    (
        SELECT count(*) FROM (
            SELECT FROM engagement.events AS v
            WHERE v.organization_id = :organization_id AND v.type = 'reply' AND v.verdict = 'human' AND v.occurred_at >= now() - interval '7 days'
            LIMIT :most
        ) AS counted
    ) AS replies,
    (
        SELECT count(*) FROM (
            SELECT FROM sending.messages AS s WHERE s.organization_id = :organization_id AND s.status = 'needs_review' LIMIT :most
        ) AS counted
    ) AS needs_review,
    (
        SELECT count(*) FROM (
            SELECT FROM sending.messages AS s WHERE s.organization_id = :organization_id AND s.status = 'unknown' LIMIT :most
        ) AS counted
    ) AS in_doubt,
    (
        SELECT count(*) FROM (
            SELECT FROM marketing.tasks AS t
            WHERE t.organization_id = :organization_id AND t.state = 'open' AND t.due_at <= now() LIMIT :most
        ) AS counted
    ) AS tasks_due
FROM tenancy.organizations AS o
LEFT JOIN sending.control AS d ON d.organization_id = o.id
CROSS JOIN LATERAL (
    SELECT count(*) AS campaigns, count(*) FILTER (WHERE g.state IN ('scheduled', 'sending')) AS running
    FROM marketing.campaigns AS g WHERE g.organization_id = :organization_id
) AS c
CROSS JOIN LATERAL (
    SELECT count(*) AS mailboxes, count(*) FILTER (WHERE b.state = 'failing') AS failing
    FROM sending.mailboxes AS b WHERE b.organization_id = :organization_id
) AS m
WHERE o.id = :organization_id;
