-- Advancing enrollments finds each one by its key, whatever is estimated: it runs for every batch of messages that were sent.
SET LOCAL lock_timeout = '5s';

-- Takes enrollments past the step at `p_steps`, which was sent, done or left out at `p_at`: to the next one, or to the end. Who is at another
-- step by now, or was stopped, stays. Returns how many went on. NULL for nobody.
CREATE OR REPLACE FUNCTION marketing.f_advance(p_enrollments uuid[], p_steps integer[], p_at timestamptz) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_count integer;
BEGIN
    UPDATE marketing.enrollments AS e SET (state, next_step, next_at) = (
        SELECT
            CASE WHEN n.position IS NULL THEN 'finished' WHEN e.state = 'ready' THEN 'active' ELSE e.state END,
            n.position,
            CASE WHEN n.position IS NOT NULL THEN sending.f_after(
                p_at, n.delay, n.delay_unit, CASE WHEN e.time_zone IS NULL THEN c.time_zone ELSE sending.f_zone(e.time_zone, c.time_zone) END,
                c.window_start, c.window_end, c.window_days
            ) END
        FROM marketing.campaigns AS c
        LEFT JOIN LATERAL (
            SELECT s.position, s.delay, s.delay_unit FROM marketing.steps AS s
            WHERE s.organization_id = v_organization AND s.campaign_id = e.campaign_id AND s.position > e.next_step
            ORDER BY s.position LIMIT 1
        ) AS n ON true
        WHERE c.organization_id = v_organization AND c.campaign_id = e.campaign_id
    )
    FROM unnest(p_enrollments, p_steps) AS a (id, step)
    WHERE e.organization_id = v_organization AND e.id = ANY (p_enrollments) AND e.id = a.id AND e.next_step = a.step
        AND e.state IN ('ready', 'active', 'paused');
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;
