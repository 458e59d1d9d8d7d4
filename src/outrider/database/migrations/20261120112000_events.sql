-- What happened, once: events, and the keys that make them happen once (seeds 000 and 003, BEHAVIOUR 8).
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

-- Makes the partitions of a tenant's table from this month to `p_months_ahead` months on, by months of UTC; returns how many were new. A month
-- whose rows went to the default partition meanwhile stays there.
CREATE FUNCTION kit.f_make_month_partitions(p_table regclass, p_months_ahead integer) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    v_schema name;
    v_table name;
    v_month date;
    v_name text;
    v_made integer := 0;
BEGIN
    SELECT n.nspname, c.relname INTO STRICT v_schema, v_table
    FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = p_table;
    FOR v_offset IN 0..p_months_ahead LOOP
        v_month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => v_offset))::date;
        v_name := format('%I.%I', v_schema, v_table || '_' || to_char(v_month, 'YYYY_MM'));
        IF to_regclass(v_name) IS NULL THEN
            BEGIN
                EXECUTE format(
                    'CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
                    v_name, p_table, v_month::timestamp AT TIME ZONE 'UTC', (v_month + interval '1 month')::timestamp AT TIME ZONE 'UTC'
                );
                CALL kit.f_protect(v_name::regclass);
                v_made := v_made + 1;
            EXCEPTION WHEN check_violation THEN
                RAISE WARNING '% of % are in the default partition; they stay there', p_table, to_char(v_month, 'YYYY-MM');
            END;
        END IF;
    END LOOP;
    RETURN v_made;
END $$;

-- Run by a daily job. Waits at most two seconds for a lock, so that writers are never held up.
CREATE FUNCTION engagement.f_make_event_partitions(p_months_ahead integer DEFAULT 3) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
RETURN kit.f_make_month_partitions('engagement.events', p_months_ahead);
GRANT EXECUTE ON FUNCTION engagement.f_make_event_partitions(integer) TO outrider_app;
DO $$ BEGIN PERFORM engagement.f_make_event_partitions(3); END $$;

CREATE OR REPLACE FUNCTION ops.f_make_event_partitions(p_months_ahead integer DEFAULT 3) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
RETURN kit.f_make_month_partitions('ops.events', p_months_ahead);
