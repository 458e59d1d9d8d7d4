-- The ledger's claim: what may be sent now, decided and written down by one statement. The application cannot write to sending.messages
-- otherwise than by the functions of this migration and the next ones.
SET LOCAL lock_timeout = '5s';

-- Takes back what a dead worker had claimed: not yet sending, it is queued again; sending, nobody knows, so it is `unknown` and is settled
-- by looking. Returns how many of each.
CREATE FUNCTION sending.f_recover(OUT requeued integer, OUT doubtful integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH late AS (
        SELECT m.id, m.status FROM sending.messages AS m
        WHERE m.organization_id = kit.f_organization() AND m.status IN ('claimed', 'sending') AND m.lease_until < clock_timestamp()
        FOR UPDATE SKIP LOCKED
    ),
    settled AS (
        UPDATE sending.messages AS m SET
            status = CASE late.status WHEN 'claimed' THEN 'queued' ELSE 'unknown' END,
            reason = CASE late.status WHEN 'sending' THEN 'the worker ended before the server''s answer was written down' END,
            counted_at = CASE late.status WHEN 'sending' THEN m.counted_at END,
            claim_token = CASE late.status WHEN 'sending' THEN m.claim_token END,
            claimed_by = NULL, lease_until = NULL
        FROM late WHERE m.organization_id = kit.f_organization() AND m.id = late.id
        RETURNING m.id, m.attempts, m.status
    ),
    ended AS (
        UPDATE sending.attempts AS a SET ended_at = clock_timestamp(), outcome = 'unknown'
        FROM settled WHERE a.organization_id = kit.f_organization() AND a.message_id = settled.id AND a.number = settled.attempts
            AND settled.status = 'unknown' AND a.ended_at IS NULL
    )
    SELECT (count(*) FILTER (WHERE status = 'queued'))::integer, (count(*) FILTER (WHERE status = 'unknown'))::integer FROM settled;
END;

-- One round of the claim: looks at the next messages that are due, decides about each, and writes that down. The caller holds the claim's
-- lock. `looked_at` is 0 when nothing is due. Every pair of campaign and mailbox has its share, so that no backlog holds up another's.
CREATE FUNCTION sending.f_decide(
    p_token uuid, p_worker text, p_most integer, p_lease interval, OUT looked_at integer, OUT claimed uuid[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_now timestamptz := clock_timestamp();
BEGIN
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
    head AS MATERIALIZED (
        SELECT c.campaign_id, b.id AS mailbox_id, first.scheduled_at
        FROM marketing.campaigns AS c
        INNER JOIN sending.campaign_mailboxes AS l ON l.organization_id = v_organization AND l.campaign_id = c.campaign_id
        INNER JOIN sending.mailboxes AS b ON b.organization_id = v_organization AND b.id = l.mailbox_id AND b.state = 'active'
        CROSS JOIN LATERAL (
            SELECT q.scheduled_at FROM sending.messages AS q
            WHERE q.organization_id = v_organization AND q.campaign_id = c.campaign_id AND q.mailbox_id = b.id
                AND q.status = 'queued' AND q.scheduled_at <= v_now
            ORDER BY q.scheduled_at, q.id LIMIT 1
        ) AS first
        WHERE c.organization_id = v_organization AND c.state = 'sending' AND (SELECT room FROM whole) > 0
    ),
    mailbox AS MATERIALIZED (
        SELECT b.id, least(
            p_most, day.most - used.today, coalesce(b.hourly_limit - used.hour, p_most),
            CASE -- after a pause what is overdue goes out one by one too, half the spacing apart at the least
                WHEN spacing.usual = interval '0' THEN p_most
                WHEN last.at + spacing.usual * (0.5 + 0.5 * sending.f_draw(b.id::text || last.at::text)) > v_now THEN 0
                ELSE 1
            END
        ) AS room
        FROM sending.mailboxes AS b
        CROSS JOIN clock
        CROSS JOIN LATERAL (
            SELECT sending.f_daily_limit(b.daily_limit, b.warmup_status, b.warmup_started_on, b.warmup_from, b.warmup_days, clock.day) AS most
        ) AS day
        CROSS JOIN LATERAL (
            SELECT min(sending.f_spacing(b.spacing_seconds, day.most, c.window_start, c.window_end)) AS usual
            FROM head AS h
            INNER JOIN marketing.campaigns AS c ON c.organization_id = v_organization AND c.campaign_id = h.campaign_id
            WHERE h.mailbox_id = b.id
        ) AS spacing
        CROSS JOIN LATERAL (
            SELECT max(m.counted_at) AS at FROM sending.messages AS m WHERE m.organization_id = v_organization AND m.mailbox_id = b.id
        ) AS last
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE m.counted_at >= clock.today) AS today, count(*) FILTER (WHERE m.counted_at > clock.hour_ago) AS hour
            FROM sending.messages AS m
            WHERE m.organization_id = v_organization AND m.mailbox_id = b.id
                AND m.counted_at >= CASE WHEN b.hourly_limit IS NULL THEN clock.today ELSE least(clock.today, clock.hour_ago) END
        ) AS used
        WHERE b.organization_id = v_organization AND b.id IN (SELECT mailbox_id FROM head)
    ),
    campaign AS MATERIALIZED (
        SELECT c.campaign_id, c.time_zone, c.window_start, c.window_end, c.window_days, CASE WHEN c.daily_limit IS NULL THEN p_most ELSE c.daily_limit - (
            SELECT count(*) FROM sending.messages AS m
            WHERE m.organization_id = v_organization AND m.campaign_id = c.campaign_id AND m.counted_at >= clock.today
        ) END AS room
        FROM marketing.campaigns AS c CROSS JOIN clock
        WHERE c.organization_id = v_organization AND c.campaign_id IN (SELECT campaign_id FROM head)
    ),
    turn AS MATERIALIZED (
        SELECT h.campaign_id, h.mailbox_id, least(mailbox.room, campaign.room, ceil(p_most::numeric / count(*) OVER ()))::integer AS share
        FROM head AS h
        INNER JOIN mailbox ON mailbox.id = h.mailbox_id AND mailbox.room > 0
        INNER JOIN campaign ON campaign.campaign_id = h.campaign_id AND campaign.room > 0
        ORDER BY h.scheduled_at, h.mailbox_id
        LIMIT p_most
    ),
    picked AS MATERIALIZED (
        SELECT m.id, m.campaign_id, m.mailbox_id, m.enrollment_id, m.contact_id, m.recipient, m.recipient_domain, m.scheduled_at
        FROM turn
        CROSS JOIN LATERAL (
            SELECT q.* FROM sending.messages AS q
            WHERE q.organization_id = v_organization AND q.campaign_id = turn.campaign_id AND q.mailbox_id = turn.mailbox_id
                AND q.status = 'queued' AND q.scheduled_at <= v_now
            ORDER BY q.scheduled_at, q.id
            LIMIT turn.share
            FOR UPDATE SKIP LOCKED
        ) AS m
    ),
    domain AS MATERIALIZED (
        SELECT d.recipient_domain, t.not_before, CASE WHEN rate.most IS NOT NULL THEN rate.most - (
            SELECT count(*) FROM sending.messages AS m
            WHERE m.organization_id = v_organization AND m.recipient_domain = d.recipient_domain AND m.counted_at > clock.hour_ago
        ) END AS room
        FROM (SELECT DISTINCT p.recipient_domain FROM picked AS p) AS d
        CROSS JOIN clock
        LEFT JOIN sending.throttles AS t ON t.organization_id = v_organization AND t.recipient_domain = d.recipient_domain
        CROSS JOIN LATERAL (SELECT least(t.per_hour, clock.domain_hourly_limit) AS most) AS rate
    ),
    judged AS MATERIALIZED (
        SELECT
            p.id, p.campaign_id, p.mailbox_id, p.recipient_domain, p.scheduled_at, domain.room AS domain_room,
            sending.f_stop_reason(e.state, e.reason, k.status, k.person_id, p.recipient, p.campaign_id) AS never,
            CASE
                WHEN NOT sending.f_is_open(v_now, zone.name, c.window_start, c.window_end, c.window_days)
                    THEN sending.f_next_opening(v_now, zone.name, c.window_start, c.window_end, c.window_days)
                WHEN e.state = 'paused' THEN v_now + interval '15 minutes'
                WHEN domain.not_before > v_now THEN domain.not_before
                WHEN domain.room <= 0 THEN v_now + interval '5 minutes'
            END AS later
        FROM picked AS p
        INNER JOIN campaign AS c ON c.campaign_id = p.campaign_id
        INNER JOIN domain ON domain.recipient_domain = p.recipient_domain
        INNER JOIN marketing.enrollments AS e ON e.organization_id = v_organization AND e.id = p.enrollment_id
        INNER JOIN vault.contacts AS k ON k.organization_id = v_organization AND k.contact_id = p.contact_id
        CROSS JOIN LATERAL (SELECT sending.f_zone(e.time_zone, c.time_zone) AS name) AS zone
    ),
    in_line AS (
        SELECT j.*, row_number() OVER (PARTITION BY j.campaign_id, j.mailbox_id ORDER BY j.scheduled_at, j.id) AS place
        FROM judged AS j WHERE j.never IS NULL AND j.later IS NULL
    ),
    ranked AS MATERIALIZED (
        SELECT
            l.*, row_number() OVER (PARTITION BY l.mailbox_id ORDER BY l.place, l.scheduled_at, l.id) AS in_mailbox,
            row_number() OVER (PARTITION BY l.campaign_id ORDER BY l.place, l.scheduled_at, l.id) AS in_campaign,
            row_number() OVER (PARTITION BY l.recipient_domain ORDER BY l.place, l.scheduled_at, l.id) AS in_domain,
            row_number() OVER (ORDER BY l.place, l.scheduled_at, l.id) AS in_all
        FROM in_line AS l
    ),
    chosen AS MATERIALIZED (
        SELECT r.id FROM ranked AS r
        INNER JOIN mailbox ON mailbox.id = r.mailbox_id
        INNER JOIN campaign ON campaign.campaign_id = r.campaign_id
        CROSS JOIN whole
        WHERE r.in_mailbox <= mailbox.room AND r.in_campaign <= campaign.room AND r.in_all <= least(whole.room, p_most)
            AND (r.domain_room IS NULL OR r.in_domain <= r.domain_room)
    ),
    written AS (
        UPDATE sending.messages AS m SET
            status = CASE WHEN chosen.id IS NOT NULL THEN 'claimed' WHEN j.never IS NOT NULL THEN 'skipped' ELSE m.status END,
            reason = CASE WHEN chosen.id IS NULL THEN j.never END,
            scheduled_at = CASE WHEN j.never IS NULL THEN coalesce(j.later, m.scheduled_at) ELSE m.scheduled_at END,
            claim_token = CASE WHEN chosen.id IS NOT NULL THEN p_token ELSE m.claim_token END,
            claimed_by = CASE WHEN chosen.id IS NOT NULL THEN p_worker END,
            claimed_at = CASE WHEN chosen.id IS NOT NULL THEN v_now ELSE m.claimed_at END,
            lease_until = CASE WHEN chosen.id IS NOT NULL THEN v_now + p_lease END,
            counted_at = CASE WHEN chosen.id IS NOT NULL THEN v_now END
        FROM judged AS j LEFT JOIN chosen ON chosen.id = j.id
        WHERE m.organization_id = v_organization AND m.id = j.id AND (chosen.id IS NOT NULL OR j.never IS NOT NULL OR j.later IS NOT NULL)
        RETURNING m.id, m.status, m.enrollment_id, m.reason
    ),
    stopped AS (
        UPDATE marketing.enrollments AS e SET state = 'stopped', reason = w.reason, stopped_at = v_now, next_step = NULL, next_at = NULL
        FROM written AS w
        WHERE w.status = 'skipped' AND e.organization_id = v_organization AND e.id = w.enrollment_id AND e.state IN ('ready', 'active', 'paused')
    )
    SELECT
        (SELECT count(*)::integer FROM picked),
        ARRAY(SELECT w.id FROM written AS w INNER JOIN picked AS p ON p.id = w.id WHERE w.status = 'claimed' ORDER BY p.scheduled_at, p.id)
    INTO looked_at, claimed;
END $$;

-- Claims at most `p_most` messages that may be sent now, for `p_lease`. One claimer at a time in an organization, so that what one counts the
-- next one sees; each limit is counted in the ledger itself. What may never be sent is marked `skipped` with the reason, what may not be sent
-- now is moved to when it may. Whoever calls it cannot pass by a suppression, a stop, a window or a limit.
CREATE FUNCTION sending.f_claim(p_worker text, p_most integer, p_lease interval DEFAULT '2 minutes') RETURNS SETOF sending.messages
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_token uuid := uuidv7();
    v_round record;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN -- an older snapshot would not see what others claimed
        RAISE EXCEPTION 'sending.f_claim runs in read committed' USING ERRCODE = 'active_sql_transaction';
    END IF;
    PERFORM sending.f_hash(''); -- raises when nobody said the key, whether anybody is suppressed or not
    PERFORM pg_advisory_xact_lock(hashtextextended('sending.claim/' || v_organization::text, 0));
    IF sending.f_is_frozen() THEN
        RETURN;
    END IF;
    PERFORM sending.f_recover();
    FOR v_number IN 1..20 LOOP -- a round that only skipped or moved messages is followed by another one
        SELECT * INTO v_round FROM sending.f_decide(v_token, p_worker, p_most, p_lease);
        EXIT WHEN v_round.looked_at = 0 OR cardinality(v_round.claimed) > 0;
    END LOOP;
    RETURN QUERY
    SELECT m.* FROM unnest(v_round.claimed) WITH ORDINALITY AS c (id, place)
    INNER JOIN sending.messages AS m ON m.organization_id = v_organization AND m.id = c.id
    ORDER BY c.place;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_claim(text, integer, interval) TO outrider_app;

-- Renews the leases of a worker's messages while it lives; returns how many it renewed. Those that are being begun or finished at this moment
-- get a new one by that, or need none.
CREATE FUNCTION sending.f_renew(p_worker text, p_lease interval DEFAULT '2 minutes') RETURNS integer
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
GRANT EXECUTE ON FUNCTION sending.f_renew(text, interval) TO outrider_app;
