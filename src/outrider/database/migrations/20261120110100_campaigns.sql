-- Campaigns: whom they are for, their steps with their wordings, and what their states were (seeds 001 and 004; BEHAVIOUR 7).
SET LOCAL lock_timeout = '5s';

-- A campaign: seed 001's columns, then what BEHAVIOUR 7 asks for. `state` is BEHAVIOUR's word, `status` seed 001's for the same. The counts are
-- caches of engagement.events (DESIGN, "One fact, one place"). A window is read in the recipient's zone when it is known, else in `time_zone`.
CREATE TABLE marketing.campaigns (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    campaign_id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL,
    type text NOT NULL DEFAULT 'cold_outreach',
    state text NOT NULL DEFAULT 'draft',
    status text NOT NULL GENERATED ALWAYS AS (
        CASE state WHEN 'ready' THEN 'draft' WHEN 'scheduled' THEN 'active' WHEN 'sending' THEN 'active' WHEN 'cancelled' THEN 'completed' ELSE state END
    ) STORED,
    target_count integer,
    sent_count integer NOT NULL DEFAULT 0,
    delivered_count integer NOT NULL DEFAULT 0,
    open_count integer NOT NULL DEFAULT 0,
    click_count integer NOT NULL DEFAULT 0,
    response_count integer NOT NULL DEFAULT 0,
    bounce_count integer NOT NULL DEFAULT 0,
    unsubscribe_count integer NOT NULL DEFAULT 0,
    complaint_count integer NOT NULL DEFAULT 0,
    namespace_id uuid,
    owner_user_id uuid,
    time_zone text NOT NULL DEFAULT 'UTC',
    window_start time NOT NULL DEFAULT '09:00',
    window_end time NOT NULL DEFAULT '17:00',
    window_days integer[] NOT NULL DEFAULT '{1,2,3,4,5}',
    daily_limit integer,
    verification_mode text NOT NULL DEFAULT 'exclude_invalid',
    rotation text NOT NULL DEFAULT 'round_robin',
    stops_at_same_company boolean NOT NULL DEFAULT false,
    tracks_opens boolean NOT NULL DEFAULT false,
    tracks_clicks boolean NOT NULL DEFAULT false,
    starts_at timestamptz,
    config jsonb NOT NULL DEFAULT '{}',
    paused_reason text,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    ended_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT campaigns_pkey PRIMARY KEY (organization_id, campaign_id),
    CONSTRAINT campaigns_namespace_fkey FOREIGN KEY (organization_id, namespace_id) REFERENCES tenancy.namespaces (organization_id, id),
    CONSTRAINT campaigns_name_check CHECK (length(btrim(name)) BETWEEN 1 AND 255),
    CONSTRAINT campaigns_type_check CHECK (type IN ('cold_outreach', 'nurture', 'follow_up')),
    CONSTRAINT campaigns_state_check CHECK (state IN ('draft', 'ready', 'scheduled', 'sending', 'paused', 'completed', 'cancelled')),
    CONSTRAINT campaigns_window_check CHECK (window_start < window_end AND cardinality(window_days) > 0 AND window_days <@ '{1,2,3,4,5,6,7}'::integer[]),
    CONSTRAINT campaigns_limit_check CHECK (daily_limit > 0),
    CONSTRAINT campaigns_verification_check CHECK (verification_mode IN ('exclude_invalid', 'verified_only')),
    CONSTRAINT campaigns_rotation_check CHECK (rotation IN ('round_robin', 'weighted', 'priority', 'health', 'hybrid'))
);
CREATE INDEX idx_campaigns_state ON marketing.campaigns (organization_id, state);
CREATE INDEX idx_campaigns_status ON marketing.campaigns (organization_id, status);
CALL kit.f_protect('marketing.campaigns');
CREATE TRIGGER campaigns_touch BEFORE UPDATE ON marketing.campaigns FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT, INSERT, UPDATE, DELETE ON marketing.campaigns TO outrider_app;

