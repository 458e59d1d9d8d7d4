-- Who is never written to again, and how the database asks (BEHAVIOUR 7; docs/sending.md).
SET LOCAL lock_timeout = '5s';

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

-- An address or domain as suppressions keep it when the plain text is gone, the same for both spellings of a domain: keyed with what the
-- application says in its transaction, so that nobody can try addresses against a copy of the database. Raises 55000 when the transaction does
-- not say it.
CREATE FUNCTION sending.f_hash(p_value text) RETURNS bytea
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
    v_key bytea := decode(nullif(current_setting('app.suppression_key', true), ''), 'hex');
BEGIN
    IF v_key IS NULL THEN
        RAISE EXCEPTION 'app.suppression_key is not set in this transaction' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN sha256(v_key || sha256(v_key || convert_to(kit.f_plain_address(p_value), 'UTF8')));
END $$;
GRANT EXECUTE ON FUNCTION sending.f_hash(text) TO outrider_app;

-- Why an address may not be written to, NULL when it may: by itself, by its domain, for everything or for the campaign.
CREATE FUNCTION sending.f_suppressed(p_email text, p_campaign uuid) RETURNS text
LANGUAGE sql STABLE
RETURN (
    SELECT s.reason FROM sending.suppressions AS s
    WHERE s.organization_id = kit.f_organization()
        AND s.value_hash IN (sending.f_hash(p_email), sending.f_hash(split_part(p_email, '@', 2)))
        AND (s.campaign_id IS NULL OR s.campaign_id = p_campaign)
    ORDER BY s.campaign_id NULLS FIRST, s.id LIMIT 1
);
GRANT EXECUTE ON FUNCTION sending.f_suppressed(text, uuid) TO outrider_app;

-- Whether a person unsubscribed with any of their addresses: then none of them is written to.
CREATE FUNCTION sending.f_has_refused(p_person uuid) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (
    SELECT FROM vault.contacts AS c
    WHERE c.organization_id = kit.f_organization() AND c.person_id = p_person AND c.status = 'unsubscribed' OFFSET 0
);

-- Why a message is never sent any more, NULL when it may be: what became of its enrollment, of its address, of its person, or a suppression. The
-- claim asks, and again whoever is about to send.
CREATE FUNCTION sending.f_stop_reason(
    p_enrollment_state text, p_enrollment_reason text, p_contact_status text, p_person uuid, p_email text, p_campaign uuid
) RETURNS text
LANGUAGE sql STABLE
RETURN CASE
    WHEN p_enrollment_state NOT IN ('ready', 'active', 'paused') THEN coalesce(p_enrollment_reason, p_enrollment_state)
    WHEN p_contact_status IN ('bounced', 'unsubscribed') THEN p_contact_status
    WHEN sending.f_has_refused(p_person) THEN 'unsubscribed'
    ELSE sending.f_suppressed(p_email, p_campaign)
END;
