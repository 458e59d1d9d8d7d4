-- From enrollments to messages: what comes next and when, which mailbox, which wording (BEHAVIOUR 7).
SET LOCAL lock_timeout = '5s';

-- Takes enrollments past the step at `p_steps`, which was sent, done or left out at `p_at`: to the next one, or to the end. Who is at another
-- step by now, or was stopped, stays. Returns how many went on. NULL for nobody.
CREATE FUNCTION marketing.f_advance(p_enrollments uuid[], p_steps integer[], p_at timestamptz) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_count integer;
BEGIN
    UPDATE marketing.enrollments AS e SET passed_at = p_at, (state, next_step, next_at) = ( -- each by its key, whatever is estimated
        SELECT
            CASE WHEN n.position IS NULL THEN 'finished' WHEN e.state = 'ready' THEN 'active' ELSE e.state END,
            n.position,
            CASE WHEN n.position IS NOT NULL THEN sending.f_after(
                p_at, n.delay, n.delay_unit, sending.f_zone(e.time_zone, c.time_zone), c.window_start, c.window_end, c.window_days
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

-- The wording of a step that an enrollment gets: drawn by weight, always the same as long as the wordings stay. NULL when it has none.
CREATE FUNCTION sending.f_draw_variant(p_step uuid, p_enrollment uuid) RETURNS uuid
LANGUAGE sql STABLE
RETURN (
    SELECT w.id FROM (
        SELECT v.id, v.label, sum(v.weight) OVER (ORDER BY v.label, v.id) AS upto, sum(v.weight) OVER () AS total
        FROM marketing.variants AS v
        WHERE v.organization_id = kit.f_organization() AND v.step_id = p_step
    ) AS w
    WHERE w.total = 0 OR w.upto > sending.f_draw(p_step::text || p_enrollment::text) * w.total
    ORDER BY w.upto, w.label, w.id LIMIT 1
);
GRANT EXECUTE ON FUNCTION sending.f_draw_variant(uuid, uuid) TO outrider_app;

-- Where the p_number-th new message of a mailbox today stands in line, by the campaign's rotation; the lowest is drawn first. p_room is what
-- the mailbox may still send today, p_limit what it may send in a day.
CREATE FUNCTION sending.f_draw_rank(
    p_rotation text, p_priority integer, p_weight integer, p_health integer, p_room integer, p_limit integer, p_number bigint
) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_rotation
    WHEN 'weighted' THEN (p_limit - p_room + p_number)::double precision / greatest(p_weight, 0.01)
    WHEN 'priority' THEN -p_priority::double precision
    WHEN 'health' THEN -p_health::double precision
    WHEN 'hybrid' THEN -(
        0.3 * p_priority / 10.0 + 0.4 * p_health / 100.0 + 0.2 * (p_room - p_number + 1) / greatest(p_limit, 1)::double precision + 0.1 * p_weight / 10.0
    )
    ELSE (p_limit - p_room + p_number)::double precision
END;

-- What each mailbox of the organization may still take today: its limit of the day, less what counts already and what is queued for today.
-- `waiting` is how many stand in its queue for today.
CREATE FUNCTION sending.f_rooms(p_at timestamptz) RETURNS TABLE (mailbox_id uuid, daily_limit integer, room integer, waiting integer)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    v_organization uuid := kit.f_organization();
    v_zone text := (SELECT o.time_zone FROM tenancy.organizations AS o WHERE o.id = v_organization);
    v_today timestamptz := date_trunc('day', p_at AT TIME ZONE v_zone) AT TIME ZONE v_zone;
    v_tomorrow timestamptz := (date_trunc('day', p_at AT TIME ZONE v_zone) + interval '1 day') AT TIME ZONE v_zone;
BEGIN
    RETURN QUERY
    SELECT b.id, l.daily, greatest(0, l.daily - counted.messages - queued.messages), queued.messages
    FROM sending.mailboxes AS b
    CROSS JOIN LATERAL (
        SELECT sending.f_daily_limit(
            b.daily_limit, b.warmup_status, b.warmup_started_on, b.warmup_from, b.warmup_days, (p_at AT TIME ZONE v_zone)::date
        ) AS daily
    ) AS l
    CROSS JOIN LATERAL (
        SELECT count(*)::integer AS messages FROM sending.messages AS m
        WHERE m.organization_id = v_organization AND m.mailbox_id = b.id AND m.counted_at >= v_today
    ) AS counted
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(q.messages), 0)::integer AS messages FROM sending.campaign_mailboxes AS c
        CROSS JOIN LATERAL (
            SELECT count(*) AS messages FROM (
                SELECT FROM sending.messages AS m
                WHERE m.organization_id = v_organization AND m.campaign_id = c.campaign_id AND m.mailbox_id = b.id AND m.status = 'queued'
                    AND m.scheduled_at < v_tomorrow
                LIMIT l.daily -- more would leave no room either
            ) AS first
        ) AS q
        WHERE c.organization_id = v_organization AND c.mailbox_id = b.id
    ) AS queued
    WHERE b.organization_id = v_organization;
