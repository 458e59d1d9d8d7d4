-- All sending of an organization stopped and let go again, by a person or because the database was restored (docs/sending.md).
SET LOCAL lock_timeout = '5s';

-- The server as this database knows it, and its line of life: a restored copy runs elsewhere, on another timeline, or was found out.
CREATE FUNCTION sending.f_server_identity() RETURNS text
LANGUAGE sql STABLE
RETURN (SELECT s.system_identifier::text FROM pg_control_system() AS s) || '/' || (SELECT c.timeline_id::text FROM pg_control_checkpoint() AS c)
    || '/' || (SELECT d.oid::text FROM pg_database AS d WHERE d.datname = current_database())
    || '/' || (SELECT l.token::text FROM sending.lineages AS l ORDER BY l.number DESC LIMIT 1);

-- Whether sending is frozen. In a restored copy it freezes: what was claimed at the time of the backup is put back into the queue, or is in
-- doubt. The first caller of an organization writes down where it is.
CREATE FUNCTION sending.f_is_frozen() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_here text := sending.f_server_identity();
    v_control sending.control;
    v_reason text;
BEGIN
    SELECT * INTO v_control FROM sending.control WHERE organization_id = v_organization;
    IF v_control.frozen_at IS NOT NULL THEN
        RETURN true;
    ELSIF v_control.server_identity = v_here THEN
        RETURN false;
    END IF;
    v_reason := coalesce((
        SELECT l.reason FROM sending.lineages AS l WHERE v_here = regexp_replace(v_control.server_identity, '[^/]*$', l.token::text)
    ), 'this database was restored or moved');
    INSERT INTO sending.control AS c (organization_id, server_identity) VALUES (v_organization, v_here)
    ON CONFLICT (organization_id) DO UPDATE SET
        server_identity = coalesce(c.server_identity, excluded.server_identity),
        frozen_at = CASE WHEN c.server_identity <> excluded.server_identity THEN excluded.updated_at END,
        frozen_reason = CASE WHEN c.server_identity <> excluded.server_identity THEN v_reason END,
        updated_at = excluded.updated_at
    RETURNING c.* INTO v_control;
    IF v_control.frozen_at IS NOT NULL THEN
        UPDATE sending.messages SET lease_until = '-infinity' WHERE organization_id = v_organization AND status IN ('claimed', 'sending');
        PERFORM sending.f_recover();
    END IF;
    RETURN v_control.frozen_at IS NOT NULL;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_is_frozen() TO outrider_app;

-- Stops all sending of the organization at once, until it is released.
CREATE FUNCTION sending.f_freeze(p_reason text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM sending.f_is_frozen();
    UPDATE sending.control SET frozen_at = clock_timestamp(), frozen_reason = p_reason, updated_at = now()
    WHERE organization_id = kit.f_organization() AND frozen_at IS NULL;
    RETURN (SELECT frozen_at FROM sending.control WHERE organization_id = kit.f_organization());
END $$;
GRANT EXECUTE ON FUNCTION sending.f_freeze(text) TO outrider_app;

-- Lets sending go on; this server is the organization's from now on. What became due by `p_skip_until` is left out before that (NULL:
-- nothing is): messages as `skipped`, steps without a message yet as passed over. Returns how many were left out.
CREATE FUNCTION sending.f_thaw(p_skip_until timestamptz DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_organization uuid := kit.f_organization();
    v_skipped integer := 0;
    v_enrollments uuid[];
    v_steps integer[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('sending.claim/' || v_organization::text, 0));
    PERFORM sending.f_is_frozen();
    IF p_skip_until IS NOT NULL THEN
        SELECT array_agg(e.id), array_agg(e.next_step) INTO v_enrollments, v_steps
        FROM marketing.enrollments AS e
        INNER JOIN marketing.campaigns AS c ON c.organization_id = v_organization AND c.campaign_id = e.campaign_id AND c.state IN ('sending', 'paused')
        WHERE e.organization_id = v_organization AND e.state IN ('ready', 'active') AND e.next_step IS NOT NULL AND e.next_at <= p_skip_until;
        v_skipped := sending.f_skip(ARRAY(
            SELECT m.id FROM sending.messages AS m
            WHERE m.organization_id = v_organization AND m.status = 'queued' AND m.scheduled_at <= p_skip_until
        ), 'it may have been sent before the restore');
        v_skipped := v_skipped + marketing.f_advance(v_enrollments, v_steps, clock_timestamp());
    END IF;
    UPDATE sending.control SET frozen_at = NULL, frozen_reason = NULL, server_identity = sending.f_server_identity(), updated_at = now()
    WHERE organization_id = v_organization;
    RETURN v_skipped;
END $$;
GRANT EXECUTE ON FUNCTION sending.f_thaw(timestamptz) TO outrider_app;
