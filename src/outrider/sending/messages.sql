-- name: is_frozen()$
-- Whether sending is frozen; a restored copy is found out here, and freezes.
SELECT sending.f_is_frozen();

-- name: control(organization_id)^
-- Since when sending is frozen and why, and the limits of the organization.
SELECT c.frozen_at, c.frozen_reason, c.daily_limit, c.domain_hourly_limit
FROM (SELECT :organization_id::uuid AS id) AS o
LEFT JOIN sending.control AS c ON c.organization_id = o.id;

-- name: set_limits(organization_id, daily_limit, domain_hourly_limit)!
-- Sets the organization's limits; NULL: none.
INSERT INTO sending.control (organization_id, daily_limit, domain_hourly_limit) VALUES (:organization_id, :daily_limit, :domain_hourly_limit)
ON CONFLICT (organization_id) DO UPDATE SET daily_limit = excluded.daily_limit, domain_hourly_limit = excluded.domain_hourly_limit;

-- name: counts(organization_id, most)
-- How many messages are in each state that is not an end, counted to `most`.
SELECT s.status, (
    SELECT count(*) FROM (
        SELECT FROM sending.messages AS m WHERE m.organization_id = :organization_id AND m.status = s.status LIMIT :most
    ) AS counted
) AS messages
FROM unnest(ARRAY['queued', 'claimed', 'sending', 'needs_review', 'unknown']) AS s (status);

-- name: due(organization_id, moment, most)^
-- What is due by a moment, counted to `most`: messages in the queue, and people whose next step has no message yet.
SELECT
    (
        SELECT count(*) FROM (
            SELECT FROM sending.messages AS m
            WHERE m.organization_id = :organization_id AND m.status = 'queued' AND m.scheduled_at <= :moment LIMIT :most
        ) AS counted
    ) AS messages,
    (
        SELECT count(*) FROM (
            SELECT FROM marketing.enrollments AS e
            INNER JOIN marketing.campaigns AS c
                ON c.organization_id = :organization_id AND c.campaign_id = e.campaign_id AND c.state IN ('sending', 'paused')
            WHERE e.organization_id = :organization_id AND e.state IN ('ready', 'active') AND e.next_step IS NOT NULL AND e.next_at <= :moment
            LIMIT :most
        ) AS counted
    ) AS people,
    (SELECT max(m.sent_at) FROM sending.mailboxes AS b
     CROSS JOIN LATERAL (SELECT b.last_sent_at AS sent_at) AS m WHERE b.organization_id = :organization_id) AS last_sent_at;

-- name: plan_for_values()$
-- Has plans of this transaction made for the values at hand: what is NULL costs nothing, and each question goes along its own index.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: page(organization_id, status, campaign_id, mailbox_id, ids, before, count)
-- The ids of a page of messages, newest first; NULL asks nothing.
SELECT m.id FROM sending.messages AS m
WHERE m.organization_id = :organization_id
    AND (:status::text IS NULL OR m.status = :status::text)
    AND (:campaign_id::uuid IS NULL OR m.campaign_id = :campaign_id::uuid)
    AND (:mailbox_id::uuid IS NULL OR m.mailbox_id = :mailbox_id::uuid)
    AND (:ids::uuid[] IS NULL OR m.id = ANY (:ids::uuid[]))
    AND (:before::uuid IS NULL OR m.id < :before::uuid)
ORDER BY m.id DESC
LIMIT :count;

-- name: gather(organization_id, pattern, most)
-- The ids of the messages whose recipient (name, address, company) or subject is LIKE a pattern, by the indexes on these: in no order, some
-- twice, at most `most` of either kind. Only what was written has a subject that is looked in.
(
    SELECT m.id FROM vault.contacts AS c
    INNER JOIN sending.messages AS m ON m.organization_id = :organization_id AND m.contact_id = c.contact_id
    WHERE c.organization_id = :organization_id AND c.search_text LIKE (SELECT kit.f_fold(:pattern))
    LIMIT :most
)
UNION ALL
(
    SELECT m.id FROM sending.messages AS m
    WHERE m.organization_id = :organization_id AND m.subject ILIKE :pattern AND m.status NOT IN ('queued', 'claimed', 'sending')
    LIMIT :most
);

