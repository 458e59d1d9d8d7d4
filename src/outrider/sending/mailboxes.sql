-- name: mailboxes(organization_id, id, email, after, count)
-- A page of mailboxes by address with what they did, or one by its id or address; NULL asks nothing.
SELECT
    b.id, b.email, b.from_name, b.reply_to, b.provider, b.smtp_host, b.smtp_port, b.smtp_security, b.imap_host, b.imap_port,
    b.imap_security, b.authentication, b.username,
    b.credentials_encrypted IS NOT NULL AS has_credentials, b.state, b.state_reason, f.score AS health_score, b.priority, b.weight, b.daily_limit,
    b.hourly_limit, b.spacing_seconds, b.warmup_status, b.warmup_started_on, b.warmup_from, b.warmup_days, b.tracking_domain, b.last_sent_at,
    b.created_at, f.limit_today, f.today AS sent_today, f.hour AS sent_this_hour, f.sent AS sent_in_week, f.bounced AS bounced_in_week,
    f.complaints AS complaints_in_week, f.replies AS replies_in_week, h.most AS health_most, h.bounces AS health_lost_to_bounces,
    h.complaints AS health_lost_to_complaints, h.replies AS health_won_by_replies, h.level AS bounce_level,
    CASE b.warmup_status WHEN 'active' THEN (now() AT TIME ZONE o.time_zone)::date - b.warmup_started_on + 1 END AS warmup_day
FROM sending.mailboxes AS b
CROSS JOIN LATERAL sending.f_mailbox_figures(b.id) AS f
CROSS JOIN LATERAL sending.f_health_parts(f.sent, f.bounced, f.complaints, f.replies, now() - b.created_at) AS h
INNER JOIN tenancy.organizations AS o ON o.id = :organization_id
WHERE b.organization_id = :organization_id AND (:id::uuid IS NULL OR b.id = :id::uuid)
    AND (:email::text IS NULL OR b.email = lower(btrim(:email))) AND (:after::text IS NULL OR b.email > :after::text)
ORDER BY b.email
LIMIT :count;

-- name: find_mailbox(organization_id, email)$
-- The id of the mailbox with an address.
SELECT id FROM sending.mailboxes WHERE organization_id = :organization_id AND email = lower(btrim(:email));

-- name: add_mailbox(organization_id, values)$
-- A new mailbox of these columns.
INSERT INTO sending.mailboxes (
    organization_id, owner_user_id, email, from_name, reply_to, provider, smtp_host, smtp_port, smtp_security, imap_host, imap_port, imap_security,
    authentication, username, priority, weight, daily_limit, hourly_limit, spacing_seconds, warmup_status, warmup_started_on,
    warmup_from, warmup_days, tracking_domain
)
SELECT
    :organization_id, v.owner_user_id, v.email, v.from_name, v.reply_to, v.provider, v.smtp_host, v.smtp_port, v.smtp_security, v.imap_host, v.imap_port,
    v.imap_security, v.authentication,
    v.username, v.priority, v.weight, v.daily_limit, v.hourly_limit, v.spacing_seconds, v.warmup_status, v.warmup_started_on, v.warmup_from,
    v.warmup_days, v.tracking_domain
FROM jsonb_populate_record(NULL::sending.mailboxes, :values) AS v
RETURNING id;

-- name: change_mailbox(organization_id, id, values)$
-- Changes what `values` names, and leaves the rest.
UPDATE sending.mailboxes AS b SET
    from_name = v.from_name, reply_to = v.reply_to, provider = v.provider, smtp_host = v.smtp_host, smtp_port = v.smtp_port,
    smtp_security = v.smtp_security, imap_host = v.imap_host, imap_port = v.imap_port, imap_security = v.imap_security,
    authentication = v.authentication, username = v.username, priority = v.priority, weight = v.weight,
    daily_limit = v.daily_limit, hourly_limit = v.hourly_limit, spacing_seconds = v.spacing_seconds, warmup_status = v.warmup_status,
    warmup_started_on = v.warmup_started_on, warmup_from = v.warmup_from, warmup_days = v.warmup_days, tracking_domain = v.tracking_domain
FROM sending.mailboxes AS o
CROSS JOIN LATERAL jsonb_populate_record(o, :values) AS v
WHERE o.organization_id = :organization_id AND o.id = :id AND b.organization_id = :organization_id AND b.id = o.id
RETURNING b.id;

