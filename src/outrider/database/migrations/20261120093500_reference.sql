-- Look-up lists for cleaning, filled by every `outrider migrate` from the packages freemail, pycountry and Babel. Only the owner's
-- functions read them.
SET LOCAL lock_timeout = '5s';

CREATE TABLE intake.free_mail_domains (
    domain text NOT NULL,
    CONSTRAINT free_mail_domains_pkey PRIMARY KEY (domain)
);

CREATE TABLE intake.country_names (
    name text NOT NULL,
    code text NOT NULL,
    CONSTRAINT country_names_pkey PRIMARY KEY (name),
    CONSTRAINT country_names_code_check CHECK (code ~ '^[A-Z]{2}$')
);
