-- Moves profiles to where their campaign is routed now (BEHAVIOUR 1: changing keywords offers to re-route, with a preview).
SET LOCAL lock_timeout = '5s';

-- The profiles of the current organization whose campaign (meta ->> 'campaign') belongs to another namespace than the one they are in;
-- of at most `p_most` addresses (NULL: all). A namespace that was switched off keeps what it has. `place` counts the profiles of one
-- address that go to the same namespace; there_id is the profile that is there already.
CREATE FUNCTION people.f_misplaced(p_most integer)
RETURNS TABLE (namespace_id uuid, id uuid, email varchar, target_id uuid, place bigint, there_id uuid)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH routes AS MATERIALIZED (
        SELECT c.campaign, r.namespace_id AS target_id
        FROM (
            SELECT DISTINCT p.meta ->> 'campaign' AS campaign FROM people.profiles AS p
            WHERE p.organization_id = kit.f_organization() AND p.meta ->> 'campaign' IS NOT NULL
        ) AS c
        CROSS JOIN LATERAL tenancy.f_route(c.campaign) AS r
    ),
    movers AS (
        SELECT
            p.namespace_id, p.id, p.email, r.target_id,
            row_number() OVER (PARTITION BY r.target_id, p.email ORDER BY p.created_at, p.id) AS place,
            dense_rank() OVER (ORDER BY r.target_id, p.email) AS address
        FROM people.profiles AS p
        INNER JOIN routes AS r ON r.campaign = p.meta ->> 'campaign'
        INNER JOIN tenancy.namespaces AS n ON n.organization_id = p.organization_id AND n.id = p.namespace_id AND n.is_active
        WHERE p.organization_id = kit.f_organization() AND p.namespace_id <> r.target_id
    )
    SELECT m.namespace_id, m.id, m.email, m.target_id, m.place, t.id
    FROM movers AS m
    LEFT JOIN people.profiles AS t ON t.organization_id = kit.f_organization() AND t.namespace_id = m.target_id AND t.email = m.email
    WHERE p_most IS NULL OR m.address <= p_most;
END;

