-- What changes for people and messages on their way when a campaign or a mailbox is changed while it runs.
SET LOCAL lock_timeout = '5s';

-- Spreads messages that wait and were never tried anew: those of one mailbox, or of one campaign in all its mailboxes. Each comes as early as
-- the spacing and its turn in the mailbox's queue let it, and never later than before. Returns how many come earlier.
CREATE FUNCTION sending.f_respace(p_mailbox uuid, p_campaign uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_now timestamptz := clock_timestamp();
    v_count integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('sending.claim/' || v_organization::text, 0));
    WITH line AS (
        SELECT
            m.id, sending.f_spacing(b.spacing_seconds, b.daily_limit, c.window_start, c.window_end)
            * (row_number() OVER (PARTITION BY m.mailbox_id ORDER BY m.scheduled_at, m.id) - 1 + 0.5 * sending.f_draw(m.id::text)) AS wait
        FROM sending.messages AS m
        INNER JOIN sending.mailboxes AS b ON b.organization_id = v_organization AND b.id = m.mailbox_id
        INNER JOIN marketing.campaigns AS c ON c.organization_id = v_organization AND c.campaign_id = m.campaign_id
        WHERE m.organization_id = v_organization AND m.status = 'queued' AND m.attempts = 0
            AND (p_mailbox IS NULL OR m.mailbox_id = p_mailbox) AND (p_campaign IS NULL OR m.campaign_id = p_campaign)
    )
    UPDATE sending.messages AS m SET scheduled_at = v_now + line.wait
    FROM line WHERE m.organization_id = v_organization AND m.id = line.id AND m.status = 'queued' AND m.scheduled_at > v_now + line.wait;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_respace(uuid, uuid) TO outrider_app;

-- After the delay of a step or the window was changed: when people who wait are due, from when they passed the step before; who has not begun
-- is looked at at once. Messages that wait come earlier where they may.
CREATE FUNCTION marketing.f_follow_times(p_campaign uuid) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
BEGIN
    UPDATE marketing.enrollments AS e SET next_at = (
        SELECT CASE
            WHEN e.passed_at IS NULL THEN least(e.next_at, now())
            ELSE sending.f_after(e.passed_at, s.delay, s.delay_unit, sending.f_zone(e.time_zone, c.time_zone), c.window_start, c.window_end, c.window_days)
        END
        FROM marketing.campaigns AS c
        LEFT JOIN LATERAL (
            SELECT t.delay, t.delay_unit FROM marketing.steps AS t
            WHERE t.organization_id = v_organization AND t.campaign_id = p_campaign AND t.position >= e.next_step
            ORDER BY t.position LIMIT 1
        ) AS s ON true
        WHERE c.organization_id = v_organization AND c.campaign_id = p_campaign
    )
    WHERE e.organization_id = v_organization AND e.campaign_id = p_campaign AND e.state IN ('ready', 'active', 'paused')
        AND e.next_step IS NOT NULL AND e.next_at IS NOT NULL;
    PERFORM sending.f_respace(NULL, p_campaign);
END $$;
GRANT EXECUTE ON FUNCTION marketing.f_follow_times(uuid) TO outrider_app;

-- After steps were put in another order: number n of `p_waiting` is where people go on who had the n-th step next, of `p_begun` where those
-- are whose message of it is there already. Messages take their step's new number, so that a step's number is the same everywhere.
-- Messages come first, as in every other statement that writes both.
CREATE FUNCTION marketing.f_follow_steps(p_campaign uuid, p_waiting integer[], p_begun integer[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
BEGIN
    UPDATE sending.messages AS m SET sequence_step = s.position
    FROM marketing.steps AS s
    WHERE s.organization_id = v_organization AND s.campaign_id = p_campaign AND m.organization_id = v_organization AND m.step_id = s.id
        AND m.sequence_step <> s.position;
    -- The arrays are looked into and not joined: a row that another transaction moved on meanwhile is judged by where it is then.
    UPDATE marketing.enrollments AS e SET
        next_step = (CASE WHEN e.next_at IS NULL THEN p_begun ELSE p_waiting END)[least(e.next_step, cardinality(p_waiting))]
    WHERE e.organization_id = v_organization AND e.campaign_id = p_campaign AND e.state IN ('ready', 'active', 'paused')
        AND e.next_step IS NOT NULL
        AND e.next_step <> (CASE WHEN e.next_at IS NULL THEN p_begun ELSE p_waiting END)[least(e.next_step, cardinality(p_waiting))];
    PERFORM marketing.f_follow_times(p_campaign);
END $$;
GRANT EXECUTE ON FUNCTION marketing.f_follow_steps(uuid, integer[], integer[]) TO outrider_app;
