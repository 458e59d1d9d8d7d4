-- What is done to the ledger, and nothing else may be: claim, begin, finish, recover. The application cannot write to sending.messages otherwise.
SET LOCAL lock_timeout = '5s';

-- An IANA zone that this server knows, else the other one: an unknown zone of one recipient must not stop everybody's messages.
CREATE FUNCTION sending.f_zone(p_zone text, p_other text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
AS $$
BEGIN
    PERFORM now() AT TIME ZONE p_zone;
    RETURN coalesce(p_zone, p_other);
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN p_other;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_zone(text, text) TO outrider_app;

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

-- How far apart a mailbox's messages are, on average: as it says, else a day's messages spread over the window, at most ten minutes.
CREATE FUNCTION sending.f_spacing(p_seconds integer, p_limit integer, p_start time, p_end time) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN make_interval(secs => coalesce(p_seconds, least(600, extract(EPOCH FROM p_end - p_start) / greatest(p_limit, 1))));
GRANT EXECUTE ON FUNCTION sending.f_spacing(integer, integer, time, time) TO outrider_app;

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

-- Whether a person unsubscribed with any of their addresses: then none of them is written to.
CREATE FUNCTION sending.f_has_refused(p_person uuid) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (
    SELECT FROM vault.contacts AS c
    WHERE c.organization_id = kit.f_organization() AND c.person_id = p_person AND c.status = 'unsubscribed' OFFSET 0
);
GRANT EXECUTE ON FUNCTION sending.f_has_refused(uuid) TO outrider_app;

-- A number from 0 to under 1 that follows from a text: what is drawn with it is drawn the same every time.
CREATE FUNCTION sending.f_chance(p_text text) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashtextextended(p_text, 0) & 1048575) / 1048576.0::double precision;
GRANT EXECUTE ON FUNCTION sending.f_chance(text) TO outrider_app;

-- The server as this database knows it: a restored copy runs elsewhere, or on another timeline.
CREATE FUNCTION sending.f_server_identity() RETURNS text
LANGUAGE sql STABLE
RETURN (SELECT s.system_identifier::text FROM pg_control_system() AS s) || '/' || (SELECT c.timeline_id::text FROM pg_control_checkpoint() AS c)
    || '/' || (SELECT d.oid::text FROM pg_database AS d WHERE d.datname = current_database());

-- Whether sending is frozen. In a restored copy it freezes: what was claimed at the time of the backup is put back into the queue, or is in
-- doubt. The first caller of an organization writes down where it is.
CREATE FUNCTION sending.f_is_frozen() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_here text := sending.f_server_identity();
    v_control sending.control;
BEGIN
    SELECT * INTO v_control FROM sending.control WHERE organization_id = v_organization;
    IF v_control.frozen_at IS NOT NULL THEN
        RETURN true;
    ELSIF v_control.server_identity = v_here THEN
        RETURN false;
    END IF;
    INSERT INTO sending.control AS c (organization_id, server_identity) VALUES (v_organization, v_here)
    ON CONFLICT (organization_id) DO UPDATE SET
        server_identity = coalesce(c.server_identity, excluded.server_identity),
        frozen_at = CASE WHEN c.server_identity <> excluded.server_identity THEN excluded.updated_at END,
        frozen_reason = CASE WHEN c.server_identity <> excluded.server_identity THEN 'this database was restored or moved' END,
        updated_at = excluded.updated_at
    RETURNING c.* INTO v_control;
    IF v_control.frozen_at IS NOT NULL THEN
        UPDATE sending.messages SET lease_until = '-infinity' WHERE organization_id = v_organization AND status IN ('claimed', 'sending');
        PERFORM sending.f_recover();
    END IF;
    RETURN v_control.frozen_at IS NOT NULL;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_is_frozen() TO outrider_app;

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
GRANT EXECUTE ON FUNCTION sending.f_recover() TO outrider_app;

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
                WHEN last.at + spacing.usual * (0.5 + 0.5 * sending.f_chance(b.id::text || last.at::text)) > v_now THEN 0
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
            CASE
                WHEN e.state NOT IN ('ready', 'active', 'paused') THEN coalesce(e.reason, e.state)
                WHEN k.status IN ('bounced', 'unsubscribed') THEN k.status
                WHEN sending.f_has_refused(k.person_id) THEN 'unsubscribed'
                ELSE sending.f_suppressed(p.recipient, p.campaign_id)
            END AS never,
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
        CROSS JOIN LATERAL (SELECT CASE WHEN e.time_zone IS NULL THEN c.time_zone ELSE sending.f_zone(e.time_zone, c.time_zone) END AS name) AS zone
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
            CASE
                WHEN e.state NOT IN ('ready', 'active', 'paused') THEN coalesce(e.reason, e.state)
                WHEN k.status IN ('bounced', 'unsubscribed') THEN k.status
                WHEN sending.f_has_refused(k.person_id) THEN 'unsubscribed'
                ELSE sending.f_suppressed(m.recipient, m.campaign_id)
            END AS never,
            NOT v_frozen AND c.state = 'sending' AND b.state = 'active' AND e.state IN ('ready', 'active')
                AND m.claimed_at > v_now - interval '15 minutes'
                AND (m.claimed_at AT TIME ZONE o.time_zone)::date = (v_now AT TIME ZONE o.time_zone)::date
                AND sending.f_is_open(
                    v_now, CASE WHEN e.time_zone IS NULL THEN c.time_zone ELSE sending.f_zone(e.time_zone, c.time_zone) END,
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
    written AS (
        UPDATE sending.messages AS m SET
            status = CASE WHEN j.never IS NOT NULL THEN 'skipped' WHEN j.may THEN 'sending' ELSE 'queued' END,
            reason = j.never,
            attempts = m.attempts + (j.never IS NULL AND j.may)::integer,
            last_attempt_at = CASE WHEN j.never IS NULL AND j.may THEN v_now ELSE m.last_attempt_at END,
            counted_at = CASE WHEN j.never IS NULL AND j.may THEN v_now END,
            lease_until = CASE WHEN j.never IS NULL AND j.may THEN v_now + p_lease END,
            claim_token = CASE WHEN j.never IS NULL AND j.may THEN m.claim_token END,
            claimed_by = CASE WHEN j.never IS NULL AND j.may THEN m.claimed_by END,
            subject = a.subject, body = a.body, body_text = a.body_text, headers = a.headers, variant_id = coalesce(a.variant_id, m.variant_id)
        FROM judged AS j INNER JOIN asked AS a ON a.id = j.id
        WHERE m.organization_id = v_organization AND m.id = j.id
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
    WHERE b.organization_id = v_organization AND b.last_sent_at IS DISTINCT FROM v_now
        AND b.id IN (SELECT (d.value ->> 'mailbox_id')::uuid FROM jsonb_array_elements(v_done) AS d (value) WHERE d.value ->> 'outcome' = 'sent');

    PERFORM sending.f_learn(v_done);
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

-- Renews the leases of a worker's messages while it lives; returns how many it still holds.
CREATE FUNCTION sending.f_renew(p_worker text, p_lease interval DEFAULT '2 minutes') RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH renewed AS (
        UPDATE sending.messages SET lease_until = clock_timestamp() + p_lease
        WHERE organization_id = kit.f_organization() AND status IN ('claimed', 'sending') AND lease_until >= clock_timestamp() AND claimed_by = p_worker
        RETURNING id
    )
    SELECT count(*)::integer FROM renewed;
END;
GRANT EXECUTE ON FUNCTION sending.f_renew(text, interval) TO outrider_app;
