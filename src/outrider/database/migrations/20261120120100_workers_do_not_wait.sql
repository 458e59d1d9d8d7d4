-- Workers of one organization write answers and leases down without waiting for each other's rows, in whatever order each comes to them.
SET LOCAL lock_timeout = '5s';

-- What the servers answered: an array of {id, token, outcome, reason, code, answer, retry_at, is_throttled}. sent: it has the message. refused:
-- never (`reason` bounce, refused or gave_up). postponed: it comes again at `retry_at`, and no longer counts; with `is_throttled` the recipient's
-- domain is written to more slowly. unknown: the connection was lost after DATA. not_started: given back unsent, not before `retry_at`.
-- needs_review: it cannot be written without a person. Returns what each became; a claim that is no longer ours brings no row, but news of an
-- `unknown` settles it.
CREATE OR REPLACE FUNCTION sending.f_finish(p_worker text, p_outcomes jsonb) RETURNS TABLE (id uuid, status text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_organization uuid := kit.f_organization();
    v_now timestamptz := clock_timestamp();
    v_ids constant uuid[] := ARRAY(SELECT (o.value ->> 'id')::uuid FROM jsonb_array_elements(p_outcomes) AS o (value)); -- by the key, whatever is estimated
    v_done jsonb;
BEGIN
    WITH told AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(p_outcomes)
            AS t (id uuid, token uuid, outcome text, reason text, code integer, answer text, retry_at timestamptz, is_throttled boolean)
    ),
    written AS (
        UPDATE sending.messages AS m SET
            status = CASE t.outcome
                WHEN 'sent' THEN 'sent' WHEN 'refused' THEN 'failed' WHEN 'unknown' THEN 'unknown' WHEN 'needs_review' THEN 'needs_review' ELSE 'queued'
            END,
            reason = CASE t.outcome
                WHEN 'unknown' THEN coalesce(t.answer, 'the connection was lost before the server''s answer')
                WHEN 'refused' THEN coalesce(t.reason, 'refused') WHEN 'needs_review' THEN t.reason
            END,
            error_message = CASE WHEN t.outcome <> 'sent' THEN t.answer END,
            sent_at = CASE t.outcome WHEN 'sent' THEN v_now END,
            attempts = m.attempts + (m.status = 'claimed' AND t.outcome IN ('refused', 'postponed'))::integer,
            last_attempt_at = CASE WHEN m.status = 'claimed' AND t.outcome IN ('refused', 'postponed') THEN v_now ELSE m.last_attempt_at END,
            counted_at = CASE WHEN t.outcome IN ('sent', 'unknown') THEN coalesce(m.counted_at, m.last_attempt_at) END,
            scheduled_at = CASE t.outcome
                WHEN 'postponed' THEN coalesce(t.retry_at, v_now + interval '15 minutes') WHEN 'not_started' THEN coalesce(t.retry_at, m.scheduled_at)
                ELSE m.scheduled_at
            END,
            claim_token = CASE WHEN t.outcome = 'unknown' THEN m.claim_token END, claimed_by = NULL, lease_until = NULL
        FROM told AS t
        WHERE m.organization_id = v_organization AND m.id = ANY (v_ids) AND m.id = t.id AND m.claim_token = t.token
            AND (
                m.status = 'sending' OR (m.status = 'claimed' AND t.outcome NOT IN ('sent', 'unknown'))
                OR (m.status = 'unknown' AND t.outcome IN ('sent', 'refused', 'postponed', 'not_started')) OR (m.status = 'queued' AND t.outcome = 'sent')
            )
        RETURNING
            m.id, old.status AS before, m.status, m.enrollment_id, m.sequence_step, m.mailbox_id, m.recipient_domain, m.attempts, m.reason,
            t.outcome, t.code, t.answer, t.is_throttled
    ),
    refused_before_data AS (
        INSERT INTO sending.attempts (organization_id, message_id, number, mailbox_id, worker, ended_at, outcome, code, answer)
        SELECT v_organization, w.id, w.attempts, w.mailbox_id, p_worker, v_now, w.outcome, w.code, w.answer
        FROM written AS w WHERE w.before = 'claimed' AND w.outcome IN ('refused', 'postponed')
    ),
    ended AS (
        UPDATE sending.attempts AS a SET ended_at = v_now, outcome = w.outcome, code = w.code, answer = w.answer
        FROM written AS w
        WHERE w.before <> 'claimed' AND w.outcome <> 'needs_review'
            AND a.organization_id = v_organization AND a.message_id = ANY (v_ids) AND a.message_id = w.id AND a.number = w.attempts
    )
    SELECT coalesce(jsonb_agg(to_jsonb(w)), '[]') INTO v_done FROM written AS w;

    PERFORM marketing.f_advance(
        array_agg((d.value ->> 'enrollment_id')::uuid), array_agg((d.value ->> 'sequence_step')::integer), v_now
    ) FROM jsonb_array_elements(v_done) AS d (value) WHERE d.value ->> 'outcome' = 'sent';

    IF v_done @? '$[*] ? (@.outcome == "refused")' THEN
        UPDATE marketing.enrollments AS e
        SET state = 'stopped', reason = d.value ->> 'reason', stopped_at = v_now, next_step = NULL, next_at = NULL
        FROM jsonb_array_elements(v_done) AS d (value)
        WHERE d.value ->> 'outcome' = 'refused' AND e.organization_id = v_organization AND e.id = (d.value ->> 'enrollment_id')::uuid
            AND e.state IN ('ready', 'active', 'paused');
    END IF;

    UPDATE sending.mailboxes AS b SET last_sent_at = v_now
    WHERE b.organization_id = v_organization AND b.id IN (
        SELECT s.id FROM sending.mailboxes AS s
        WHERE s.organization_id = v_organization AND (s.last_sent_at IS NULL OR s.last_sent_at < v_now) AND s.id IN (
            SELECT (d.value ->> 'mailbox_id')::uuid FROM jsonb_array_elements(v_done) AS d (value) WHERE d.value ->> 'outcome' = 'sent'
        )
        FOR NO KEY UPDATE SKIP LOCKED -- whoever holds it says much the same, and two workers that wait for each other's mailboxes never end
    );

    IF v_done @? '$[*] ? (@.is_throttled == true)' OR EXISTS (SELECT FROM sending.throttles AS t WHERE t.organization_id = v_organization) THEN
        PERFORM sending.f_learn(v_done);
    END IF;
    IF v_done @? '$[*] ? (@.reason == "bounce")' THEN
        PERFORM sending.f_refresh_health();
    END IF;
    RETURN QUERY SELECT (d.value ->> 'id')::uuid, d.value ->> 'status' FROM jsonb_array_elements(v_done) AS d (value);
END $$;

-- Renews the leases of a worker's messages while it lives; returns how many it renewed. Those that are being begun or finished at this moment
-- get a new one by that, or need none.
CREATE OR REPLACE FUNCTION sending.f_renew(p_worker text, p_lease interval DEFAULT '2 minutes') RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH held AS (
        SELECT id FROM sending.messages
        WHERE organization_id = kit.f_organization() AND status IN ('claimed', 'sending') AND lease_until >= clock_timestamp() AND claimed_by = p_worker
        FOR NO KEY UPDATE SKIP LOCKED
    ),
    renewed AS (
        UPDATE sending.messages AS m SET lease_until = clock_timestamp() + p_lease
        FROM held WHERE m.organization_id = kit.f_organization() AND m.id = held.id
        RETURNING m.id
    )
    SELECT count(*)::integer FROM renewed;
END;
