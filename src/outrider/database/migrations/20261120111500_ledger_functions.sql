-- What is done to the ledger, and nothing else may be: claim, begin, finish, recover. The application cannot write to sending.messages otherwise.
SET LOCAL lock_timeout = '5s';

-- Whether a moment lies in a window of an IANA zone; `p_days` are ISO weekdays, Monday is 1.
CREATE FUNCTION sending.f_is_open(p_at timestamptz, p_zone text, p_start time, p_end time, p_days integer[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN extract(ISODOW FROM p_at AT TIME ZONE p_zone)::integer = ANY (p_days)
    AND (p_at AT TIME ZONE p_zone)::time >= p_start AND (p_at AT TIME ZONE p_zone)::time < p_end;
GRANT EXECUTE ON FUNCTION sending.f_is_open(timestamptz, text, time, time, integer[]) TO outrider_app;

-- The moment itself when the window is open, else when it opens next.
CREATE FUNCTION sending.f_next_opening(p_at timestamptz, p_zone text, p_start time, p_end time, p_days integer[]) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN sending.f_is_open(p_at, p_zone, p_start, p_end, p_days) THEN p_at ELSE (
    SELECT min(o.opens_at)
    FROM generate_series(0, 8) AS d (days)
    CROSS JOIN LATERAL (SELECT ((p_at AT TIME ZONE p_zone)::date + d.days)::date AS day) AS l
    CROSS JOIN LATERAL (SELECT (l.day + p_start) AT TIME ZONE p_zone AS opens_at) AS o
    WHERE o.opens_at > p_at AND extract(ISODOW FROM l.day)::integer = ANY (p_days)
) END;
GRANT EXECUTE ON FUNCTION sending.f_next_opening(timestamptz, text, time, time, integer[]) TO outrider_app;

-- How many a mailbox may send on a day of the organization's: its limit, or on the way there a straight ramp (BEHAVIOUR 7).
CREATE FUNCTION sending.f_daily_limit(p_limit integer, p_warmup text, p_started date, p_from integer, p_days integer, p_day date) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_warmup = 'pending' THEN 0
    WHEN p_warmup = 'active' AND p_day < p_started + p_days
        THEN least(p_limit, p_from + (p_limit - p_from) * greatest(p_day - p_started, 0) / p_days)
    ELSE p_limit
END;
GRANT EXECUTE ON FUNCTION sending.f_daily_limit(integer, text, date, integer, integer, date) TO outrider_app;

-- An address or domain as suppressions keep it when the plain text is gone: keyed with what the application says in its transaction, so
-- that nobody can try addresses against a copy of the database. Raises 55000 when the transaction does not say it.
CREATE FUNCTION sending.f_hash(p_value text) RETURNS bytea
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
    v_key bytea := decode(nullif(current_setting('app.suppression_key', true), ''), 'hex');
BEGIN
    IF v_key IS NULL THEN
        RAISE EXCEPTION 'app.suppression_key is not set in this transaction' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN sha256(v_key || sha256(v_key || convert_to(lower(btrim(p_value)), 'UTF8')));
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

-- The server as this database knows it: a restored copy runs elsewhere, or on another timeline.
CREATE FUNCTION sending.f_server_identity() RETURNS text
LANGUAGE sql STABLE
RETURN (SELECT s.system_identifier::text FROM pg_control_system() AS s) || '/' || (SELECT c.timeline_id::text FROM pg_control_checkpoint() AS c)
    || '/' || (SELECT d.oid::text FROM pg_database AS d WHERE d.datname = current_database());

-- Freezes sending in a restored copy, and says whether it is frozen. The first caller of an organization writes down where it is.
CREATE FUNCTION sending.f_is_frozen() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_here text := sending.f_server_identity();
    v_control sending.control;
BEGIN
    INSERT INTO sending.control (organization_id, server_identity) VALUES (v_organization, v_here)
    ON CONFLICT (organization_id) DO NOTHING;
    SELECT * INTO v_control FROM sending.control WHERE organization_id = v_organization;
    IF v_control.frozen_at IS NULL AND v_control.server_identity IS DISTINCT FROM v_here THEN
        UPDATE sending.control
        SET frozen_at = now(), frozen_reason = coalesce(frozen_reason, 'this database was restored or moved'), updated_at = now()
        WHERE organization_id = v_organization AND server_identity IS NOT NULL;
        UPDATE sending.control SET server_identity = v_here WHERE organization_id = v_organization AND server_identity IS NULL;
        SELECT * INTO v_control FROM sending.control WHERE organization_id = v_organization;
    END IF;
    RETURN v_control.frozen_at IS NOT NULL;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_is_frozen() TO outrider_app;

-- Takes back what a dead worker had claimed: not yet sending, it is queued again; sending, nobody knows, so it is `unknown` and is settled
-- by looking. Returns how many of each.
CREATE FUNCTION sending.f_recover(OUT requeued integer, OUT doubtful integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
BEGIN
    WITH late AS (
        SELECT m.id, m.status FROM sending.messages AS m
        WHERE m.organization_id = v_organization AND m.status IN ('claimed', 'sending') AND m.lease_until < clock_timestamp()
        FOR UPDATE SKIP LOCKED
    ),
    settled AS (
        UPDATE sending.messages AS m SET
            status = CASE late.status WHEN 'claimed' THEN 'queued' ELSE 'unknown' END,
            reason = CASE late.status WHEN 'claimed' THEN NULL ELSE 'the worker ended before the server''s answer was written down' END,
            counted_at = CASE late.status WHEN 'claimed' THEN NULL ELSE m.counted_at END,
            claim_token = CASE late.status WHEN 'claimed' THEN NULL ELSE m.claim_token END,
            claimed_by = NULL, lease_until = NULL
        FROM late WHERE m.organization_id = v_organization AND m.id = late.id
        RETURNING m.status
    )
    SELECT count(*) FILTER (WHERE status = 'queued'), count(*) FILTER (WHERE status = 'unknown') INTO requeued, doubtful FROM settled;
    UPDATE sending.attempts AS a SET ended_at = clock_timestamp(), outcome = CASE m.status WHEN 'unknown' THEN 'unknown' ELSE 'not_started' END
    FROM sending.messages AS m
    WHERE a.organization_id = v_organization AND a.ended_at IS NULL AND m.organization_id = v_organization AND m.id = a.message_id
        AND m.status IN ('queued', 'unknown') AND (requeued > 0 OR doubtful > 0);
END $$;
GRANT EXECUTE ON FUNCTION sending.f_recover() TO outrider_app;

-- Claims at most `p_most` messages that may be sent now, for `p_lease`. One claimer at a time in an organization, so that what one counts the
-- next one sees; each limit is counted in the ledger itself. What may never be sent is marked `skipped` with the reason, what may not be sent
-- now is moved to when it may. Whoever calls it cannot pass by a suppression, a stop, a window or a limit.
CREATE FUNCTION sending.f_claim(p_worker text, p_most integer, p_lease interval DEFAULT '2 minutes') RETURNS SETOF sending.messages
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_token uuid := uuidv7();
    v_now timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('sending.claim/' || v_organization::text, 0));
    IF sending.f_is_frozen() THEN
        RETURN;
    END IF;
    PERFORM sending.f_recover();
    v_now := clock_timestamp();
    RETURN QUERY
    WITH clock AS MATERIALIZED (
        SELECT
            (v_now AT TIME ZONE o.time_zone)::date AS day, date_trunc('day', v_now AT TIME ZONE o.time_zone) AT TIME ZONE o.time_zone AS today,
            v_now - interval '1 hour' AS hour_ago, c.daily_limit, c.domain_hourly_limit
        FROM tenancy.organizations AS o
        LEFT JOIN sending.control AS c ON c.organization_id = o.id
        WHERE o.id = v_organization
    ),
    whole AS MATERIALIZED (
        SELECT CASE WHEN clock.daily_limit IS NULL THEN p_most ELSE clock.daily_limit - (
            SELECT count(*) FROM sending.mailboxes AS b
            INNER JOIN sending.messages AS m ON m.organization_id = v_organization AND m.mailbox_id = b.id AND m.counted_at >= clock.today
            WHERE b.organization_id = v_organization
        ) END AS room FROM clock
    ),
    mailbox AS MATERIALIZED (
        SELECT b.id, least(
            p_most, sending.f_daily_limit(b.daily_limit, b.warmup_status, b.warmup_started_on, b.warmup_from, b.warmup_days, clock.day) - used.today,
            coalesce(b.hourly_limit - used.hour, p_most)
        ) AS room
        FROM sending.mailboxes AS b
        CROSS JOIN clock
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE m.counted_at >= clock.today) AS today, count(*) FILTER (WHERE m.counted_at > clock.hour_ago) AS hour
            FROM sending.messages AS m
            WHERE m.organization_id = v_organization AND m.mailbox_id = b.id AND m.counted_at >= least(clock.today, clock.hour_ago)
        ) AS used
        WHERE b.organization_id = v_organization AND b.state = 'active'
    ),
    campaign AS MATERIALIZED (
        SELECT c.campaign_id, c.time_zone, c.window_start, c.window_end, c.window_days, CASE WHEN c.daily_limit IS NULL THEN p_most ELSE c.daily_limit - (
            SELECT count(*) FROM sending.messages AS m
            WHERE m.organization_id = v_organization AND m.campaign_id = c.campaign_id AND m.counted_at >= clock.today
        ) END AS room
        FROM marketing.campaigns AS c CROSS JOIN clock
        WHERE c.organization_id = v_organization AND c.state = 'sending'
    ),
    picked AS MATERIALIZED (
        SELECT m.id, m.campaign_id, m.mailbox_id, m.enrollment_id, m.contact_id, m.recipient, m.recipient_domain, m.scheduled_at
        FROM campaign
        INNER JOIN sending.campaign_mailboxes AS l ON l.organization_id = v_organization AND l.campaign_id = campaign.campaign_id
        INNER JOIN mailbox ON mailbox.id = l.mailbox_id AND mailbox.room > 0
        CROSS JOIN LATERAL (
            SELECT q.* FROM sending.messages AS q
            WHERE q.organization_id = v_organization AND q.campaign_id = campaign.campaign_id AND q.mailbox_id = mailbox.id
                AND q.status = 'queued' AND q.scheduled_at <= v_now
            ORDER BY q.scheduled_at, q.id
            LIMIT least(mailbox.room, campaign.room, p_most)
            FOR UPDATE SKIP LOCKED
        ) AS m
        WHERE campaign.room > 0
    ),
    judged AS MATERIALIZED (
        SELECT
            p.id, p.campaign_id, p.mailbox_id, p.recipient_domain, p.scheduled_at, domain.room AS domain_room,
            CASE
                WHEN e.state NOT IN ('ready', 'active') THEN coalesce(e.reason, e.state)
                WHEN k.status IN ('bounced', 'unsubscribed') THEN k.status
                ELSE sending.f_suppressed(p.recipient, p.campaign_id)
            END AS never,
            CASE
                WHEN NOT sending.f_is_open(v_now, zone.name, c.window_start, c.window_end, c.window_days)
                    THEN sending.f_next_opening(v_now, zone.name, c.window_start, c.window_end, c.window_days)
                WHEN domain.not_before > v_now THEN domain.not_before
            END AS later
        FROM picked AS p
        INNER JOIN campaign AS c ON c.campaign_id = p.campaign_id
        INNER JOIN marketing.enrollments AS e ON e.organization_id = v_organization AND e.id = p.enrollment_id
        INNER JOIN vault.contacts AS k ON k.organization_id = v_organization AND k.contact_id = p.contact_id
        CROSS JOIN LATERAL (SELECT coalesce(e.time_zone, c.time_zone) AS name) AS zone
        CROSS JOIN LATERAL (
            SELECT t.not_before, least(t.per_hour, clock.domain_hourly_limit) - (
                SELECT count(*) FROM sending.messages AS m
                WHERE m.organization_id = v_organization AND m.recipient_domain = p.recipient_domain AND m.counted_at > clock.hour_ago
            ) AS room
            FROM clock LEFT JOIN sending.throttles AS t ON t.organization_id = v_organization AND t.recipient_domain = p.recipient_domain
        ) AS domain
    ),
    ranked AS (
        SELECT
            j.*, row_number() OVER (PARTITION BY j.mailbox_id ORDER BY j.scheduled_at, j.id) AS in_mailbox,
            row_number() OVER (PARTITION BY j.campaign_id ORDER BY j.scheduled_at, j.id) AS in_campaign,
            row_number() OVER (PARTITION BY j.recipient_domain ORDER BY j.scheduled_at, j.id) AS in_domain,
            row_number() OVER (ORDER BY j.scheduled_at, j.id) AS in_all
        FROM judged AS j WHERE j.never IS NULL AND j.later IS NULL
    ),
    chosen AS (
        SELECT r.id FROM ranked AS r
        INNER JOIN mailbox ON mailbox.id = r.mailbox_id
        INNER JOIN campaign ON campaign.campaign_id = r.campaign_id
        CROSS JOIN whole
        WHERE r.in_mailbox <= mailbox.room AND r.in_campaign <= campaign.room AND r.in_all <= least(whole.room, p_most)
            AND (r.domain_room IS NULL OR r.in_domain <= r.domain_room)
    ),
    decided AS (
        SELECT
            j.id, j.never, chosen.id IS NOT NULL AS is_chosen,
            coalesce(j.later, CASE WHEN j.domain_room <= 0 THEN v_now + interval '10 minutes' END) AS later
        FROM judged AS j LEFT JOIN chosen ON chosen.id = j.id
    ),
    written AS (
        UPDATE sending.messages AS m SET
            status = CASE WHEN d.is_chosen THEN 'claimed' WHEN d.never IS NOT NULL THEN 'skipped' ELSE m.status END,
            reason = CASE WHEN d.is_chosen THEN NULL ELSE d.never END,
            scheduled_at = CASE WHEN d.is_chosen OR d.never IS NOT NULL THEN m.scheduled_at ELSE coalesce(d.later, m.scheduled_at) END,
            claim_token = CASE WHEN d.is_chosen THEN v_token END, claimed_by = CASE WHEN d.is_chosen THEN p_worker END,
            claimed_at = CASE WHEN d.is_chosen THEN v_now ELSE m.claimed_at END, lease_until = CASE WHEN d.is_chosen THEN v_now + p_lease END,
            counted_at = CASE WHEN d.is_chosen THEN v_now END
        FROM decided AS d
        WHERE m.organization_id = v_organization AND m.id = d.id AND (d.is_chosen OR d.never IS NOT NULL OR d.later IS NOT NULL)
        RETURNING m.*
    )
    SELECT * FROM written WHERE written.status = 'claimed' ORDER BY written.scheduled_at, written.id;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_claim(text, integer, interval) TO outrider_app;

