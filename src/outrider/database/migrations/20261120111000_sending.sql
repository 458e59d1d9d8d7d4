-- Mailboxes and the send ledger (seeds 003 and 004, BEHAVIOUR 7; docs/sending.md states what it guarantees).
SET LOCAL lock_timeout = '5s';

CREATE SCHEMA sending;
GRANT USAGE ON SCHEMA sending TO outrider_app;

-- A domain that we sign for. The private key is encrypted by the application; `checks` is what DNS said last.
CREATE TABLE sending.domains (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    domain text NOT NULL,
    dkim_selector text NOT NULL,
    dkim_private_key_encrypted text NOT NULL,
    dkim_public_key text NOT NULL,
    checks jsonb NOT NULL DEFAULT '{}',
    checked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT domains_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT domains_domain_key UNIQUE (organization_id, domain),
    CONSTRAINT domains_domain_check CHECK (domain = lower(btrim(domain)) AND length(domain) BETWEEN 3 AND 253)
);
CALL kit.f_protect('sending.domains');
GRANT SELECT, INSERT, UPDATE, DELETE ON sending.domains TO outrider_app;

-- A mailbox that sends (seed 004's email_accounts, seed 003's sender_identities). `health_score` is a cache. How many were sent today is the
-- ledger's to say. With an IMAP server its Sent folder can be read, which settles what is in doubt. Limits count by
-- the organization's day. Without `spacing_seconds` the day's messages are spread over the window.
CREATE TABLE sending.mailboxes (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    owner_user_id uuid,
    email text NOT NULL,
    from_name text NOT NULL DEFAULT '',
    reply_to text,
    provider text NOT NULL DEFAULT 'smtp',
    smtp_host text,
    smtp_port integer NOT NULL DEFAULT 587,
    smtp_security text NOT NULL DEFAULT 'starttls',
    imap_host text,
    imap_port integer NOT NULL DEFAULT 993,
    imap_security text NOT NULL DEFAULT 'tls',
    authentication text NOT NULL DEFAULT 'password',
    username text,
    credentials_encrypted text,
    settings jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'active',
    state_reason text,
    health_score integer NOT NULL DEFAULT 100,
    priority integer NOT NULL DEFAULT 5,
    weight integer NOT NULL DEFAULT 5,
    daily_limit integer NOT NULL DEFAULT 50,
    hourly_limit integer,
    spacing_seconds integer,
    warmup_status text NOT NULL DEFAULT 'off',
    warmup_started_on date,
    warmup_from integer NOT NULL DEFAULT 5,
    warmup_days integer NOT NULL DEFAULT 30,
    tracking_domain text,
    last_sent_at timestamptz,
    resumed_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT mailboxes_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT mailboxes_email_key UNIQUE (organization_id, email),
    CONSTRAINT mailboxes_email_check CHECK (email = lower(btrim(email)) AND length(email) BETWEEN 5 AND 254),
    CONSTRAINT mailboxes_provider_check CHECK (provider IN ('gmail', 'outlook', 'smtp')),
    CONSTRAINT mailboxes_port_check CHECK (smtp_port BETWEEN 1 AND 65535 AND imap_port BETWEEN 1 AND 65535),
    CONSTRAINT mailboxes_security_check CHECK (smtp_security IN ('tls', 'starttls', 'none') AND imap_security IN ('tls', 'starttls', 'none')),
    CONSTRAINT mailboxes_authentication_check CHECK (authentication IN ('password', 'oauth2', 'none')),
    CONSTRAINT mailboxes_state_check CHECK (state IN ('active', 'paused', 'failing')),
    CONSTRAINT mailboxes_score_check CHECK (health_score BETWEEN 0 AND 100 AND priority BETWEEN 0 AND 10 AND weight BETWEEN 0 AND 10),
    CONSTRAINT mailboxes_limit_check CHECK (daily_limit BETWEEN 0 AND 100000 AND hourly_limit > 0 AND spacing_seconds BETWEEN 0 AND 86400),
    CONSTRAINT mailboxes_warmup_check CHECK (
        warmup_status IN ('off', 'pending', 'active', 'done') AND warmup_from > 0 AND warmup_days BETWEEN 1 AND 365
        AND (warmup_status NOT IN ('active', 'done') OR warmup_started_on IS NOT NULL)
    )
);
CALL kit.f_protect('sending.mailboxes');
CREATE TRIGGER mailboxes_touch BEFORE UPDATE ON sending.mailboxes FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT, INSERT, UPDATE, DELETE ON sending.mailboxes TO outrider_app;

