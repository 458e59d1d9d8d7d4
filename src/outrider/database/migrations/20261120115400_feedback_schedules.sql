-- Organizations that were there before campaigns were have their feedback worked out every night, as new ones do (reports/tasks.py).
SET LOCAL lock_timeout = '5s';

DO $$
DECLARE
    v_organization uuid;
BEGIN
    FOR v_organization IN SELECT id FROM tenancy.organizations LOOP -- row security binds the owner too
        PERFORM set_config('app.organization_id', v_organization::text, true);
        INSERT INTO ops.schedules (organization_id, name, job_name, cron, next_run_at)
        VALUES (
            v_organization, 'reports.feedback', 'reports.feedback', '20 2 * * *',
            (date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 day 2 hours 20 minutes') AT TIME ZONE 'UTC'
        )
        ON CONFLICT (organization_id, name) DO NOTHING;
    END LOOP;
    PERFORM set_config('app.organization_id', '', true);
END $$;
