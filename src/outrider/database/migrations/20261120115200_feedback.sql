-- What each day of a campaign taught (seed 001's feedback_reports): a cache, worked out from what became of its messages.
SET LOCAL lock_timeout = '5s';

-- What a campaign did on a day (seed 001); a cache, written by one function.
CREATE TABLE marketing.feedback_reports (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    campaign_id uuid NOT NULL,
    report_date date NOT NULL,
    metrics jsonb NOT NULL,
    insights text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT feedback_reports_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT feedback_reports_day_key UNIQUE (organization_id, campaign_id, report_date),
    CONSTRAINT feedback_reports_campaign_fkey FOREIGN KEY (organization_id, campaign_id)
    REFERENCES marketing.campaigns (organization_id, campaign_id) ON DELETE CASCADE
);
CALL kit.f_protect('marketing.feedback_reports');
GRANT SELECT, INSERT, UPDATE, DELETE ON marketing.feedback_reports TO outrider_app;

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
