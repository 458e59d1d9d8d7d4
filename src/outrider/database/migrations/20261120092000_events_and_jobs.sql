-- The event store, jobs as a person sees them, schedules, and answers kept for Idempotency-Key (seed 002).
SET LOCAL lock_timeout = '5s';

CREATE TABLE ops.events (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    user_id uuid,
    entity_type varchar(50) NOT NULL,
    entity_id uuid NOT NULL,
    event_type varchar(100) NOT NULL,
    payload jsonb NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT events_pkey PRIMARY KEY (organization_id, id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX idx_events_entity ON ops.events (organization_id, entity_type, entity_id);
CREATE INDEX idx_events_type ON ops.events (organization_id, event_type, created_at DESC);
CREATE INDEX idx_events_user ON ops.events (organization_id, user_id);
CALL kit.f_protect('ops.events');
GRANT SELECT, INSERT ON ops.events TO outrider_app;

-- Holds what no month's partition takes, so that an event is never refused.
CREATE TABLE ops.events_default PARTITION OF ops.events DEFAULT;
CALL kit.f_protect('ops.events_default');

-- Makes the partitions from this month to `p_months_ahead` months on; returns how many were new. Run by a daily job. Waits at most two
-- seconds for a lock, so that writers are never held up; a month whose events went to the default partition meanwhile stays there.
CREATE FUNCTION ops.f_make_event_partitions(p_months_ahead integer DEFAULT 3) RETURNS integer
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
        IF to_regclass('ops.' || v_name) IS NULL THEN
            BEGIN
                EXECUTE format(
                    'CREATE TABLE ops.%I PARTITION OF ops.events FOR VALUES FROM (%L) TO (%L)',
                    v_name, v_month::timestamp AT TIME ZONE 'UTC', (v_month + interval '1 month')::timestamp AT TIME ZONE 'UTC'
                );
                CALL kit.f_protect(format('ops.%I', v_name)::regclass);
                v_made := v_made + 1;
            EXCEPTION WHEN check_violation THEN
                RAISE WARNING 'events of % are in the default partition; they stay there', to_char(v_month, 'YYYY-MM');
            END;
        END IF;
    END LOOP;
    RETURN v_made;
END $$;
GRANT EXECUTE ON FUNCTION ops.f_make_event_partitions(integer) TO outrider_app;
DO $$ BEGIN PERFORM ops.f_make_event_partitions(3); END $$;

-- Writes an event and tells the channel `events` (seed 002, with its parameters in its order).
CREATE FUNCTION ops.log_event(
    p_user_id uuid, p_entity_type varchar, p_entity_id uuid, p_event_type varchar, p_payload jsonb, p_metadata jsonb DEFAULT '{}'
) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_event_id uuid;
BEGIN
    INSERT INTO ops.events (user_id, entity_type, entity_id, event_type, payload, metadata)
    VALUES (p_user_id, p_entity_type, p_entity_id, p_event_type, p_payload, p_metadata)
    RETURNING id INTO v_event_id;
    PERFORM pg_notify('events', json_build_object('id', v_event_id, 'type', p_event_type, 'entity_id', p_entity_id)::text);
    RETURN v_event_id;
END $$;
GRANT EXECUTE ON FUNCTION ops.log_event(uuid, varchar, uuid, varchar, jsonb, jsonb) TO outrider_app;

-- One job as a person sees it: pg-boss's names and states (DESIGN ruling 9), then progress, who asked and what went wrong.
-- `attempt_token` names the attempt that may write to an active job: one that was overtaken finds another's.
CREATE TABLE ops.jobs (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    name varchar(100) NOT NULL,
    data jsonb NOT NULL DEFAULT '{}',
    priority integer NOT NULL DEFAULT 0,
    retry_limit integer NOT NULL DEFAULT 3,
    retry_count integer NOT NULL DEFAULT 0,
    retry_delay integer NOT NULL DEFAULT 1,
    retry_backoff boolean NOT NULL DEFAULT true,
    start_after timestamptz NOT NULL DEFAULT now(),
    started_on timestamptz,
    singleton_key varchar(100),
    expire_in interval NOT NULL DEFAULT '15 minutes',
    created_on timestamptz NOT NULL DEFAULT now(),
    completed_on timestamptz,
    keep_until timestamptz NOT NULL DEFAULT now() + interval '14 days',
    on_complete boolean NOT NULL DEFAULT false,
    output jsonb,
    state varchar(20) NOT NULL DEFAULT 'created',
    requested_by text NOT NULL DEFAULT kit.f_actor(),
    progress_done bigint NOT NULL DEFAULT 0,
    progress_total bigint,
    progress_note text,
    cancel_requested_at timestamptz,
    error text,
    attempt_token uuid,
    CONSTRAINT jobs_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT jobs_state_check CHECK (state IN ('created', 'retry', 'active', 'completed', 'expired', 'cancelled', 'failed')),
    CONSTRAINT jobs_retry_check CHECK (retry_limit >= 0 AND retry_count >= 0 AND retry_delay >= 0)
);
CREATE INDEX idx_jobs_name_state ON ops.jobs (organization_id, name, state);
CREATE UNIQUE INDEX idx_jobs_singleton ON ops.jobs (organization_id, name, singleton_key)
WHERE state IN ('created', 'retry', 'active') AND singleton_key IS NOT NULL;
CREATE INDEX idx_jobs_start_after ON ops.jobs (organization_id, start_after);
CREATE INDEX idx_jobs_unfinished ON ops.jobs (organization_id, id) WHERE state IN ('created', 'retry', 'active');
CREATE INDEX idx_jobs_keep_until ON ops.jobs (organization_id, keep_until) WHERE state IN ('completed', 'expired', 'cancelled', 'failed');
CALL kit.f_protect('ops.jobs');
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.jobs TO outrider_app;

-- A job that comes back: `cron` is five fields, read in `time_zone`.
CREATE TABLE ops.schedules (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    name varchar(100) NOT NULL,
    job_name varchar(100) NOT NULL,
    cron text NOT NULL,
    time_zone text NOT NULL DEFAULT 'UTC',
    data jsonb NOT NULL DEFAULT '{}',
    is_active boolean NOT NULL DEFAULT true,
    next_run_at timestamptz NOT NULL,
    last_run_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schedules_pkey PRIMARY KEY (organization_id, name)
);
CREATE INDEX idx_schedules_due ON ops.schedules (organization_id, next_run_at) WHERE is_active;
CALL kit.f_protect('ops.schedules');
CREATE TRIGGER schedules_touch BEFORE UPDATE ON ops.schedules FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.schedules TO outrider_app;

-- The answer that a POST with this Idempotency-Key got; kept for a day.
CREATE TABLE ops.idempotency_keys (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    headers jsonb,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (organization_id, key),
    CONSTRAINT idempotency_keys_key_check CHECK (length(key) BETWEEN 1 AND 255)
);
CALL kit.f_protect('ops.idempotency_keys');
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.idempotency_keys TO outrider_app;
