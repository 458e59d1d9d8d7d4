-- name: messages(organization_id, campaign_id, figure, step, variant_id, mailbox_id, domain, hour, day, time_zone, before, count)
-- The messages that a figure counts, newest first, before the message `before`; NULL asks nothing. `day` is of what happened, `hour` of the attempt.
WITH behind AS MATERIALIZED (
    SELECT o.id, o.person_id, o.recipient, f.at, o.sequence_step, o.variant_id, o.mailbox_id, o.sent_at
    FROM marketing.message_outcomes AS o
    CROSS JOIN LATERAL (
        SELECT
            CASE :figure::text
                WHEN 'sent' THEN o.sent_at WHEN 'delivered' THEN o.delivered_at WHEN 'opened' THEN o.opened_at WHEN 'clicked' THEN o.clicked_at
                WHEN 'replied' THEN o.replied_at WHEN 'bounced' THEN o.bounced_at WHEN 'unsubscribed' THEN o.unsubscribed_at
                WHEN 'complained' THEN o.complained_at WHEN 'machine_opened' THEN o.machine_opened_at
                WHEN 'machine_clicked' THEN o.machine_clicked_at
            END AS at
    ) AS f
    WHERE o.organization_id = :organization_id AND o.campaign_id = :campaign_id AND f.at IS NOT NULL
        AND (:step::integer IS NULL OR o.sequence_step = :step::integer)
        AND (:variant_id::uuid IS NULL OR o.variant_id = :variant_id::uuid)
        AND (:mailbox_id::uuid IS NULL OR o.mailbox_id = :mailbox_id::uuid)
        AND (:domain::text IS NULL OR o.recipient_domain = :domain::text)
        AND (:hour::integer IS NULL OR extract(HOUR FROM o.attempted_at AT TIME ZONE :time_zone::text) = :hour::integer)
        AND (:day::date IS NULL OR (f.at AT TIME ZONE :time_zone::text)::date = :day::date)
        AND (:before::uuid IS NULL OR o.id < :before::uuid)
    ORDER BY o.id DESC LIMIT :count
)
SELECT
    b.id, b.person_id, p.name, b.recipient, b.at, b.id AS message_id, b.sequence_step AS step, v.label AS variant, x.email AS mailbox, b.sent_at
FROM behind AS b
LEFT JOIN people.master AS p ON p.organization_id = :organization_id AND p.id = b.person_id
LEFT JOIN marketing.variants AS v ON v.organization_id = :organization_id AND v.id = b.variant_id
LEFT JOIN sending.mailboxes AS x ON x.organization_id = :organization_id AND x.id = b.mailbox_id
ORDER BY b.id DESC;

-- name: people(organization_id, campaign_id, before, count)
-- The people in a campaign, the last enrolled first, before the enrollment `before`.
SELECT
    e.id, e.person_id, p.name, e.email AS recipient, e.enrolled_at AS at, NULL::uuid AS message_id, NULL::integer AS step, NULL AS variant,
    NULL AS mailbox, NULL::timestamptz AS sent_at
FROM marketing.enrollments AS e
LEFT JOIN people.master AS p ON p.organization_id = :organization_id AND p.id = e.person_id
WHERE e.organization_id = :organization_id AND e.campaign_id = :campaign_id AND e.state <> 'excluded'
    AND (:before::uuid IS NULL OR e.id < :before::uuid)
ORDER BY e.id DESC LIMIT :count;
