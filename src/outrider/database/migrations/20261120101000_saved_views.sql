-- Views of a list that somebody named: what it asks, how it is sorted, which columns it shows.
SET LOCAL lock_timeout = '5s';

CREATE TABLE people.saved_views (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    kind text NOT NULL,
    name text NOT NULL,
    filters jsonb NOT NULL DEFAULT '{}',
    sort text,
    direction text,
    columns text[] NOT NULL DEFAULT '{}',
    is_shared boolean NOT NULL DEFAULT false,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT saved_views_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT saved_views_kind_check CHECK (kind IN ('people', 'companies', 'contacts')),
    CONSTRAINT saved_views_name_check CHECK (length(name) BETWEEN 1 AND 60),
    CONSTRAINT saved_views_direction_check CHECK (direction IN ('asc', 'desc')),
    CONSTRAINT saved_views_name_key UNIQUE (organization_id, created_by, kind, name)
);
CALL kit.f_protect('people.saved_views');
CREATE TRIGGER saved_views_touch BEFORE UPDATE ON people.saved_views FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT, DELETE ON people.saved_views TO outrider_app;
GRANT INSERT (organization_id, kind, name, filters, sort, direction, columns, is_shared) ON people.saved_views TO outrider_app;
GRANT UPDATE (name, filters, sort, direction, columns, is_shared) ON people.saved_views TO outrider_app;
