-- name: lists(organization_id, name, q, after, count)
-- Lists by id, newest first, with how many people are on them; with a name, in any case, with `q` in it, or all.
SELECT l.id, l.name, l.description, n.people, l.created_by, l.created_at, l.updated_at
FROM marketing.lists AS l
CROSS JOIN LATERAL (
    SELECT count(*) AS people FROM marketing.list_members AS m WHERE m.organization_id = :organization_id AND m.list_id = l.id
) AS n
WHERE l.organization_id = :organization_id AND (:name::text IS NULL OR lower(l.name) = lower(:name))
    AND (:q::text IS NULL OR strpos(lower(l.name), lower(:q)) > 0) AND (:after::uuid IS NULL OR l.id < :after)
ORDER BY l.id DESC LIMIT :count;

-- name: list_by_id(organization_id, id)^
-- One of these.
SELECT l.id, l.name, l.description, n.people, l.created_by, l.created_at, l.updated_at
FROM marketing.lists AS l
CROSS JOIN LATERAL (
    SELECT count(*) AS people FROM marketing.list_members AS m WHERE m.organization_id = :organization_id AND m.list_id = l.id
) AS n
WHERE l.organization_id = :organization_id AND l.id = :id;

-- name: list_id(organization_id, name)$
-- The id of the list with a name, in any case.
SELECT l.id FROM marketing.lists AS l WHERE l.organization_id = :organization_id AND lower(l.name) = lower(:name);

-- name: add_list(organization_id, name, description)$
-- Makes a list and returns its id; none when the name is taken.
INSERT INTO marketing.lists (organization_id, name, description) VALUES (:organization_id, :name, :description)
ON CONFLICT (organization_id, lower(name)) DO NOTHING RETURNING id;

-- name: change_list(organization_id, id, name, description)!
-- Changes a list.
UPDATE marketing.lists SET name = :name, description = :description WHERE organization_id = :organization_id AND id = :id;

-- name: delete_list(organization_id, id)!
-- Deletes a list; the people stay.
DELETE FROM marketing.lists WHERE organization_id = :organization_id AND id = :id;

-- name: add_members(organization_id, list_id, ids)$
-- Puts people on a list and returns how many were not on it.
WITH added AS (
    INSERT INTO marketing.list_members (organization_id, list_id, person_id)
    SELECT :organization_id, :list_id, m.id FROM people.master AS m
    WHERE m.organization_id = :organization_id AND m.id = ANY (:ids::uuid[])
    ON CONFLICT (organization_id, list_id, person_id) DO NOTHING RETURNING person_id
)
SELECT count(*) FROM added;

-- name: add_selected(organization_id, list_id, selection)$
-- Puts the people of a selection on a list and returns how many were not on it.
WITH added AS (
    INSERT INTO marketing.list_members (organization_id, list_id, person_id)
    SELECT :organization_id, :list_id, m.id
    FROM people.selections AS s
    CROSS JOIN LATERAL unnest(s.ids) AS i (id)
    INNER JOIN people.master AS m ON m.organization_id = :organization_id AND m.id = i.id
    WHERE s.organization_id = :organization_id AND s.id = :selection
    ON CONFLICT (organization_id, list_id, person_id) DO NOTHING RETURNING person_id
)
SELECT count(*) FROM added;

-- name: remove_members(organization_id, list_id, ids)$
-- Takes people off a list and returns how many were on it.
WITH gone AS (
    DELETE FROM marketing.list_members
    WHERE organization_id = :organization_id AND list_id = :list_id AND person_id = ANY (:ids::uuid[]) RETURNING person_id
)
SELECT count(*) FROM gone;

-- name: remove_selected(organization_id, list_id, selection)$
-- Takes the people of a selection off a list and returns how many were on it.
WITH gone AS (
    DELETE FROM marketing.list_members AS m
    USING people.selections AS s CROSS JOIN LATERAL unnest(s.ids) AS i (id)
    WHERE m.organization_id = :organization_id AND m.list_id = :list_id AND m.person_id = i.id
        AND s.organization_id = :organization_id AND s.id = :selection
    RETURNING m.person_id
)
SELECT count(*) FROM gone;

-- name: members(organization_id, list_id, words, after, count)
-- The ids of the people on a list, from one on; with words those who have all of them in the name, address or company of one address.
SELECT m.person_id FROM marketing.list_members AS m
WHERE m.organization_id = :organization_id AND m.list_id = :list_id AND (:after::uuid IS NULL OR m.person_id > :after)
    AND (
        :words::text[] IS NULL
        OR EXISTS (
            SELECT FROM vault.contacts AS c
            WHERE c.organization_id = :organization_id AND c.person_id = m.person_id
                AND c.search_text LIKE ALL (ARRAY(SELECT people.f_pattern(w.word) FROM unnest(:words::text[]) AS w (word)))
        )
    )
ORDER BY m.person_id LIMIT :count;

