-- name: audience_choices(organization_id, id, most)
-- Lists and segments that a campaign may be for: those that it is for first, then the newest.
SELECT c.kind, c.id, c.name, c.description, c.people, c.is_chosen
FROM (
    SELECT
        'list' AS kind, l.id, l.name, l.description,
        (SELECT count(*) FROM marketing.list_members AS m WHERE m.organization_id = :organization_id AND m.list_id = l.id) AS people,
        EXISTS (
            SELECT FROM marketing.campaign_audience AS a WHERE a.organization_id = :organization_id AND a.campaign_id = :id AND a.list_id = l.id
        ) AS is_chosen
    FROM marketing.lists AS l WHERE l.organization_id = :organization_id
    UNION ALL
    SELECT
        'segment', s.id, s.name, s.description, NULL,
        EXISTS (
            SELECT FROM marketing.campaign_audience AS a
            WHERE a.organization_id = :organization_id AND a.campaign_id = :id AND a.segment_id = s.id
        )
    FROM marketing.segments AS s WHERE s.organization_id = :organization_id
) AS c
ORDER BY c.is_chosen DESC, c.id DESC LIMIT :most;

-- name: list_sizes(organization_id, ids)
-- How many people are on each of these lists.
SELECT l.id, l.name, (SELECT count(*) FROM marketing.list_members AS m WHERE m.organization_id = :organization_id AND m.list_id = l.id) AS people
FROM marketing.lists AS l WHERE l.organization_id = :organization_id AND l.id = ANY (:ids::uuid[]) ORDER BY l.name;

-- name: people_together(organization_id, lists, selections)$
-- How many people are on any of these lists or in any of these selections, each counted once.
SELECT count(*) FROM (
    SELECT m.person_id FROM marketing.list_members AS m WHERE m.organization_id = :organization_id AND m.list_id = ANY (:lists::uuid[])
    UNION
    SELECT p.id FROM people.selections AS s CROSS JOIN LATERAL unnest(s.ids) AS p (id)
    WHERE s.organization_id = :organization_id AND s.id = ANY (:selections::uuid[])
) AS together;

-- name: mailbox_choices(organization_id, id)
-- Every mailbox of the organization, and whether a campaign sends from it.
SELECT
    b.id, b.email, b.state, b.state_reason, b.daily_limit, b.warmup_status,
    sending.f_daily_limit(
        b.daily_limit, b.warmup_status, b.warmup_started_on, b.warmup_from, b.warmup_days, (now() AT TIME ZONE o.time_zone)::date
    ) AS limit_today,
    EXISTS (
        SELECT FROM sending.campaign_mailboxes AS c WHERE c.organization_id = :organization_id AND c.campaign_id = :id AND c.mailbox_id = b.id
            AND NOT c.is_leaving
    ) AS is_chosen
FROM sending.mailboxes AS b
INNER JOIN tenancy.organizations AS o ON o.id = :organization_id
WHERE b.organization_id = :organization_id
ORDER BY b.email LIMIT 500;

-- name: namespaces(organization_id)
-- The names of the namespaces that campaigns may be in.
SELECT n.name FROM tenancy.namespaces AS n WHERE n.organization_id = :organization_id AND n.is_active ORDER BY n.name LIMIT 500;

-- name: template_names(organization_id)
-- Templates by name.
SELECT t.id, t.name FROM marketing.templates AS t WHERE t.organization_id = :organization_id ORDER BY lower(t.name) LIMIT 500;

-- name: custom_variables(organization_id)
-- The names of the custom fields that are in use, as templates know them.
SELECT DISTINCT marketing.f_variable_name(f.key) AS name FROM people.custom_fields AS f
WHERE f.organization_id = :organization_id AND f.archived_at IS NULL ORDER BY 1 LIMIT 200;

-- name: sample_people(organization_id, id, most)
-- Some people to preview a text for: of a campaign first, else of the newest there are. Of these who has what texts say comes first, and whose
-- name lost letters on its way (? or the sign for it) last.
WITH met AS (
    (
        SELECT e.person_id, e.email, row_number() OVER (ORDER BY e.id) AS place FROM marketing.enrollments AS e
        WHERE e.organization_id = :organization_id AND e.campaign_id = :id AND e.state <> 'excluded'
        ORDER BY e.id LIMIT 200
    )
    UNION ALL
    (
        SELECT n.id, n.email, row_number() OVER (ORDER BY n.id DESC) FROM people.master AS n
        WHERE n.organization_id = :organization_id
            AND NOT EXISTS (
                SELECT FROM marketing.enrollments AS e
                WHERE e.organization_id = :organization_id AND e.campaign_id = :id AND e.state <> 'excluded'
            )
        ORDER BY n.id DESC LIMIT 200
    )
)
SELECT p.id, m.email, p.name
FROM met AS m
INNER JOIN people.master AS p ON p.organization_id = :organization_id AND p.id = m.person_id
ORDER BY p.name ~ '[?\uFFFD]', num_nulls(nullif(p.first_name, ''), nullif(p.last_name, ''), p.company_id, nullif(p.title, '')), m.place
LIMIT :most;

-- name: owners(organization_id)
-- Who may own a campaign: everybody in the organization but clients and viewers, by name.
SELECT m.user_id, coalesce(m.name, m.email) AS name FROM tenancy.members AS m
WHERE m.organization_id = :organization_id AND m.role IN ('owner', 'admin', 'member')
ORDER BY lower(coalesce(m.name, m.email)), m.user_id LIMIT 500;