-- name: last_within(organization_id, before, within)$
-- The last of so many messages, newest first; NULL when there are not so many.
SELECT m.id FROM sending.messages AS m
WHERE m.organization_id = :organization_id AND (:before::uuid IS NULL OR m.id < :before::uuid)
ORDER BY m.id DESC LIMIT 1 OFFSET :within;

-- name: walk(organization_id, pattern, status, campaign_id, mailbox_id, before, until, count)
-- The ids of a page of what `gather` finds, newest first, one message after the other, no older than `until`; NULL asks nothing.
SELECT m.id FROM sending.messages AS m
LEFT JOIN LATERAL (
    SELECT v.search_text FROM vault.contacts AS v WHERE v.organization_id = :organization_id AND v.contact_id = m.contact_id OFFSET 0
) AS c ON true
WHERE m.organization_id = :organization_id
    AND (
        c.search_text LIKE (SELECT kit.f_fold(:pattern))
        OR (m.subject ILIKE :pattern AND m.status NOT IN ('queued', 'claimed', 'sending'))
    )
    AND (:status::text IS NULL OR m.status = :status::text)
    AND (:campaign_id::uuid IS NULL OR m.campaign_id = :campaign_id::uuid)
    AND (:mailbox_id::uuid IS NULL OR m.mailbox_id = :mailbox_id::uuid)
    AND (:before::uuid IS NULL OR m.id < :before::uuid)
    AND (:until::uuid IS NULL OR m.id >= :until::uuid)
ORDER BY m.id DESC
LIMIT :count;

-- name: latest_of_mailbox(organization_id, mailbox_id, count)
-- The ids of what a mailbox sent last, or is sending.
SELECT m.id FROM sending.messages AS m
WHERE m.organization_id = :organization_id AND m.mailbox_id = :mailbox_id AND m.counted_at IS NOT NULL
ORDER BY m.counted_at DESC
LIMIT :count;

-- name: messages(organization_id, ids)
-- These messages, in the order of the ids.
SELECT
    m.id, m.campaign_id, c.name AS campaign, m.enrollment_id, m.sequence_step, m.mailbox_id, b.email AS mailbox, m.person_id, m.recipient,
    m.message_id, m.subject, m.status, m.reason, m.attempts, m.scheduled_at, m.last_attempt_at, m.error_message, m.sent_at, m.created_at
FROM unnest(:ids::uuid[]) WITH ORDINALITY AS i (id, place)
INNER JOIN sending.messages AS m ON m.organization_id = :organization_id AND m.id = i.id
INNER JOIN sending.mailboxes AS b ON b.organization_id = :organization_id AND b.id = m.mailbox_id
INNER JOIN marketing.campaigns AS c ON c.organization_id = :organization_id AND c.campaign_id = m.campaign_id
ORDER BY i.place;

-- name: texts(organization_id, id)^
-- What one message says, as it went out or as it waits.
SELECT m.in_reply_to, m.body, m.body_text, m.headers, m.edited_by FROM sending.messages AS m
WHERE m.organization_id = :organization_id AND m.id = :id;

-- name: attempts(organization_id, message_id)
-- Every attempt at a message with the server's own answer, first to last.
SELECT a.number, a.worker, a.started_at, a.ended_at, a.outcome, a.code, a.answer FROM sending.attempts AS a
WHERE a.organization_id = :organization_id AND a.message_id = :message_id ORDER BY a.number LIMIT 100;

-- name: settle(id, outcome, evidence)$
-- What a doubtful message became.
SELECT sending.f_settle(:id, :outcome, :evidence);

-- name: release(ids, subject, body)$
-- How many of the messages that wait for a look go on.
SELECT sending.f_release(:ids::uuid[], :subject, :body);

-- name: release_all(organization_id, campaign_id, mailbox_id, most)$
-- How many of the messages that wait for a look go on, the oldest first; NULL asks nothing.
SELECT sending.f_release(ARRAY(
    SELECT m.id FROM sending.messages AS m
    WHERE m.organization_id = :organization_id AND m.status = 'needs_review'
        AND (:campaign_id::uuid IS NULL OR m.campaign_id = :campaign_id::uuid)
        AND (:mailbox_id::uuid IS NULL OR m.mailbox_id = :mailbox_id::uuid)
    ORDER BY m.id LIMIT :most
));

-- name: retry(ids)$
-- How many of the messages that a server refused are queued again.
SELECT sending.f_retry(:ids::uuid[]);