-- Which mailboxes a campaign sends from.
CREATE TABLE sending.campaign_mailboxes (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    campaign_id uuid NOT NULL,
    mailbox_id uuid NOT NULL,
    CONSTRAINT campaign_mailboxes_pkey PRIMARY KEY (organization_id, campaign_id, mailbox_id),
    CONSTRAINT campaign_mailboxes_campaign_fkey FOREIGN KEY (organization_id, campaign_id)
    REFERENCES marketing.campaigns (organization_id, campaign_id) ON DELETE CASCADE,
    CONSTRAINT campaign_mailboxes_mailbox_fkey FOREIGN KEY (organization_id, mailbox_id) REFERENCES sending.mailboxes (organization_id, id)
);
CREATE INDEX idx_campaign_mailboxes_mailbox ON sending.campaign_mailboxes (organization_id, mailbox_id);
CALL kit.f_protect('sending.campaign_mailboxes');
GRANT SELECT, INSERT, DELETE ON sending.campaign_mailboxes TO outrider_app;

-- Who is never written to again. `value` is the address or domain; it goes when the person is erased, and the keyed hash stays. With a
-- campaign, only that one is meant. No caller can send past it: the claim asks.
CREATE TABLE sending.suppressions (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    kind text NOT NULL,
    value text,
    value_hash bytea NOT NULL,
    campaign_id uuid,
    reason text NOT NULL,
    note text,
    created_by text NOT NULL DEFAULT kit.f_actor(),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT suppressions_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT suppressions_key UNIQUE NULLS NOT DISTINCT (organization_id, value_hash, campaign_id),
    CONSTRAINT suppressions_campaign_fkey FOREIGN KEY (organization_id, campaign_id)
    REFERENCES marketing.campaigns (organization_id, campaign_id) ON DELETE CASCADE,
    CONSTRAINT suppressions_kind_check CHECK (kind IN ('address', 'domain')),
    CONSTRAINT suppressions_value_check CHECK (value = lower(btrim(value))),
    CONSTRAINT suppressions_reason_check CHECK (reason IN ('unsubscribe', 'bounce', 'complaint', 'manual', 'import', 'erasure'))
);
CREATE INDEX idx_suppressions_value ON sending.suppressions (organization_id, value);
CREATE INDEX idx_suppressions_campaign ON sending.suppressions (organization_id, campaign_id);
CALL kit.f_protect('sending.suppressions');
GRANT SELECT, INSERT, UPDATE, DELETE ON sending.suppressions TO outrider_app;

