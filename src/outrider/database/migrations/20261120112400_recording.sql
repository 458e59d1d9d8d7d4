-- How events are written down, and the counters that follow them. Nothing else writes to engagement.events (BEHAVIOUR 8).
SET LOCAL lock_timeout = '5s';

-- Campaigns whose counters are older than their events: a row for each batch of events, so that no writer waits for another.
CREATE TABLE engagement.stale_counters (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    campaign_id uuid NOT NULL,
    CONSTRAINT stale_counters_pkey PRIMARY KEY (organization_id, id)
);
CALL kit.f_protect('engagement.stale_counters');

-- Writes events down, each once by its key, and lets what follows from the new ones happen. An event is {key, type, platform, occurred_at,
-- message_id, rfc_message_id, campaign_id, enrollment_id, person_id, email, url, address, user_agent, payload}, a reply's also {reply_token,
-- message_ids, subject}; all but type, platform and occurred_at may be missing. What the ledger knows of the message fills the rest; a reply
-- that names none belongs to the one that it answers, and says how that was found. An address is looked up in this organization alone. The
-- key is the provider's own, else a hash of platform, campaign, type, address and time. Another event under a key that is taken is kept under
-- a longer one. Returns a row for each, by its place in `p_events` from 1. Needs app.suppression_key in the transaction.
CREATE FUNCTION engagement.f_record(p_events jsonb) RETURNS TABLE (place integer, event_key text, event_id uuid, is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_organization uuid := kit.f_organization();
    v_events jsonb;
    v_ids uuid[];
    v_from timestamptz;
    v_until timestamptz;
    v_campaigns uuid[];
    v_messages uuid[];
BEGIN
    PERFORM sending.f_hash('');
    -- What each one is about, and its key.
    WITH asked AS (
        SELECT t.*, e.place::integer AS place
        FROM jsonb_array_elements(p_events) WITH ORDINALITY AS e (value, place)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS t (
            key text, type text, platform text, occurred_at timestamptz, message_id uuid, rfc_message_id text, campaign_id uuid, enrollment_id uuid,
            person_id uuid, email text, url text, address inet, user_agent text, payload jsonb, reply_token uuid, message_ids text[], subject text
        )
    ),
    matched AS (
        SELECT
            a.place, a.key, a.type, a.platform, a.occurred_at, m.id AS message_id, coalesce(m.campaign_id, n.campaign_id, c.campaign_id) AS campaign_id,
            coalesce(m.enrollment_id, n.id) AS enrollment_id, m.sequence_step AS step, m.mailbox_id,
            coalesce(m.person_id, n.person_id, p.id) AS person_id, coalesce(m.contact_id, n.contact_id, k.contact_id) AS contact_id,
            lower(btrim(coalesce(m.recipient, a.email, n.email, p.email))) AS email, a.url, a.address, a.user_agent,
            coalesce(a.payload, '{}') || jsonb_strip_nulls(jsonb_build_object(
                'matched_by', r.matched_by, 'from', CASE WHEN a.type = 'reply' AND lower(btrim(a.email)) <> m.recipient THEN a.email END
            )) AS payload
        FROM asked AS a
        LEFT JOIN LATERAL (
            SELECT b.id FROM sending.messages AS b WHERE b.organization_id = v_organization AND b.id = a.message_id
            UNION ALL
            SELECT b.id FROM sending.messages AS b
            WHERE b.organization_id = v_organization AND a.message_id IS NULL AND b.message_id = '<' || btrim(a.rfc_message_id, '<> ') || '>'
        ) AS g ON true
        LEFT JOIN LATERAL (
            SELECT b.* FROM vault.contacts AS b WHERE b.organization_id = v_organization AND b.email = lower(btrim(a.email)) OFFSET 0
        ) AS k ON true
        CROSS JOIN LATERAL (SELECT coalesce(a.person_id, k.person_id) AS id OFFSET 0) AS who -- row security keeps indexes from a coalesce
        LEFT JOIN LATERAL (
            SELECT b.* FROM people.master AS b WHERE b.organization_id = v_organization AND b.id = who.id OFFSET 0
        ) AS p ON true
        LEFT JOIN LATERAL (
            SELECT f.id, f.matched_by
            FROM engagement.f_answered(a.reply_token, a.message_ids, p.id, a.subject, a.occurred_at, a.campaign_id, a.enrollment_id) AS f
            WHERE g.id IS NULL AND a.type = 'reply' OFFSET 0
        ) AS r ON true
        CROSS JOIN LATERAL (SELECT coalesce(g.id, r.id) AS id OFFSET 0) AS about
        LEFT JOIN LATERAL (
            SELECT b.* FROM sending.messages AS b WHERE b.organization_id = v_organization AND b.id = about.id OFFSET 0
        ) AS m ON true
        LEFT JOIN LATERAL (
            SELECT b.* FROM marketing.enrollments AS b WHERE m.id IS NULL AND b.organization_id = v_organization AND b.id = a.enrollment_id
            UNION ALL
            SELECT b.* FROM marketing.enrollments AS b
            WHERE m.id IS NULL AND a.enrollment_id IS NULL AND b.organization_id = v_organization AND b.campaign_id = a.campaign_id AND b.person_id = p.id
        ) AS n ON true
        LEFT JOIN marketing.campaigns AS c ON c.organization_id = v_organization AND c.campaign_id = a.campaign_id
    ),
    keyed AS (
        SELECT
            m.*, uuidv7() AS id,
            coalesce(nullif(btrim(m.key), ''), encode(sha256(convert_to(concat_ws(
                chr(31), m.platform, m.campaign_id, m.type, m.email, extract(EPOCH FROM m.occurred_at)::text
            ), 'UTF8')), 'hex')) AS event_key,
            sha256(convert_to(concat_ws(
                chr(31), m.platform, m.type, coalesce(m.email, ''), coalesce(m.message_id::text, ''), coalesce(m.campaign_id::text, ''), coalesce(m.url, ''),
                coalesce(m.person_id::text, ''), CASE WHEN nullif(btrim(m.key), '') IS NULL THEN concat_ws(chr(31), m.address, m.user_agent, m.payload) END
            ), 'UTF8')) AS fingerprint
        FROM matched AS m
    )
    SELECT coalesce(jsonb_agg(to_jsonb(k) - 'fingerprint' || jsonb_build_object('fingerprint', encode(k.fingerprint, 'hex')) ORDER BY k.place), '[]')
    INTO v_events FROM keyed AS k;

    -- Keys that are free; then, for other events under keys that are not, longer ones.
    INSERT INTO engagement.event_keys (organization_id, event_key, event_id, occurred_at, fingerprint)
    SELECT v_organization, e.value ->> 'event_key', (e.value ->> 'id')::uuid, (e.value ->> 'occurred_at')::timestamptz, decode(e.value ->> 'fingerprint', 'hex')
    FROM jsonb_array_elements(v_events) WITH ORDINALITY AS e (value, number)
    ORDER BY e.value ->> 'event_key', e.number
    ON CONFLICT (organization_id, event_key) DO NOTHING;
    SELECT coalesce(jsonb_agg(e.value || CASE WHEN k.fingerprint = decode(e.value ->> 'fingerprint', 'hex') THEN '{}' ELSE jsonb_build_object(
        'event_key', (e.value ->> 'event_key') || '#' || left(e.value ->> 'fingerprint', 16), 'is_other', true
    ) END ORDER BY e.number), '[]')
    INTO v_events
    FROM jsonb_array_elements(v_events) WITH ORDINALITY AS e (value, number)
    CROSS JOIN LATERAL (
        SELECT b.* FROM engagement.event_keys AS b WHERE b.organization_id = v_organization AND b.event_key = e.value ->> 'event_key' OFFSET 0
    ) AS k;
    INSERT INTO engagement.event_keys (organization_id, event_key, event_id, occurred_at, fingerprint)
    SELECT v_organization, e.value ->> 'event_key', (e.value ->> 'id')::uuid, (e.value ->> 'occurred_at')::timestamptz, decode(e.value ->> 'fingerprint', 'hex')
    FROM jsonb_array_elements(v_events) WITH ORDINALITY AS e (value, number)
    WHERE e.value ? 'is_other'
    ORDER BY e.value ->> 'event_key', e.number
    ON CONFLICT (organization_id, event_key) DO NOTHING;

    WITH fresh AS (
        SELECT t.* FROM jsonb_array_elements(v_events) AS e (value)
        CROSS JOIN LATERAL (
            SELECT b.event_id FROM engagement.event_keys AS b
            WHERE b.organization_id = v_organization AND b.event_key = e.value ->> 'event_key' AND b.event_id = (e.value ->> 'id')::uuid OFFSET 0
        ) AS k
        CROSS JOIN LATERAL jsonb_populate_record(NULL::engagement.events, e.value - 'verdict' - 'received_at') AS t
    ),
    written AS (
        INSERT INTO engagement.events (
            organization_id, id, occurred_at, event_key, type, platform, campaign_id, enrollment_id, message_id, step, mailbox_id, person_id, contact_id,
            email, url, address, user_agent, payload, verdict, verdict_reason
        )
        SELECT
            v_organization, f.id, f.occurred_at, f.event_key, f.type, f.platform, f.campaign_id, f.enrollment_id, f.message_id, f.step, f.mailbox_id,
            f.person_id, f.contact_id, f.email, f.url, f.address, f.user_agent, f.payload, CASE WHEN j.reason IS NULL THEN 'human' ELSE 'automatic' END, j.reason
        FROM fresh AS f
        LEFT JOIN LATERAL (
            SELECT b.sent_at, b.last_attempt_at FROM sending.messages AS b
            WHERE f.type IN ('open', 'click', 'reply') AND b.organization_id = v_organization AND b.id = f.message_id OFFSET 0
        ) AS m ON true
        CROSS JOIN LATERAL (
            SELECT engagement.f_machine(
                f.type, f.user_agent, f.address, f.payload, extract(EPOCH FROM f.occurred_at - coalesce(m.sent_at, m.last_attempt_at)), false
            ) AS reason
        ) AS j
        RETURNING id, occurred_at, campaign_id, message_id, type
    )
    SELECT
        array_agg(w.id), min(w.occurred_at), max(w.occurred_at), array_agg(DISTINCT w.campaign_id) FILTER (WHERE w.campaign_id IS NOT NULL),
        array_agg(DISTINCT w.message_id) FILTER (WHERE w.type = 'click' AND w.message_id IS NOT NULL)
    INTO v_ids, v_from, v_until, v_campaigns, v_messages FROM written AS w;

    IF v_ids IS NOT NULL THEN
        INSERT INTO engagement.stale_counters (organization_id, campaign_id) SELECT v_organization, c.id FROM unnest(v_campaigns) AS c (id);
        IF v_messages IS NOT NULL THEN
            PERFORM engagement.f_judge(ARRAY( -- a second click may show that the first was a machine's
                SELECT v.id FROM engagement.events AS v
                WHERE v.organization_id = v_organization AND v.message_id = ANY (v_messages) AND v.type = 'click'
                    AND v.occurred_at BETWEEN v_from - interval '1 second' AND v_until + interval '1 second'
            ), v_from - interval '1 second', v_until + interval '1 second');
        END IF;
        PERFORM engagement.f_apply(v_ids, v_from, v_until);
        -- What happened to a message proves that its server had it.
        PERFORM sending.f_settle(m.id, 'sent', 'it must have gone out: ' || v.platform || ' told of ' || v.type)
        FROM engagement.events AS v
        CROSS JOIN LATERAL (
            SELECT b.id FROM sending.messages AS b
            WHERE b.organization_id = v_organization AND b.id = v.message_id AND b.status = 'unknown' OFFSET 0
        ) AS m
        WHERE v.organization_id = v_organization AND v.id = ANY (v_ids) AND v.occurred_at BETWEEN v_from AND v_until AND v.type <> 'sent';
    END IF;
    RETURN QUERY
    SELECT (e.value ->> 'place')::integer, k.event_key, k.event_id, k.event_id = (e.value ->> 'id')::uuid
    FROM jsonb_array_elements(v_events) AS e (value)
    CROSS JOIN LATERAL (
        SELECT b.* FROM engagement.event_keys AS b WHERE b.organization_id = v_organization AND b.event_key = e.value ->> 'event_key' OFFSET 0
    ) AS k
    ORDER BY 1;
END $$;
GRANT EXECUTE ON FUNCTION engagement.f_record(jsonb) TO outrider_app;

-- Makes the counters of campaigns what their events say: in how many messages each thing happened, whatever number of times; delivered are
-- those sent that did not bounce. Events that name no message count for the person's enrollment. What machines did is left out.
-- Returns how many campaigns were looked at. NULL: those with new events; then the mailboxes' health is looked at, too.
CREATE FUNCTION engagement.f_refresh_counters(p_campaigns uuid[] DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_campaigns uuid[] := p_campaigns;
BEGIN
    IF v_campaigns IS NULL THEN
        WITH taken AS (
            DELETE FROM engagement.stale_counters WHERE organization_id = v_organization RETURNING campaign_id
        )
        SELECT array_agg(DISTINCT t.campaign_id) INTO v_campaigns FROM taken AS t;
        IF v_campaigns IS NOT NULL THEN
            PERFORM sending.f_refresh_health(); -- bounces and complaints that came in since
        END IF;
    END IF;
    PERFORM c.campaign_id FROM marketing.campaigns AS c
    WHERE c.organization_id = v_organization AND c.campaign_id = ANY (v_campaigns) ORDER BY c.campaign_id FOR NO KEY UPDATE;
    UPDATE marketing.campaigns AS c SET
        sent_count = f.sent, delivered_count = f.delivered, open_count = f.opened, click_count = f.clicked, response_count = f.replied,
        bounce_count = f.bounced, unsubscribe_count = f.unsubscribed, complaint_count = f.complained
    FROM (
        SELECT
            i.id, count(*) FILTER (WHERE t.is_sent) AS sent, count(*) FILTER (WHERE t.is_sent AND NOT t.is_bounced) AS delivered,
            count(*) FILTER (WHERE t.is_opened) AS opened, count(*) FILTER (WHERE t.is_clicked) AS clicked,
            count(*) FILTER (WHERE t.is_replied) AS replied, count(*) FILTER (WHERE t.is_bounced) AS bounced,
            count(*) FILTER (WHERE t.is_unsubscribed) AS unsubscribed, count(*) FILTER (WHERE t.is_complained) AS complained
        FROM unnest(v_campaigns) AS i (id)
        LEFT JOIN LATERAL (
            SELECT
                bool_or(v.type = 'sent') AS is_sent, bool_or(v.type IN ('bounce', 'dropped')) AS is_bounced, bool_or(v.type = 'open') AS is_opened,
                bool_or(v.type = 'click') AS is_clicked, bool_or(v.type = 'reply') AS is_replied,
                bool_or(v.type = 'unsubscribe') AS is_unsubscribed, bool_or(v.type = 'spam_report') AS is_complained
            FROM engagement.events AS v
            WHERE v.organization_id = v_organization AND v.campaign_id = i.id AND v.verdict = 'human'
            GROUP BY coalesce(v.message_id, v.enrollment_id, v.id)
        ) AS t ON true
        GROUP BY i.id
    ) AS f
    WHERE c.organization_id = v_organization AND c.campaign_id = f.id AND (
        c.sent_count, c.delivered_count, c.open_count, c.click_count, c.response_count, c.bounce_count, c.unsubscribe_count, c.complaint_count
    ) IS DISTINCT FROM (
        f.sent, f.delivered, f.opened, f.clicked, f.replied, f.bounced, f.unsubscribed, f.complained
    );
    RETURN coalesce(cardinality(v_campaigns), 0);
END $$;
GRANT EXECUTE ON FUNCTION engagement.f_refresh_counters(uuid[]) TO outrider_app;
