-- Which organizations a worker has something to do for. Of the few functions that look across tenants (20261120099000_across_tenants.sql): they
-- return ids and nothing else.
SET LOCAL lock_timeout = '5s';

-- The organizations for which a question, a function without arguments, is answered yes. Row security binds the owner too, so it is asked as one
-- organization after the other (15 µs each at 2,000); afterwards the transaction is the caller's organization's again.
CREATE FUNCTION tenancy.f_organizations_where(p_question regproc) RETURNS SETOF uuid
LANGUAGE plpgsql
AS $$
DECLARE
    v_before text := current_setting('app.organization_id', true);
BEGIN
    RETURN QUERY EXECUTE format(
        $query$
        SELECT o.id FROM tenancy.organizations AS o
        WHERE CASE WHEN set_config('app.organization_id', o.id::text, true) IS NOT NULL THEN %s() END
        ORDER BY o.id
        $query$, p_question
    );
    PERFORM set_config('app.organization_id', coalesce(v_before, ''), true);
END $$;

-- Whether the sender has something to do: a campaign sends, or is to begin; a claim has run out.
CREATE FUNCTION sending.f_has_work() RETURNS boolean
LANGUAGE sql
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM marketing.campaigns AS c WHERE c.organization_id = kit.f_organization() AND c.state = 'sending'
    ) OR EXISTS (
        SELECT FROM marketing.campaigns AS c WHERE c.organization_id = kit.f_organization() AND c.state = 'scheduled' AND c.starts_at <= now()
    ) OR EXISTS (
        SELECT FROM sending.messages AS m
        WHERE m.organization_id = kit.f_organization() AND m.status IN ('claimed', 'sending') AND m.lease_until < now()
    );
END;

CREATE FUNCTION sending.f_organizations_with_work() RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.id FROM tenancy.f_organizations_where('sending.f_has_work') AS w (id);
END;
GRANT EXECUTE ON FUNCTION sending.f_organizations_with_work() TO outrider_app;

-- Whether something in doubt may be settled by a Sent folder.
CREATE FUNCTION sending.f_has_doubt() RETURNS boolean
LANGUAGE sql
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM sending.messages AS m
        INNER JOIN sending.mailboxes AS b ON b.organization_id = kit.f_organization() AND b.id = m.mailbox_id AND b.imap_host IS NOT NULL
        WHERE m.organization_id = kit.f_organization() AND m.status = 'unknown' AND m.last_attempt_at < now() - interval '1 minute'
            AND coalesce(m.looked_for_at, '-infinity') < now() - interval '10 minutes'
    );
END;

CREATE FUNCTION sending.f_organizations_in_doubt() RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.id FROM tenancy.f_organizations_where('sending.f_has_doubt') AS w (id);
END;
GRANT EXECUTE ON FUNCTION sending.f_organizations_in_doubt() TO outrider_app;

-- Whether the follower has something to do: events to write, or counters older than their events.
CREATE FUNCTION engagement.f_has_news() RETURNS boolean
LANGUAGE sql
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM engagement.outcomes AS o WHERE o.organization_id = kit.f_organization())
        OR EXISTS (SELECT FROM engagement.stale_counters AS s WHERE s.organization_id = kit.f_organization());
END;

CREATE FUNCTION engagement.f_organizations_to_follow() RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.id FROM tenancy.f_organizations_where('engagement.f_has_news') AS w (id);
END;
GRANT EXECUTE ON FUNCTION engagement.f_organizations_to_follow() TO outrider_app;

-- Whether a schedule is due or an unfinished job has no message that stands for it. The last of the four that went round by a loop of its own.
CREATE FUNCTION ops.f_has_work() RETURNS boolean
LANGUAGE sql
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM ops.schedules AS s WHERE s.organization_id = kit.f_organization() AND s.is_active AND s.next_run_at <= now()
    ) OR EXISTS (
        SELECT FROM ops.jobs AS j
        WHERE j.organization_id = kit.f_organization() AND j.state IN ('created', 'retry', 'active') AND NOT EXISTS (
            SELECT FROM queue.pgqueuer AS q
            WHERE q.payload = convert_to(json_build_array(j.organization_id, j.id)::text, 'UTF8') AND q.status IN ('queued', 'picked')
        )
    );
END;

CREATE OR REPLACE FUNCTION ops.f_organizations_with_work() RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.id FROM tenancy.f_organizations_where('ops.f_has_work') AS w (id);
END;