-- The ledger: one row for each enrollment and step (seed 004's email_queue with its columns). `message_id` is fixed before the first attempt.
-- `counted_at` is when it began to count against limits; an attempt that the server refused gives it back. `claim_token` names the claim that
-- may write to the row. `edited_by` wrote the text of this one message by hand.
-- `looked_for_at` is when a Sent folder was last looked through for it.
CREATE TABLE sending.messages (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    campaign_id uuid NOT NULL,
    enrollment_id uuid NOT NULL,
    step_id uuid NOT NULL,
    sequence_step integer NOT NULL,
    variant_id uuid,
    mailbox_id uuid NOT NULL,
    person_id uuid NOT NULL,
    contact_id bigint NOT NULL,
    recipient text NOT NULL,
    recipient_domain text NOT NULL GENERATED ALWAYS AS (split_part(recipient, '@', 2)) STORED,
    message_id text NOT NULL,
    in_reply_to text,
    subject text,
    body text,
    body_text text,
    headers jsonb,
    scheduled_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'queued',
    reason text,
    attempts integer NOT NULL DEFAULT 0,
    last_attempt_at timestamptz,
    error_message text,
    edited_by text,
    claim_token uuid,
    claimed_by text,
    claimed_at timestamptz,
    lease_until timestamptz,
    counted_at timestamptz,
    sent_at timestamptz,
    looked_for_at timestamptz,
    n8n_execution_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT messages_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT messages_step_key UNIQUE (organization_id, enrollment_id, step_id),
    CONSTRAINT messages_message_id_key UNIQUE (organization_id, message_id),
    CONSTRAINT messages_campaign_fkey FOREIGN KEY (organization_id, campaign_id) REFERENCES marketing.campaigns (organization_id, campaign_id),
    CONSTRAINT messages_enrollment_fkey FOREIGN KEY (organization_id, enrollment_id) REFERENCES marketing.enrollments (organization_id, id),
    CONSTRAINT messages_step_fkey FOREIGN KEY (organization_id, step_id) REFERENCES marketing.steps (organization_id, id),
    CONSTRAINT messages_mailbox_fkey FOREIGN KEY (organization_id, mailbox_id) REFERENCES sending.mailboxes (organization_id, id),
    CONSTRAINT messages_status_check CHECK (
        status IN ('queued', 'claimed', 'sending', 'sent', 'failed', 'skipped', 'needs_review', 'unknown')
    ),
    CONSTRAINT messages_claim_check CHECK (status NOT IN ('claimed', 'sending') OR (claim_token IS NOT NULL AND lease_until IS NOT NULL)),
    CONSTRAINT messages_counted_check CHECK (status NOT IN ('claimed', 'sending', 'sent', 'unknown') OR counted_at IS NOT NULL)
);
-- What the claim walks along, and what it counts by.
CREATE INDEX idx_messages_queued ON sending.messages (organization_id, campaign_id, mailbox_id, scheduled_at, id) WHERE status = 'queued';
CREATE INDEX idx_messages_leased ON sending.messages (organization_id, lease_until) WHERE status IN ('claimed', 'sending');
CREATE INDEX idx_messages_counted ON sending.messages (organization_id, mailbox_id, counted_at) WHERE counted_at IS NOT NULL;
CREATE INDEX idx_messages_counted_domain ON sending.messages (organization_id, recipient_domain, counted_at) WHERE counted_at IS NOT NULL;
CREATE INDEX idx_messages_counted_campaign ON sending.messages (organization_id, campaign_id, counted_at) WHERE counted_at IS NOT NULL;
CREATE INDEX idx_messages_status ON sending.messages (organization_id, status, id);
CREATE INDEX idx_messages_failed ON sending.messages (organization_id, mailbox_id, last_attempt_at) WHERE status = 'failed';
CREATE INDEX idx_messages_campaign ON sending.messages (organization_id, campaign_id, id);
CREATE INDEX idx_messages_contact ON sending.messages (organization_id, contact_id, id);
CREATE INDEX idx_messages_step ON sending.messages (organization_id, step_id);
CALL kit.f_protect('sending.messages');
CREATE TRIGGER messages_touch BEFORE UPDATE ON sending.messages FOR EACH ROW EXECUTE FUNCTION kit.f_touch();
GRANT SELECT ON sending.messages TO outrider_app;

-- Every attempt with the server's own answer; written before DATA and finished after.
CREATE TABLE sending.attempts (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    id uuid NOT NULL DEFAULT uuidv7(),
    message_id uuid NOT NULL,
    number integer NOT NULL,
    mailbox_id uuid NOT NULL,
    worker text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    outcome text,
    code integer,
    answer text,
    CONSTRAINT attempts_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT attempts_number_key UNIQUE (organization_id, message_id, number),
    CONSTRAINT attempts_message_fkey FOREIGN KEY (organization_id, message_id) REFERENCES sending.messages (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT attempts_outcome_check CHECK (outcome IN ('sent', 'refused', 'postponed', 'unknown', 'not_started'))
);
CALL kit.f_protect('sending.attempts');
GRANT SELECT ON sending.attempts TO outrider_app;

-- How slowly a recipient domain wants it: learned from 421 and 450 answers, forgotten again with success.
CREATE TABLE sending.throttles (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    recipient_domain text NOT NULL,
    per_hour integer NOT NULL,
    not_before timestamptz NOT NULL DEFAULT now(),
    learned_from text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT throttles_pkey PRIMARY KEY (organization_id, recipient_domain),
    CONSTRAINT throttles_rate_check CHECK (per_hour > 0)
);
CALL kit.f_protect('sending.throttles');
GRANT SELECT, INSERT, UPDATE, DELETE ON sending.throttles TO outrider_app;

-- The organization's own switch and limits, and the server that it last sent from: another one is a restored copy, and sends nothing until
-- a person has looked (docs/sending.md).
CREATE TABLE sending.control (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    daily_limit integer,
    domain_hourly_limit integer,
    frozen_at timestamptz,
    frozen_reason text,
    server_identity text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT control_pkey PRIMARY KEY (organization_id),
    CONSTRAINT control_limit_check CHECK (daily_limit > 0 AND domain_hourly_limit > 0)
);
CALL kit.f_protect('sending.control');
GRANT SELECT, INSERT, UPDATE ON sending.control TO outrider_app;
