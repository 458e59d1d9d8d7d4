-- Exports: lists written to a file by a job, kept for some days. ids: those who are meant where they were named one by one, else NULL.
SET LOCAL lock_timeout = '5s';

CREATE TABLE people.exports (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    kind text NOT NULL,
    format text NOT NULL,
    filters jsonb NOT NULL DEFAULT '{}',
    ids jsonb,
    sort text NOT NULL,
    direction text,
    columns text[] NOT NULL,
    file_name text NOT NULL,
    state text NOT NULL DEFAULT 'queued',
    rows_expected bigint,
    rows_written bigint NOT NULL DEFAULT 0,
    file_bytes bigint,
    error text,
    job_id uuid,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    expires_at timestamptz,
    CONSTRAINT exports_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT exports_kind_check CHECK (kind IN ('people', 'companies', 'contacts')),
    CONSTRAINT exports_format_check CHECK (format IN ('csv', 'xlsx', 'parquet')),
    CONSTRAINT exports_direction_check CHECK (direction IN ('asc', 'desc')),
    CONSTRAINT exports_state_check CHECK (state IN ('queued', 'running', 'completed', 'failed', 'cancelled', 'expired'))
);
CREATE INDEX idx_exports_expires_at ON people.exports (organization_id, expires_at) WHERE state = 'completed';
CALL kit.f_protect('people.exports');
GRANT SELECT ON people.exports TO outrider_app;
GRANT INSERT (organization_id, kind, format, filters, ids, sort, direction, columns, file_name) ON people.exports TO outrider_app;
GRANT UPDATE (state, rows_expected, rows_written, file_bytes, error, job_id, finished_at, expires_at) ON people.exports TO outrider_app;
