-- name: campaign(organization_id, campaign_id)^
-- Whose report it is, how many people are in it, and how many messages nobody knows of whether they went out; nothing for no campaign.
SELECT
    c.campaign_id, c.name, c.state, c.started_at, c.tracks_opens, c.tracks_clicks, o.time_zone,
    (
        SELECT count(*) FROM marketing.enrollments AS e
        WHERE e.organization_id = :organization_id AND e.campaign_id = :campaign_id AND e.state <> 'excluded'
    ) AS enrolled,
    (
        SELECT count(*) FROM sending.messages AS m
        WHERE m.organization_id = :organization_id AND m.campaign_id = :campaign_id AND m.status = 'unknown'
    ) AS in_doubt
FROM marketing.campaigns AS c
INNER JOIN tenancy.organizations AS o ON o.id = c.organization_id
WHERE c.organization_id = :organization_id AND c.campaign_id = :campaign_id;

-- name: campaign_head(organization_id, campaign_id)^
-- A campaign's name and the zone of its organization; nothing for no campaign.
SELECT c.name, o.time_zone
FROM marketing.campaigns AS c
INNER JOIN tenancy.organizations AS o ON o.id = c.organization_id
WHERE c.organization_id = :organization_id AND c.campaign_id = :campaign_id;

-- name: parts(organization_id, campaign_id, time_zone, domains, least)
-- What became of a campaign's messages: all of them, by step, variant, mailbox, hour in which they were tried, day on which each thing happened
-- first, and recipient domain: those with most messages, and at least so many, the others summed under the key ''. Messages with the same marks
-- are counted together first, so that each is looked at once. Days have a branch for each time, which takes two thirds of what rows of times would.
WITH outcomes AS MATERIALIZED (
    SELECT
        o.sequence_step, o.variant_id, o.mailbox_id, o.recipient_domain, o.attempted_at AT TIME ZONE :time_zone AS attempted, o.opened_at, o.clicked_at,
        o.replied_at, o.bounced_at, o.unsubscribed_at, o.complained_at, o.machine_opened_at, o.machine_clicked_at,
        (o.sent_at IS NOT NULL)::integer + 2 * (o.delivered_at IS NOT NULL)::integer + 4 * (o.opened_at IS NOT NULL)::integer
        + 8 * (o.clicked_at IS NOT NULL)::integer + 16 * (o.replied_at IS NOT NULL)::integer + 32 * (o.bounced_at IS NOT NULL)::integer
        + 64 * (o.unsubscribed_at IS NOT NULL)::integer + 128 * (o.complained_at IS NOT NULL)::integer
        + 256 * (o.machine_opened_at IS NOT NULL)::integer + 512 * (o.machine_clicked_at IS NOT NULL)::integer
        + 1024 * (o.sent_at IS NOT NULL OR o.bounced_at IS NOT NULL)::integer AS marks
    FROM marketing.message_outcomes AS o
    WHERE o.organization_id = :organization_id AND o.campaign_id = :campaign_id
),
sorts AS MATERIALIZED (
    SELECT
        o.sequence_step, o.variant_id, o.mailbox_id, extract(HOUR FROM o.attempted)::integer AS hour, o.marks,
        count(*) AS messages
    FROM outcomes AS o WHERE o.marks <> 0 GROUP BY 1, 2, 3, 4, 5
),
domains AS MATERIALIZED (
    SELECT o.recipient_domain, o.marks, count(*) AS messages FROM outcomes AS o WHERE o.marks <> 0 GROUP BY 1, 2
),
largest AS (
    SELECT d.recipient_domain FROM domains AS d
    GROUP BY 1 HAVING sum(d.messages) >= :least ORDER BY sum(d.messages) DESC, 1 LIMIT :domains
),
answered AS MATERIALIZED (SELECT o.* FROM outcomes AS o WHERE o.marks & ~1027 <> 0),
days AS ( -- what was tried, sent and delivered was so at the same moment
    SELECT o.attempted::date AS day, o.marks & 1027 AS marks, count(*) AS messages FROM outcomes AS o WHERE o.marks & 1027 <> 0 GROUP BY 1, 2
    UNION ALL
    SELECT (o.opened_at AT TIME ZONE :time_zone)::date, 4, count(*) FROM answered AS o WHERE o.opened_at IS NOT NULL GROUP BY 1
    UNION ALL
    SELECT (o.clicked_at AT TIME ZONE :time_zone)::date, 8, count(*) FROM answered AS o WHERE o.clicked_at IS NOT NULL GROUP BY 1
    UNION ALL
    SELECT (o.replied_at AT TIME ZONE :time_zone)::date, 16, count(*) FROM answered AS o WHERE o.replied_at IS NOT NULL GROUP BY 1
    UNION ALL
    SELECT (o.bounced_at AT TIME ZONE :time_zone)::date, 32, count(*) FROM answered AS o WHERE o.bounced_at IS NOT NULL GROUP BY 1
    UNION ALL
    SELECT (o.unsubscribed_at AT TIME ZONE :time_zone)::date, 64, count(*) FROM answered AS o WHERE o.unsubscribed_at IS NOT NULL GROUP BY 1
    UNION ALL
    SELECT (o.complained_at AT TIME ZONE :time_zone)::date, 128, count(*) FROM answered AS o WHERE o.complained_at IS NOT NULL GROUP BY 1
    UNION ALL
    SELECT (o.machine_opened_at AT TIME ZONE :time_zone)::date, 256, count(*) FROM answered AS o WHERE o.machine_opened_at IS NOT NULL GROUP BY 1
    UNION ALL
    SELECT (o.machine_clicked_at AT TIME ZONE :time_zone)::date, 512, count(*) FROM answered AS o WHERE o.machine_clicked_at IS NOT NULL GROUP BY 1
),
parts AS (
    SELECT 'all' AS kind, '' AS key, s.marks, s.messages FROM sorts AS s
    UNION ALL
    SELECT 'step', s.sequence_step::text, s.marks, s.messages FROM sorts AS s
    UNION ALL
    SELECT 'variant', s.variant_id::text, s.marks, s.messages FROM sorts AS s WHERE s.variant_id IS NOT NULL
    UNION ALL
    SELECT 'mailbox', s.mailbox_id::text, s.marks, s.messages FROM sorts AS s
    UNION ALL
    SELECT 'hour', s.hour::text, s.marks, s.messages FROM sorts AS s WHERE s.hour IS NOT NULL
    UNION ALL
    SELECT 'domain', coalesce(l.recipient_domain, ''), d.marks, d.messages
    FROM domains AS d LEFT JOIN largest AS l ON l.recipient_domain = d.recipient_domain
    UNION ALL
    SELECT 'day', d.day::text, d.marks, d.messages FROM days AS d
),
counted AS (
    SELECT
        p.kind, p.key,
        coalesce(sum(p.messages) FILTER (WHERE p.marks & 1 > 0), 0)::bigint AS sent,
        coalesce(sum(p.messages) FILTER (WHERE p.marks & 2 > 0), 0)::bigint AS delivered,
        coalesce(sum(p.messages) FILTER (WHERE p.marks & 4 > 0), 0)::bigint AS opened,
        coalesce(sum(p.messages) FILTER (WHERE p.marks & 8 > 0), 0)::bigint AS clicked,
        coalesce(sum(p.messages) FILTER (WHERE p.marks & 16 > 0), 0)::bigint AS replied,
        coalesce(sum(p.messages) FILTER (WHERE p.marks & 32 > 0), 0)::bigint AS bounced,
        coalesce(sum(p.messages) FILTER (WHERE p.marks & 64 > 0), 0)::bigint AS unsubscribed,
        coalesce(sum(p.messages) FILTER (WHERE p.marks & 128 > 0), 0)::bigint AS complained,
        coalesce(sum(p.messages) FILTER (WHERE p.marks & 256 > 0), 0)::bigint AS machine_opened,
        coalesce(sum(p.messages) FILTER (WHERE p.marks & 512 > 0), 0)::bigint AS machine_clicked,
        coalesce(sum(p.messages) FILTER (WHERE p.marks & 1024 > 0), 0)::bigint AS tried
    FROM parts AS p
    GROUP BY p.kind, p.key
)
SELECT c.*, b.email AS mailbox
FROM counted AS c
LEFT JOIN sending.mailboxes AS b ON b.organization_id = :organization_id AND c.kind = 'mailbox' AND b.id::text = c.key
ORDER BY c.kind, c.key;

