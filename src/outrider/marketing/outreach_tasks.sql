-- name: open_tasks(organization_id, channel, campaign_id, assigned_to, due_from, due_before, after_at, after_id, count)
-- The ids of tasks that are to be done, those due first first. Whoever was stopped is not bothered any more: their tasks are left out.
SELECT t.id, t.due_at AS at FROM marketing.tasks AS t
INNER JOIN marketing.enrollments AS e ON e.organization_id = :organization_id AND e.id = t.enrollment_id
WHERE t.organization_id = :organization_id AND t.state = 'open' AND e.state <> 'stopped'
    AND (:channel::text IS NULL OR t.channel = :channel) AND (:campaign_id::uuid IS NULL OR e.campaign_id = :campaign_id)
    AND (:assigned_to::uuid IS NULL OR t.assigned_to = :assigned_to)
    AND (:due_from::timestamptz IS NULL OR t.due_at >= :due_from) AND (:due_before::timestamptz IS NULL OR t.due_at < :due_before)
    AND (:after_at::timestamptz IS NULL OR (t.due_at, t.id) > (:after_at, :after_id::uuid))
ORDER BY t.due_at, t.id LIMIT :count;

-- name: closed_tasks(organization_id, state, channel, campaign_id, assigned_to, due_from, due_before, after_at, after_id, count)
-- The ids of tasks that were done, or skipped, the last one first.
SELECT t.id, t.done_at AS at FROM marketing.tasks AS t
INNER JOIN marketing.enrollments AS e ON e.organization_id = :organization_id AND e.id = t.enrollment_id
WHERE t.organization_id = :organization_id AND t.state IN ('done', 'skipped') AND t.state = :state
    AND (:channel::text IS NULL OR t.channel = :channel) AND (:campaign_id::uuid IS NULL OR e.campaign_id = :campaign_id)
    AND (:assigned_to::uuid IS NULL OR t.assigned_to = :assigned_to)
    AND (:due_from::timestamptz IS NULL OR t.due_at >= :due_from) AND (:due_before::timestamptz IS NULL OR t.due_at < :due_before)
    AND (:after_at::timestamptz IS NULL OR (t.done_at, t.id) < (:after_at, :after_id::uuid))
ORDER BY t.done_at DESC, t.id DESC LIMIT :count;

-- name: cancelled_tasks(organization_id, channel, campaign_id, assigned_to, due_from, due_before, after_at, after_id, count)
-- The ids of tasks that nobody need do any more, because the person was stopped; those due last first.
SELECT t.id, t.due_at AS at FROM marketing.tasks AS t
INNER JOIN marketing.enrollments AS e ON e.organization_id = :organization_id AND e.id = t.enrollment_id
WHERE t.organization_id = :organization_id AND (t.state = 'cancelled' OR (t.state = 'open' AND e.state = 'stopped'))
    AND (:channel::text IS NULL OR t.channel = :channel) AND (:campaign_id::uuid IS NULL OR e.campaign_id = :campaign_id)
    AND (:assigned_to::uuid IS NULL OR t.assigned_to = :assigned_to)
    AND (:due_from::timestamptz IS NULL OR t.due_at >= :due_from) AND (:due_before::timestamptz IS NULL OR t.due_at < :due_before)
    AND (:after_at::timestamptz IS NULL OR (t.due_at, t.id) < (:after_at, :after_id::uuid))
ORDER BY t.due_at DESC, t.id DESC LIMIT :count;

-- name: tasks_by_ids(organization_id, ids)
-- Tasks in the order of their ids, with whom they are about.
SELECT
    t.id, t.channel, CASE WHEN t.state = 'open' AND e.state = 'stopped' THEN 'cancelled' ELSE t.state END AS state, t.due_at, t.instructions,
    t.assigned_to, t.outcome, t.note, t.done_by, t.done_at, t.created_at, e.campaign_id, c.name AS campaign, t.enrollment_id, t.step_id,
    s.position AS step, e.person_id, p.name, p.email, p.title, coalesce(o.name, v.company) AS company, p.phone, p.linkedin_url,
    CASE WHEN e.state = 'stopped' THEN e.reason END AS stopped_reason
FROM unnest(:ids::uuid[]) WITH ORDINALITY AS i (id, place)
INNER JOIN marketing.tasks AS t ON t.organization_id = :organization_id AND t.id = i.id
INNER JOIN marketing.enrollments AS e ON e.organization_id = :organization_id AND e.id = t.enrollment_id
INNER JOIN marketing.campaigns AS c ON c.organization_id = :organization_id AND c.campaign_id = e.campaign_id
INNER JOIN marketing.steps AS s ON s.organization_id = :organization_id AND s.id = t.step_id
INNER JOIN people.master AS p ON p.organization_id = :organization_id AND p.id = e.person_id
LEFT JOIN company.master AS o ON o.organization_id = :organization_id AND o.id = p.company_id
LEFT JOIN vault.contacts AS v ON v.organization_id = :organization_id AND v.contact_id = e.contact_id
ORDER BY i.place;

-- name: close_task(organization_id, id, state, outcome, note)$
-- Says that an open task was done, or will not be; returns its id, none when it is not open.
UPDATE marketing.tasks SET state = :state, outcome = :outcome, note = :note, done_by = kit.f_actor(), done_at = now()
WHERE organization_id = :organization_id AND id = :id AND state = 'open' RETURNING id;

-- name: reopen_task(organization_id, id)$
-- Puts a task back that was done or skipped; returns its id, none when it is neither.
UPDATE marketing.tasks SET state = 'open', outcome = NULL, note = NULL, done_by = NULL, done_at = NULL
WHERE organization_id = :organization_id AND id = :id AND state IN ('done', 'skipped') RETURNING id;

-- name: assign_task(organization_id, id, user_id)$
-- Gives an open task to somebody, or to nobody; returns its id, none when it is not open.
UPDATE marketing.tasks SET assigned_to = :user_id WHERE organization_id = :organization_id AND id = :id AND state = 'open' RETURNING id;

-- name: is_member(organization_id, user_id)$
-- Whether somebody is of the organization.
SELECT count(*) > 0 FROM tenancy.memberships AS m WHERE m.organization_id = :organization_id AND m.user_id = :user_id;

-- name: count_open_tasks(organization_id, assigned_to, today, tomorrow)^
-- How many tasks are to be done, and when they are due; of one person, or of everybody.
SELECT
    count(*) FILTER (WHERE t.due_at < :today::timestamptz) AS overdue,
    count(*) FILTER (WHERE t.due_at >= :today::timestamptz AND t.due_at < :tomorrow::timestamptz) AS today,
    count(*) FILTER (WHERE t.due_at >= :tomorrow::timestamptz) AS later
FROM marketing.tasks AS t
INNER JOIN marketing.enrollments AS e ON e.organization_id = :organization_id AND e.id = t.enrollment_id
WHERE t.organization_id = :organization_id AND t.state = 'open' AND e.state <> 'stopped'
    AND (:assigned_to::uuid IS NULL OR t.assigned_to = :assigned_to);
