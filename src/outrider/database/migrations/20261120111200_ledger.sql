-- The send ledger: messages, attempts, what recipients' servers want, and the organization's own switch (seed 004's email_queue; docs/sending.md
-- states what it guarantees).
SET LOCAL lock_timeout = '5s';

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
CREATE INDEX idx_messages_mailbox ON sending.messages (organization_id, mailbox_id, id);
CREATE INDEX idx_messages_contact ON sending.messages (organization_id, contact_id, id);
CREATE INDEX idx_messages_step ON sending.messages (organization_id, step_id);
-- Words of subjects, entered once: when a message comes to an end. Recipients are found by idx_contacts_search, which the ledger does not pay for.
CREATE INDEX idx_messages_subject ON sending.messages USING gin (organization_id, subject public.gin_trgm_ops)
WHERE status NOT IN ('queued', 'claimed', 'sending');
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