-- name: variants(organization_id, campaign_id)
-- The campaign's wordings in their order.
SELECT s.position AS step, v.id, v.label, v.subject
FROM marketing.steps AS s
INNER JOIN marketing.variants AS v ON v.organization_id = s.organization_id AND v.step_id = s.id
WHERE s.organization_id = :organization_id AND s.campaign_id = :campaign_id
ORDER BY s.position, v.label;

-- name: chances(hits, tries, other_hits, other_tries)
-- How likely each pair of shares differs so by chance alone, in the order given; NULL: too few to say.
SELECT marketing.f_chance(p.hits, p.tries, p.other_hits, p.other_tries) AS chance
FROM unnest(:hits::bigint[], :tries::bigint[], :other_hits::bigint[], :other_tries::bigint[])
WITH ORDINALITY AS p (hits, tries, other_hits, other_tries, place)
ORDER BY p.place;

-- name: part_names(organization_id, campaign_id, variant_id, mailbox_id)^
-- What a wording and a mailbox are called; NULL for none.
SELECT
    (
        SELECT format('Step %s, %s', s.position, v.label) FROM marketing.variants AS v
        INNER JOIN marketing.steps AS s ON s.organization_id = v.organization_id AND s.id = v.step_id
        WHERE v.organization_id = :organization_id AND v.id = :variant_id::uuid AND s.campaign_id = :campaign_id
    ) AS variant,
    (
        SELECT b.email FROM sending.mailboxes AS b
        WHERE b.organization_id = :organization_id AND b.id = :mailbox_id::uuid AND EXISTS (
            SELECT FROM sending.messages AS m
            WHERE m.organization_id = :organization_id AND m.campaign_id = :campaign_id AND m.mailbox_id = b.id
        )
    ) AS mailbox;