-- The last step before DATA: from here on a death without the server's answer makes the message `unknown`. False: the claim is no longer
-- ours, or the campaign was stopped meanwhile, and nothing may be sent. Keeps the text as it goes out.
CREATE FUNCTION sending.f_begin(
    p_id uuid, p_token uuid, p_worker text, p_subject text, p_body text, p_body_text text, p_headers jsonb, p_variant uuid, p_lease interval DEFAULT '2 minutes'
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_message sending.messages;
BEGIN
    UPDATE sending.messages AS m SET
        status = 'sending', attempts = m.attempts + 1, last_attempt_at = clock_timestamp(), lease_until = clock_timestamp() + p_lease,
        subject = p_subject, body = p_body, body_text = p_body_text, headers = p_headers, variant_id = p_variant
    FROM marketing.campaigns AS c, marketing.enrollments AS e
    WHERE m.organization_id = v_organization AND m.id = p_id AND m.claim_token = p_token AND m.status = 'claimed'
        AND c.organization_id = v_organization AND c.campaign_id = m.campaign_id AND c.state = 'sending'
        AND e.organization_id = v_organization AND e.id = m.enrollment_id AND e.state IN ('ready', 'active')
        AND sending.f_suppressed(m.recipient, m.campaign_id) IS NULL
    RETURNING m.* INTO v_message;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO sending.attempts (organization_id, message_id, number, mailbox_id, worker)
    VALUES (v_organization, p_id, v_message.attempts, v_message.mailbox_id, p_worker);
    RETURN true;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_begin(uuid, uuid, text, text, text, text, jsonb, uuid, interval) TO outrider_app;

-- What the server answered. sent: it has the message. refused: never (5xx). postponed: it comes again at `p_retry_at` (4xx), and no longer
-- counts. unknown: the connection was lost after DATA. not_started: given back unsent. False when the claim is no longer ours and the outcome
-- brings no news; a late `sent` or `refused` settles an `unknown`.
CREATE FUNCTION sending.f_finish(
    p_id uuid, p_token uuid, p_outcome text, p_code integer DEFAULT NULL, p_answer text DEFAULT NULL, p_retry_at timestamptz DEFAULT NULL
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_message sending.messages;
BEGIN
    UPDATE sending.messages AS m SET
        status = CASE p_outcome WHEN 'sent' THEN 'sent' WHEN 'refused' THEN 'failed' WHEN 'unknown' THEN 'unknown' ELSE 'queued' END,
        reason = CASE p_outcome WHEN 'unknown' THEN coalesce(p_answer, 'the connection was lost before the server''s answer') WHEN 'refused' THEN 'refused' END,
        error_message = CASE WHEN p_outcome <> 'sent' THEN p_answer END,
        sent_at = CASE p_outcome WHEN 'sent' THEN clock_timestamp() END,
        counted_at = CASE WHEN p_outcome IN ('sent', 'unknown') THEN m.counted_at END,
        scheduled_at = CASE p_outcome WHEN 'postponed' THEN coalesce(p_retry_at, clock_timestamp() + interval '15 minutes') ELSE m.scheduled_at END,
        claim_token = CASE WHEN p_outcome = 'unknown' THEN m.claim_token END, claimed_by = NULL, lease_until = NULL
    WHERE m.organization_id = v_organization AND m.id = p_id AND m.claim_token = p_token
        AND (m.status = 'sending' OR (m.status = 'unknown' AND p_outcome IN ('sent', 'refused')) OR (m.status = 'claimed' AND p_outcome IN ('refused', 'postponed', 'not_started')))
    RETURNING m.* INTO v_message;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE sending.attempts SET ended_at = clock_timestamp(), outcome = p_outcome, code = p_code, answer = p_answer
    WHERE organization_id = v_organization AND message_id = p_id AND number = v_message.attempts
        AND (outcome IS NULL OR (outcome = 'unknown' AND p_outcome IN ('sent', 'refused')));
    IF p_outcome = 'sent' THEN
        UPDATE sending.mailboxes SET last_sent_at = clock_timestamp() WHERE organization_id = v_organization AND id = v_message.mailbox_id;
    END IF;
    RETURN true;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_finish(uuid, uuid, text, integer, text, timestamptz) TO outrider_app;

-- Renews the leases of a claim while its worker lives; returns how many it still holds.
CREATE FUNCTION sending.f_renew(p_token uuid, p_lease interval DEFAULT '2 minutes') RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH renewed AS (
        UPDATE sending.messages SET lease_until = clock_timestamp() + p_lease
        WHERE organization_id = kit.f_organization() AND claim_token = p_token AND status IN ('claimed', 'sending')
        RETURNING id
    )
    SELECT count(*)::integer FROM renewed;
END;
GRANT EXECUTE ON FUNCTION sending.f_renew(uuid, interval) TO outrider_app;
