-- Lists of profiles. A page is looked for in two ways, as people's lists are (people/search.py says why): the walks go along the order's
-- own index and look at the next `reach` profiles, which finds the page at once when what is asked for is common; `gather` collects all
-- who fit by the indexes on what is asked for and sorts them, which is quick when it is rare. NULL for what is not asked for.

-- name: walk_by_indexes()$
-- Makes the planner walk in this transaction: it takes a tenant for half a percent of a table (decision 4), and would rather sort that little.
-- A plan is made for the values at hand each time: one for any values could not leave out what is NULL, nor other namespaces' partitions.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true)
    || set_config('enable_sort', 'off', true) || set_config('enable_bitmapscan', 'off', true) || set_config('enable_seqscan', 'off', true);

-- name: plan_freely()$
-- Lets the planner choose again.
SELECT set_config('enable_sort', 'on', true) || set_config('enable_bitmapscan', 'on', true) || set_config('enable_seqscan', 'on', true);

-- name: walk_newest(organization_id, namespaces, after, after_id, reach, words, platform, score_from, score_to, count)
-- At most `count` that fit among the next `reach` profiles by time, latest first.
SELECT w.namespace_id, w.id, w.created_at AS key
FROM (
    SELECT p.namespace_id, p.id, p.created_at, p.lead_score, p.platform, p.search_text
    FROM people.profiles AS p
    WHERE p.organization_id = :organization_id AND p.namespace_id = ANY (:namespaces::uuid[])
        AND (:after_id::uuid IS NULL OR (p.created_at, p.id) < (:after::timestamptz, :after_id::uuid))
    ORDER BY p.created_at DESC, p.id DESC LIMIT :reach
) AS w
WHERE w.search_text LIKE ALL (ARRAY(SELECT people.f_pattern(u.word) FROM unnest(:words::text[]) AS u (word)))
    AND (:platform::text IS NULL OR w.platform = :platform)
    AND (:score_from::integer IS NULL OR w.lead_score >= :score_from) AND (:score_to::integer IS NULL OR w.lead_score <= :score_to)
ORDER BY w.created_at DESC, w.id DESC LIMIT :count;

-- name: walk_lead_score(organization_id, namespaces, after, after_id, reach, words, platform, score_from, score_to, count)
-- The same by lead score, highest first.
SELECT w.namespace_id, w.id, w.lead_score AS key
FROM (
    SELECT p.namespace_id, p.id, p.lead_score, p.platform, p.search_text
    FROM people.profiles AS p
    WHERE p.organization_id = :organization_id AND p.namespace_id = ANY (:namespaces::uuid[])
        AND (:after_id::uuid IS NULL OR (p.lead_score, p.id) < (:after::integer, :after_id::uuid))
        AND (:score_from::integer IS NULL OR p.lead_score >= :score_from) AND (:score_to::integer IS NULL OR p.lead_score <= :score_to)
    ORDER BY p.lead_score DESC, p.id DESC LIMIT :reach
) AS w
WHERE w.search_text LIKE ALL (ARRAY(SELECT people.f_pattern(u.word) FROM unnest(:words::text[]) AS u (word)))
    AND (:platform::text IS NULL OR w.platform = :platform)
ORDER BY w.lead_score DESC, w.id DESC LIMIT :count;

-- name: walk_email(organization_id, namespaces, after, after_id, reach, words, platform, score_from, score_to, count)
-- The same by address, from A on.
SELECT w.namespace_id, w.id, w.email AS key
FROM (
    SELECT p.namespace_id, p.id, p.email, p.lead_score, p.platform, p.search_text
    FROM people.profiles AS p
    WHERE p.organization_id = :organization_id AND p.namespace_id = ANY (:namespaces::uuid[])
        AND (:after_id::uuid IS NULL OR (p.email, p.id) > (:after::text, :after_id::uuid))
    ORDER BY p.email, p.id LIMIT :reach
) AS w
WHERE w.search_text LIKE ALL (ARRAY(SELECT people.f_pattern(u.word) FROM unnest(:words::text[]) AS u (word)))
    AND (:platform::text IS NULL OR w.platform = :platform)
    AND (:score_from::integer IS NULL OR w.lead_score >= :score_from) AND (:score_to::integer IS NULL OR w.lead_score <= :score_to)
ORDER BY w.email, w.id LIMIT :count;