-- Each change of a campaign's state: who, when, and why where there is a reason. Written by the database, never changed.
CREATE TABLE marketing.campaign_changes (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    campaign_id uuid NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    reason text,
    changed_by text NOT NULL DEFAULT kit.f_actor(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT campaign_changes_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT campaign_changes_campaign_fkey FOREIGN KEY (organization_id, campaign_id)
    REFERENCES marketing.campaigns (organization_id, campaign_id) ON DELETE CASCADE
);
CREATE INDEX idx_campaign_changes_campaign ON marketing.campaign_changes (organization_id, campaign_id, id);
CALL kit.f_protect('marketing.campaign_changes');
GRANT SELECT ON marketing.campaign_changes TO outrider_app;

CREATE FUNCTION marketing.f_note_state() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO marketing.campaign_changes (organization_id, campaign_id, from_state, to_state, reason)
    VALUES (new.organization_id, new.campaign_id, old.state, new.state, new.paused_reason);
    RETURN NULL;
END $$;
CREATE TRIGGER campaigns_state AFTER UPDATE OF state ON marketing.campaigns
FOR EACH ROW WHEN (old.state IS DISTINCT FROM new.state) EXECUTE FUNCTION marketing.f_note_state();

-- Whom a campaign is for: lists, segments, or both.
CREATE TABLE marketing.campaign_audience (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    campaign_id uuid NOT NULL,
    list_id uuid,
    segment_id uuid,
    CONSTRAINT campaign_audience_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT campaign_audience_key UNIQUE NULLS NOT DISTINCT (organization_id, campaign_id, list_id, segment_id),
    CONSTRAINT campaign_audience_one_check CHECK (num_nonnulls(list_id, segment_id) = 1),
    CONSTRAINT campaign_audience_campaign_fkey FOREIGN KEY (organization_id, campaign_id)
    REFERENCES marketing.campaigns (organization_id, campaign_id) ON DELETE CASCADE,
    CONSTRAINT campaign_audience_list_fkey FOREIGN KEY (organization_id, list_id) REFERENCES marketing.lists (organization_id, id),
    CONSTRAINT campaign_audience_segment_fkey FOREIGN KEY (organization_id, segment_id) REFERENCES marketing.segments (organization_id, id)
);
CREATE INDEX idx_campaign_audience_list ON marketing.campaign_audience (organization_id, list_id);
CREATE INDEX idx_campaign_audience_segment ON marketing.campaign_audience (organization_id, segment_id);
CALL kit.f_protect('marketing.campaign_audience');
GRANT SELECT, INSERT, DELETE ON marketing.campaign_audience TO outrider_app;

-- A step: how long after the one before, under which condition, by which channel. `is_reply` keeps the thread. `instructions` are for tasks.
CREATE TABLE marketing.steps (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    campaign_id uuid NOT NULL,
    position integer NOT NULL,
    channel text NOT NULL DEFAULT 'email',
    delay integer NOT NULL DEFAULT 0,
    delay_unit text NOT NULL DEFAULT 'business_days',
    condition text NOT NULL DEFAULT 'always',
    is_reply boolean NOT NULL DEFAULT true,
    instructions text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT steps_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT steps_position_key UNIQUE (organization_id, campaign_id, position) DEFERRABLE,
    CONSTRAINT steps_campaign_fkey FOREIGN KEY (organization_id, campaign_id)
    REFERENCES marketing.campaigns (organization_id, campaign_id) ON DELETE CASCADE,
    CONSTRAINT steps_position_check CHECK (position BETWEEN 1 AND 50),
    CONSTRAINT steps_channel_check CHECK (channel IN ('email', 'linkedin', 'phone')),
    CONSTRAINT steps_delay_check CHECK (delay BETWEEN 0 AND 365),
    CONSTRAINT steps_delay_unit_check CHECK (delay_unit IN ('business_days', 'days', 'hours', 'minutes')),
    CONSTRAINT steps_condition_check CHECK (condition IN ('always', 'no_reply', 'no_open', 'no_click'))
);
CALL kit.f_protect('marketing.steps');
CREATE TRIGGER steps_touch BEFORE UPDATE ON marketing.steps FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT, INSERT, UPDATE, DELETE ON marketing.steps TO outrider_app;

-- What a step says, in one or more wordings; each recipient gets one of them, drawn by weight and always the same.
CREATE TABLE marketing.variants (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    step_id uuid NOT NULL,
    label text NOT NULL DEFAULT 'A',
    weight integer NOT NULL DEFAULT 1,
    subject text NOT NULL DEFAULT '',
    body text NOT NULL DEFAULT '',
    template_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT variants_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT variants_label_key UNIQUE (organization_id, step_id, label),
    CONSTRAINT variants_step_fkey FOREIGN KEY (organization_id, step_id) REFERENCES marketing.steps (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT variants_template_fkey FOREIGN KEY (organization_id, template_id) REFERENCES marketing.templates (organization_id, id),
    CONSTRAINT variants_weight_check CHECK (weight BETWEEN 0 AND 1000),
    CONSTRAINT variants_size_check CHECK (length(subject) <= 998 AND length(body) <= 500000)
);
CALL kit.f_protect('marketing.variants');
CREATE TRIGGER variants_touch BEFORE UPDATE ON marketing.variants FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT, INSERT, UPDATE, DELETE ON marketing.variants TO outrider_app;