-- Moves them, or with p_dry_run only counts; one row for each pair of namespaces: how many profiles leave one for the other, and how many
-- of these are merged there. Of several profiles with one address the one that is in the target stays, else the oldest; it takes from
-- the others what it lacks, with the loads behind it, and they are removed, whole in people.profile_history. Repeat until no rows come.
CREATE FUNCTION people.f_reroute(p_dry_run boolean, p_most integer DEFAULT NULL)
RETURNS TABLE (from_namespace text, to_namespace text, profiles bigint, merged bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off -- how many will move cannot be estimated, and a nested loop over a wrong guess takes hours
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
BEGIN
    IF p_dry_run THEN
        RETURN QUERY
        WITH pairs AS MATERIALIZED (
            SELECT m.namespace_id, m.target_id, count(*) AS leaving, count(*) FILTER (WHERE m.there_id IS NOT NULL OR m.place > 1) AS merging
            FROM people.f_misplaced(p_most) AS m GROUP BY m.namespace_id, m.target_id
        )
        SELECT f.name::text, t.name::text, c.leaving, c.merging
        FROM pairs AS c
        INNER JOIN tenancy.namespaces AS f ON f.organization_id = v_organization AND f.id = c.namespace_id
        INNER JOIN tenancy.namespaces AS t ON t.organization_id = v_organization AND t.id = c.target_id
        ORDER BY f.name, t.name;
        RETURN;
    END IF;
    RETURN QUERY
    WITH movers AS MATERIALIZED (SELECT * FROM people.f_misplaced(p_most)),
    leavers AS MATERIALIZED (
        SELECT m.target_id, m.place, m.there_id, p.*
        FROM movers AS m
        INNER JOIN people.profiles AS p ON p.organization_id = v_organization AND p.namespace_id = m.namespace_id AND p.id = m.id
        WHERE m.there_id IS NOT NULL OR m.place > 1
    ),
    firsts AS (
        SELECT DISTINCT ON (l.target_id, l.email, v.field) l.target_id, l.email, v.field, v.value, coalesce(l.provenance -> v.field, to_jsonb(l.load_id)) AS load
        FROM leavers AS l
        CROSS JOIN LATERAL (
            VALUES ('first_name', l.first_name), ('last_name', l.last_name), ('company', l.company),
            ('linkedin_profile', l.linkedin_profile::varchar), ('platform', l.platform)
        ) AS v (field, value)
        WHERE btrim(v.value) <> ''
        ORDER BY l.target_id, l.email, v.field, l.place
    ),
    texts AS (
        SELECT f.target_id, f.email, jsonb_object_agg(f.field, f.value) AS given, jsonb_object_agg(f.field, f.load) FILTER (WHERE f.load IS NOT NULL) AS loads
        FROM firsts AS f GROUP BY f.target_id, f.email
    ),
    gifts AS (
        SELECT
            l.target_id, l.email, max(l.icp_score) AS icp_score, max(l.behaviour_score) AS behaviour_score, max(l.lead_score) AS lead_score,
            max(l.apollo_enriched_at) AS apollo_enriched_at, max(l.last_scored_at) AS last_scored_at, min(l.created_at) AS created_at,
            kit.jsonb_merge(l.enrichment_data ORDER BY l.place DESC) AS enrichment_data, kit.jsonb_merge(l.meta ORDER BY l.place DESC) AS meta,
            (array_agg(l.person_id ORDER BY l.place) FILTER (WHERE l.person_id IS NOT NULL))[1] AS person_id
        FROM leavers AS l GROUP BY l.target_id, l.email
    ),
    stayers AS MATERIALIZED (
        SELECT
            m.target_id, m.email, coalesce(m.there_id, m.id) AS id, CASE WHEN m.there_id IS NULL THEN m.namespace_id ELSE m.target_id END AS namespace_id,
            coalesce(t.given, '{}') AS given, coalesce(t.loads, '{}') AS loads, g.icp_score, g.behaviour_score, g.lead_score, g.apollo_enriched_at,
            g.last_scored_at, g.created_at, coalesce(g.enrichment_data, '{}') AS enrichment_data, coalesce(g.meta, '{}') AS meta, g.person_id
        FROM movers AS m
        LEFT JOIN gifts AS g ON g.target_id = m.target_id AND g.email = m.email
        LEFT JOIN texts AS t ON t.target_id = m.target_id AND t.email = m.email
        WHERE m.place = 1
    ),
    kept AS (
        UPDATE people.profiles AS p SET
            namespace_id = s.target_id,
            first_name = coalesce(nullif(btrim(p.first_name), ''), s.given ->> 'first_name'),
            last_name = coalesce(nullif(btrim(p.last_name), ''), s.given ->> 'last_name'),
            company = coalesce(nullif(btrim(p.company), ''), s.given ->> 'company'),
            linkedin_profile = coalesce(nullif(btrim(p.linkedin_profile), ''), s.given ->> 'linkedin_profile'),
            platform = coalesce(nullif(btrim(p.platform), ''), s.given ->> 'platform'),
            enrichment_data = s.enrichment_data || coalesce(p.enrichment_data, '{}'),
            icp_score = coalesce(nullif(p.icp_score, 0), s.icp_score, p.icp_score),
            behaviour_score = coalesce(nullif(p.behaviour_score, 0), s.behaviour_score, p.behaviour_score),
            lead_score = coalesce(nullif(p.lead_score, 0), s.lead_score, p.lead_score),
            apollo_enriched_at = coalesce(p.apollo_enriched_at, s.apollo_enriched_at),
            last_scored_at = coalesce(p.last_scored_at, s.last_scored_at),
            meta = s.meta || coalesce(p.meta, '{}'),
            created_at = least(p.created_at, s.created_at),
            person_id = coalesce(p.person_id, s.person_id),
            provenance = p.provenance || (
                SELECT coalesce(jsonb_object_agg(l.key, l.value), '{}') FROM jsonb_each(s.loads) AS l
                WHERE coalesce(btrim(to_jsonb(p) ->> l.key), '') = ''
            )
        FROM stayers AS s
        WHERE p.organization_id = v_organization AND p.namespace_id = s.namespace_id AND p.id = s.id
        RETURNING to_jsonb(old) AS before, to_jsonb(new) AS after
    ),
    gone AS (
        DELETE FROM people.profiles AS p USING leavers AS l
        WHERE p.organization_id = v_organization AND p.namespace_id = l.namespace_id AND p.id = l.id
        RETURNING p.namespace_id, p.id, l.target_id, l.email, to_jsonb(p) AS before
    ),
    trail AS (
        -- A row that moves between partitions does not fire the trigger that keeps the history.
        INSERT INTO people.profile_history (organization_id, namespace_id, profile_id, changed_fields, old_values, new_values, changed_by, loads)
        SELECT
            v_organization, (k.after ->> 'namespace_id')::uuid, (k.after ->> 'id')::uuid, c.changed_fields, c.old_values, c.new_values, kit.f_actor(), c.loads
        FROM kept AS k
        CROSS JOIN LATERAL kit.f_changes(k.before, k.after) AS c
        WHERE k.before -> 'namespace_id' <> k.after -> 'namespace_id'
        UNION ALL
        SELECT
            v_organization, d.namespace_id, d.id, '["merged_into"]', d.before, jsonb_build_object('merged_into', s.id, 'namespace_id', s.target_id),
            kit.f_actor(), '{}'
        FROM gone AS d
        INNER JOIN stayers AS s ON s.target_id = d.target_id AND s.email = d.email
    ),
    pairs AS MATERIALIZED (
        SELECT m.namespace_id, m.target_id, count(*) AS leaving, count(*) FILTER (WHERE m.there_id IS NOT NULL OR m.place > 1) AS merging
        FROM movers AS m GROUP BY m.namespace_id, m.target_id
    )
    SELECT f.name::text, t.name::text, c.leaving, c.merging
    FROM pairs AS c
    INNER JOIN tenancy.namespaces AS f ON f.organization_id = v_organization AND f.id = c.namespace_id
    INNER JOIN tenancy.namespaces AS t ON t.organization_id = v_organization AND t.id = c.target_id
    ORDER BY f.name, t.name;
END $$;
GRANT EXECUTE ON FUNCTION people.f_reroute(boolean, integer) TO outrider_app;
