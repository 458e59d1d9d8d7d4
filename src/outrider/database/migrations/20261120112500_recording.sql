-- How events are written down, judged, and what follows from them (BEHAVIOUR 7 and 8). Nothing else writes to engagement.events.
SET LOCAL lock_timeout = '5s';

-- What an organization knows of machines that open and click by themselves, beside what is built in: a part of a user agent, a network, or
-- within how many seconds after sending nobody reads. `human` overrules what is built in.
CREATE TABLE engagement.verdict_rules (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    kind text NOT NULL,
    pattern text NOT NULL,
    verdict text NOT NULL DEFAULT 'automatic',
    note text,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT verdict_rules_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT verdict_rules_key UNIQUE (organization_id, kind, pattern),
    CONSTRAINT verdict_rules_kind_check CHECK (kind IN ('user_agent', 'network', 'seconds')),
    CONSTRAINT verdict_rules_verdict_check CHECK (verdict IN ('automatic', 'human')),
    CONSTRAINT verdict_rules_pattern_check CHECK (
        length(pattern) BETWEEN 1 AND 200 AND (kind <> 'seconds' OR pattern ~ '^[0-9]{1,4}$')
        AND (kind <> 'network' OR pg_input_is_valid(pattern, 'inet'))
    )
);
CALL kit.f_protect('engagement.verdict_rules');
GRANT SELECT, INSERT, DELETE ON engagement.verdict_rules TO outrider_app;

-- Ledger rows and tasks whose event is still to be written, put here by their triggers; the follower takes them away.
CREATE TABLE engagement.outcomes (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    kind text NOT NULL,
    source_id uuid NOT NULL,
    CONSTRAINT outcomes_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT outcomes_kind_check CHECK (kind IN ('message', 'task'))
);
CALL kit.f_protect('engagement.outcomes');

-- Campaigns whose counters are older than their events: a row for each batch of events, so that no writer waits for another.
CREATE TABLE engagement.stale_counters (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    campaign_id uuid NOT NULL,
    CONSTRAINT stale_counters_pkey PRIMARY KEY (organization_id, id)
);
CALL kit.f_protect('engagement.stale_counters');

CREATE FUNCTION engagement.f_note_message() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO engagement.outcomes (organization_id, kind, source_id) VALUES (new.organization_id, 'message', new.id);
    RETURN NULL;
END $$;
CREATE TRIGGER messages_outcome AFTER UPDATE OF status ON sending.messages
FOR EACH ROW WHEN (old.status IS DISTINCT FROM new.status AND new.status IN ('sent', 'failed')) EXECUTE FUNCTION engagement.f_note_message();

CREATE FUNCTION engagement.f_note_task() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO engagement.outcomes (organization_id, kind, source_id) VALUES (new.organization_id, 'task', new.id);
    RETURN NULL;
END $$;
CREATE TRIGGER tasks_outcome AFTER UPDATE OF state ON marketing.tasks
FOR EACH ROW WHEN (old.state IS DISTINCT FROM new.state AND new.state = 'done') EXECUTE FUNCTION engagement.f_note_task();

-- Networks from which mail scanners fetch, as their makers publish them: the same for everybody, read by the owner's functions alone.
CREATE TABLE engagement.scanner_networks (
    network cidr NOT NULL,
    maker text NOT NULL,
    CONSTRAINT scanner_networks_pkey PRIMARY KEY (network)
);
INSERT INTO engagement.scanner_networks (network, maker) VALUES
('40.92.0.0/15', 'Microsoft Exchange Online Protection'), ('40.107.0.0/16', 'Microsoft Exchange Online Protection'),
('52.100.0.0/14', 'Microsoft Exchange Online Protection'), ('104.47.0.0/17', 'Microsoft Exchange Online Protection'),
('67.231.144.0/20', 'Proofpoint'), ('148.163.128.0/19', 'Proofpoint'), ('205.220.160.0/19', 'Proofpoint'),
('64.235.144.0/20', 'Barracuda'), ('209.222.80.0/21', 'Barracuda'),
('205.139.110.0/23', 'Mimecast'), ('207.211.30.0/23', 'Mimecast'), ('170.10.128.0/21', 'Mimecast');