END $$;

-- Plans what is due for some enrollments of one campaign; the caller holds the planner's lock and has locked them. Returns how many became
-- messages, tasks, passed over a step whose condition does not hold, came to their end, and wait for a later time.
CREATE FUNCTION sending.f_plan_enrollments(
    p_campaign uuid, p_ids uuid[], p_at timestamptz,
    OUT planned integer, OUT tasks integer, OUT passed_over integer, OUT finished integer, OUT deferred integer
)
LANGUAGE plpgsql
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_on uuid[];
    v_on_steps integer[];
BEGIN
    WITH campaign AS MATERIALIZED (
        SELECT c.* FROM marketing.campaigns AS c WHERE c.organization_id = v_organization AND c.campaign_id = p_campaign
    ),
    due AS MATERIALIZED (
        SELECT
            e.id, e.person_id, e.contact_id, e.email, e.state, e.next_at, zone.name AS zone, s.id AS step_id, s.position, s.channel, s.is_reply,
            s.instructions, thread.mailbox_id AS thread_mailbox, thread.message_id AS thread_message,
            CASE
                WHEN s.id IS NULL THEN 'finish'
                WHEN EXISTS (
                    SELECT FROM sending.messages AS m WHERE m.organization_id = v_organization AND m.enrollment_id = e.id AND m.step_id = s.id
                ) THEN 'pass'
                WHEN s.condition <> 'always' AND EXISTS (
                    SELECT FROM engagement.events AS v
                    WHERE v.organization_id = v_organization AND v.person_id = e.person_id AND v.campaign_id = p_campaign
                        AND v.occurred_at >= e.enrolled_at AND v.type = substr(s.condition, 4) AND v.verdict = 'human'
                ) THEN 'pass'
                WHEN NOT sending.f_is_open(p_at, zone.name, c.window_start, c.window_end, c.window_days) THEN 'closed'
                WHEN s.channel <> 'email' THEN 'task'
                ELSE 'email'
            END AS fate
        FROM unnest(p_ids) AS i (id)
        INNER JOIN marketing.enrollments AS e ON e.organization_id = v_organization AND e.id = i.id
        CROSS JOIN campaign AS c
        CROSS JOIN LATERAL (SELECT sending.f_zone(e.time_zone, c.time_zone) AS name) AS zone
        LEFT JOIN LATERAL (
            SELECT t.* FROM marketing.steps AS t
            WHERE t.organization_id = v_organization AND t.campaign_id = p_campaign AND t.position >= e.next_step
            ORDER BY t.position LIMIT 1
        ) AS s ON true
        LEFT JOIN LATERAL (
            SELECT m.mailbox_id, m.message_id FROM sending.messages AS m
            WHERE m.organization_id = v_organization AND m.enrollment_id = e.id AND m.status IN ('sent', 'unknown')
            ORDER BY m.id DESC LIMIT 1
        ) AS thread ON true
    ),
    mailbox AS MATERIALIZED (
        SELECT
            b.id, l.is_leaving, b.email, b.state, b.priority, b.weight, b.health_score, r.daily_limit, r.room, r.waiting, greatest(p_at, b.last_sent_at + gap.one) AS free_at,
            gap.one AS gap
        FROM sending.campaign_mailboxes AS l
        INNER JOIN sending.mailboxes AS b ON b.organization_id = v_organization AND b.id = l.mailbox_id
        INNER JOIN sending.f_rooms(p_at) AS r ON r.mailbox_id = b.id
        CROSS JOIN campaign AS c
        CROSS JOIN LATERAL (
            SELECT sending.f_spacing(b.spacing_seconds, r.daily_limit, c.window_start, c.window_end) AS one
        ) AS gap
        WHERE l.organization_id = v_organization AND l.campaign_id = p_campaign
    ),
    fresh AS MATERIALIZED (
        SELECT d.*, row_number() OVER (ORDER BY d.next_at, d.id) AS place FROM due AS d
        WHERE d.fate = 'email' AND (d.thread_mailbox IS NULL OR d.thread_mailbox NOT IN (SELECT id FROM mailbox))
    ),
    seat AS (
        SELECT m.id AS mailbox_id, row_number() OVER (
            ORDER BY sending.f_draw_rank(c.rotation, m.priority, m.weight, m.health_score, m.room, m.daily_limit, n.number), n.number, m.id
        ) AS place
        FROM mailbox AS m
        CROSS JOIN campaign AS c
        CROSS JOIN LATERAL generate_series(1, least(m.room, (SELECT count(*) FROM fresh))) AS n (number)
        WHERE m.state = 'active' AND NOT m.is_leaving AND (c.rotation <> 'weighted' OR m.weight > 0)
    ),
    drawn AS MATERIALIZED (
        SELECT d.id, d.thread_mailbox AS mailbox_id, 0 AS is_new FROM due AS d
        WHERE d.fate = 'email' AND d.thread_mailbox IN (SELECT id FROM mailbox)
        UNION ALL
        SELECT f.id, seat.mailbox_id, 1 FROM fresh AS f INNER JOIN seat ON seat.place = f.place
    ),
    timed AS MATERIALIZED (
        SELECT
            d.*, w.mailbox_id, uuidv7() AS new_id, split_part(m.email, '@', 2) AS domain,
            m.free_at + m.gap * (
                m.waiting + row_number() OVER (PARTITION BY w.mailbox_id ORDER BY w.is_new, d.next_at, d.id) - 1
                + 0.5 * sending.f_draw(d.id::text || d.position::text)
            ) AS at
        FROM drawn AS w
        INNER JOIN due AS d ON d.id = w.id
        INNER JOIN mailbox AS m ON m.id = w.mailbox_id
    ),
    placed AS MATERIALIZED (
        SELECT t.*, sending.f_is_open(t.at, t.zone, c.window_start, c.window_end, c.window_days) AS fits FROM timed AS t CROSS JOIN campaign AS c
    ),
    made AS (
        INSERT INTO sending.messages (
            organization_id, id, campaign_id, enrollment_id, step_id, sequence_step, variant_id, mailbox_id, person_id, contact_id, recipient,
            message_id, in_reply_to, scheduled_at
        )
        SELECT
            v_organization, p.new_id, p_campaign, p.id, p.step_id, p.position, sending.f_draw_variant(p.step_id, p.id), p.mailbox_id, p.person_id,
            p.contact_id, p.email, '<' || p.new_id || '@' || p.domain || '>', CASE WHEN p.is_reply THEN p.thread_message END, p.at
        FROM placed AS p WHERE p.fits
    ),
    asked AS (
        INSERT INTO marketing.tasks (organization_id, enrollment_id, step_id, channel, instructions, due_at, assigned_to)
        SELECT v_organization, d.id, d.step_id, d.channel, coalesce(d.instructions, ''), p_at, c.owner_user_id
        FROM due AS d CROSS JOIN campaign AS c WHERE d.fate = 'task'
        ON CONFLICT (organization_id, enrollment_id, step_id) DO NOTHING
    ),
    fated AS MATERIALIZED (
        SELECT
            d.id, d.position,
            CASE WHEN d.fate = 'email' AND p.fits IS NOT TRUE THEN 'closed' ELSE d.fate END AS fate,
            CASE
                WHEN d.fate = 'closed' OR p.fits IS NOT NULL
                    THEN sending.f_next_opening(coalesce(p.at, p_at), d.zone, c.window_start, c.window_end, c.window_days)
                WHEN d.fate = 'email' THEN sending.f_after(p_at, 1, 'days', d.zone, c.window_start, c.window_end, c.window_days)
            END AS later
        FROM due AS d CROSS JOIN campaign AS c LEFT JOIN placed AS p ON p.id = d.id
    ),
    moved AS (
        UPDATE marketing.enrollments AS e SET
            state = CASE f.fate WHEN 'finish' THEN 'finished' ELSE e.state END,
            next_step = f.position,
            next_at = CASE f.fate WHEN 'closed' THEN f.later WHEN 'pass' THEN e.next_at WHEN 'task' THEN e.next_at END
        FROM fated AS f WHERE e.organization_id = v_organization AND e.id = f.id
    )
    SELECT
        (count(*) FILTER (WHERE f.fate = 'email'))::integer, (count(*) FILTER (WHERE f.fate = 'task'))::integer,
        (count(*) FILTER (WHERE f.fate = 'pass'))::integer, (count(*) FILTER (WHERE f.fate = 'finish'))::integer,
        (count(*) FILTER (WHERE f.fate = 'closed'))::integer,
        array_agg(f.id) FILTER (WHERE f.fate IN ('task', 'pass')), array_agg(f.position) FILTER (WHERE f.fate IN ('task', 'pass'))
    INTO planned, tasks, passed_over, finished, deferred, v_on, v_on_steps
    FROM fated AS f;
    PERFORM marketing.f_advance(v_on, v_on_steps, p_at);
