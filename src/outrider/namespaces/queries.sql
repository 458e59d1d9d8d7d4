-- name: namespaces(organization_id, after, count)
-- `count` namespaces after the name `after` (NULL: from the first), by name.
SELECT id, name, keywords, table_name, description, is_default, is_active, created_at, updated_at
FROM tenancy.namespaces WHERE organization_id = :organization_id AND (:after::text IS NULL OR name > :after::text)
ORDER BY name LIMIT :count;

-- name: namespace(organization_id, name)^
-- One namespace by name.
SELECT id, name, keywords, table_name, description, is_default, is_active, created_at, updated_at
FROM tenancy.namespaces WHERE organization_id = :organization_id AND name = :name;

-- name: lock_namespace(organization_id, name)^
-- One namespace by name, which nobody changes until the transaction ends.
SELECT id, name, keywords, table_name, description, is_default, is_active, created_at, updated_at
FROM tenancy.namespaces WHERE organization_id = :organization_id AND name = :name FOR UPDATE;

-- name: default_namespace(organization_id)^
-- The default namespace.
SELECT id, name, keywords, table_name, description, is_default, is_active, created_at, updated_at
FROM tenancy.namespaces WHERE organization_id = :organization_id AND is_default;

-- name: create_namespace(name, keywords, description)$
-- The id of a new namespace; its table is made with it.
SELECT tenancy.f_create_namespace(:name, :keywords, :description);

-- name: rename_namespace(name, new_name)$
-- True when there was one; its table is renamed with it.
SELECT tenancy.f_rename_namespace(:name, :new_name);

-- name: campaigns_at_work(id)$
-- The names of its campaigns that may still send.
SELECT marketing.f_campaigns_at_work(:id);

-- name: archive_namespace(name)$
-- The table that keeps the profiles; NULL for none such and for the default.
SELECT tenancy.f_archive_namespace(:name);

-- name: update_namespace(organization_id, id, keywords, description, is_active)!
-- Everything but the name.
UPDATE tenancy.namespaces SET keywords = :keywords, description = :description, is_active = :is_active
WHERE organization_id = :organization_id AND id = :id;

-- name: holder_of_table(organization_id, table_name)$
-- The name of the namespace whose profiles are in a table.
SELECT name FROM tenancy.namespaces WHERE organization_id = :organization_id AND table_name = :table_name;

-- name: overlaps(organization_id, id)
-- Keywords of other active namespaces that hold one of this namespace's keywords, or are held by it.
SELECT k.keyword, o.name AS namespace, ok.keyword AS other_keyword, length(k.keyword) AS size, length(ok.keyword) AS other_size
FROM tenancy.namespaces AS n
CROSS JOIN LATERAL unnest(n.keywords) AS k (keyword)
INNER JOIN tenancy.namespaces AS o ON o.organization_id = n.organization_id AND o.id <> n.id AND o.is_active
CROSS JOIN LATERAL unnest(o.keywords) AS ok (keyword)
WHERE n.organization_id = :organization_id AND n.id = :id AND n.is_active
    AND (position(lower(k.keyword) IN lower(ok.keyword)) > 0 OR position(lower(ok.keyword) IN lower(k.keyword)) > 0)
ORDER BY o.name, k.keyword, ok.keyword
LIMIT 100;

-- name: contents(organization_id, ids, exact)
-- How full namespaces are: profiles counted up to `exact` + 1 of them, what the last ANALYZE took a larger table's rows for (NULL: nobody
-- knows), and when the last one came (NULL: none did).
SELECT
    n.id, k.counted, CASE WHEN c.reltuples > :exact THEN c.reltuples::bigint END AS estimated,
    (
        SELECT p.created_at FROM people.profiles AS p
        WHERE p.organization_id = :organization_id AND p.namespace_id = n.id ORDER BY p.created_at DESC LIMIT 1
    ) AS last_added_at
FROM tenancy.namespaces AS n
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(format('%I.%I', tenancy.f_schema(:organization_id), n.table_name))
CROSS JOIN LATERAL (
    SELECT count(*) AS counted FROM (
        SELECT FROM people.profiles AS p
        WHERE p.organization_id = :organization_id AND p.namespace_id = n.id AND NOT coalesce(c.reltuples > :exact, false) LIMIT :exact + 1
    ) AS p
) AS k
WHERE n.organization_id = :organization_id AND n.id = ANY (:ids::uuid[]);

-- name: route(organization_id, campaign)^
-- Where a campaign goes, with the table.
SELECT r.namespace_id, r.namespace, r.keyword, r.also_matched, n.table_name
FROM tenancy.f_route(:campaign) AS r
INNER JOIN tenancy.namespaces AS n ON n.organization_id = :organization_id AND n.id = r.namespace_id;

-- name: stats(organization_id, namespace_id)^
-- Figures of a namespace's profiles.
WITH mine AS (
    SELECT p.company, p.platform, p.meta ->> 'campaign' AS campaign, p.created_at
    FROM people.profiles AS p WHERE p.organization_id = :organization_id AND p.namespace_id = :namespace_id
),
campaigns AS (SELECT m.campaign, count(*) AS profiles FROM mine AS m WHERE m.campaign IS NOT NULL GROUP BY m.campaign),
platforms AS (SELECT coalesce(m.platform, '') AS platform, count(*) AS profiles FROM mine AS m GROUP BY coalesce(m.platform, '')),
largest AS (SELECT c.campaign, c.profiles FROM campaigns AS c ORDER BY c.profiles DESC, c.campaign ASC LIMIT 50)
SELECT
    count(*) AS profiles,
    count(*) FILTER (WHERE btrim(m.company) <> '') AS with_company,
    max(m.created_at) AS last_added_at,
    (SELECT count(*) FROM campaigns) AS routed_campaigns,
    coalesce((SELECT jsonb_object_agg(l.campaign, l.profiles) FROM largest AS l), '{}') AS campaigns,
    coalesce((SELECT jsonb_object_agg(p.platform, p.profiles) FROM platforms AS p), '{}') AS by_platform
FROM mine AS m;

-- name: preview_reroute()
-- How many profiles would leave which namespace for which.
SELECT from_namespace, to_namespace, profiles, merged FROM people.f_reroute(true);

-- name: reroute(most)
-- Moves the profiles of at most `most` addresses.
SELECT from_namespace, to_namespace, profiles, merged FROM people.f_reroute(false, :most);
