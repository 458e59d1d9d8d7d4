-- Domains that we sign for, the mailboxes that send, and which campaign sends from which (seeds 003 and 004, BEHAVIOUR 7).
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
    health_score integer NOT NULL,
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

-- Which mailboxes a campaign sends from. One that is leaving goes on with the threads that it began, and begins none.
CREATE TABLE sending.campaign_mailboxes (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    campaign_id uuid NOT NULL,
    mailbox_id uuid NOT NULL,
    is_leaving boolean NOT NULL DEFAULT false,
    CONSTRAINT campaign_mailboxes_pkey PRIMARY KEY (organization_id, campaign_id, mailbox_id),
    CONSTRAINT campaign_mailboxes_campaign_fkey FOREIGN KEY (organization_id, campaign_id)
    REFERENCES marketing.campaigns (organization_id, campaign_id) ON DELETE CASCADE,
    CONSTRAINT campaign_mailboxes_mailbox_fkey FOREIGN KEY (organization_id, mailbox_id) REFERENCES sending.mailboxes (organization_id, id)
);
CREATE INDEX idx_campaign_mailboxes_mailbox ON sending.campaign_mailboxes (organization_id, mailbox_id);
CALL kit.f_protect('sending.campaign_mailboxes');
GRANT SELECT, INSERT, UPDATE, DELETE ON sending.campaign_mailboxes TO outrider_app;

-- Puts the mailboxes in the place of those that a campaign sent from; returns how many of them there are, and how many queued messages went
-- over to them. Threads keep theirs, unless the campaign is left without any: then nothing goes out.
CREATE FUNCTION sending.f_set_campaign_mailboxes(p_campaign uuid, p_mailboxes uuid[], OUT mailboxes integer, OUT handed_over integer)
LANGUAGE plpgsql
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
BEGIN
    DELETE FROM sending.campaign_mailboxes AS c
    WHERE c.organization_id = v_organization AND c.campaign_id = p_campaign AND c.mailbox_id <> ALL (p_mailboxes);
    INSERT INTO sending.campaign_mailboxes (organization_id, campaign_id, mailbox_id)
    SELECT v_organization, p_campaign, b.id FROM sending.mailboxes AS b
    WHERE b.organization_id = v_organization AND b.id = ANY (p_mailboxes)
    ON CONFLICT (organization_id, campaign_id, mailbox_id) DO UPDATE SET is_leaving = false;
    SELECT count(*)::integer INTO mailboxes FROM sending.campaign_mailboxes AS c
    WHERE c.organization_id = v_organization AND c.campaign_id = p_campaign;
    handed_over := sending.f_hand_over(p_campaign);
    IF mailboxes > 0 THEN
        INSERT INTO sending.campaign_mailboxes (organization_id, campaign_id, mailbox_id, is_leaving)
        SELECT DISTINCT v_organization, p_campaign, m.mailbox_id, true FROM sending.messages AS m
        WHERE m.organization_id = v_organization AND m.campaign_id = p_campaign
        ON CONFLICT (organization_id, campaign_id, mailbox_id) DO NOTHING;
    END IF;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_set_campaign_mailboxes(uuid, uuid[]) TO outrider_app;

-- The mailboxes that a campaign sends from, how they are, and what says where links in their mail begin.
CREATE FUNCTION sending.f_campaign_mailboxes(p_campaign uuid)
RETURNS TABLE (id uuid, email text, state text, state_reason text, tracking_domain text, smtp_host text, smtp_port integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT b.id, b.email, b.state, b.state_reason, b.tracking_domain, b.smtp_host, b.smtp_port FROM sending.campaign_mailboxes AS c
    INNER JOIN sending.mailboxes AS b ON b.organization_id = kit.f_organization() AND b.id = c.mailbox_id
    WHERE c.organization_id = kit.f_organization() AND c.campaign_id = p_campaign AND NOT c.is_leaving
    ORDER BY b.email;
END;
GRANT EXECUTE ON FUNCTION sending.f_campaign_mailboxes(uuid) TO outrider_app;