-- name: set_state(organization_id, id, state, reason)$
-- Takes a mailbox into use or out of it; resumed, its health begins anew.
UPDATE sending.mailboxes SET
    state = :state, state_reason = :reason, resumed_at = CASE :state WHEN 'active' THEN clock_timestamp() ELSE resumed_at END
WHERE organization_id = :organization_id AND id = :id
RETURNING id;

-- name: delete_mailbox(organization_id, id)$
-- Removes a mailbox; a foreign key refuses one that sent something or belongs to a campaign.
DELETE FROM sending.mailboxes WHERE organization_id = :organization_id AND id = :id RETURNING id;

-- name: today(organization_id)$
-- The organization's day.
SELECT (now() AT TIME ZONE time_zone)::date FROM tenancy.organizations WHERE id = :organization_id;

-- name: campaign_exists(organization_id, campaign_id)$
-- Whether there is such a campaign.
SELECT EXISTS (SELECT FROM marketing.campaigns WHERE organization_id = :organization_id AND campaign_id = :campaign_id);

-- name: campaign_mailboxes(organization_id, campaign_id)
-- Which mailboxes a campaign sends from.
SELECT l.mailbox_id FROM sending.campaign_mailboxes AS l
WHERE l.organization_id = :organization_id AND l.campaign_id = :campaign_id AND NOT l.is_leaving ORDER BY l.mailbox_id;

-- name: set_campaign_mailboxes(campaign_id, mailbox_ids)^
-- Says which mailboxes a campaign sends from: how many of these there are, and how many queued messages went over to them.
SELECT s.mailboxes, s.handed_over FROM sending.f_set_campaign_mailboxes(:campaign_id, :mailbox_ids::uuid[]) AS s;

-- name: domains(organization_id, id)
-- The domains that we sign for, by name, or one of them by its id; NULL asks nothing. The first thousand.
SELECT id, domain, dkim_selector, dkim_public_key, checks, checked_at, created_at FROM sending.domains
WHERE organization_id = :organization_id AND (:id::uuid IS NULL OR id = :id::uuid) ORDER BY domain LIMIT 1000;

-- name: providers_of_domain(organization_id, domain)
-- Through whom a domain's mailboxes send.
SELECT DISTINCT b.provider FROM sending.mailboxes AS b
WHERE b.organization_id = :organization_id AND split_part(b.email, '@', 2) = :domain
ORDER BY b.provider;

-- name: unsigned_domains(organization_id)
-- The domains of mailboxes that have no key to sign with, by name; the first twenty.
SELECT DISTINCT split_part(b.email, '@', 2) AS domain FROM sending.mailboxes AS b
WHERE b.organization_id = :organization_id AND NOT EXISTS (
    SELECT FROM sending.domains AS d WHERE d.organization_id = :organization_id AND d.domain = split_part(b.email, '@', 2)
)
ORDER BY domain LIMIT 20;

-- name: add_domain(organization_id, domain, selector, private_key, public_key)$
-- A new domain; nothing when it is there.
INSERT INTO sending.domains (organization_id, domain, dkim_selector, dkim_private_key_encrypted, dkim_public_key)
VALUES (:organization_id, :domain, :selector, :private_key, :public_key)
ON CONFLICT (organization_id, domain) DO NOTHING
RETURNING id;

-- name: keep_checks(organization_id, id, checks)!
-- What DNS said now.
UPDATE sending.domains SET checks = :checks, checked_at = now() WHERE organization_id = :organization_id AND id = :id;

-- name: delete_domain(organization_id, id)$
-- Removes a domain and its key.
DELETE FROM sending.domains WHERE organization_id = :organization_id AND id = :id RETURNING id;

-- name: campaigns_of_mailbox(organization_id, id)
-- The campaigns that send from a mailbox, newest first; the first hundred.
SELECT c.campaign_id, c.name, c.state FROM sending.campaign_mailboxes AS l
INNER JOIN marketing.campaigns AS c ON c.organization_id = :organization_id AND c.campaign_id = l.campaign_id
WHERE l.organization_id = :organization_id AND l.mailbox_id = :id
ORDER BY c.campaign_id DESC LIMIT 100;

