-- name: set_suppression_key(key)!
-- Lets the transaction ask who is suppressed (sending.f_hash).
SELECT set_config('app.suppression_key', :key, true);

-- name: resolve(organization_id, id, selections)$
-- Enrolls the people on a campaign's lists, and those of selections; answers the counts.
SELECT marketing.f_resolve(:id, ARRAY(
    SELECT m.person_id FROM marketing.campaign_audience AS a
    INNER JOIN marketing.list_members AS m ON m.organization_id = :organization_id AND m.list_id = a.list_id
    WHERE a.organization_id = :organization_id AND a.campaign_id = :id
    UNION
    SELECT p.id FROM people.selections AS s CROSS JOIN LATERAL unnest(s.ids) AS p (id)
    WHERE s.organization_id = :organization_id AND s.id = ANY (:selections::uuid[])
));

-- name: counts(organization_id, id)
-- How many enrollments of a campaign are in which state.
SELECT e.state, count(*) AS people FROM marketing.enrollments AS e
WHERE e.organization_id = :organization_id AND e.campaign_id = :id GROUP BY e.state ORDER BY e.state;

-- name: standing(organization_id, id)
-- How many enrollments of a campaign are in which state, for which reason.
SELECT e.state, e.reason, count(*) AS people FROM marketing.enrollments AS e
WHERE e.organization_id = :organization_id AND e.campaign_id = :id GROUP BY e.state, e.reason ORDER BY count(*) DESC, e.state, e.reason;

-- name: before_steps(organization_id, id)
-- How many people who may still be written to have which step next; `is_begun` where its message is there already.
SELECT e.next_step AS position, e.next_at IS NULL AS is_begun, count(*) AS people FROM marketing.enrollments AS e
WHERE e.organization_id = :organization_id AND e.campaign_id = :id AND e.state IN ('ready', 'active', 'paused') AND e.next_step IS NOT NULL
GROUP BY 1, 2;

-- name: aim_at_first_step(organization_id, id)!
-- Points people at the first step who were enrolled before there was one.
UPDATE marketing.enrollments AS e SET next_step = 1, next_at = coalesce(e.next_at, now())
WHERE e.organization_id = :organization_id AND e.campaign_id = :id AND e.state = 'ready' AND e.next_step IS NULL;

-- name: stop_campaign(organization_id, id, reason)!
-- Stops everyone in a campaign who might still be written to.
UPDATE marketing.enrollments AS e SET state = 'stopped', reason = :reason, stopped_at = now(), next_step = NULL, next_at = NULL
WHERE e.organization_id = :organization_id AND e.campaign_id = :id AND e.state IN ('ready', 'active', 'paused');

-- name: stop_one(organization_id, id, enrollment_id, reason)$
-- Stops one person in a campaign who may still be written to; returns the enrollment, none when there is nothing to stop.
UPDATE marketing.enrollments AS e SET state = 'stopped', reason = :reason, stopped_at = now(), next_step = NULL, next_at = NULL
WHERE e.organization_id = :organization_id AND e.campaign_id = :id AND e.id = :enrollment_id AND e.state IN ('ready', 'active', 'paused')
RETURNING e.id;

-- name: resume_one(organization_id, id, enrollment_id)$
-- Lets one person who is paused go on where they were; returns the enrollment, none when they are not paused.
UPDATE marketing.enrollments AS e SET
    state = CASE
        WHEN EXISTS (SELECT FROM sending.messages AS m WHERE m.organization_id = :organization_id AND m.enrollment_id = e.id) THEN 'active' ELSE 'ready'
    END, reason = NULL
WHERE e.organization_id = :organization_id AND e.campaign_id = :id AND e.id = :enrollment_id AND e.state = 'paused'
RETURNING e.id;

-- name: enrollment_state(organization_id, id, enrollment_id)$
-- The state of one person in a campaign.
SELECT e.state FROM marketing.enrollments AS e
WHERE e.organization_id = :organization_id AND e.campaign_id = :id AND e.id = :enrollment_id;

