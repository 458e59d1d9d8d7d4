-- Where events come from outside, and what came, byte for byte (BEHAVIOUR 8).
SET LOCAL lock_timeout = '5s';

-- Where events come from outside: a provider's webhook, with its secret (encrypted by the application). `token_hash` is of the address's last part.
-- A key that was replaced is still taken until `old_secret_until`, so that nothing is refused while the provider is told the new one. When it
-- last received something the deliveries say: a row that every delivery writes would make them wait for each other.
CREATE TABLE engagement.webhook_sources (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    kind text NOT NULL,
    name text NOT NULL,
    token_hash bytea NOT NULL,
    secret_encrypted text,
    old_secret_encrypted text,
    old_secret_until timestamptz,
    is_active boolean NOT NULL DEFAULT true,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhook_sources_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT webhook_sources_token_key UNIQUE (organization_id, token_hash),
    CONSTRAINT webhook_sources_kind_check CHECK (kind IN ('sendgrid', 'lemlist', 'smartlead', 'generic')),
    CONSTRAINT webhook_sources_name_check CHECK (length(btrim(name)) BETWEEN 1 AND 100),
    CONSTRAINT webhook_sources_old_secret_check CHECK ((old_secret_encrypted IS NULL) = (old_secret_until IS NULL))
);
CALL kit.f_protect('engagement.webhook_sources');
GRANT SELECT, INSERT, UPDATE (name, secret_encrypted, old_secret_encrypted, old_secret_until, is_active), DELETE
ON engagement.webhook_sources TO outrider_app;

-- What a webhook brought, as it came: stored before it is worked on. The body's hash makes a repeated delivery the
-- same one; `repeats` is how often the same came again. The body is kept as bytes: jsonb would drop the order, the spaces and one of two equal
-- names, and refuse a NUL. `ignored` is {why: how many of its events were left out for that reason}, `job_id` who works on it. What came is
-- not changed by anybody; what became of it is.
CREATE TABLE engagement.deliveries (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    source_id uuid NOT NULL,
    body_hash bytea NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    events integer,
    new_events integer,
    ignored jsonb NOT NULL DEFAULT '{}',
    repeats integer NOT NULL DEFAULT 0,
    error text,
    job_id uuid,
    received_at timestamptz NOT NULL DEFAULT now(),
    worked_at timestamptz,
    CONSTRAINT deliveries_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT deliveries_body_key UNIQUE (organization_id, source_id, body_hash),
    CONSTRAINT deliveries_source_fkey FOREIGN KEY (organization_id, source_id) REFERENCES engagement.webhook_sources (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT deliveries_state_check CHECK (state IN ('pending', 'done', 'failed'))
);
CREATE INDEX idx_deliveries_state ON engagement.deliveries (organization_id, state, id DESC);
CREATE INDEX idx_deliveries_failed ON engagement.deliveries (organization_id, source_id) WHERE state = 'failed';
CREATE INDEX idx_deliveries_source ON engagement.deliveries (organization_id, source_id, id DESC);
CALL kit.f_protect('engagement.deliveries');
GRANT SELECT, INSERT, UPDATE (state, events, new_events, ignored, repeats, error, job_id, worked_at), DELETE
ON engagement.deliveries TO outrider_app;