-- name: wording_of(organization_id, id)^
-- What a message's step says before names are put in: its wording's text, or the template's; none when the step has no text any more.
SELECT
    m.enrollment_id, m.step_id, coalesce(t.subject, v.subject) AS subject, coalesce(t.body, v.body) AS body, b.from_name,
    b.email AS mailbox_email
FROM sending.messages AS m
INNER JOIN sending.mailboxes AS b ON b.organization_id = :organization_id AND b.id = m.mailbox_id
INNER JOIN marketing.variants AS v ON v.organization_id = :organization_id AND v.id = m.variant_id
LEFT JOIN marketing.templates AS t ON t.organization_id = :organization_id AND t.id = v.template_id
WHERE m.organization_id = :organization_id AND m.id = :id;

-- name: choices(organization_id)
-- Campaigns and mailboxes that messages may be asked for by, by name; the latest 200 of each.
(
    SELECT 'campaign' AS kind, c.campaign_id AS id, c.name FROM marketing.campaigns AS c
    WHERE c.organization_id = :organization_id AND c.state <> 'draft' ORDER BY c.campaign_id DESC LIMIT 200
)
UNION ALL
(
    SELECT 'mailbox', b.id, b.email FROM sending.mailboxes AS b WHERE b.organization_id = :organization_id ORDER BY b.id DESC LIMIT 200
)
ORDER BY 1, 3;

-- name: frozen(organization_id)^
-- Since when sending is frozen and why; no row when it is not. Changes nothing: a restored copy is found out by who sends.
SELECT c.frozen_at, c.frozen_reason FROM sending.control AS c WHERE c.organization_id = :organization_id AND c.frozen_at IS NOT NULL;

-- name: throttles(organization_id)
-- The recipient domains that are written to slowly, the slowest first; the first 500.
SELECT t.recipient_domain, t.per_hour, t.not_before, t.learned_from, t.updated_at FROM sending.throttles AS t
WHERE t.organization_id = :organization_id
ORDER BY t.per_hour, t.recipient_domain LIMIT 500;

-- name: forget_throttle(organization_id, domain)$
-- Lets a recipient domain be written to at full pace again.
DELETE FROM sending.throttles WHERE organization_id = :organization_id AND recipient_domain = lower(btrim(:domain)) RETURNING recipient_domain;

-- name: skip(ids)$
-- How many messages were left out.
SELECT sending.f_skip(:ids::uuid[]);

-- name: freeze(reason)$
-- Since when sending is frozen.
SELECT sending.f_freeze(:reason);

-- name: thaw(skip_until)$
-- How many messages and steps were left out before sending goes on.
SELECT sending.f_thaw(:skip_until);

