-- Who may be written to, and with which words: lists, segments, templates (seeds 003 and 004).
SET LOCAL lock_timeout = '5s';

CREATE SCHEMA marketing;
GRANT USAGE ON SCHEMA marketing TO outrider_app;

-- A list holds the people that somebody put on it (seed 003's lists).
CREATE TABLE marketing.lists (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL,
    description text,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT lists_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT lists_name_check CHECK (length(btrim(name)) BETWEEN 1 AND 200)
);
CREATE UNIQUE INDEX idx_lists_name ON marketing.lists (organization_id, lower(name));
CALL kit.f_protect('marketing.lists');
CREATE TRIGGER lists_touch BEFORE UPDATE ON marketing.lists FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT, INSERT, UPDATE, DELETE ON marketing.lists TO outrider_app;

CREATE TABLE marketing.list_members (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    list_id uuid NOT NULL,
    person_id uuid NOT NULL,
    added_by text NOT NULL DEFAULT kit.f_actor(),
    added_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT list_members_pkey PRIMARY KEY (organization_id, list_id, person_id),
    CONSTRAINT list_members_list_fkey FOREIGN KEY (organization_id, list_id) REFERENCES marketing.lists (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT list_members_person_fkey FOREIGN KEY (organization_id, person_id) REFERENCES people.master (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_list_members_person ON marketing.list_members (organization_id, person_id);
CALL kit.f_protect('marketing.list_members');
GRANT SELECT, INSERT, DELETE ON marketing.list_members TO outrider_app;

-- A segment holds whoever fits its filters at the moment; `filters` is the document that the people composer takes.
CREATE TABLE marketing.segments (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL,
    description text,
    filters jsonb NOT NULL,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT segments_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT segments_name_check CHECK (length(btrim(name)) BETWEEN 1 AND 200),
    CONSTRAINT segments_filters_check CHECK (jsonb_typeof(filters) = 'object')
);
CREATE UNIQUE INDEX idx_segments_name ON marketing.segments (organization_id, lower(name));
CALL kit.f_protect('marketing.segments');
CREATE TRIGGER segments_touch BEFORE UPDATE ON marketing.segments FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT, INSERT, UPDATE, DELETE ON marketing.segments TO outrider_app;

-- Texts that are used again (seed 004's templates). `variables` are the names that the texts use, with what each falls back to.
CREATE TABLE marketing.templates (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL,
    category text,
    subject text NOT NULL DEFAULT '',
    body text NOT NULL DEFAULT '',
    variables jsonb NOT NULL DEFAULT '{}',
    is_shared boolean NOT NULL DEFAULT true,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT templates_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT templates_name_check CHECK (length(btrim(name)) BETWEEN 1 AND 255),
    CONSTRAINT templates_size_check CHECK (length(subject) <= 998 AND length(body) <= 500000)
);
CREATE UNIQUE INDEX idx_templates_name ON marketing.templates (organization_id, lower(name));
CALL kit.f_protect('marketing.templates');
CREATE TRIGGER templates_touch BEFORE UPDATE ON marketing.templates FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT, INSERT, UPDATE, DELETE ON marketing.templates TO outrider_app;
