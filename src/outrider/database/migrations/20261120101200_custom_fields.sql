-- Custom fields with types, what contacts hold of them, and what lists are found by.
SET LOCAL lock_timeout = '5s';

-- A custom field that somebody gave a type. Its values are in vault.contacts.custom_fields under `key`, as they came or as they were edited.
CREATE TABLE people.custom_fields (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    key text NOT NULL,
    label text NOT NULL,
    type text NOT NULL,
    options text[] NOT NULL DEFAULT '{}',
    position integer NOT NULL DEFAULT 0,
    archived_at timestamptz,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT custom_fields_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT custom_fields_key_key UNIQUE (organization_id, key),
    CONSTRAINT custom_fields_type_check CHECK (type IN ('text', 'number', 'date', 'boolean', 'select', 'url')),
    CONSTRAINT custom_fields_key_check CHECK (length(key) BETWEEN 1 AND 500),
    CONSTRAINT custom_fields_label_check CHECK (length(label) BETWEEN 1 AND 100)
);
CALL kit.f_protect('people.custom_fields');
CREATE TRIGGER custom_fields_touch BEFORE UPDATE ON people.custom_fields FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT ON people.custom_fields TO outrider_app;
GRANT INSERT (organization_id, key, label, type, options, position) ON people.custom_fields TO outrider_app;
GRANT UPDATE (label, type, options, position, archived_at) ON people.custom_fields TO outrider_app;

-- What contacts hold, as it was last counted: keys of custom fields (with the type that their values look like, a few of these, and how
-- many do not fit the type that the field has) and tags.
CREATE TABLE people.contact_keys (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    kind text NOT NULL,
    name text NOT NULL,
    contacts bigint NOT NULL,
    misfits bigint NOT NULL DEFAULT 0,
    proposed_type text,
    samples jsonb NOT NULL DEFAULT '[]',
    counted_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT contact_keys_pkey PRIMARY KEY (organization_id, kind, name),
    CONSTRAINT contact_keys_kind_check CHECK (kind IN ('field', 'tag'))
);
CALL kit.f_protect('people.contact_keys');
GRANT SELECT, INSERT, UPDATE, DELETE ON people.contact_keys TO outrider_app;

-- A text as the type of a custom field reads it, NULL for one that does not fit: 1200, -3.5 or 1,200.50; 2026-01-31, with a time after it or
-- without; true, yes, y, on, 1 and their opposites. The same rules are in people/custom_values.py. Not STRICT, so that the planner puts their
-- bodies in the place of the calls: a filter runs them over a million values.
CREATE FUNCTION people.f_as_number(p_text text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_text ~ '^\s*[-+]?([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]{1,9})?\s*$' THEN replace(p_text, ',', '')::numeric
END;
CREATE FUNCTION people.f_as_date(p_text text) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN p_text ~ '^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.,]{1,18}\s?(Z|[-+][0-9]{2}(:?[0-9]{2})?|UTC)?)?\s*$'
        AND pg_input_is_valid(substring(p_text FROM '[0-9]{4}-[0-9]{2}-[0-9]{2}'), 'date')
        THEN substring(p_text FROM '[0-9]{4}-[0-9]{2}-[0-9]{2}')::date
END;
CREATE FUNCTION people.f_as_boolean(p_text text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN lower(btrim(p_text, E' \t\n\r\f\v')) IN ('true', 'yes', 'y', 'on', '1') THEN true
    WHEN lower(btrim(p_text, E' \t\n\r\f\v')) IN ('false', 'no', 'n', 'off', '0') THEN false
END;
-- Whether a value fits a type; an empty one fits any.
CREATE FUNCTION people.f_fits(p_type text, p_options text[], p_text text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN btrim(coalesce(p_text, ''), E' \t\n\r\f\v') = '' OR CASE p_type
    WHEN 'number' THEN people.f_as_number(p_text) IS NOT NULL
    WHEN 'date' THEN people.f_as_date(p_text) IS NOT NULL
    WHEN 'boolean' THEN people.f_as_boolean(p_text) IS NOT NULL
    WHEN 'select' THEN btrim(p_text, E' \t\n\r\f\v') = ANY (p_options)
    WHEN 'url' THEN p_text ~* '^\s*https?://[^\s]+\.[^\s]+\s*$'
    ELSE true
END;
-- The type that most values look like: nine in ten fit it; a select where few different short values come again and again.
CREATE FUNCTION people.f_proposed_type(p_values text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT CASE
        WHEN avg(people.f_fits('boolean', NULL, v.value)::int) >= 0.9 THEN 'boolean'
        WHEN avg(people.f_fits('number', NULL, v.value)::int) >= 0.9 THEN 'number'
        WHEN avg(people.f_fits('date', NULL, v.value)::int) >= 0.9 THEN 'date'
        WHEN avg(people.f_fits('url', NULL, v.value)::int) >= 0.9 THEN 'url'
        WHEN count(DISTINCT v.value) <= 12 AND count(*) >= 5 * count(DISTINCT v.value) AND max(length(v.value)) <= 60 THEN 'select'
        ELSE 'text'
    END
    FROM unnest(p_values) AS v (value)
);
GRANT EXECUTE ON FUNCTION
people.f_as_number(text), people.f_as_date(text), people.f_as_boolean(text), people.f_fits(text, text[], text), people.f_proposed_type(text[])
TO outrider_app;
GRANT EXECUTE ON FUNCTION kit.jsonb_merge(jsonb) TO outrider_app;

-- Addresses by a tag; most have none and are not in it.
CREATE INDEX idx_contacts_tags ON vault.contacts USING gin (organization_id, tags) WHERE tags <> '[]';
-- "What changed last" in the list of addresses. It only ever grows at its end.
CREATE INDEX idx_contacts_updated_at ON vault.contacts (organization_id, updated_at, contact_id);
