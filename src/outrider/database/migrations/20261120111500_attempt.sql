-- An attempt at a message: before DATA, and what the server answered.
SET LOCAL lock_timeout = '5s';

-- The last step before DATA: from here on a death without the server's answer makes a message `unknown`. `p_messages` is an array of
-- {id, token, subject, body, body_text, headers, variant_id}: the texts are kept as they go out. Returns the ids that may be sent; whatever
-- happened since the claim (paused, stopped, suppressed, frozen, the window or the organization's day is over) keeps the others, which are
-- queued again or skipped. From here on a message counts by this moment.
CREATE FUNCTION sending.f_begin(p_worker text, p_messages jsonb, p_lease interval DEFAULT '2 minutes') RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_now timestamptz := clock_timestamp();
    v_frozen boolean := sending.f_is_frozen();
BEGIN
    PERFORM sending.f_hash('');
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(p_messages)
            AS a (id uuid, token uuid, subject text, body text, body_text text, headers jsonb, variant_id uuid)
    ),
    judged AS MATERIALIZED (
        SELECT
            m.id,
            sending.f_stop_reason(e.state, e.reason, k.status, k.person_id, m.recipient, m.campaign_id) AS never,
            NOT v_frozen AND c.state = 'sending' AND b.state = 'active' AND e.state IN ('ready', 'active')
                AND m.claimed_at > v_now - interval '15 minutes'
                AND (m.claimed_at AT TIME ZONE o.time_zone)::date = (v_now AT TIME ZONE o.time_zone)::date
                AND sending.f_is_open(
                    v_now, sending.f_zone(e.time_zone, c.time_zone),
                    c.window_start, c.window_end, c.window_days
                ) AS may
        FROM asked
        INNER JOIN sending.messages AS m
            ON m.organization_id = v_organization AND m.id = asked.id AND m.claim_token = asked.token AND m.status = 'claimed'
        INNER JOIN marketing.campaigns AS c ON c.organization_id = v_organization AND c.campaign_id = m.campaign_id
        INNER JOIN marketing.enrollments AS e ON e.organization_id = v_organization AND e.id = m.enrollment_id
        INNER JOIN sending.mailboxes AS b ON b.organization_id = v_organization AND b.id = m.mailbox_id
        INNER JOIN vault.contacts AS k ON k.organization_id = v_organization AND k.contact_id = m.contact_id
        INNER JOIN tenancy.organizations AS o ON o.id = v_organization
        FOR UPDATE OF m
    ),
    decided AS (
        SELECT j.id, j.never, j.never IS NULL AND j.may AS begins FROM judged AS j
    ),
    written AS (
        UPDATE sending.messages AS m SET
            status = CASE WHEN d.begins THEN 'sending' WHEN d.never IS NULL THEN 'queued' ELSE 'skipped' END,
            reason = d.never,
            attempts = m.attempts + d.begins::integer,
            last_attempt_at = CASE WHEN d.begins THEN v_now ELSE m.last_attempt_at END,
            counted_at = CASE WHEN d.begins THEN v_now END,
            lease_until = CASE WHEN d.begins THEN v_now + p_lease END,
            claim_token = CASE WHEN d.begins THEN m.claim_token END,
            claimed_by = CASE WHEN d.begins THEN m.claimed_by END,
            subject = a.subject, body = a.body, body_text = a.body_text, headers = a.headers, variant_id = coalesce(a.variant_id, m.variant_id)
        FROM decided AS d INNER JOIN asked AS a ON a.id = d.id
        WHERE m.organization_id = v_organization AND m.id = d.id
        RETURNING m.id, m.status, m.attempts, m.mailbox_id, m.enrollment_id, m.reason
    ),
    begun AS (
        INSERT INTO sending.attempts (organization_id, message_id, number, mailbox_id, worker, started_at)
        SELECT v_organization, w.id, w.attempts, w.mailbox_id, p_worker, v_now FROM written AS w WHERE w.status = 'sending'
    ),
    stopped AS (
        UPDATE marketing.enrollments AS e SET state = 'stopped', reason = w.reason, stopped_at = v_now, next_step = NULL, next_at = NULL
        FROM written AS w
        WHERE w.status = 'skipped' AND e.organization_id = v_organization AND e.id = w.enrollment_id AND e.state IN ('ready', 'active', 'paused')
    )
    SELECT w.id FROM written AS w WHERE w.status = 'sending';
END $$;
GRANT EXECUTE ON FUNCTION sending.f_begin(text, jsonb, interval) TO outrider_app;

-- What the servers answered: an array of {id, token, outcome, reason, code, answer, retry_at, is_throttled}. sent: it has the message. refused:
-- never (`reason` bounce, refused or gave_up). postponed: it comes again at `retry_at`, and no longer counts; with `is_throttled` the recipient's
-- domain is written to more slowly. unknown: the connection was lost after DATA. not_started: given back unsent, not before `retry_at`.
-- needs_review: it cannot be written without a person. Returns what each became; a claim that is no longer ours brings no row, but news of an
-- `unknown` settles it.
CREATE FUNCTION sending.f_finish(p_worker text, p_outcomes jsonb) RETURNS TABLE (id uuid, status text)
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
GRANT EXECUTE ON FUNCTION sending.f_finish(text, jsonb) TO outrider_app;

-- How slowly a recipient domain wants it: half of what it took in the last hour after an answer such as 421 or 450, not more than once a
-- minute; twice as much after ten minutes in which it took some, until there is nothing to remember. `p_done` is what `f_finish` wrote.
CREATE FUNCTION sending.f_learn(p_done jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_now timestamptz := clock_timestamp();
    v_least constant integer := 10;
    v_free constant integer := 2000;
BEGIN
    INSERT INTO sending.throttles AS t (organization_id, recipient_domain, per_hour, not_before, learned_from, updated_at)
    SELECT v_organization, d.domain, greatest(v_least, taken.messages / 2), v_now + interval '1 minute', d.answer, v_now
    FROM (
        SELECT e.value ->> 'recipient_domain' AS domain, min(e.value ->> 'answer') AS answer
        FROM jsonb_array_elements(p_done) AS e (value)
        WHERE (e.value ->> 'is_throttled')::boolean
        GROUP BY e.value ->> 'recipient_domain'
    ) AS d
    CROSS JOIN LATERAL (
        SELECT count(*)::integer AS messages FROM sending.messages AS m
        WHERE m.organization_id = v_organization AND m.recipient_domain = d.domain AND m.counted_at > v_now - interval '1 hour'
    ) AS taken
    ON CONFLICT (organization_id, recipient_domain) DO UPDATE SET
        per_hour = greatest(v_least, least(t.per_hour / 2, excluded.per_hour)), not_before = excluded.not_before,
        learned_from = excluded.learned_from, updated_at = excluded.updated_at
    WHERE t.updated_at < excluded.updated_at - interval '1 minute';

    WITH taken AS (
        SELECT DISTINCT e.value ->> 'recipient_domain' AS domain FROM jsonb_array_elements(p_done) AS e (value)
        WHERE e.value ->> 'outcome' = 'sent'
    ),
    free AS (
        DELETE FROM sending.throttles AS t USING taken
        WHERE t.organization_id = v_organization AND t.recipient_domain = taken.domain AND t.updated_at < v_now - interval '10 minutes'
            AND t.per_hour >= v_free
    )
    UPDATE sending.throttles AS t SET per_hour = t.per_hour * 2, updated_at = v_now
    FROM taken WHERE t.organization_id = v_organization AND t.recipient_domain = taken.domain AND t.updated_at < v_now - interval '10 minutes'
        AND t.per_hour < v_free;
END $$;
