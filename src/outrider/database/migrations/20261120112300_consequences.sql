-- What events set off: intents, stops, suppressions (seed 003, BEHAVIOUR 7 and 8).
SET LOCAL lock_timeout = '5s';

-- A person showed interest, once for each campaign (or none) and type (seed 003). Mining never makes one.
CREATE TABLE marketing.prospect_intents (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    person_id uuid NOT NULL,
    campaign_id uuid,
    type text NOT NULL,
    note text,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT prospect_intents_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT prospect_intents_key UNIQUE NULLS NOT DISTINCT (organization_id, person_id, campaign_id, type),
    CONSTRAINT prospect_intents_person_fkey FOREIGN KEY (organization_id, person_id) REFERENCES people.master (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT prospect_intents_campaign_fkey FOREIGN KEY (organization_id, campaign_id) REFERENCES marketing.campaigns (organization_id, campaign_id),
    CONSTRAINT prospect_intents_type_check CHECK (
        type IN ('reply', 'form_submission', 'manual_qualification', 'meeting_booked', 'inbound_request', 'click_through', 'referral')
    )
);
CREATE INDEX idx_prospect_intents_campaign ON marketing.prospect_intents (organization_id, campaign_id);
CREATE INDEX idx_prospect_intents_newest ON marketing.prospect_intents (organization_id, occurred_at DESC, id DESC);
CALL kit.f_protect('marketing.prospect_intents');
GRANT SELECT, INSERT, DELETE ON marketing.prospect_intents TO outrider_app;

-- What a type of event means for what follows from it: providers have several words for one thing.
CREATE FUNCTION engagement.f_meaning(p_type text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_type WHEN 'linkedin_reply' THEN 'reply' WHEN 'dropped' THEN 'bounce' WHEN 'spam_report' THEN 'complaint' ELSE p_type END;

-- Whether an unsubscribe means its campaign alone, which only our own page may say.
CREATE FUNCTION engagement.f_means_campaign(p_event engagement.events) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce((p_event).type = 'unsubscribe' AND (p_event).platform = 'outrider' AND (p_event).payload ->> 'scope' = 'campaign', false);

-- Suppresses the addresses of bounces, complaints and unsubscribes. What people said themselves takes the place of a bounce.
CREATE FUNCTION engagement.f_suppress(p_events engagement.events[]) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO sending.suppressions (organization_id, kind, value, value_hash, campaign_id, reason, note)
    SELECT DISTINCT ON (h.hash, c.id)
        kit.f_organization(), 'address', v.email, h.hash, c.id, engagement.f_meaning(v.type), v.platform
    FROM unnest(p_events) AS v
    CROSS JOIN LATERAL (SELECT CASE WHEN engagement.f_means_campaign(v) THEN v.campaign_id END AS id) AS c
    CROSS JOIN LATERAL (SELECT sending.f_hash(v.email) AS hash) AS h -- the same for both spellings of a domain
    WHERE engagement.f_meaning(v.type) IN ('bounce', 'complaint', 'unsubscribe') AND v.email IS NOT NULL
    ORDER BY h.hash, c.id, engagement.f_meaning(v.type) = 'bounce', v.occurred_at
    ON CONFLICT (organization_id, value_hash, campaign_id) DO UPDATE SET reason = excluded.reason, note = excluded.note
    WHERE suppressions.reason NOT IN ('unsubscribe', 'complaint') AND excluded.reason IN ('unsubscribe', 'complaint');
END;

-- Stops the enrollments that events end: a reply its own, or all of the person when it names none; a bounce those of its address; whoever says
-- no says it for all their addresses. A reply pauses colleagues in campaigns that stop at the same company.
CREATE FUNCTION engagement.f_stop(p_events engagement.events[]) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    UPDATE marketing.enrollments AS e SET state = 'stopped', reason = s.reason, stopped_at = now(), next_step = NULL, next_at = NULL
    FROM (
        SELECT DISTINCT ON (f.id) f.id, w.meaning AS reason
        FROM unnest(p_events) AS v
        CROSS JOIN LATERAL (SELECT engagement.f_meaning(v.type) AS meaning, engagement.f_means_campaign(v) AS is_of_campaign) AS w
        CROSS JOIN LATERAL (
            SELECT n.id FROM marketing.enrollments AS n
            WHERE n.organization_id = kit.f_organization() AND n.id = v.enrollment_id AND (w.meaning = 'reply' OR w.is_of_campaign)
            UNION ALL
            SELECT n.id FROM marketing.enrollments AS n
            WHERE n.organization_id = kit.f_organization() AND n.person_id = v.person_id AND w.meaning = 'reply' AND v.enrollment_id IS NULL
            UNION ALL
            SELECT n.id FROM marketing.enrollments AS n
            WHERE n.organization_id = kit.f_organization() AND n.contact_id = v.contact_id AND w.meaning = 'bounce'
            UNION ALL
            SELECT n.id FROM marketing.enrollments AS n
            WHERE n.organization_id = kit.f_organization() AND n.person_id = v.person_id AND w.meaning IN ('unsubscribe', 'complaint')
                AND NOT w.is_of_campaign
        ) AS f
        WHERE w.meaning IN ('reply', 'bounce', 'complaint', 'unsubscribe')
        ORDER BY f.id, v.occurred_at
    ) AS s
    WHERE e.organization_id = kit.f_organization() AND e.id = s.id AND e.state IN ('ready', 'active', 'paused');

    UPDATE marketing.enrollments AS e SET state = 'paused', reason = 'somebody at the same company answered'
    FROM unnest(p_events) AS v
    INNER JOIN marketing.campaigns AS c ON c.organization_id = kit.f_organization() AND c.campaign_id = v.campaign_id AND c.stops_at_same_company
    INNER JOIN people.master AS p ON p.organization_id = kit.f_organization() AND p.id = v.person_id
    INNER JOIN people.master AS o ON o.organization_id = kit.f_organization() AND o.company_id = p.company_id AND o.id <> p.id
    WHERE engagement.f_meaning(v.type) = 'reply' AND e.organization_id = kit.f_organization() AND e.campaign_id = v.campaign_id
        AND e.person_id = o.id AND e.state IN ('ready', 'active');
END;

-- Writes into the contacts what events say of their addresses: unsubscribed, bounced, and when their people last did something themselves.
CREATE FUNCTION engagement.f_mark_contacts(p_events engagement.events[]) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    UPDATE vault.contacts AS k SET
        status = CASE
            WHEN a.is_unwanted THEN 'unsubscribed' WHEN a.is_bounced AND k.status <> 'unsubscribed' THEN 'bounced' ELSE k.status
        END,
        last_activity_at = greatest(k.last_activity_at, a.active_at)
    FROM (
        SELECT
            v.contact_id,
            bool_or(engagement.f_meaning(v.type) IN ('unsubscribe', 'complaint') AND NOT engagement.f_means_campaign(v)) AS is_unwanted,
            bool_or(engagement.f_meaning(v.type) = 'bounce') AS is_bounced,
            max(v.occurred_at) FILTER (WHERE engagement.f_meaning(v.type) IN ('reply', 'open', 'click')) AS active_at
        FROM unnest(p_events) AS v WHERE v.contact_id IS NOT NULL GROUP BY v.contact_id
    ) AS a
    WHERE k.organization_id = kit.f_organization() AND k.contact_id = a.contact_id AND (
        (a.is_unwanted AND k.status <> 'unsubscribed') OR (a.is_bounced AND k.status NOT IN ('unsubscribed', 'bounced'))
        OR a.active_at > coalesce(k.last_activity_at, '-infinity')
    );
END;

-- Notes the intents of who replied or clicked, each once.
CREATE FUNCTION engagement.f_note_intents(p_events engagement.events[]) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO marketing.prospect_intents (organization_id, person_id, campaign_id, type, occurred_at, created_by)
    SELECT kit.f_organization(), v.person_id, v.campaign_id, i.type, min(v.occurred_at), 'system:engagement'
    FROM unnest(p_events) AS v
    CROSS JOIN LATERAL (SELECT CASE engagement.f_meaning(v.type) WHEN 'click' THEN 'click_through' WHEN 'reply' THEN 'reply' END AS type) AS i
    WHERE i.type IS NOT NULL AND v.person_id IS NOT NULL
    GROUP BY v.person_id, v.campaign_id, i.type
    ON CONFLICT (organization_id, person_id, campaign_id, type) DO NOTHING;
END;

-- What new events set off, but for those that machines made. `p_from` and `p_until` hold the events' times.
CREATE FUNCTION engagement.f_apply(p_ids uuid[], p_from timestamptz, p_until timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_events engagement.events[];
BEGIN
    SELECT array_agg(v) INTO v_events FROM engagement.events AS v
    WHERE v.organization_id = v_organization AND v.id = ANY (p_ids) AND v.occurred_at BETWEEN p_from AND p_until AND v.verdict = 'human'
        AND engagement.f_meaning(v.type) IN ('reply', 'bounce', 'complaint', 'unsubscribe', 'open', 'click');
    IF v_events IS NULL THEN
        RETURN;
    END IF;
    IF cardinality(v_events) > 1 OR v_events[1].type NOT IN ('open', 'click') THEN -- two at once could wait for each other's rows
        PERFORM pg_advisory_xact_lock(hashtextextended('engagement.apply/' || v_organization::text, 0));
    END IF;
    PERFORM engagement.f_suppress(v_events);
    PERFORM engagement.f_stop(v_events);
    PERFORM engagement.f_mark_contacts(v_events);
    PERFORM engagement.f_note_intents(v_events);
END $$;
