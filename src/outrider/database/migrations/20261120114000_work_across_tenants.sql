-- Which organizations a worker has something to do for. Of the few functions that look across tenants (20261120099000_across_tenants.sql):
-- they return ids and nothing else.
SET LOCAL lock_timeout = '5s';

-- The organizations whose sender has something to do: a message or an enrollment is due, a claim has run out, a campaign's time has come.
-- One of the few functions that look across tenants (20261120099000_across_tenants.sql): it returns ids and nothing else.
CREATE FUNCTION sending.f_organizations_with_work() RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_before text := current_setting('app.organization_id', true);
    v_organization uuid;
BEGIN
    FOR v_organization IN SELECT id FROM tenancy.organizations ORDER BY id LOOP
        PERFORM set_config('app.organization_id', v_organization::text, true);
        IF EXISTS (
            SELECT FROM marketing.campaigns AS c WHERE c.organization_id = v_organization AND c.state = 'sending'
        ) OR EXISTS (
            SELECT FROM marketing.campaigns AS c
            WHERE c.organization_id = v_organization AND c.state = 'scheduled' AND c.starts_at <= now()
        ) OR EXISTS (
            SELECT FROM sending.messages AS m
            WHERE m.organization_id = v_organization AND m.status IN ('claimed', 'sending') AND m.lease_until < now()
        ) THEN
            RETURN NEXT v_organization;
        END IF;
    END LOOP;
    PERFORM set_config('app.organization_id', coalesce(v_before, ''), true);
END $$;
GRANT EXECUTE ON FUNCTION sending.f_organizations_with_work() TO outrider_app;

-- The organizations in which something in doubt may be settled by a Sent folder. One of the few functions that look across tenants
-- (20261120099000_across_tenants.sql): it returns ids and nothing else.
CREATE FUNCTION sending.f_organizations_in_doubt() RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_before text := current_setting('app.organization_id', true);
    v_organization uuid;
BEGIN
    FOR v_organization IN SELECT id FROM tenancy.organizations ORDER BY id LOOP
        PERFORM set_config('app.organization_id', v_organization::text, true);
        IF EXISTS (
            SELECT FROM sending.messages AS m
            INNER JOIN sending.mailboxes AS b ON b.organization_id = v_organization AND b.id = m.mailbox_id AND b.imap_host IS NOT NULL
            WHERE m.organization_id = v_organization AND m.status = 'unknown' AND m.last_attempt_at < now() - interval '1 minute'
                AND coalesce(m.looked_for_at, '-infinity') < now() - interval '10 minutes'
        ) THEN
            RETURN NEXT v_organization;
        END IF;
    END LOOP;
    PERFORM set_config('app.organization_id', coalesce(v_before, ''), true);
END $$;
GRANT EXECUTE ON FUNCTION sending.f_organizations_in_doubt() TO outrider_app;

-- The organizations in which the follower has something to do.
CREATE FUNCTION engagement.f_organizations_to_follow() RETURNS SETOF uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_before text := current_setting('app.organization_id', true);
    v_organization uuid;
BEGIN
    FOR v_organization IN SELECT id FROM tenancy.organizations ORDER BY id LOOP
        PERFORM set_config('app.organization_id', v_organization::text, true);
        IF EXISTS (SELECT FROM engagement.outcomes AS o WHERE o.organization_id = v_organization)
            OR EXISTS (SELECT FROM engagement.stale_counters AS s WHERE s.organization_id = v_organization)
        THEN
            RETURN NEXT v_organization;
        END IF;
    END LOOP;
    PERFORM set_config('app.organization_id', coalesce(v_before, ''), true);
END $$;
GRANT EXECUTE ON FUNCTION engagement.f_organizations_to_follow() TO outrider_app;