-- What programs that fetch by themselves call themselves, in lower case. Gmail's image proxy is none of them: it fetches when somebody reads.
CREATE TABLE engagement.scanner_user_agents (
    part text NOT NULL,
    CONSTRAINT scanner_user_agents_pkey PRIMARY KEY (part)
);
INSERT INTO engagement.scanner_user_agents (part) VALUES
('bot'), ('crawl'), ('spider'), ('scan'), ('prefetch'), ('preview'), ('headless'), ('phantom'), ('curl/'), ('wget'), ('python'), ('java/'), ('go-http'),
('httpclient'), ('okhttp'), ('axios'), ('libwww'), ('barracuda'), ('proofpoint'), ('mimecast'), ('symantec'), ('fireeye'), ('trendmicro'), ('whatsapp'),
('facebookexternalhit');

-- Why a machine made an open, click or reply, by the event alone; NULL: a person, or nothing speaks against it. Replies: the headers that
-- RFC 3834 and Exchange give what answers by itself. Networks: those that Apple and the makers of mail scanners publish.
CREATE FUNCTION engagement.f_machine(p_type text, p_user_agent text, p_address inet, p_payload jsonb, p_seconds double precision) RETURNS text
LANGUAGE sql STABLE
RETURN CASE
    WHEN p_type = 'reply' THEN CASE
        WHEN p_payload ->> 'is_automatic' = 'true' THEN 'automatic_reply'
        WHEN EXISTS (
            SELECT FROM jsonb_each_text(CASE jsonb_typeof(p_payload -> 'headers') WHEN 'object' THEN p_payload -> 'headers' ELSE '{}' END) AS h (name, value)
            WHERE (lower(h.name) = 'auto-submitted' AND lower(btrim(h.value)) <> 'no')
                OR lower(h.name) IN ('x-autoreply', 'x-autorespond', 'x-auto-response-suppress')
                OR (lower(h.name) = 'precedence' AND lower(btrim(h.value)) IN ('auto_reply', 'bulk', 'junk', 'list'))
        ) THEN 'automatic_reply'
    END
    WHEN p_type NOT IN ('open', 'click') THEN NULL
    WHEN EXISTS (
        SELECT FROM engagement.verdict_rules AS r
        WHERE r.organization_id = kit.f_organization() AND r.verdict = 'human' AND (
            (r.kind = 'user_agent' AND position(lower(r.pattern) IN lower(p_user_agent)) > 0)
            OR (r.kind = 'network' AND r.pattern::inet && p_address)
        )
    ) THEN NULL
    WHEN p_payload ->> 'method' = 'HEAD' THEN 'head_request'
    WHEN p_payload ->> 'is_machine' = 'true' OR p_payload ->> 'sg_machine_open' = 'true' THEN 'said_by_provider'
    WHEN EXISTS (
        SELECT FROM engagement.verdict_rules AS r
        WHERE r.organization_id = kit.f_organization() AND r.verdict = 'automatic' AND (
            (r.kind = 'user_agent' AND position(lower(r.pattern) IN lower(p_user_agent)) > 0)
            OR (r.kind = 'network' AND r.pattern::inet && p_address)
        )
    ) THEN 'own_rule'
    WHEN p_type = 'open' AND ('17.0.0.0/8'::inet && p_address OR btrim(p_user_agent) = 'Mozilla/5.0') THEN 'apple_mail_privacy'
    WHEN EXISTS (SELECT FROM engagement.scanner_user_agents AS s WHERE position(s.part IN lower(p_user_agent)) > 0)
        AND position('GoogleImageProxy' IN p_user_agent) = 0 THEN 'scanner_user_agent'
    WHEN EXISTS (SELECT FROM engagement.scanner_networks AS s WHERE s.network && p_address) THEN 'scanner_network'
    WHEN p_seconds < coalesce((
        SELECT max(r.pattern::integer) FROM engagement.verdict_rules AS r WHERE r.organization_id = kit.f_organization() AND r.kind = 'seconds'
    ), 5) THEN 'too_soon'
END;