-- name: lacking(organization_id, id, wanted)
-- How many people who may be written to have no value for any of the names of each element of `wanted`.
SELECT w.number, count(*) AS people
FROM marketing.enrollments AS e
INNER JOIN people.master AS p ON p.organization_id = :organization_id AND p.id = e.person_id
INNER JOIN vault.contacts AS c ON c.organization_id = :organization_id AND c.contact_id = e.contact_id
LEFT JOIN company.master AS o ON o.organization_id = :organization_id AND o.id = p.company_id
CROSS JOIN LATERAL jsonb_array_elements(:wanted::jsonb) WITH ORDINALITY AS w (names, number)
WHERE e.organization_id = :organization_id AND e.campaign_id = :id AND e.state IN ('ready', 'active', 'paused')
    AND NOT EXISTS (
        SELECT FROM jsonb_array_elements_text(w.names) AS n (name)
        WHERE btrim(CASE n.name
            WHEN 'email' THEN e.email WHEN 'name' THEN p.name WHEN 'first_name' THEN p.first_name WHEN 'last_name' THEN p.last_name
            WHEN 'title' THEN p.title WHEN 'location' THEN p.location WHEN 'phone' THEN p.phone WHEN 'linkedin_url' THEN p.linkedin_url
            WHEN 'company' THEN coalesce(o.name, c.company) WHEN 'company_domain' THEN o.domain WHEN 'industry' THEN o.industry
        END) <> ''
        OR EXISTS (
            SELECT FROM jsonb_each(c.custom_fields) AS f (key, value)
            WHERE marketing.f_variable_name(f.key) = n.name AND jsonb_typeof(f.value) IN ('string', 'number') AND btrim(f.value #>> '{}') <> ''
        )
    )
GROUP BY w.number ORDER BY w.number;

-- name: plan(organization_id, id, count)
-- What the next people of a campaign would get and when at the earliest: each step with the wording that they draw. Limits may make it later.
WITH RECURSIVE chosen AS (
    SELECT
        e.id, e.email, e.next_step, e.time_zone, p.name, greatest(e.next_at, c.starts_at, now()) AS start_at,
        sending.f_zone(e.time_zone, c.time_zone) AS zone, c.window_start, c.window_end, c.window_days
    FROM marketing.enrollments AS e
    INNER JOIN marketing.campaigns AS c ON c.organization_id = :organization_id AND c.campaign_id = e.campaign_id
    INNER JOIN people.master AS p ON p.organization_id = :organization_id AND p.id = e.person_id
    WHERE e.organization_id = :organization_id AND e.campaign_id = :id AND e.state IN ('ready', 'active')
    ORDER BY e.id LIMIT :count
),
planned AS (
    SELECT
        h.id, s.id AS step_id, s.position, sending.f_next_opening(h.start_at, h.zone, h.window_start, h.window_end, h.window_days) AS planned_at
    FROM chosen AS h
    INNER JOIN marketing.steps AS s
        ON s.organization_id = :organization_id AND s.campaign_id = :id AND s.position = coalesce(h.next_step, 1)
    UNION ALL
    SELECT
        h.id, s.id, s.position, sending.f_after(d.planned_at, s.delay, s.delay_unit, h.zone, h.window_start, h.window_end, h.window_days)
    FROM planned AS d
    INNER JOIN chosen AS h ON h.id = d.id
    INNER JOIN marketing.steps AS s ON s.organization_id = :organization_id AND s.campaign_id = :id AND s.position = d.position + 1
)
SELECT
    d.id, h.email, h.name, h.time_zone, d.position, d.step_id, s.channel, s.instructions, d.planned_at, v.label, coalesce(t.subject, v.subject) AS subject,
    coalesce(t.body, v.body) AS body
FROM planned AS d
INNER JOIN chosen AS h ON h.id = d.id
INNER JOIN marketing.steps AS s ON s.organization_id = :organization_id AND s.id = d.step_id
LEFT JOIN marketing.variants AS v ON v.organization_id = :organization_id AND v.id = sending.f_draw_variant(d.step_id, d.id)
LEFT JOIN marketing.templates AS t ON t.organization_id = :organization_id AND t.id = v.template_id
ORDER BY d.id, d.position;
