-- What a mailbox's health is made of, and a second try for a message that a server refused.
SET LOCAL lock_timeout = '5s';

-- What the health of a mailbox follows from: what bounces and complaints take from 100, what replies give back, and the most that it can be:
-- 90 in its first two weeks. 5 % bounces cost 25, 10 % and more 60; one complaint in a thousand costs 20. The first ten messages count as ten.
CREATE FUNCTION sending.f_health_parts(
    p_sent bigint, p_bounced bigint, p_complaints bigint, p_replies bigint, p_age interval,
    OUT most integer, OUT bounces integer, OUT complaints integer, OUT replies integer
)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        CASE WHEN p_age < interval '14 days' THEN 90 ELSE 100 END,
        round(CASE WHEN share.bounces <= 0.05 THEN share.bounces * 500 ELSE least(60, 25 + (share.bounces - 0.05) * 700) END)::integer,
        round(least(40, share.complaints * 20000))::integer,
        least(5, round(share.replies * 50))::integer
    FROM (
        SELECT p_bounced / greatest(p_sent, 10)::numeric AS bounces, p_complaints / greatest(p_sent, 100)::numeric AS complaints,
            p_replies / greatest(p_sent, 10)::numeric AS replies
    ) AS share;
END;
GRANT EXECUTE ON FUNCTION sending.f_health_parts(bigint, bigint, bigint, bigint, interval) TO outrider_app;

CREATE OR REPLACE FUNCTION sending.f_health(p_sent bigint, p_bounced bigint, p_complaints bigint, p_replies bigint, p_age interval) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT greatest(0, least(h.most, 100 + h.replies - h.bounces - h.complaints))
    FROM sending.f_health_parts(p_sent, p_bounced, p_complaints, p_replies, p_age) AS h
);

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
