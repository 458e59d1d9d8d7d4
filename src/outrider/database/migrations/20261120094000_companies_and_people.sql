-- The golden records and what stands before and behind them: company.*, people.* (seeds 001 and 003).
-- provenance: {field: load_id} for the values that did not come with the load that made the row.
SET LOCAL lock_timeout = '5s';

CREATE TABLE company.master (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    domain text NOT NULL,
    name text,
    industry text,
    employee_count integer,
    revenue numeric,
    revenue_currency text,
    funding text,
    location text,
    country_code text,
    linkedin_url text,
    website text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    enriched_at timestamptz,
    status text NOT NULL DEFAULT 'active',
    load_id bigint,
    provenance jsonb NOT NULL DEFAULT '{}',
    -- Name, then domain: what lists sort and searches look in.
    search_text text GENERATED ALWAYS AS (left(kit.f_fold(coalesce(name || ' ', '') || domain), 500)) STORED,
    CONSTRAINT master_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT master_status_check CHECK (status IN ('active', 'inactive', 'archived')),
    CONSTRAINT master_domain_check CHECK (domain = lower(domain) AND length(domain) BETWEEN 1 AND 253)
);
CREATE UNIQUE INDEX idx_company_domain ON company.master (organization_id, domain);
CREATE INDEX idx_company_name ON company.master (organization_id, name);
CREATE INDEX idx_company_industry ON company.master (organization_id, industry);
CREATE INDEX idx_company_search ON company.master USING gin (organization_id, search_text public.gin_trgm_ops);
CREATE INDEX idx_company_sort_name ON company.master (organization_id, search_text, id);
CALL kit.f_protect('company.master');
GRANT SELECT, INSERT, UPDATE, DELETE ON company.master TO outrider_app;

CREATE TABLE company.slot (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    domain text NOT NULL,
    raw_data jsonb NOT NULL,
    validation_status text NOT NULL DEFAULT 'pending',
    created_at timestamptz NOT NULL DEFAULT now(),
    promoted_at timestamptz,
    load_id bigint,
    issue text,
    reasons text[] NOT NULL DEFAULT '{}',
    CONSTRAINT slot_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT slot_validation_status_check CHECK (validation_status IN ('pending', 'validated', 'rejected')),
    CONSTRAINT slot_issue_check CHECK (issue IN ('incomplete', 'conflict'))
);
CALL kit.f_protect('company.slot');
GRANT SELECT ON company.slot TO outrider_app;

CREATE TABLE people.master (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    email text NOT NULL,
    name text,
    first_name text,
    last_name text,
    title text,
    company_id uuid,
    linkedin_url text,
    phone text,
    location text,
    country_code text,
    seniority text,
    department text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    enriched_at timestamptz,
    status text NOT NULL DEFAULT 'active',
    load_id bigint,
    provenance jsonb NOT NULL DEFAULT '{}',
    -- The name as lists sort it, the address where there is none. A column and not an index on the expression, since row security keeps an
    -- expression whose functions are not leakproof from being an index condition. Cut off, since a B-tree refuses long keys.
    sort_name text GENERATED ALWAYS AS (left(kit.f_fold(coalesce(name, email)), 60)) STORED,
    CONSTRAINT master_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT master_status_check CHECK (status IN ('active', 'inactive', 'bounced')),
    CONSTRAINT master_email_check CHECK (email = lower(btrim(email))),
    CONSTRAINT master_company_fkey FOREIGN KEY (organization_id, company_id) REFERENCES company.master (organization_id, id)
);
CREATE UNIQUE INDEX idx_people_email ON people.master (organization_id, email);
CREATE INDEX idx_people_company_id ON people.master (organization_id, company_id);
CREATE INDEX idx_people_linkedin_url ON people.master (organization_id, linkedin_url);
CREATE INDEX idx_people_sort_name ON people.master (organization_id, sort_name, id);
-- "What changed last", and what a program that polls asks for. It only ever grows at its end.
CREATE INDEX idx_people_updated_at ON people.master (organization_id, updated_at, id);
CALL kit.f_protect('people.master');
GRANT SELECT, INSERT, UPDATE, DELETE ON people.master TO outrider_app;

CREATE TABLE people.slot (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    email text NOT NULL,
    raw_data jsonb NOT NULL,
    validation_status text NOT NULL DEFAULT 'pending',
    created_at timestamptz NOT NULL DEFAULT now(),
    promoted_at timestamptz,
    load_id bigint,
    issue text,
    reasons text[] NOT NULL DEFAULT '{}',
    decided_by text,
    decided_at timestamptz,
    CONSTRAINT slot_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT slot_validation_status_check CHECK (validation_status IN ('pending', 'validated', 'rejected')),
    CONSTRAINT slot_issue_check CHECK (issue IN ('incomplete', 'conflict'))
);
CREATE INDEX idx_slot_load ON people.slot (organization_id, load_id);
CREATE INDEX idx_slot_incomplete ON people.slot (organization_id, id) WHERE issue = 'incomplete' AND validation_status = 'pending';
CREATE INDEX idx_slot_conflicts ON people.slot (organization_id, id) WHERE issue = 'conflict' AND validation_status = 'pending';
CALL kit.f_protect('people.slot');
GRANT SELECT ON people.slot TO outrider_app;

CREATE TABLE people.intelligence (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    person_id uuid NOT NULL,
    linkedin_data jsonb NOT NULL,
    skills text[],
    experience jsonb,
    education jsonb,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    stale_at timestamptz NOT NULL DEFAULT now() + interval '30 days',
    CONSTRAINT intelligence_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT intelligence_person_fkey FOREIGN KEY (organization_id, person_id) REFERENCES people.master (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_intelligence_person ON people.intelligence (organization_id, person_id);
CREATE INDEX idx_intelligence_stale ON people.intelligence (organization_id, stale_at);
CALL kit.f_protect('people.intelligence');
GRANT SELECT, INSERT, UPDATE, DELETE ON people.intelligence TO outrider_app;

-- A person in a role at a company; only ever added to. company_key is lower(company), '' for a row that names none, so that such a
-- row is one row and not one more per run (BEHAVIOUR 3).
CREATE TABLE people.affiliations (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    person_id uuid NOT NULL,
    company_key text NOT NULL DEFAULT '',
    company_id uuid,
    company_name text,
    title text,
    seniority text,
    department text,
    location text,
    country_code text,
    website text,
    phone text,
    source text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    load_id bigint,
    provenance jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT affiliations_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT affiliations_company_key UNIQUE (organization_id, person_id, company_key),
    CONSTRAINT affiliations_person_fkey FOREIGN KEY (organization_id, person_id) REFERENCES people.master (organization_id, id),
    CONSTRAINT affiliations_company_fkey FOREIGN KEY (organization_id, company_id) REFERENCES company.master (organization_id, id)
);
CREATE INDEX idx_affiliations_company ON people.affiliations (organization_id, company_id) WHERE company_id IS NOT NULL;
CALL kit.f_protect('people.affiliations');
GRANT SELECT ON people.affiliations TO outrider_app;