-- name: gather(organization_id, namespaces, sort, after_time, after_score, after_email, after_id, first, second, words, platform, score_from, score_to, count)
-- At most `count` of all that fit, in the order `sort`. The two longest words, `first` and `second`, are looked up in the index, `words` are
-- the rest. Each pattern is a subselect: worked out once, and a plan that does not depend on the word. Before the first ANALYZE of a
-- namespace's table, at most some minutes, the planner takes it for small and reads all of it.
WITH fitting AS MATERIALIZED (
    SELECT p.namespace_id, p.id, p.created_at, p.lead_score, p.email
    FROM people.profiles AS p
    WHERE p.organization_id = :organization_id AND p.namespace_id = ANY (:namespaces::uuid[])
        AND (:first::text IS NULL OR p.search_text LIKE (SELECT people.f_pattern(:first)))
        AND (:second::text IS NULL OR p.search_text LIKE (SELECT people.f_pattern(:second)))
        AND p.search_text LIKE ALL (ARRAY(SELECT people.f_pattern(u.word) FROM unnest(:words::text[]) AS u (word)))
        AND (:platform::text IS NULL OR p.platform = :platform)
        AND (:score_from::integer IS NULL OR p.lead_score >= :score_from) AND (:score_to::integer IS NULL OR p.lead_score <= :score_to)
)
SELECT f.namespace_id, f.id, f.created_at, f.lead_score, f.email
FROM fitting AS f
WHERE :after_id::uuid IS NULL
    OR CASE :sort::text
        WHEN 'newest' THEN (f.created_at, f.id) < (:after_time::timestamptz, :after_id)
        WHEN 'lead_score' THEN (f.lead_score, f.id) < (:after_score::integer, :after_id)
        ELSE (f.email, f.id) > (:after_email::text, :after_id)
    END
ORDER BY
    CASE WHEN :sort = 'newest' THEN f.created_at END DESC, CASE WHEN :sort = 'lead_score' THEN f.lead_score END DESC,
    CASE WHEN :sort = 'email' THEN f.email END ASC, CASE WHEN :sort <> 'email' THEN f.id END DESC, f.id ASC
LIMIT :count;

-- name: profiles(organization_id, namespaces, ids)
-- Profiles by their ids, in the order of these: seed 000's columns in its order, after the namespace.
SELECT
    p.namespace_id, p.id, p.email, p.first_name, p.last_name, p.company, p.linkedin_profile, p.platform, p.enrichment_data, p.icp_score,
    p.behaviour_score, p.lead_score, p.apollo_enriched_at, p.last_scored_at, p.meta, p.created_at, p.updated_at, p.person_id
FROM unnest(:ids::uuid[]) WITH ORDINALITY AS i (id, place)
INNER JOIN people.profiles AS p ON p.organization_id = :organization_id AND p.namespace_id = ANY (:namespaces::uuid[]) AND p.id = i.id
ORDER BY i.place;

-- name: namespaces_of(organization_id, names)
-- The ids and names of namespaces: those named, NULL for all of them.
SELECT id, name FROM tenancy.namespaces
WHERE organization_id = :organization_id AND (:names::text[] IS NULL OR name = ANY (:names::text[])) ORDER BY name;

-- name: summary(organization_id, namespaces, since, most)^
-- How many came since a time and how many have a lead score at all, each counted up to `most`; and when the last one came (NULL: none did).
SELECT
    (
        SELECT count(*) FROM (
            SELECT FROM people.profiles AS p
            WHERE p.organization_id = :organization_id AND p.namespace_id = ANY (:namespaces::uuid[]) AND p.created_at >= :since::timestamptz
            LIMIT :most
        ) AS c
    ) AS recent,
    (
        SELECT count(*) FROM (
            SELECT FROM people.profiles AS p
            WHERE p.organization_id = :organization_id AND p.namespace_id = ANY (:namespaces::uuid[]) AND p.lead_score > 0
            LIMIT :most
        ) AS c
    ) AS scored,
    (
        SELECT p.created_at FROM people.profiles AS p
        WHERE p.organization_id = :organization_id AND p.namespace_id = ANY (:namespaces::uuid[])
        ORDER BY p.created_at DESC LIMIT 1
    ) AS last_added_at;

-- name: platforms(organization_id, namespaces, count)
-- At most `count` of the platforms that profiles come from, by name: one look into the index for each.
WITH RECURSIVE found AS (
    (
        SELECT p.platform, 1 AS place FROM people.profiles AS p
        WHERE p.organization_id = :organization_id AND p.namespace_id = ANY (:namespaces::uuid[]) AND p.platform > ''
        ORDER BY p.platform LIMIT 1
    )
    UNION ALL
    SELECT n.platform, f.place + 1 FROM found AS f
    CROSS JOIN LATERAL (
        SELECT p.platform FROM people.profiles AS p
        WHERE p.organization_id = :organization_id AND p.namespace_id = ANY (:namespaces::uuid[]) AND p.platform > f.platform
        ORDER BY p.platform LIMIT 1
    ) AS n
    WHERE f.place < :count
)
SELECT f.platform FROM found AS f ORDER BY f.place;
