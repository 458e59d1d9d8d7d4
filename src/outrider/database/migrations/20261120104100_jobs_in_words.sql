-- What a job is called and what it works on, for people; and which organizations the minute's round has anything to do for.
SET LOCAL lock_timeout = '5s';

-- `title` as in "Import apollo.csv", `link` the path of the page of what it works on; NULL: the job's name says enough.
ALTER TABLE ops.jobs ADD COLUMN title text;
ALTER TABLE ops.jobs ADD COLUMN link text;

-- The organizations in which a schedule is due or an unfinished job has no message that stands for it, so that a worker need not visit
-- each. Goes round them by itself, a look into two indexes each, as row security wants it. One of the few functions that look across
-- tenants (20261120099000_across_tenants.sql): it returns ids and nothing else.
CREATE FUNCTION ops.f_organizations_with_work() RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_before text := current_setting('app.organization_id', true);
    v_organization uuid;
BEGIN
    FOR v_organization IN SELECT id FROM tenancy.organizations ORDER BY id LOOP
        PERFORM set_config('app.organization_id', v_organization::text, true);
        IF EXISTS (
            SELECT FROM ops.schedules AS s WHERE s.organization_id = v_organization AND s.is_active AND s.next_run_at <= now()
        ) OR EXISTS (
            SELECT FROM ops.jobs AS j
            WHERE j.organization_id = v_organization AND j.state IN ('created', 'retry', 'active') AND NOT EXISTS (
                SELECT FROM queue.pgqueuer AS q
                WHERE q.payload = convert_to(json_build_array(j.organization_id, j.id)::text, 'UTF8') AND q.status IN ('queued', 'picked')
            )
        ) THEN
            RETURN NEXT v_organization;
        END IF;
    END LOOP;
    PERFORM set_config('app.organization_id', coalesce(v_before, ''), true);
END $$;
GRANT EXECUTE ON FUNCTION ops.f_organizations_with_work() TO outrider_app;
