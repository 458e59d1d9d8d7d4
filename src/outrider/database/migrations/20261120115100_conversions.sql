-- Conversions, and the touches before them (seed 001's attribution).
SET LOCAL lock_timeout = '5s';

-- A conversion is what somebody recorded; everything else about it (seed 001's campaign and touchpoints) is derived from what happened before
-- it, in the view below.
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

-- How much of a conversion a touch has by a model (first, last, linear), 0 to 1: the `p_place`th of `p_places`. All of it where there is none
-- (NULL).
CREATE FUNCTION marketing.f_share(p_model text, p_place bigint, p_places bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_places IS NULL THEN 1
    WHEN p_model = 'first' THEN (p_place = 1)::integer
    WHEN p_model = 'last' THEN (p_place = p_places)::integer
    ELSE 1.0 / p_places
END;
GRANT EXECUTE ON FUNCTION marketing.f_share(text, bigint, bigint) TO outrider_app;

-- The same of its value, in whole hundredths that add up to the value: by the linear model the first touches have what the division leaves over.
CREATE FUNCTION marketing.f_worth(p_value numeric, p_model text, p_place bigint, p_places bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_places IS NOT NULL AND p_model = 'linear'
        THEN round((div(p_value * 100, p_places) + (p_place <= mod(p_value * 100, p_places))::integer) / 100, 2)
    ELSE p_value * marketing.f_share(p_model, p_place, p_places)
END;
GRANT EXECUTE ON FUNCTION marketing.f_worth(numeric, text, bigint, bigint) TO outrider_app;

-- Seed 001's table of conversions: the campaign is the last touch's, the touchpoints are the channels of the first and the last touch of 90 days.
CREATE VIEW marketing.attribution WITH (security_invoker = true) AS
SELECT
    c.organization_id, c.id, c.person_id, l.campaign_id, c.type AS conversion_type, c.converted_at, c.value, c.currency,
    f.channel AS source_touchpoint, l.channel AS final_touchpoint, c.created_by, c.created_at
FROM marketing.conversions AS c
LEFT JOIN marketing.f_touches(90) AS f ON f.organization_id = c.organization_id AND f.conversion_id = c.id AND f.place = 1
LEFT JOIN marketing.f_touches(90) AS l ON l.organization_id = c.organization_id AND l.conversion_id = c.id AND l.place = l.places;
GRANT SELECT ON marketing.attribution TO outrider_app;
