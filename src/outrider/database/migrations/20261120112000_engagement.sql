-- What happened, once: events, the keys that make them happen once, webhooks as they came; and what follows from events (seeds 000 to 004, BEHAVIOUR 8).
SET LOCAL lock_timeout = '5s';

CREATE SCHEMA engagement;
GRANT USAGE ON SCHEMA engagement TO outrider_app;

-- Seed 000's sent_events: an event with a key that is here has happened already. `fingerprint` is of what makes it this event: another event
-- that comes under the same key is told apart by it, and kept.
CREATE TABLE engagement.event_keys (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    event_key text NOT NULL,
    event_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    fingerprint bytea NOT NULL,
    CONSTRAINT event_keys_pkey PRIMARY KEY (organization_id, event_key),
    CONSTRAINT event_keys_key_check CHECK (length(event_key) BETWEEN 1 AND 300)
);
CALL kit.f_protect('engagement.event_keys');
GRANT SELECT ON engagement.event_keys TO outrider_app;

-- Seed 000's event_source and seed 003's campaign_events. Immutable but for the verdict, which is worked out anew when its rules change: an open,
-- a click or a reply is `human`, or `automatic` with the reason. `address` is where a request came from.
CREATE TABLE engagement.events (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    occurred_at timestamptz NOT NULL,
    event_key text NOT NULL,
    type text NOT NULL,
    platform text NOT NULL,
    campaign_id uuid,
    enrollment_id uuid,
    message_id uuid,
    step integer,
    mailbox_id uuid,
    person_id uuid,
    contact_id bigint,
    email text,
    url text,
    address inet,
    user_agent text,
    payload jsonb NOT NULL DEFAULT '{}',
    verdict text NOT NULL DEFAULT 'human',
    verdict_reason text,
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT events_pkey PRIMARY KEY (organization_id, id, occurred_at),
    CONSTRAINT events_verdict_check CHECK (verdict IN ('human', 'automatic') AND (verdict = 'human' OR verdict_reason IS NOT NULL)),
    CONSTRAINT events_type_check CHECK (length(type) BETWEEN 1 AND 100)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX idx_engagement_events_campaign ON engagement.events (organization_id, campaign_id, type, occurred_at DESC);
CREATE INDEX idx_engagement_events_person ON engagement.events (organization_id, person_id, occurred_at DESC);
CREATE INDEX idx_engagement_events_message ON engagement.events (organization_id, message_id);
CREATE INDEX idx_engagement_events_type ON engagement.events (organization_id, type, occurred_at DESC);
CREATE INDEX idx_engagement_events_time ON engagement.events (organization_id, occurred_at DESC, id);
CALL kit.f_protect('engagement.events');
GRANT SELECT ON engagement.events TO outrider_app;

CREATE TABLE engagement.events_default PARTITION OF engagement.events DEFAULT;
CALL kit.f_protect('engagement.events_default');

-- Makes the partitions from this month to `p_months_ahead` months on; returns how many were new (as ops.f_make_event_partitions).
CREATE FUNCTION engagement.f_make_event_partitions(p_months_ahead integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
AS $$
DECLARE
    v_month date;
    v_name text;
    v_made integer := 0;
BEGIN
    FOR v_offset IN 0..p_months_ahead LOOP
        v_month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => v_offset))::date;
        v_name := 'events_' || to_char(v_month, 'YYYY_MM');
        IF to_regclass('engagement.' || v_name) IS NULL THEN
            BEGIN
                EXECUTE format(
                    'CREATE TABLE engagement.%I PARTITION OF engagement.events FOR VALUES FROM (%L) TO (%L)',
                    v_name, v_month::timestamp AT TIME ZONE 'UTC', (v_month + interval '1 month')::timestamp AT TIME ZONE 'UTC'
                );
                CALL kit.f_protect(format('engagement.%I', v_name)::regclass);
                v_made := v_made + 1;
            EXCEPTION WHEN check_violation THEN
                RAISE WARNING 'engagement events of % are in the default partition; they stay there', to_char(v_month, 'YYYY-MM');
            END;
        END IF;
    END LOOP;
    RETURN v_made;
