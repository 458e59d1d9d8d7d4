-- What became of messages and of people, read out of the ledger and the events: nothing here is a fact of its own (seed 001's
-- marketing.outreach_history; issue 4 section 4).
SET LOCAL lock_timeout = '5s';

-- The answers to a campaign's messages in the order of the messages, without a look at the events themselves.
CREATE INDEX idx_engagement_events_outcomes ON engagement.events (organization_id, campaign_id, message_id) INCLUDE (type, verdict, occurred_at)
WHERE message_id IS NOT NULL AND type IN ('open', 'click', 'reply', 'bounce', 'dropped', 'unsubscribe', 'spam_report');

-- What became of each message: when it was sent, and when each thing happened first. What machines opened or clicked is told apart: it
-- counts as nothing that a person did. A message that the server refused for its address has bounced without having been sent: attempted_at is
-- when it was tried, and when it was sent if it was.
CREATE VIEW marketing.message_outcomes WITH (security_invoker = true) AS
SELECT
    m.organization_id, m.id, m.campaign_id, m.enrollment_id, m.person_id, m.step_id, m.sequence_step, m.variant_id, m.mailbox_id, m.recipient,
    m.recipient_domain, m.attempted_at, m.sent_at,
    CASE WHEN b.bounced_at IS NULL THEN m.sent_at END AS delivered_at,
    e.opened_at, e.clicked_at, e.replied_at, b.bounced_at, e.unsubscribed_at, e.complained_at,
    CASE WHEN e.opened_at IS NULL THEN e.machine_opened_at END AS machine_opened_at,
    CASE WHEN e.clicked_at IS NULL THEN e.machine_clicked_at END AS machine_clicked_at
FROM (
    SELECT
        l.organization_id, l.id, l.campaign_id, l.enrollment_id, l.person_id, l.step_id, l.sequence_step, l.variant_id, l.mailbox_id, l.recipient,
        l.recipient_domain,
        CASE WHEN l.status = 'sent' THEN l.sent_at ELSE l.last_attempt_at END AS attempted_at,
        CASE WHEN l.status = 'sent' THEN l.sent_at END AS sent_at,
        CASE WHEN l.status = 'failed' AND l.reason = 'bounce' THEN l.last_attempt_at END AS refused_at
    FROM sending.messages AS l
) AS m
LEFT JOIN (
    SELECT
        v.organization_id, v.campaign_id, v.message_id,
        min(v.occurred_at) FILTER (WHERE v.type = 'open' AND v.verdict = 'human') AS opened_at,
        min(v.occurred_at) FILTER (WHERE v.type = 'click' AND v.verdict = 'human') AS clicked_at,
        min(v.occurred_at) FILTER (WHERE v.type = 'reply' AND v.verdict = 'human') AS replied_at,
        min(v.occurred_at) FILTER (WHERE v.type IN ('bounce', 'dropped')) AS bounced_at,
        min(v.occurred_at) FILTER (WHERE v.type = 'unsubscribe') AS unsubscribed_at,
        min(v.occurred_at) FILTER (WHERE v.type = 'spam_report') AS complained_at,
        min(v.occurred_at) FILTER (WHERE v.type = 'open' AND v.verdict = 'automatic') AS machine_opened_at,
        min(v.occurred_at) FILTER (WHERE v.type = 'click' AND v.verdict = 'automatic') AS machine_clicked_at
    FROM engagement.events AS v
    WHERE v.message_id IS NOT NULL AND v.type IN ('open', 'click', 'reply', 'bounce', 'dropped', 'unsubscribe', 'spam_report')
    GROUP BY v.organization_id, v.campaign_id, v.message_id
) AS e ON e.organization_id = m.organization_id AND e.campaign_id = m.campaign_id AND e.message_id = m.id
CROSS JOIN LATERAL (SELECT least(e.bounced_at, m.refused_at) AS bounced_at) AS b;
GRANT SELECT ON marketing.message_outcomes TO outrider_app;

-- Seed 001: every contact with a person, whatever the channel. A reply is a row of its own too, with its own time.
CREATE VIEW marketing.outreach_history WITH (security_invoker = true) AS
SELECT
    o.organization_id, o.id, o.person_id, o.campaign_id, 'email' AS channel, CASE WHEN o.sequence_step = 1 THEN 'initial' ELSE 'follow_up' END AS message_type,
    o.sent_at, o.opened_at, o.replied_at,
    CASE
        WHEN o.bounced_at IS NOT NULL THEN 'bounced' WHEN o.replied_at IS NOT NULL THEN 'replied' WHEN o.opened_at IS NOT NULL THEN 'opened' ELSE 'sent'
    END AS status
FROM marketing.message_outcomes AS o WHERE o.sent_at IS NOT NULL
UNION ALL
SELECT
    t.organization_id, t.id, n.person_id, n.campaign_id, t.channel, CASE WHEN s.position = 1 THEN 'initial' ELSE 'follow_up' END,
    t.done_at, NULL, NULL, 'sent'
FROM marketing.tasks AS t
INNER JOIN marketing.enrollments AS n ON n.organization_id = t.organization_id AND n.id = t.enrollment_id
INNER JOIN marketing.steps AS s ON s.organization_id = t.organization_id AND s.id = t.step_id
WHERE t.state = 'done'
UNION ALL
SELECT
    v.organization_id, v.id, v.person_id, v.campaign_id,
    CASE WHEN v.type LIKE 'linkedin\_%' THEN 'linkedin' ELSE 'email' END, 'reply', v.occurred_at, NULL, v.occurred_at, 'replied'
FROM engagement.events AS v
WHERE v.type IN ('reply', 'linkedin_reply') AND v.verdict = 'human' AND v.person_id IS NOT NULL;
GRANT SELECT ON marketing.outreach_history TO outrider_app;