END $$;

-- How many people a campaign may begin with now: what its mailboxes and its own day have left, for a first step that is an email.
CREATE FUNCTION sending.f_room_to_begin(p_campaign uuid, p_at timestamptz, p_most integer) RETURNS integer
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_campaign marketing.campaigns;
    v_zone text := (SELECT o.time_zone FROM tenancy.organizations AS o WHERE o.id = v_organization);
    v_room integer;
BEGIN
    SELECT * INTO v_campaign FROM marketing.campaigns WHERE organization_id = v_organization AND campaign_id = p_campaign;
    IF (
        SELECT s.channel <> 'email' FROM marketing.steps AS s
        WHERE s.organization_id = v_organization AND s.campaign_id = p_campaign ORDER BY s.position LIMIT 1
    ) THEN
        RETURN p_most;
    END IF;
    SELECT least(p_most, sum(r.room)) INTO v_room
    FROM sending.campaign_mailboxes AS l
    INNER JOIN sending.mailboxes AS b ON b.organization_id = v_organization AND b.id = l.mailbox_id AND b.state = 'active'
    INNER JOIN sending.f_rooms(p_at) AS r ON r.mailbox_id = b.id
    WHERE l.organization_id = v_organization AND l.campaign_id = p_campaign AND NOT l.is_leaving;
    IF v_campaign.daily_limit IS NOT NULL THEN
        v_room := least(v_room, v_campaign.daily_limit - (
            SELECT count(*) FROM sending.messages AS m
            WHERE m.organization_id = v_organization AND m.campaign_id = p_campaign
                AND m.counted_at >= date_trunc('day', p_at AT TIME ZONE v_zone) AT TIME ZONE v_zone
        ) - (
            SELECT count(*) FROM sending.messages AS m
            WHERE m.organization_id = v_organization AND m.campaign_id = p_campaign AND m.status = 'queued'
                AND m.scheduled_at < (date_trunc('day', p_at AT TIME ZONE v_zone) + interval '1 day') AT TIME ZONE v_zone
        ));
    END IF;
    RETURN greatest(0, coalesce(v_room, 0));
