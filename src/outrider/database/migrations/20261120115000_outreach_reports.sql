-- What became of messages and of people, read out of the ledger and the events: nothing here is a fact of its own but conversions (seed 001's
-- marketing.outreach_history, attribution and feedback_reports; issue 4 section 4).
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

-- A conversion is what somebody recorded; everything else about it (seed 001's campaign and touchpoints) is derived from what happened before
-- it, in the view below. Nothing has ever been written to the table that goes.
-- squawk-ignore ban-drop-table
DROP TABLE marketing.attribution;
CREATE TABLE marketing.conversions (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    person_id uuid NOT NULL,
    type text NOT NULL,
    converted_at timestamptz NOT NULL,
    value numeric(14, 2),
    currency text,
    note text,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT conversions_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT conversions_key UNIQUE (organization_id, person_id, type, converted_at),
    CONSTRAINT conversions_person_fkey FOREIGN KEY (organization_id, person_id) REFERENCES people.master (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT conversions_type_check CHECK (type IN ('meeting', 'demo', 'signup', 'sale')),
    CONSTRAINT conversions_value_check CHECK (num_nulls(value, currency) IN (0, 2) AND value >= 0 AND currency ~ '^[A-Z]{3}$'),
    CONSTRAINT conversions_note_check CHECK (length(note) <= 2000)
);
CREATE INDEX idx_conversions_time ON marketing.conversions (organization_id, converted_at DESC, id);
CALL kit.f_protect('marketing.conversions');
GRANT SELECT, INSERT, DELETE ON marketing.conversions TO outrider_app;

-- The touches of the last `p_days` days before each conversion, in their order: messages sent, calls and LinkedIn tasks done, and what the
-- person did. The same thing with one message again (opened five times) is one touch, the first; what a machine did is none, nor is a message
-- that came back.
CREATE FUNCTION marketing.f_touches(p_days integer) RETURNS TABLE (
    organization_id uuid, conversion_id uuid, campaign_id uuid, channel text, type text, message_id uuid, touched_at timestamptz,
    place bigint, places bigint
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        c.organization_id, c.id, t.campaign_id, t.channel, t.type, t.message_id, t.at,
        row_number() OVER (PARTITION BY c.organization_id, c.id ORDER BY t.at, t.id), count(*) OVER (PARTITION BY c.organization_id, c.id)
    FROM marketing.conversions AS c
    CROSS JOIN LATERAL (
        SELECT m.campaign_id, 'email' AS channel, 'sent' AS type, m.id AS message_id, m.sent_at AS at, m.id
        FROM marketing.enrollments AS n
        INNER JOIN sending.messages AS m ON m.organization_id = n.organization_id AND m.enrollment_id = n.id AND m.status = 'sent'
        WHERE n.organization_id = c.organization_id AND n.person_id = c.person_id AND NOT EXISTS (
            SELECT FROM engagement.events AS b
            WHERE b.organization_id = c.organization_id AND b.message_id = m.id AND b.type IN ('bounce', 'dropped')
        )
        UNION ALL
        (
            SELECT DISTINCT ON (v.type, coalesce(v.message_id, v.id))
                v.campaign_id,
                CASE WHEN v.type LIKE 'linkedin\_%' THEN 'linkedin' WHEN v.type ~ '^(phone|call)_' THEN 'phone' ELSE 'email' END,
                v.type, v.message_id, v.occurred_at, v.id
            FROM engagement.events AS v
            WHERE v.organization_id = c.organization_id AND v.person_id = c.person_id AND v.campaign_id IS NOT NULL AND v.verdict = 'human'
                AND (
                    v.type IN ('open', 'click', 'reply') OR v.type ~ '^(linkedin|phone|call)_'
                    OR (v.type = 'sent' AND v.message_id IS NULL)
                )
            ORDER BY v.type, coalesce(v.message_id, v.id), v.occurred_at, v.id
        )
    ) AS t
    WHERE t.at <= c.converted_at AND t.at > c.converted_at - make_interval(days => p_days);
END;
GRANT EXECUTE ON FUNCTION marketing.f_touches(integer) TO outrider_app;

-- Seed 001's table of conversions: the campaign is the last touch's, the touchpoints are the channels of the first and the last touch of 90 days.
CREATE VIEW marketing.attribution WITH (security_invoker = true) AS
SELECT
    c.organization_id, c.id, c.person_id, l.campaign_id, c.type AS conversion_type, c.converted_at, c.value, c.currency,
    f.channel AS source_touchpoint, l.channel AS final_touchpoint, c.created_by, c.created_at
FROM marketing.conversions AS c
LEFT JOIN marketing.f_touches(90) AS f ON f.organization_id = c.organization_id AND f.conversion_id = c.id AND f.place = 1
LEFT JOIN marketing.f_touches(90) AS l ON l.organization_id = c.organization_id AND l.conversion_id = c.id AND l.place = l.places;
GRANT SELECT ON marketing.attribution TO outrider_app;

-- How likely two shares (hits of so many) differ at least as much by chance alone: the two-sided test of two proportions. NULL where there are too
-- few to say: fewer than five hits, or misses, to be expected on either side.
CREATE FUNCTION marketing.f_chance(p_hits bigint, p_of bigint, p_other_hits bigint, p_other_of bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT erfc(
        abs(p_hits / t.tries - p_other_hits / t.other_tries) / nullif(sqrt(2 * t.share * (1 - t.share) * (1 / t.tries + 1 / t.other_tries)), 0)
    )
    FROM (
        SELECT
            nullif(p_of, 0)::float AS tries, nullif(p_other_of, 0)::float AS other_tries,
            (p_hits + p_other_hits)::float / nullif(p_of + p_other_of, 0) AS share
    ) AS t
    WHERE least(p_of, p_other_of) * least(t.share, 1 - t.share) >= 5
);
GRANT EXECUTE ON FUNCTION marketing.f_chance(bigint, bigint, bigint, bigint) TO outrider_app;

-- A share as people say it: '4.1%', '12%'; of nothing '0%'.
CREATE FUNCTION kit.f_share(p_part bigint, p_of bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN coalesce(p_of, 0) = 0 THEN '0%'
    WHEN p_part * 10 < p_of THEN round(100.0 * p_part / p_of, 1)::text || '%'
    ELSE round(100.0 * p_part / p_of)::text || '%'
END;
GRANT EXECUTE ON FUNCTION kit.f_share(bigint, bigint) TO outrider_app;

-- Writes what these campaigns did, a row for each day (of the organization's zone) on which something happened, and takes the rows of other days
-- away: afterwards they are what they would be from scratch. metrics: of that day {sent, delivered, opened, clicked, replied, bounced,
-- unsubscribed, complained}, each message once, on the day of its first; `so_far` the same sums to the end of the day; `variants` of the steps
-- with several [{step, label, sent, replied}], so far. insights: sentences, a line each. Returns how many rows there are now.
CREATE FUNCTION marketing.f_write_feedback(p_campaigns uuid[]) RETURNS integer
LANGUAGE sql
BEGIN ATOMIC
    WITH happened AS MATERIALIZED (
        SELECT
            o.campaign_id, o.step_id, o.sequence_step, o.variant_id, h.figure, (h.at AT TIME ZONE z.time_zone)::date AS day, count(*) AS messages
        FROM tenancy.organizations AS z
        INNER JOIN marketing.message_outcomes AS o ON o.organization_id = z.id AND o.campaign_id = ANY (p_campaigns)
        CROSS JOIN LATERAL (
            VALUES
            ('sent', o.sent_at), ('delivered', o.delivered_at), ('opened', o.opened_at), ('clicked', o.clicked_at), ('replied', o.replied_at),
            ('bounced', o.bounced_at), ('unsubscribed', o.unsubscribed_at), ('complained', o.complained_at)
        ) AS h (figure, at)
        WHERE z.id = kit.f_organization() AND h.at IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5, 6
    ),
    figures AS (
        SELECT d.campaign_id, d.day, f.figure, f.at AS place, coalesce(sum(h.messages), 0)::bigint AS messages
        FROM (SELECT DISTINCT g.campaign_id, g.day FROM happened AS g) AS d
        CROSS JOIN unnest(
            ARRAY['sent', 'delivered', 'opened', 'clicked', 'replied', 'bounced', 'unsubscribed', 'complained']
        ) WITH ORDINALITY AS f (figure, at)
        LEFT JOIN happened AS h ON h.campaign_id = d.campaign_id AND h.day = d.day AND h.figure = f.figure
        GROUP BY d.campaign_id, d.day, f.figure, f.at
    ),
    summed AS (
        SELECT f.*, sum(f.messages) OVER (PARTITION BY f.campaign_id, f.figure ORDER BY f.day)::bigint AS so_far FROM figures AS f
    ),
    daily AS (
        SELECT
            s.campaign_id, s.day, jsonb_object_agg(s.figure, s.messages) AS figures, jsonb_object_agg(s.figure, s.so_far) AS so_far,
            max(s.messages) FILTER (WHERE s.figure = 'complained') AS complaints,
            max(s.so_far) FILTER (WHERE s.figure = 'sent') AS sent, max(s.so_far) FILTER (WHERE s.figure = 'bounced') AS bounced,
            max(s.so_far) FILTER (WHERE s.figure = 'replied') AS replied, max(s.so_far) FILTER (WHERE s.figure = 'unsubscribed') AS unsubscribed
        FROM summed AS s
        GROUP BY s.campaign_id, s.day
    ),
    variants AS (
        SELECT
            d.campaign_id, d.day, p.position AS step, v.label,
            coalesce(sum(h.messages) FILTER (WHERE h.figure = 'sent'), 0)::bigint AS sent,
            coalesce(sum(h.messages) FILTER (WHERE h.figure = 'replied'), 0)::bigint AS replied
        FROM daily AS d
        INNER JOIN marketing.steps AS p ON p.organization_id = kit.f_organization() AND p.campaign_id = d.campaign_id
        INNER JOIN marketing.variants AS v ON v.organization_id = kit.f_organization() AND v.step_id = p.id
        LEFT JOIN happened AS h ON h.campaign_id = d.campaign_id AND h.day <= d.day AND h.step_id = p.id AND h.variant_id = v.id
        WHERE (SELECT count(*) FROM marketing.variants AS w WHERE w.organization_id = kit.f_organization() AND w.step_id = p.id) > 1
        GROUP BY d.campaign_id, d.day, p.position, v.label
    ),
    ranked AS (
        SELECT
            v.*, count(*) OVER w AS rivals, row_number() OVER (w ORDER BY v.replied::float / nullif(v.sent, 0) DESC NULLS LAST, v.label) AS place
        FROM variants AS v
        WINDOW w AS (PARTITION BY v.campaign_id, v.day, v.step)
    ),
    insights AS (
        SELECT
            d.campaign_id, d.day, 1 AS place,
            format('%s of what was sent so far came back: check the addresses before you go on.', kit.f_share(d.bounced, d.sent)) AS said
        FROM daily AS d WHERE d.sent >= 20 AND d.bounced > d.sent * 0.05
        UNION ALL
        SELECT
            d.campaign_id, d.day, 2,
            CASE d.complaints WHEN 1 THEN 'One person called it spam.' ELSE format('%s people called it spam.', d.complaints) END
        FROM daily AS d WHERE d.complaints > 0
        UNION ALL
        SELECT d.campaign_id, d.day, 3, format('More people unsubscribed than answered so far: %s against %s.', d.unsubscribed, d.replied)
        FROM daily AS d WHERE d.unsubscribed > d.replied
        UNION ALL
        SELECT
            b.campaign_id, b.day, 10 + b.step,
            format(
                'Step %s: variant %s is answered more often than %s (%s against %s), unlikely by chance.', b.step, b.label, o.label,
                kit.f_share(b.replied, b.sent), kit.f_share(o.replied, o.sent)
            )
        FROM ranked AS b
        INNER JOIN ranked AS o ON o.campaign_id = b.campaign_id AND o.day = b.day AND o.step = b.step AND o.place = 2
        WHERE b.place = 1 AND marketing.f_chance(b.replied, b.sent, o.replied, o.sent) * (b.rivals - 1) < 0.05
    ),
    made AS (
        SELECT
            d.campaign_id, d.day,
            d.figures || jsonb_build_object(
                'so_far', d.so_far,
                'variants', coalesce((
                    SELECT
                        jsonb_agg(
                            jsonb_build_object('step', v.step, 'label', v.label, 'sent', v.sent, 'replied', v.replied) ORDER BY v.step, v.label
                        )
                    FROM variants AS v WHERE v.campaign_id = d.campaign_id AND v.day = d.day
                ), '[]')
            ) AS metrics,
            (SELECT string_agg(i.said, E'\n' ORDER BY i.place) FROM insights AS i WHERE i.campaign_id = d.campaign_id AND i.day = d.day) AS insights
        FROM daily AS d
    ),
    gone AS (
        DELETE FROM marketing.feedback_reports AS r
        WHERE r.organization_id = kit.f_organization() AND r.campaign_id = ANY (p_campaigns)
            AND NOT EXISTS (SELECT FROM made AS m WHERE m.campaign_id = r.campaign_id AND m.day = r.report_date)
    ),
    written AS (
        INSERT INTO marketing.feedback_reports AS r (organization_id, campaign_id, report_date, metrics, insights)
        SELECT kit.f_organization(), m.campaign_id, m.day, m.metrics, m.insights FROM made AS m
        ON CONFLICT (organization_id, campaign_id, report_date) DO UPDATE SET
            metrics = excluded.metrics, insights = excluded.insights, created_at = excluded.created_at
        RETURNING 1
    )
    SELECT count(*)::integer FROM written;
END;
GRANT EXECUTE ON FUNCTION marketing.f_write_feedback(uuid[]) TO outrider_app;
