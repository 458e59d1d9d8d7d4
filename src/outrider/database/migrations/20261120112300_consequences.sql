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
