-- What a person or evidence decides about single messages of the ledger.
SET LOCAL lock_timeout = '5s';

-- Settles an `unknown` message by evidence. sent: it is as if the server's answer had come. not_sent: the server does not have it, so it is
-- queued again, with the Message-ID that it had. Returns what it became, NULL when there is no such doubtful message.
CREATE FUNCTION sending.f_settle(p_id uuid, p_outcome text, p_evidence text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_message sending.messages;
BEGIN
    IF p_outcome NOT IN ('sent', 'not_sent') THEN
        RAISE EXCEPTION 'the outcome is sent or not_sent' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    UPDATE sending.messages AS m SET
        status = CASE p_outcome WHEN 'sent' THEN 'sent' ELSE 'queued' END,
        reason = NULL, error_message = NULL,
        sent_at = CASE p_outcome WHEN 'sent' THEN m.last_attempt_at END,
        counted_at = CASE p_outcome WHEN 'sent' THEN m.counted_at END,
        scheduled_at = CASE p_outcome WHEN 'sent' THEN m.scheduled_at ELSE clock_timestamp() END
    WHERE m.organization_id = v_organization AND m.id = p_id AND m.status = 'unknown'
    RETURNING m.* INTO v_message;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE sending.attempts SET outcome = CASE p_outcome WHEN 'sent' THEN 'sent' ELSE 'not_started' END, answer = p_evidence
    WHERE organization_id = v_organization AND message_id = p_id AND number = v_message.attempts;
    IF p_outcome = 'sent' THEN
        PERFORM marketing.f_advance(ARRAY[v_message.enrollment_id], ARRAY[v_message.sequence_step], v_message.sent_at);
    END IF;
    RETURN v_message.status;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_settle(uuid, text, text) TO outrider_app;

-- Doubtful messages whose mailbox's Sent folder can be read, a minute after their attempt and then every ten minutes; marks them as looked for.
CREATE FUNCTION sending.f_look_for(p_most integer) RETURNS TABLE (id uuid, mailbox_id uuid, message_id text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE sending.messages AS m SET looked_for_at = clock_timestamp()
    WHERE m.organization_id = kit.f_organization() AND m.id IN (
        SELECT d.id FROM sending.messages AS d
        INNER JOIN sending.mailboxes AS b ON b.organization_id = kit.f_organization() AND b.id = d.mailbox_id AND b.imap_host IS NOT NULL
        WHERE d.organization_id = kit.f_organization() AND d.status = 'unknown' AND d.last_attempt_at < clock_timestamp() - interval '1 minute'
            AND coalesce(d.looked_for_at, '-infinity') < clock_timestamp() - interval '10 minutes'
        ORDER BY d.id LIMIT p_most FOR UPDATE OF d SKIP LOCKED
    )
    RETURNING m.id, m.mailbox_id, m.message_id;
END;
GRANT EXECUTE ON FUNCTION sending.f_look_for(integer) TO outrider_app;

-- Lets messages that wait for a look go on: with texts of their own where they are given (only for one message), else rendered anew.
-- Returns how many were waiting.
CREATE FUNCTION sending.f_release(p_ids uuid[], p_subject text DEFAULT NULL, p_body text DEFAULT NULL) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH released AS (
        UPDATE sending.messages AS m SET
            status = 'queued', reason = NULL, error_message = NULL, scheduled_at = clock_timestamp(),
            subject = coalesce(p_subject, m.subject), body = coalesce(p_body, m.body),
            edited_by = CASE WHEN p_body IS NOT NULL THEN kit.f_actor() ELSE m.edited_by END
        WHERE m.organization_id = kit.f_organization() AND m.id = ANY (p_ids) AND m.status = 'needs_review'
        RETURNING m.id
    )
    SELECT count(*)::integer FROM released;
END;
GRANT EXECUTE ON FUNCTION sending.f_release(uuid[], text, text) TO outrider_app;

-- Leaves messages out that were not sent yet; their people go on with the next step. Returns how many were left out.
CREATE FUNCTION sending.f_skip(p_ids uuid[], p_reason text DEFAULT 'skipped by hand') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_enrollments uuid[];
    v_steps integer[];
BEGIN
    WITH skipped AS (
        UPDATE sending.messages AS m SET status = 'skipped', reason = p_reason
        WHERE m.organization_id = kit.f_organization() AND m.id = ANY (p_ids) AND m.status IN ('queued', 'needs_review')
        RETURNING m.enrollment_id, m.sequence_step
    )
    SELECT array_agg(s.enrollment_id), array_agg(s.sequence_step) INTO v_enrollments, v_steps FROM skipped AS s;
    PERFORM marketing.f_advance(v_enrollments, v_steps, clock_timestamp());
    RETURN coalesce(cardinality(v_enrollments), 0);
END $$;
GRANT EXECUTE ON FUNCTION sending.f_skip(uuid[], text) TO outrider_app;

-- Queues a message again that a server refused for what it said or who sent it, or put off too often; not one whose address bounced. Its
-- person goes on from there. The server never took it, so nothing is sent twice. Returns how many; none when the campaign has ended.
CREATE FUNCTION sending.f_retry(p_ids uuid[]) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH again AS (
        UPDATE sending.messages AS m SET status = 'queued', reason = NULL, error_message = NULL, scheduled_at = clock_timestamp()
        FROM marketing.enrollments AS e
        INNER JOIN marketing.campaigns AS c
            ON c.organization_id = kit.f_organization() AND c.campaign_id = e.campaign_id AND c.state IN ('sending', 'paused')
        WHERE m.organization_id = kit.f_organization() AND m.id = ANY (p_ids) AND m.status = 'failed' AND m.reason IN ('refused', 'gave_up')
            AND e.organization_id = kit.f_organization() AND e.id = m.enrollment_id AND e.state = 'stopped' AND e.reason = m.reason
        RETURNING m.enrollment_id, m.sequence_step
    ),
    back AS (
        UPDATE marketing.enrollments AS e
        SET state = 'active', reason = NULL, stopped_at = NULL, next_step = again.sequence_step, next_at = NULL
        FROM again
        WHERE e.organization_id = kit.f_organization() AND e.id = again.enrollment_id
        RETURNING e.id
    )
    SELECT count(*)::integer FROM back;
END;
GRANT EXECUTE ON FUNCTION sending.f_retry(uuid[]) TO outrider_app;

-- Gives what a campaign has queued with mailboxes that it no longer sends from to those that it does, in turns; what goes on with a thread
-- stays with the mailbox that began it. Returns how many messages; none when it has no mailbox left.
CREATE FUNCTION sending.f_hand_over(p_campaign uuid) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH present AS (
        SELECT l.mailbox_id, row_number() OVER (ORDER BY l.mailbox_id) - 1 AS place, count(*) OVER () AS places
        FROM sending.campaign_mailboxes AS l
        WHERE l.organization_id = kit.f_organization() AND l.campaign_id = p_campaign AND NOT l.is_leaving
    ),
    orphan AS (
        SELECT m.id, row_number() OVER (ORDER BY m.scheduled_at, m.id) AS place
        FROM sending.messages AS m
        WHERE m.organization_id = kit.f_organization() AND m.campaign_id = p_campaign AND m.status IN ('queued', 'needs_review')
            AND m.mailbox_id NOT IN (SELECT mailbox_id FROM present)
            AND NOT EXISTS (
                SELECT FROM sending.messages AS t
                WHERE t.organization_id = kit.f_organization() AND t.enrollment_id = m.enrollment_id AND t.mailbox_id = m.mailbox_id
                    AND t.status IN ('sent', 'unknown')
            )
    ),
    moved AS (
        UPDATE sending.messages AS m SET mailbox_id = present.mailbox_id
        FROM orphan INNER JOIN present ON present.place = orphan.place % present.places
        WHERE m.organization_id = kit.f_organization() AND m.id = orphan.id
        RETURNING m.id
    )
    SELECT count(*)::integer FROM moved;
END;
GRANT EXECUTE ON FUNCTION sending.f_hand_over(uuid) TO outrider_app;