-- name: add_addresses(organization_id, list_id, emails)^
-- Puts the people with these addresses on a list: how many were not on it, and the addresses of nobody.
WITH asked AS (
    SELECT a.email, (
        SELECT c.person_id FROM vault.contacts AS c WHERE c.organization_id = :organization_id AND c.email = a.email
    ) AS person_id
    FROM unnest(:emails::text[]) AS a (email)
),
added AS (
    INSERT INTO marketing.list_members (organization_id, list_id, person_id)
    SELECT DISTINCT :organization_id::uuid, :list_id::uuid, a.person_id FROM asked AS a WHERE a.person_id IS NOT NULL
    ON CONFLICT (organization_id, list_id, person_id) DO NOTHING RETURNING person_id
)
SELECT
    (SELECT count(*) FROM added) AS people,
    ARRAY(SELECT a.email FROM asked AS a WHERE a.person_id IS NULL) AS not_found;

-- name: add_list_members(organization_id, list_id, other_id)$
-- Puts everybody on one list on another one too, and returns how many were not on that yet.
WITH added AS (
    INSERT INTO marketing.list_members (organization_id, list_id, person_id)
    SELECT :organization_id, :list_id, m.person_id FROM marketing.list_members AS m
    WHERE m.organization_id = :organization_id AND m.list_id = :other_id
    ON CONFLICT (organization_id, list_id, person_id) DO NOTHING RETURNING person_id
)
SELECT count(*) FROM added;

-- name: segments(organization_id, name, q, after, count)
-- Segments, newest first; with a name, in any case, with `q` in it, or all.
SELECT s.id, s.name, s.description, s.filters, s.created_by, s.created_at, s.updated_at FROM marketing.segments AS s
WHERE s.organization_id = :organization_id AND (:name::text IS NULL OR lower(s.name) = lower(:name))
    AND (:q::text IS NULL OR strpos(lower(s.name), lower(:q)) > 0) AND (:after::uuid IS NULL OR s.id < :after)
ORDER BY s.id DESC LIMIT :count;

-- name: segment(organization_id, id)^
-- One of these.
SELECT s.id, s.name, s.description, s.filters, s.created_by, s.created_at, s.updated_at FROM marketing.segments AS s
WHERE s.organization_id = :organization_id AND s.id = :id;

-- name: segment_id(organization_id, name)$
-- The id of the segment with a name, in any case.
SELECT s.id FROM marketing.segments AS s WHERE s.organization_id = :organization_id AND lower(s.name) = lower(:name);

-- name: add_segment(organization_id, name, description, filters)$
-- Makes a segment and returns its id; none when the name is taken.
INSERT INTO marketing.segments (organization_id, name, description, filters) VALUES (:organization_id, :name, :description, :filters::jsonb)
ON CONFLICT (organization_id, lower(name)) DO NOTHING RETURNING id;

-- name: change_segment(organization_id, id, name, description, filters)!
-- Changes a segment.
UPDATE marketing.segments SET name = :name, description = :description, filters = :filters::jsonb
WHERE organization_id = :organization_id AND id = :id;

-- name: delete_segment(organization_id, id)!
-- Deletes a segment; the people stay.
DELETE FROM marketing.segments WHERE organization_id = :organization_id AND id = :id;

-- name: campaigns_for(organization_id, list_id, segment_id)
-- The campaigns that are for a list, or for a segment, by name.
SELECT c.campaign_id, c.name, c.state FROM marketing.campaign_audience AS a
INNER JOIN marketing.campaigns AS c ON c.organization_id = :organization_id AND c.campaign_id = a.campaign_id
WHERE a.organization_id = :organization_id AND (a.list_id = :list_id::uuid OR a.segment_id = :segment_id::uuid)
ORDER BY c.name LIMIT 20;

-- name: uses(organization_id, list_id, segment_id)
-- The names of campaigns that are for a list, or for a segment: three at most.
SELECT c.name FROM marketing.campaign_audience AS a
INNER JOIN marketing.campaigns AS c ON c.organization_id = :organization_id AND c.campaign_id = a.campaign_id
WHERE a.organization_id = :organization_id AND (a.list_id = :list_id::uuid OR a.segment_id = :segment_id::uuid)
ORDER BY c.name LIMIT 3;

-- name: named_like(organization_id, part, most)
-- Campaigns, lists, segments and templates whose names hold a text, the newest of each first.
SELECT f.kind, f.id, f.name FROM (
    (
        SELECT 'campaign' AS kind, c.campaign_id AS id, c.name FROM marketing.campaigns AS c
        WHERE c.organization_id = :organization_id AND position(lower(:part) IN lower(c.name)) > 0 ORDER BY c.campaign_id DESC LIMIT :most
    )
    UNION ALL
    (
        SELECT 'list', l.id, l.name FROM marketing.lists AS l
        WHERE l.organization_id = :organization_id AND position(lower(:part) IN lower(l.name)) > 0 ORDER BY l.id DESC LIMIT :most
    )
    UNION ALL
    (
        SELECT 'segment', s.id, s.name FROM marketing.segments AS s
        WHERE s.organization_id = :organization_id AND position(lower(:part) IN lower(s.name)) > 0 ORDER BY s.id DESC LIMIT :most
    )
    UNION ALL
    (
        SELECT 'template', t.id, t.name FROM marketing.templates AS t
        WHERE t.organization_id = :organization_id AND position(lower(:part) IN lower(t.name)) > 0 ORDER BY t.id DESC LIMIT :most
    )
) AS f;
