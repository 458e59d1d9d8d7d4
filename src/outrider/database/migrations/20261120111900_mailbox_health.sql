-- How mailboxes do: what they sent today and in the last week, and what their health follows from (BEHAVIOUR 7).
SET LOCAL lock_timeout = '5s';

-- What the health of a mailbox follows from: what bounces and complaints take from 100, what replies give back, and the most that it can be:
-- 90 in its first two weeks. 5 % bounces cost 25, 10 % and more 60; one complaint in a thousand costs 20. The first ten messages count as ten.
-- `level` says it of the bounces: ok, warning over 5 %, critical over 10 %.
CREATE FUNCTION sending.f_health_parts(
    p_sent bigint, p_bounced bigint, p_complaints bigint, p_replies bigint, p_age interval,
    OUT most integer, OUT bounces integer, OUT complaints integer, OUT replies integer, OUT level text
)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        CASE WHEN p_age < interval '14 days' THEN 90 ELSE 100 END,
        round(CASE WHEN share.bounces <= 0.05 THEN share.bounces * 500 ELSE least(60, 25 + (share.bounces - 0.05) * 700) END)::integer,
        round(least(40, share.complaints * 20000))::integer,
        least(5, round(share.replies * 50))::integer,
        CASE WHEN share.bounces > 0.10 THEN 'critical' WHEN share.bounces > 0.05 THEN 'warning' ELSE 'ok' END
    FROM (
        SELECT p_bounced / greatest(p_sent, 10)::numeric AS bounces, p_complaints / greatest(p_sent, 100)::numeric AS complaints,
            p_replies / greatest(p_sent, 10)::numeric AS replies
    ) AS share;
END;
GRANT EXECUTE ON FUNCTION sending.f_health_parts(bigint, bigint, bigint, bigint, interval) TO outrider_app;

-- How a mailbox does, 0 to 100.
CREATE FUNCTION sending.f_health(p_sent bigint, p_bounced bigint, p_complaints bigint, p_replies bigint, p_age interval) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT greatest(0, least(h.most, 100 + h.replies - h.bounces - h.complaints))
    FROM sending.f_health_parts(p_sent, p_bounced, p_complaints, p_replies, p_age) AS h
);
GRANT EXECUTE ON FUNCTION sending.f_health(bigint, bigint, bigint, bigint, interval) TO outrider_app;

-- A new mailbox is as well as the figures of one that did nothing yet say.
ALTER TABLE sending.mailboxes ALTER COLUMN health_score SET DEFAULT sending.f_health(0, 0, 0, 0, interval '0');

-- What each mailbox, or one of them, did: today and in the last hour what counts against its limits; in the last 7 days, or since it was
-- resumed, what its health follows from. `sent` holds what bounced at once.
CREATE FUNCTION sending.f_mailbox_figures(p_mailbox uuid DEFAULT NULL) RETURNS TABLE (
    mailbox_id uuid, limit_today integer, today bigint, hour bigint, sent bigint, bounced bigint, complaints bigint, replies bigint, score integer
)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    v_organization uuid := kit.f_organization();
    v_now timestamptz := clock_timestamp();
    v_zone text := (SELECT o.time_zone FROM tenancy.organizations AS o WHERE o.id = v_organization);
    v_today timestamptz := date_trunc('day', v_now AT TIME ZONE v_zone) AT TIME ZONE v_zone;
BEGIN
    RETURN QUERY
    SELECT
        b.id, sending.f_daily_limit(
            b.daily_limit, b.warmup_status, b.warmup_started_on, b.warmup_from, b.warmup_days, (v_now AT TIME ZONE v_zone)::date
        ), used.today, used.hour, done.sent + gone.refused, gone.bounced, heard.complaints, heard.replies,
        sending.f_health(done.sent + gone.refused, gone.bounced, heard.complaints, heard.replies, v_now - b.created_at)
    FROM sending.mailboxes AS b
    CROSS JOIN LATERAL (SELECT greatest(v_now - interval '7 days', b.resumed_at) AS since) AS week
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE m.counted_at >= v_today) AS today, count(*) FILTER (WHERE m.counted_at > v_now - interval '1 hour') AS hour
        FROM sending.messages AS m
        WHERE m.organization_id = v_organization AND m.mailbox_id = b.id AND m.counted_at >= least(v_today, v_now - interval '1 hour')
    ) AS used
    CROSS JOIN LATERAL (
        SELECT count(*) AS sent FROM sending.messages AS m
        WHERE m.organization_id = v_organization AND m.mailbox_id = b.id AND m.counted_at >= week.since AND m.status = 'sent'
    ) AS done
    CROSS JOIN LATERAL (
        SELECT count(*) AS bounced, count(*) FILTER (WHERE g.is_refused) AS refused
        FROM (
            SELECT f.message_id, bool_or(f.is_refused) AS is_refused
            FROM (
                SELECT m.id AS message_id, true AS is_refused FROM sending.messages AS m
                WHERE m.organization_id = v_organization AND m.mailbox_id = b.id AND m.status = 'failed' AND m.reason = 'bounce'
                    AND m.last_attempt_at >= week.since
                UNION ALL
                SELECT v.message_id, false FROM engagement.events AS v
                WHERE v.organization_id = v_organization AND v.type = 'bounce' AND v.occurred_at >= week.since AND v.mailbox_id = b.id
                    AND v.message_id IS NOT NULL
            ) AS f
            GROUP BY f.message_id
        ) AS g
    ) AS gone
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE v.type = 'spam_report') AS complaints, count(*) FILTER (WHERE v.type = 'reply' AND v.verdict = 'human') AS replies
        FROM engagement.events AS v
        WHERE v.organization_id = v_organization AND v.type IN ('spam_report', 'reply') AND v.occurred_at >= week.since AND v.mailbox_id = b.id
    ) AS heard
    WHERE b.organization_id = v_organization AND (p_mailbox IS NULL OR b.id = p_mailbox);
END $$;
GRANT EXECUTE ON FUNCTION sending.f_mailbox_figures(uuid) TO outrider_app;

-- Writes the cache of every mailbox's health, and pauses those of whose messages 5 % bounced, with at least 10 sent. Returns how many.
CREATE FUNCTION sending.f_refresh_health() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_paused integer;
BEGIN
    WITH changed AS (
        UPDATE sending.mailboxes AS b SET
            health_score = f.score,
            state = CASE WHEN f.is_bouncing AND b.state = 'active' THEN 'paused' ELSE b.state END,
            state_reason = CASE WHEN f.is_bouncing AND b.state = 'active'
                THEN format('%s of %s messages bounced: look at where the addresses come from before it goes on', f.bounced, f.sent)
                ELSE b.state_reason END
        FROM (SELECT m.*, m.sent >= 10 AND m.bounced >= m.sent * 0.05 AS is_bouncing FROM sending.f_mailbox_figures() AS m) AS f
        WHERE b.organization_id = kit.f_organization() AND b.id = f.mailbox_id
            AND (b.health_score <> f.score OR (f.is_bouncing AND b.state = 'active'))
        RETURNING old.state = 'active' AND new.state = 'paused' AS is_paused
    )
    SELECT count(*)::integer INTO v_paused FROM changed WHERE is_paused;
    RETURN v_paused;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_refresh_health() TO outrider_app;