END $$;

-- Plans what is due in every campaign that sends, at most `p_most` enrollments of each; starts campaigns whose time has come, ends those in
-- which nothing comes any more, leaves out what cancelled ones had queued. Does nothing while another plans, or while sending is frozen.
-- Older campaigns come first where mailboxes have little room.
CREATE FUNCTION sending.f_plan(
    p_most integer DEFAULT 1000,
    OUT planned integer, OUT tasks integer, OUT passed_over integer, OUT finished integer, OUT deferred integer, OUT completed integer
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_now timestamptz := clock_timestamp();
    v_campaign marketing.campaigns;
    v_ids uuid[];
    v_state text;
    v_most integer;
    v_one record;
BEGIN
    planned := 0; tasks := 0; passed_over := 0; finished := 0; deferred := 0; completed := 0;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('sending.plan/' || v_organization::text, 0)) OR sending.f_is_frozen() THEN
        RETURN;
    END IF;
    UPDATE marketing.campaigns SET state = 'sending', started_at = coalesce(started_at, v_now)
    WHERE organization_id = v_organization AND state = 'scheduled' AND starts_at <= v_now;

    UPDATE sending.messages AS m SET status = 'skipped', reason = 'the campaign was cancelled'
    FROM marketing.campaigns AS c
    CROSS JOIN LATERAL (
        SELECT q.id FROM sending.messages AS q
        WHERE q.organization_id = v_organization AND q.campaign_id = c.campaign_id AND q.status = 'queued' LIMIT p_most
    ) AS q
    WHERE c.organization_id = v_organization AND c.state = 'cancelled' AND m.organization_id = v_organization AND m.id = q.id AND m.status = 'queued';

    FOR v_campaign IN
        SELECT * FROM marketing.campaigns AS c WHERE c.organization_id = v_organization AND c.state = 'sending' ORDER BY c.started_at, c.campaign_id
    LOOP
        FOREACH v_state IN ARRAY ARRAY['active', 'ready'] LOOP -- who is in the middle comes before who begins
            CONTINUE WHEN NOT EXISTS (
                SELECT FROM marketing.enrollments AS e
                WHERE e.organization_id = v_organization AND e.campaign_id = v_campaign.campaign_id AND e.state = v_state
                    AND e.state IN ('ready', 'active') AND e.next_step IS NOT NULL AND e.next_at <= v_now -- as the index says it
            );
            v_most := CASE v_state WHEN 'ready' THEN sending.f_room_to_begin(v_campaign.campaign_id, v_now, p_most) ELSE p_most END;
            v_ids := ARRAY(
                SELECT e.id FROM marketing.enrollments AS e
                WHERE e.organization_id = v_organization AND e.campaign_id = v_campaign.campaign_id AND e.state = v_state
                    AND e.state IN ('ready', 'active') AND e.next_step IS NOT NULL AND e.next_at <= v_now
                ORDER BY e.next_at, e.id LIMIT v_most FOR UPDATE SKIP LOCKED
            );
            CONTINUE WHEN v_ids = '{}';
            v_one := sending.f_plan_enrollments(v_campaign.campaign_id, v_ids, v_now);
            planned := planned + v_one.planned; tasks := tasks + v_one.tasks; passed_over := passed_over + v_one.passed_over;
            finished := finished + v_one.finished; deferred := deferred + v_one.deferred;
        END LOOP;
    END LOOP;

    UPDATE marketing.campaigns AS c SET state = 'completed', ended_at = v_now
    WHERE c.organization_id = v_organization AND c.state = 'sending' AND NOT EXISTS (
        SELECT FROM marketing.enrollments AS e
        WHERE e.organization_id = v_organization AND e.campaign_id = c.campaign_id AND e.state IN ('ready', 'active', 'paused')
    );
    GET DIAGNOSTICS completed = ROW_COUNT;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_plan(integer) TO outrider_app;
