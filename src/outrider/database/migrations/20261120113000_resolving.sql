-- From a draft to enrollments, with the reasons of who is left out (BEHAVIOUR 7).
SET LOCAL lock_timeout = '5s';

-- A name as templates know it: Lead Owner, leadOwner and LEAD_OWNER are lead_owner (marketing/rendering/syntax.py, name_of).
CREATE FUNCTION marketing.f_variable_name(p_name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(regexp_replace(regexp_replace(btrim(p_name), '([a-z0-9])(?=[A-Z])', '\1_', 'g'), '[\s.\-_]+', '_', 'g'));
GRANT EXECUTE ON FUNCTION marketing.f_variable_name(text) TO outrider_app;

-- Enrolls people in a campaign, or keeps them there as excluded with the reason; takes the primary address first, else another one that may
-- be written to. Who unsubscribed or complained with one address is not written to at another. Who is enrolled already stays; who was
-- excluded is looked at again; who is no longer asked for, and was never written to, is excluded as left_audience. Answers {total, excluded:
-- {reason: how many}, eligible, inserted}. Needs app.suppression_key in the transaction.
CREATE FUNCTION marketing.f_resolve(p_campaign uuid, p_people uuid[]) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_verification text;
    v_due timestamptz := now(); -- when the campaign starts is its own business
    v_first integer := (
        SELECT min(s.position) FROM marketing.steps AS s WHERE s.organization_id = v_organization AND s.campaign_id = p_campaign
    );
    v_inserted integer;
    v_total integer;
    v_excluded jsonb;
BEGIN
    PERFORM sending.f_hash('');
    SELECT c.verification_mode INTO STRICT v_verification
    FROM marketing.campaigns AS c WHERE c.organization_id = v_organization AND c.campaign_id = p_campaign FOR UPDATE;

    WITH asked AS MATERIALIZED (
        SELECT m.id, m.email, m.status FROM (SELECT DISTINCT i.id FROM unnest(p_people) AS i (id)) AS a
        INNER JOIN people.master AS m ON m.organization_id = v_organization AND m.id = a.id
        WHERE NOT EXISTS (
            SELECT FROM marketing.enrollments AS e
            WHERE e.organization_id = v_organization AND e.campaign_id = p_campaign AND e.person_id = a.id AND e.state <> 'excluded'
        )
    ),
    address AS MATERIALIZED (
        SELECT a.id AS person_id, c.contact_id, c.email, c.email = a.email AS is_primary, a.status AS person_status, c.status, c.verification,
            sending.f_suppressed(c.email, p_campaign) AS suppressed
        FROM asked AS a
        INNER JOIN vault.contacts AS c ON c.organization_id = v_organization AND c.person_id = a.id
    ),
    judged AS (
        SELECT
            d.*,
            CASE
                WHEN bool_or(d.suppressed = 'complaint') OVER person THEN 'complained'
                WHEN bool_or(d.status = 'unsubscribed' OR d.suppressed = 'unsubscribe') OVER person THEN 'unsubscribed'
                WHEN bool_or(d.suppressed <> 'bounce') OVER person THEN 'suppressed'
                WHEN d.person_status = 'inactive' OR d.status = 'inactive' THEN 'inactive'
                WHEN d.status = 'bounced' OR d.suppressed = 'bounce' THEN 'bounced'
                WHEN d.verification = 'invalid' THEN 'invalid'
                WHEN v_verification = 'verified_only' AND coalesce(d.verification, 'unknown') NOT IN ('valid', 'catchall') THEN 'not_verified'
            END AS reason
        FROM address AS d
        WINDOW person AS (PARTITION BY d.person_id)
    ),
    chosen AS (
        SELECT DISTINCT ON (j.person_id) j.person_id, j.contact_id, j.email, j.reason FROM judged AS j
        ORDER BY j.person_id, j.reason IS NOT NULL, j.is_primary DESC, j.contact_id
    ),
    written AS (
        INSERT INTO marketing.enrollments AS e (
            organization_id, campaign_id, person_id, contact_id, email, state, reason, time_zone, next_step, next_at
        )
        SELECT
            v_organization, p_campaign, a.id, c.contact_id, c.email, CASE WHEN r.reason IS NULL THEN 'ready' ELSE 'excluded' END, r.reason, z.time_zone,
            CASE WHEN r.reason IS NULL THEN v_first END, CASE WHEN r.reason IS NULL THEN v_due END
        FROM asked AS a
        LEFT JOIN chosen AS c ON c.person_id = a.id
        LEFT JOIN marketing.f_time_zones(ARRAY(SELECT k.person_id FROM chosen AS k WHERE k.reason IS NULL)) AS z ON z.person_id = a.id
        CROSS JOIN LATERAL (SELECT CASE WHEN c.contact_id IS NULL THEN 'no_address' ELSE c.reason END AS reason) AS r
        ORDER BY a.id
        ON CONFLICT (organization_id, campaign_id, person_id) DO UPDATE SET
            contact_id = excluded.contact_id, email = excluded.email, state = excluded.state, reason = excluded.reason,
            time_zone = excluded.time_zone, next_step = excluded.next_step, next_at = excluded.next_at
        WHERE e.state = 'excluded'
            AND (e.state, e.reason, e.contact_id) IS DISTINCT FROM (excluded.state, excluded.reason, excluded.contact_id)
        RETURNING e.state
    )
    SELECT count(*) FILTER (WHERE w.state = 'ready') INTO v_inserted FROM written AS w;

    UPDATE marketing.enrollments AS e SET state = 'excluded', reason = 'left_audience', next_step = NULL, next_at = NULL
    WHERE e.organization_id = v_organization AND e.campaign_id = p_campaign AND e.state = 'ready'
        AND NOT EXISTS (SELECT FROM unnest(p_people) AS i (id) WHERE i.id = e.person_id)
        AND NOT EXISTS (SELECT FROM sending.messages AS m WHERE m.organization_id = v_organization AND m.enrollment_id = e.id);
    UPDATE marketing.enrollments AS e SET next_step = v_first, next_at = coalesce(e.next_at, v_due)
    WHERE e.organization_id = v_organization AND e.campaign_id = p_campaign AND e.state = 'ready' AND e.next_step IS DISTINCT FROM v_first
        AND NOT EXISTS (SELECT FROM sending.messages AS m WHERE m.organization_id = v_organization AND m.enrollment_id = e.id);

    SELECT coalesce(sum(r.people), 0), coalesce(jsonb_object_agg(r.reason, r.people) FILTER (WHERE r.reason IS NOT NULL), '{}')
    INTO v_total, v_excluded
    FROM (
        SELECT CASE e.state WHEN 'excluded' THEN e.reason END AS reason, count(*) AS people
        FROM (SELECT DISTINCT i.id FROM unnest(p_people) AS i (id)) AS a
        INNER JOIN marketing.enrollments AS e
            ON e.organization_id = v_organization AND e.campaign_id = p_campaign AND e.person_id = a.id
        GROUP BY 1
    ) AS r;
    UPDATE marketing.campaigns SET target_count = v_total - coalesce((SELECT sum(x.value::integer) FROM jsonb_each_text(v_excluded) AS x), 0)
    WHERE organization_id = v_organization AND campaign_id = p_campaign;
    RETURN jsonb_build_object(
        'total', v_total, 'excluded', v_excluded, 'inserted', v_inserted,
        'eligible', v_total - coalesce((SELECT sum(x.value::integer) FROM jsonb_each_text(v_excluded) AS x), 0)
    );
END $$;
GRANT EXECUTE ON FUNCTION marketing.f_resolve(uuid, uuid[]) TO outrider_app;