-- name: days_of_mailbox(organization_id, id)
-- Day by day of the organization's, first to last: what the limit is or was by today's rules, and what counted against it. A warm-up as a whole;
-- else the last 30 days.
SELECT d.day::date AS day, d.day::date <= today.day AS is_past, sending.f_daily_limit(
    b.daily_limit, CASE b.warmup_status WHEN 'pending' THEN 'active' ELSE b.warmup_status END,
    coalesce(b.warmup_started_on, today.day), b.warmup_from, b.warmup_days, d.day::date
) AS daily_limit, coalesce(used.messages, 0) AS sent
FROM sending.mailboxes AS b
CROSS JOIN LATERAL (
    SELECT o.time_zone AS zone, (now() AT TIME ZONE o.time_zone)::date AS day FROM tenancy.organizations AS o WHERE o.id = :organization_id
) AS today
CROSS JOIN LATERAL (
    SELECT
        CASE b.warmup_status WHEN 'active' THEN b.warmup_started_on WHEN 'pending' THEN today.day ELSE today.day - 29 END AS first_day,
        CASE WHEN b.warmup_status = 'active' THEN greatest(b.warmup_started_on + b.warmup_days, today.day)
            WHEN b.warmup_status = 'pending' THEN today.day + b.warmup_days ELSE today.day END AS last_day
) AS span
CROSS JOIN LATERAL generate_series(greatest(span.first_day, span.last_day - 365), span.last_day, interval '1 day') AS d (day)
LEFT JOIN (
    SELECT (m.counted_at AT TIME ZONE z.time_zone)::date AS day, count(*) AS messages
    FROM sending.messages AS m
    INNER JOIN tenancy.organizations AS z ON z.id = :organization_id
    WHERE m.organization_id = :organization_id AND m.mailbox_id = :id AND m.counted_at > now() - interval '367 days'
    GROUP BY 1
) AS used ON used.day = d.day::date
WHERE b.organization_id = :organization_id AND b.id = :id
ORDER BY d.day;

-- name: week_of_mailbox(organization_id, id)
-- What each of the last 7 days, today last, brought for the health: sent, bounced, complaints and replies by the day on which they came.
SELECT
    d.day::date AS day, coalesce(sum(w.sent), 0)::bigint AS sent, coalesce(sum(w.bounced), 0)::bigint AS bounced,
    coalesce(sum(w.complaints), 0)::bigint AS complaints, coalesce(sum(w.replies), 0)::bigint AS replies
FROM tenancy.organizations AS o
CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE o.time_zone)::date AS day) AS today
CROSS JOIN LATERAL generate_series(today.day - 6, today.day, interval '1 day') AS d (day)
LEFT JOIN (
    SELECT m.counted_at AS at, 1 AS sent, 0 AS bounced, 0 AS complaints, 0 AS replies FROM sending.messages AS m
    WHERE m.organization_id = :organization_id AND m.mailbox_id = :id AND m.counted_at > now() - interval '8 days' AND m.status = 'sent'
    UNION ALL
    SELECT m.last_attempt_at, 1, 1, 0, 0 FROM sending.messages AS m
    WHERE m.organization_id = :organization_id AND m.mailbox_id = :id AND m.status = 'failed' AND m.reason = 'bounce'
        AND m.last_attempt_at > now() - interval '8 days'
    UNION ALL
    SELECT
        min(v.occurred_at), 0, max((v.type = 'bounce')::integer), max((v.type = 'spam_report')::integer), max((v.type = 'reply')::integer)
    FROM engagement.events AS v
    WHERE v.organization_id = :organization_id AND v.mailbox_id = :id AND v.occurred_at > now() - interval '8 days'
        AND (v.type IN ('spam_report', 'reply') OR (v.type = 'bounce' AND v.message_id IS NOT NULL))
        AND NOT EXISTS (
            SELECT FROM sending.messages AS f
            WHERE f.organization_id = :organization_id AND f.id = v.message_id AND v.type = 'bounce' AND f.status = 'failed' AND f.reason = 'bounce'
        )
    GROUP BY v.type, CASE v.type WHEN 'bounce' THEN v.message_id ELSE v.id END
) AS w ON (w.at AT TIME ZONE o.time_zone)::date = d.day::date
WHERE o.id = :organization_id
GROUP BY d.day
ORDER BY d.day;

-- name: respace(id)$
-- Lets what waits in a mailbox come as early as its spacing allows now; how many come earlier.
SELECT sending.f_respace(:id, NULL);