-- name: holds(organization_id, ids)
-- Those of these messages that are queued, each with what the claim looks at before it takes one: limits and counts, states, window, throttle.
WITH clock AS MATERIALIZED (
    SELECT
        (now() AT TIME ZONE o.time_zone)::date AS day, date_trunc('day', now() AT TIME ZONE o.time_zone) AT TIME ZONE o.time_zone AS today,
        now() - interval '1 hour' AS hour_ago, k.frozen_at IS NOT NULL AS is_frozen, k.daily_limit, k.domain_hourly_limit
    FROM tenancy.organizations AS o
    LEFT JOIN sending.control AS k ON k.organization_id = o.id
    WHERE o.id = :organization_id
),
waiting AS MATERIALIZED (
    SELECT m.id, m.campaign_id, m.mailbox_id, m.enrollment_id, m.recipient_domain, m.scheduled_at FROM sending.messages AS m
    WHERE m.organization_id = :organization_id AND m.id = ANY (:ids::uuid[]) AND m.status = 'queued'
),
whole AS MATERIALIZED (
    SELECT (
        SELECT count(*) FROM sending.mailboxes AS b
        INNER JOIN sending.messages AS m ON m.organization_id = :organization_id AND m.mailbox_id = b.id AND m.counted_at >= clock.today
        WHERE b.organization_id = :organization_id
    ) AS today
    FROM clock WHERE clock.daily_limit IS NOT NULL AND EXISTS (SELECT FROM waiting)
),
mailbox AS MATERIALIZED (
    SELECT
        b.id, b.email, b.state, b.state_reason, b.hourly_limit, b.warmup_status, b.daily_limit AS usual_limit, sending.f_daily_limit(
            b.daily_limit, b.warmup_status, b.warmup_started_on, b.warmup_from, b.warmup_days, clock.day
        ) AS daily_limit, used.today, used.hour
    FROM sending.mailboxes AS b
    CROSS JOIN clock
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE m.counted_at >= clock.today) AS today, count(*) FILTER (WHERE m.counted_at > clock.hour_ago) AS hour
        FROM sending.messages AS m
        WHERE m.organization_id = :organization_id AND m.mailbox_id = b.id AND m.counted_at >= least(clock.today, clock.hour_ago)
    ) AS used
    WHERE b.organization_id = :organization_id AND b.id IN (SELECT w.mailbox_id FROM waiting AS w)
),
campaign AS MATERIALIZED (
    SELECT
        c.campaign_id, c.name, c.state, c.paused_reason, c.daily_limit, c.time_zone, c.window_start, c.window_end, c.window_days,
        CASE WHEN c.daily_limit IS NOT NULL THEN (
            SELECT count(*) FROM sending.messages AS m
            WHERE m.organization_id = :organization_id AND m.campaign_id = c.campaign_id AND m.counted_at >= clock.today
        ) END AS today
    FROM marketing.campaigns AS c
    CROSS JOIN clock
    WHERE c.organization_id = :organization_id AND c.campaign_id IN (SELECT w.campaign_id FROM waiting AS w)
),
domain AS MATERIALIZED (
    SELECT d.recipient_domain, t.not_before, rate.most, CASE WHEN rate.most IS NOT NULL THEN (
        SELECT count(*) FROM sending.messages AS m
        WHERE m.organization_id = :organization_id AND m.recipient_domain = d.recipient_domain AND m.counted_at > clock.hour_ago
    ) END AS hour
    FROM (SELECT DISTINCT w.recipient_domain FROM waiting AS w) AS d
    CROSS JOIN clock
    LEFT JOIN sending.throttles AS t ON t.organization_id = :organization_id AND t.recipient_domain = d.recipient_domain
    CROSS JOIN LATERAL (SELECT least(t.per_hour, clock.domain_hourly_limit) AS most) AS rate
)
SELECT
    w.id, w.scheduled_at, now() AS now, clock.is_frozen, clock.daily_limit AS organization_limit, whole.today AS organization_today,
    c.name AS campaign, c.state AS campaign_state, c.paused_reason, c.daily_limit AS campaign_limit, c.today AS campaign_today,
    b.email AS mailbox, b.state AS mailbox_state, b.state_reason, b.warmup_status = 'pending' AS is_before_warmup,
    b.warmup_status = 'active' AND b.daily_limit < b.usual_limit AS is_warming, b.daily_limit AS mailbox_limit, b.today AS mailbox_today,
    b.hourly_limit, b.hour AS mailbox_hour, e.state = 'paused' AS is_person_paused,
    EXISTS (
        SELECT FROM sending.campaign_mailboxes AS l
        WHERE l.organization_id = :organization_id AND l.campaign_id = w.campaign_id AND l.mailbox_id = w.mailbox_id
    ) AS is_of_campaign,
    sending.f_next_opening(now(), zone.name, c.window_start, c.window_end, c.window_days) AS opens_at,
    w.recipient_domain, d.not_before, d.most AS domain_limit, d.hour AS domain_hour
FROM waiting AS w
CROSS JOIN clock
LEFT JOIN whole ON true
INNER JOIN campaign AS c ON c.campaign_id = w.campaign_id
INNER JOIN mailbox AS b ON b.id = w.mailbox_id
INNER JOIN domain AS d ON d.recipient_domain = w.recipient_domain
INNER JOIN marketing.enrollments AS e ON e.organization_id = :organization_id AND e.id = w.enrollment_id
CROSS JOIN LATERAL (SELECT sending.f_zone(e.time_zone, c.time_zone) AS name) AS zone;

-- name: happenings(organization_id, message_id)
-- What became of a message, and what machines did to it, newest first; the latest hundred.
SELECT v.type, v.occurred_at, v.url, v.verdict, v.verdict_reason FROM engagement.events AS v
WHERE v.organization_id = :organization_id AND v.message_id = :message_id AND v.type <> 'sent'
ORDER BY v.occurred_at DESC, v.id DESC LIMIT 100;
