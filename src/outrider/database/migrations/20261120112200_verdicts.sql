-- Whether a person or a machine opened, clicked or replied, and what follows when that is judged anew (BEHAVIOUR 8).
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

-- Why a machine made an open, click or reply; NULL: a person, or nothing speaks against it. `p_is_one_of_many`: different links of its message
-- were clicked within a second; `p_seconds` after sending. Replies: the headers that RFC 3834 and Exchange give what answers by itself.
-- Networks: those that Apple and the makers of mail scanners publish.
CREATE FUNCTION engagement.f_machine(
    p_type text, p_user_agent text, p_address inet, p_payload jsonb, p_seconds double precision, p_is_one_of_many boolean
) RETURNS text
LANGUAGE sql STABLE
RETURN CASE
    WHEN p_type = 'reply' THEN CASE
        WHEN p_payload ->> 'is_automatic' = 'true' THEN 'automatic_reply'
        WHEN EXISTS (
            SELECT FROM jsonb_each_text(CASE jsonb_typeof(p_payload -> 'headers') WHEN 'object' THEN p_payload -> 'headers' ELSE '{}' END) AS h (name, value)
            WHERE (lower(h.name) = 'auto-submitted' AND lower(btrim(h.value)) <> 'no')
                OR (lower(h.name) IN ('x-autoreply', 'x-autorespond', 'x-auto-response-suppress') AND lower(btrim(h.value)) NOT IN ('no', 'none', ''))
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
    WHEN p_payload ->> 'purpose' ~* 'prefetch|prerender|preview' THEN 'prefetch'
    WHEN p_payload ->> 'is_machine' = 'true' OR p_payload ->> 'sg_machine_open' = 'true' THEN 'said_by_provider'
    WHEN EXISTS (
        SELECT FROM engagement.verdict_rules AS r
        WHERE r.organization_id = kit.f_organization() AND r.verdict = 'automatic' AND (
            (r.kind = 'user_agent' AND position(lower(r.pattern) IN lower(p_user_agent)) > 0)
            OR (r.kind = 'network' AND r.pattern::inet && p_address)
        )
    ) THEN 'own_rule'
    WHEN p_type = 'open' AND ('17.0.0.0/8'::inet && p_address OR btrim(p_user_agent) = 'Mozilla/5.0') THEN 'apple_mail_privacy'
    WHEN p_payload ? 'method' AND coalesce(btrim(p_user_agent), '') = '' THEN 'scanner_user_agent' -- what we saw ourselves; providers may not say
    WHEN EXISTS (SELECT FROM engagement.scanner_user_agents AS s WHERE position(s.part IN lower(p_user_agent)) > 0)
        AND position('GoogleImageProxy' IN p_user_agent) = 0 THEN 'scanner_user_agent'
    WHEN EXISTS (SELECT FROM engagement.scanner_networks AS s WHERE s.network && p_address) THEN 'scanner_network'
    WHEN p_seconds < coalesce((
        SELECT max(r.pattern::integer) FROM engagement.verdict_rules AS r WHERE r.organization_id = kit.f_organization() AND r.kind = 'seconds'
    ), 5) THEN 'too_soon'
    WHEN p_is_one_of_many THEN 'many_links_at_once'
END;

-- Judges opens, clicks and replies anew, and makes what is derived from their verdicts follow: click-through intents, the last activity of
-- contacts and, by way of stale_counters, the counters. Clicks of one message on different links within a second are a machine's. What a
-- reply set off is not taken back. `p_from` and `p_until` hold the events' times. Returns how many verdicts changed, and in
-- which campaigns.
CREATE FUNCTION engagement.f_judge(p_ids uuid[], p_from timestamptz, p_until timestamptz, OUT changed integer, OUT campaigns uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_changed jsonb;
BEGIN
    WITH judged AS (
        SELECT
            v.id, v.occurred_at, engagement.f_machine(
                v.type, v.user_agent, v.address, v.payload, extract(EPOCH FROM v.occurred_at - coalesce(m.sent_at, m.last_attempt_at)),
                v.type = 'click' AND EXISTS (
                    SELECT FROM engagement.events AS o
                    WHERE o.organization_id = v_organization AND o.message_id = v.message_id AND o.type = 'click' AND o.url <> v.url
                        AND o.occurred_at BETWEEN v.occurred_at - interval '1 second' AND v.occurred_at + interval '1 second'
                )
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
    changed := coalesce(jsonb_array_length(v_changed), 0);
    campaigns := ARRAY(
        SELECT DISTINCT (c.value ->> 'campaign_id')::uuid FROM jsonb_array_elements(v_changed) AS c (value) WHERE c.value ->> 'campaign_id' IS NOT NULL
    );
    IF changed = 0 THEN
        RETURN;
    END IF;
    INSERT INTO engagement.stale_counters (organization_id, campaign_id) SELECT v_organization, c.id FROM unnest(campaigns) AS c (id);
    PERFORM engagement.f_follow_verdicts(
        ARRAY(SELECT DISTINCT (c.value ->> 'person_id')::uuid FROM jsonb_array_elements(v_changed) AS c (value) WHERE c.value ->> 'person_id' IS NOT NULL)
    );
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