-- Judges opens, clicks and replies anew, and makes what is derived from their verdicts follow: click-through intents, the last activity of
-- contacts and, by way of stale_counters, the counters. Clicks of one message on different links within a second are a machine's. What a
-- reply set off is not taken back. `p_from` and `p_until` hold the events' times. Returns how many verdicts changed.
CREATE FUNCTION engagement.f_judge(p_ids uuid[], p_from timestamptz, p_until timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_changed jsonb;
BEGIN
    WITH judged AS (
        SELECT
            v.id, v.occurred_at, coalesce(
                engagement.f_machine(v.type, v.user_agent, v.address, v.payload, extract(EPOCH FROM v.occurred_at - coalesce(m.sent_at, m.last_attempt_at))),
                CASE WHEN v.type = 'click' AND EXISTS (
                    SELECT FROM engagement.events AS o
                    WHERE o.organization_id = v_organization AND o.message_id = v.message_id AND o.type = 'click' AND o.url <> v.url
                        AND o.occurred_at BETWEEN v.occurred_at - interval '1 second' AND v.occurred_at + interval '1 second'
                ) THEN 'many_links_at_once' END
            ) AS reason
        FROM engagement.events AS v
        LEFT JOIN LATERAL (
            SELECT b.sent_at, b.last_attempt_at FROM sending.messages AS b WHERE b.organization_id = v_organization AND b.id = v.message_id OFFSET 0
        ) AS m ON true
        WHERE v.organization_id = v_organization AND v.id = ANY (p_ids) AND v.occurred_at BETWEEN p_from AND p_until
            AND v.type IN ('open', 'click', 'reply')
    ),
    written AS (
        UPDATE engagement.events AS v
        SET verdict = CASE WHEN j.reason IS NULL THEN 'human' ELSE 'automatic' END, verdict_reason = j.reason
        FROM judged AS j
        WHERE v.organization_id = v_organization AND v.id = j.id AND v.occurred_at = j.occurred_at AND v.verdict_reason IS DISTINCT FROM j.reason
        RETURNING v.person_id, v.campaign_id
    )
    SELECT jsonb_agg(to_jsonb(w)) INTO v_changed FROM written AS w;
    IF v_changed IS NULL THEN
        RETURN 0;
    END IF;
    INSERT INTO engagement.stale_counters (organization_id, campaign_id)
    SELECT DISTINCT v_organization, (c.value ->> 'campaign_id')::uuid FROM jsonb_array_elements(v_changed) AS c (value)
    WHERE c.value ->> 'campaign_id' IS NOT NULL;
    PERFORM engagement.f_follow_verdicts(
        ARRAY(SELECT DISTINCT (c.value ->> 'person_id')::uuid FROM jsonb_array_elements(v_changed) AS c (value) WHERE c.value ->> 'person_id' IS NOT NULL)
    );
    RETURN jsonb_array_length(v_changed);
END $$;
GRANT EXECUTE ON FUNCTION engagement.f_judge(uuid[], timestamptz, timestamptz) TO outrider_app;

-- Makes the click-through intents and the last activity of people what their events say.
CREATE FUNCTION engagement.f_follow_verdicts(p_people uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
BEGIN
    DELETE FROM marketing.prospect_intents AS i
    WHERE i.organization_id = v_organization AND i.person_id = ANY (p_people) AND i.type = 'click_through' AND i.created_by = 'system:engagement'
        AND NOT EXISTS (
            SELECT FROM engagement.events AS v
            WHERE v.organization_id = v_organization AND v.person_id = i.person_id AND v.campaign_id IS NOT DISTINCT FROM i.campaign_id
                AND v.type = 'click' AND v.verdict = 'human'
        );
    INSERT INTO marketing.prospect_intents (organization_id, person_id, campaign_id, type, occurred_at, created_by)
    SELECT v_organization, v.person_id, v.campaign_id, 'click_through', min(v.occurred_at), 'system:engagement'
    FROM engagement.events AS v
    WHERE v.organization_id = v_organization AND v.person_id = ANY (p_people) AND v.type = 'click' AND v.verdict = 'human'
    GROUP BY v.person_id, v.campaign_id
    ON CONFLICT (organization_id, person_id, campaign_id, type) DO NOTHING;
    UPDATE vault.contacts AS k SET last_activity_at = a.active_at
    FROM (
        SELECT c.contact_id, (
            SELECT max(v.occurred_at) FROM engagement.events AS v
            WHERE v.organization_id = v_organization AND v.person_id = c.person_id AND v.contact_id = c.contact_id AND v.verdict = 'human'
                AND v.type IN ('reply', 'linkedin_reply', 'open', 'click')
        ) AS active_at
        FROM vault.contacts AS c WHERE c.organization_id = v_organization AND c.person_id = ANY (p_people)
    ) AS a
    WHERE k.organization_id = v_organization AND k.contact_id = a.contact_id AND k.last_activity_at IS DISTINCT FROM a.active_at;
END $$;

-- What new events set off: replies, bounces, complaints and unsubscribes stop enrollments, suppress addresses and change contacts; people's
-- own doings are activity; replies and clicks are intents. A reply on LinkedIn is one too; one that names no campaign stops all that still
-- writes to the person. `p_from` and `p_until` hold the events' times.
CREATE FUNCTION engagement.f_apply(p_ids uuid[], p_from timestamptz, p_until timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_events engagement.events[];
BEGIN
    -- Only our own unsubscribe page may mean one campaign alone.
    SELECT array_agg(v) INTO v_events FROM engagement.events AS v
    WHERE v.organization_id = v_organization AND v.id = ANY (p_ids) AND v.occurred_at BETWEEN p_from AND p_until
        AND v.verdict = 'human' AND v.type IN ('reply', 'linkedin_reply', 'bounce', 'dropped', 'spam_report', 'unsubscribe', 'open', 'click');
    IF v_events IS NULL THEN
        RETURN;
    END IF;
    IF cardinality(v_events) > 1 OR v_events[1].type NOT IN ('open', 'click') THEN -- two at once could wait for each other's rows
        PERFORM pg_advisory_xact_lock(hashtextextended('engagement.apply/' || v_organization::text, 0));
    END IF;

    INSERT INTO sending.suppressions (organization_id, kind, value, value_hash, campaign_id, reason, note)
    SELECT DISTINCT ON (v.email, c.id)
        v_organization, 'address', v.email, sending.f_hash(v.email), c.id,
        CASE v.type WHEN 'spam_report' THEN 'complaint' WHEN 'dropped' THEN 'bounce' ELSE v.type END, v.platform
    FROM unnest(v_events) AS v
    CROSS JOIN LATERAL (
        SELECT CASE WHEN v.type = 'unsubscribe' AND v.platform = 'outrider' AND v.payload ->> 'scope' = 'campaign' THEN v.campaign_id END AS id
    ) AS c
    WHERE v.type IN ('bounce', 'dropped', 'spam_report', 'unsubscribe') AND v.email IS NOT NULL
    ORDER BY v.email, c.id, v.type IN ('bounce', 'dropped'), v.occurred_at
    ON CONFLICT (organization_id, value_hash, campaign_id) DO UPDATE SET reason = excluded.reason, note = excluded.note
    WHERE suppressions.reason NOT IN ('unsubscribe', 'complaint') AND excluded.reason IN ('unsubscribe', 'complaint');

    UPDATE marketing.enrollments AS e SET state = 'stopped', reason = s.reason, stopped_at = now(), next_step = NULL, next_at = NULL
    FROM (
        SELECT DISTINCT ON (f.id)
            f.id, CASE v.type
                WHEN 'spam_report' THEN 'complaint' WHEN 'dropped' THEN 'bounce' WHEN 'linkedin_reply' THEN 'reply' ELSE v.type
            END AS reason
        FROM unnest(v_events) AS v
        CROSS JOIN LATERAL (
            SELECT n.id FROM marketing.enrollments AS n
            WHERE n.organization_id = v_organization AND n.id = v.enrollment_id
                AND (v.type IN ('reply', 'linkedin_reply') OR (v.type = 'unsubscribe' AND v.platform = 'outrider' AND v.payload ->> 'scope' = 'campaign'))
            UNION ALL
            SELECT n.id FROM marketing.enrollments AS n
            WHERE n.organization_id = v_organization AND n.person_id = v.person_id AND v.type IN ('reply', 'linkedin_reply')
                AND v.enrollment_id IS NULL
            UNION ALL
            SELECT n.id FROM marketing.enrollments AS n
            WHERE n.organization_id = v_organization AND n.contact_id = v.contact_id AND v.type IN ('bounce', 'dropped')
            UNION ALL
            SELECT n.id FROM marketing.enrollments AS n -- whoever says no says it for all their addresses
            WHERE n.organization_id = v_organization AND n.person_id = v.person_id AND v.type IN ('unsubscribe', 'spam_report')
                AND NOT (v.type = 'unsubscribe' AND v.platform = 'outrider' AND v.payload ->> 'scope' = 'campaign')
        ) AS f
        WHERE v.type IN ('reply', 'linkedin_reply', 'bounce', 'dropped', 'spam_report', 'unsubscribe')
        ORDER BY f.id, v.occurred_at
    ) AS s
    WHERE e.organization_id = v_organization AND e.id = s.id AND e.state IN ('ready', 'active', 'paused');

    UPDATE marketing.enrollments AS e SET state = 'paused', reason = 'somebody at the same company answered'
    FROM unnest(v_events) AS v
    INNER JOIN marketing.campaigns AS c ON c.organization_id = v_organization AND c.campaign_id = v.campaign_id AND c.stops_at_same_company
    INNER JOIN people.master AS p ON p.organization_id = v_organization AND p.id = v.person_id
    INNER JOIN people.master AS o ON o.organization_id = v_organization AND o.company_id = p.company_id AND o.id <> p.id
    WHERE v.type IN ('reply', 'linkedin_reply') AND e.organization_id = v_organization AND e.campaign_id = v.campaign_id AND e.person_id = o.id AND e.state IN ('ready', 'active');

    UPDATE vault.contacts AS k SET
        status = CASE
            WHEN a.is_unwanted THEN 'unsubscribed' WHEN a.is_bounced AND k.status <> 'unsubscribed' THEN 'bounced' ELSE k.status
        END,
        last_activity_at = greatest(k.last_activity_at, a.active_at)
    FROM (
        SELECT
            v.contact_id, bool_or(
                v.type IN ('unsubscribe', 'spam_report') AND NOT (v.type = 'unsubscribe' AND v.platform = 'outrider' AND v.payload ->> 'scope' = 'campaign')
            ) AS is_unwanted,
            bool_or(v.type IN ('bounce', 'dropped')) AS is_bounced, max(v.occurred_at) FILTER (WHERE v.type IN ('reply', 'linkedin_reply', 'open', 'click')) AS active_at
        FROM unnest(v_events) AS v WHERE v.contact_id IS NOT NULL GROUP BY v.contact_id
    ) AS a
    WHERE k.organization_id = v_organization AND k.contact_id = a.contact_id AND (
        (a.is_unwanted AND k.status <> 'unsubscribed') OR (a.is_bounced AND k.status NOT IN ('unsubscribed', 'bounced'))
        OR a.active_at > coalesce(k.last_activity_at, '-infinity')
    );

    INSERT INTO marketing.prospect_intents (organization_id, person_id, campaign_id, type, occurred_at, created_by)
    SELECT v_organization, v.person_id, v.campaign_id, i.type, min(v.occurred_at), 'system:engagement'
    FROM unnest(v_events) AS v CROSS JOIN LATERAL (SELECT CASE v.type WHEN 'click' THEN 'click_through' ELSE 'reply' END AS type) AS i
    WHERE v.type IN ('reply', 'linkedin_reply', 'click') AND v.person_id IS NOT NULL
    GROUP BY v.person_id, v.campaign_id, i.type
    ON CONFLICT (organization_id, person_id, campaign_id, type) DO NOTHING;
END $$;

-- Writes events down, each once by its key, and lets what follows from the new ones happen. An event is {key, type, platform, occurred_at,
-- message_id, rfc_message_id, campaign_id, enrollment_id, person_id, email, url, address, user_agent, payload}; all but type, platform and
-- occurred_at may be missing. What the ledger knows of the message fills the rest; an address is looked up in this organization alone. The
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
            person_id uuid, email text, url text, address inet, user_agent text, payload jsonb
        )
    ),
    matched AS (
        SELECT
            a.place, a.key, a.type, a.platform, a.occurred_at, m.id AS message_id, coalesce(m.campaign_id, n.campaign_id, c.campaign_id) AS campaign_id,
            coalesce(m.enrollment_id, n.id) AS enrollment_id, m.sequence_step AS step, m.mailbox_id,
            coalesce(m.person_id, n.person_id, p.id) AS person_id, coalesce(m.contact_id, n.contact_id, k.contact_id) AS contact_id,
            lower(btrim(coalesce(m.recipient, a.email, n.email, p.email))) AS email, a.url, a.address, a.user_agent, coalesce(a.payload, '{}') AS payload
        FROM asked AS a
        LEFT JOIN LATERAL (
            SELECT b.* FROM sending.messages AS b WHERE b.organization_id = v_organization AND b.id = a.message_id
            UNION ALL
            SELECT b.* FROM sending.messages AS b
            WHERE b.organization_id = v_organization AND a.message_id IS NULL AND b.message_id = '<' || btrim(a.rfc_message_id, '<> ') || '>'
        ) AS m ON true
        LEFT JOIN LATERAL (
            SELECT b.* FROM vault.contacts AS b WHERE b.organization_id = v_organization AND b.email = lower(btrim(a.email)) OFFSET 0
        ) AS k ON true
        LEFT JOIN LATERAL (
            SELECT b.* FROM people.master AS b WHERE b.organization_id = v_organization AND b.id = coalesce(a.person_id, k.person_id) OFFSET 0
        ) AS p ON true
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
            SELECT engagement.f_machine(f.type, f.user_agent, f.address, f.payload, extract(EPOCH FROM f.occurred_at - coalesce(m.sent_at, m.last_attempt_at)))
                AS reason
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

-- Writes the events of ledger rows and tasks that have none yet: `sent`, `bounce` for addresses that were refused, `linkedin_done` and
-- `phone_done`. Returns how many rows it took; at most `p_most`. Needs app.suppression_key in the transaction.
CREATE FUNCTION engagement.f_follow(p_most integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_taken integer;
    v_events jsonb;
BEGIN
    WITH taken AS MATERIALIZED (
        DELETE FROM engagement.outcomes AS o
        WHERE o.organization_id = v_organization AND o.id IN (
            SELECT n.id FROM engagement.outcomes AS n WHERE n.organization_id = v_organization ORDER BY n.id LIMIT p_most FOR UPDATE SKIP LOCKED
        )
        RETURNING o.kind, o.source_id
    ),
    event AS (
        SELECT jsonb_build_object(
            'key', m.status || ':' || m.id, 'type', CASE m.status WHEN 'sent' THEN 'sent' ELSE 'bounce' END, 'platform', 'outrider',
            'occurred_at', coalesce(m.sent_at, m.last_attempt_at), 'message_id', m.id,
            'payload', CASE m.status WHEN 'sent' THEN '{}' ELSE jsonb_build_object('answer', m.error_message) END
        ) AS document
        FROM (SELECT DISTINCT source_id FROM taken WHERE kind = 'message') AS t
        CROSS JOIN LATERAL (
            SELECT b.* FROM sending.messages AS b WHERE b.organization_id = v_organization AND b.id = t.source_id OFFSET 0
        ) AS m
        WHERE m.status = 'sent' OR (m.status = 'failed' AND m.reason = 'bounce')
        UNION ALL
        SELECT jsonb_build_object(
            'key', 'task:' || k.id, 'type', k.channel || '_done', 'platform', k.channel, 'occurred_at', k.done_at, 'enrollment_id', k.enrollment_id,
            'payload', jsonb_build_object('outcome', k.outcome, 'done_by', k.done_by)
        )
        FROM (SELECT DISTINCT source_id FROM taken WHERE kind = 'task') AS t
        INNER JOIN marketing.tasks AS k ON k.organization_id = v_organization AND k.id = t.source_id
        WHERE k.state = 'done'
    )
    SELECT (SELECT count(*) FROM taken), (SELECT jsonb_agg(e.document) FROM event AS e) INTO v_taken, v_events;
    IF v_events IS NOT NULL THEN
        PERFORM engagement.f_record(v_events);
    END IF;
    RETURN v_taken;
END $$;
GRANT EXECUTE ON FUNCTION engagement.f_follow(integer) TO outrider_app;

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

-- The organizations in which the follower has something to do.
CREATE FUNCTION engagement.f_organizations_to_follow() RETURNS SETOF uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_before text := current_setting('app.organization_id', true);
    v_organization uuid;
BEGIN
    FOR v_organization IN SELECT id FROM tenancy.organizations ORDER BY id LOOP
        PERFORM set_config('app.organization_id', v_organization::text, true);
        IF EXISTS (SELECT FROM engagement.outcomes AS o WHERE o.organization_id = v_organization)
            OR EXISTS (SELECT FROM engagement.stale_counters AS s WHERE s.organization_id = v_organization)
        THEN
            RETURN NEXT v_organization;
        END IF;
    END LOOP;
    PERFORM set_config('app.organization_id', coalesce(v_before, ''), true);
END $$;
GRANT EXECUTE ON FUNCTION engagement.f_organizations_to_follow() TO outrider_app;