END $$;
GRANT EXECUTE ON FUNCTION engagement.f_make_event_partitions(integer) TO outrider_app;
DO $$ BEGIN PERFORM engagement.f_make_event_partitions(3); END $$;

-- Where events come from outside: a provider's webhook, with its secret (encrypted by the application). `token_hash` is of the address's last part.
CREATE TABLE engagement.webhook_sources (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    kind text NOT NULL,
    name text NOT NULL,
    token_hash bytea NOT NULL,
    secret_encrypted text,
    is_active boolean NOT NULL DEFAULT true,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_received_at timestamptz,
    CONSTRAINT webhook_sources_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT webhook_sources_token_key UNIQUE (organization_id, token_hash),
    CONSTRAINT webhook_sources_kind_check CHECK (kind IN ('sendgrid', 'lemlist', 'smartlead', 'generic')),
    CONSTRAINT webhook_sources_name_check CHECK (length(btrim(name)) BETWEEN 1 AND 100)
);
CALL kit.f_protect('engagement.webhook_sources');
GRANT SELECT, INSERT, UPDATE, DELETE ON engagement.webhook_sources TO outrider_app;

-- What a webhook brought, as it came: stored before it is worked on. The body's hash makes a repeated delivery the same one.
CREATE TABLE engagement.deliveries (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    source_id uuid NOT NULL,
    body_hash bytea NOT NULL,
    body jsonb NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    events integer,
    new_events integer,
    error text,
    received_at timestamptz NOT NULL DEFAULT now(),
    worked_at timestamptz,
    CONSTRAINT deliveries_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT deliveries_body_key UNIQUE (organization_id, source_id, body_hash),
    CONSTRAINT deliveries_source_fkey FOREIGN KEY (organization_id, source_id) REFERENCES engagement.webhook_sources (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT deliveries_state_check CHECK (state IN ('pending', 'done', 'failed'))
);
CREATE INDEX idx_deliveries_pending ON engagement.deliveries (organization_id, id) WHERE state = 'pending';
CALL kit.f_protect('engagement.deliveries');
GRANT SELECT, INSERT, UPDATE, DELETE ON engagement.deliveries TO outrider_app;

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
CALL kit.f_protect('marketing.prospect_intents');
GRANT SELECT, INSERT, DELETE ON marketing.prospect_intents TO outrider_app;

-- A conversion and the touches before it (seed 001's columns). Everything but the conversion itself is derived from the events.
CREATE TABLE marketing.attribution (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    person_id uuid NOT NULL,
    campaign_id uuid,
    conversion_type text NOT NULL,
    converted_at timestamptz NOT NULL,
    value numeric(14, 2),
    currency text,
    source_touchpoint text,
    final_touchpoint text,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT attribution_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT attribution_key UNIQUE (organization_id, person_id, conversion_type, converted_at),
    CONSTRAINT attribution_person_fkey FOREIGN KEY (organization_id, person_id) REFERENCES people.master (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT attribution_campaign_fkey FOREIGN KEY (organization_id, campaign_id) REFERENCES marketing.campaigns (organization_id, campaign_id),
    CONSTRAINT attribution_type_check CHECK (conversion_type IN ('meeting', 'demo', 'signup', 'sale')),
    CONSTRAINT attribution_value_check CHECK ((value IS NULL) = (currency IS NULL) AND currency ~ '^[A-Z]{3}$')
);
CREATE INDEX idx_attribution_campaign ON marketing.attribution (organization_id, campaign_id);
CALL kit.f_protect('marketing.attribution');
GRANT SELECT, INSERT, UPDATE, DELETE ON marketing.attribution TO outrider_app;

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
