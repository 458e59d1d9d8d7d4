-- A namespace that campaigns are in: it stays while one of them may still send, else they lose the link as imports do.
SET LOCAL lock_timeout = '5s';

-- The names of the campaigns of a namespace that are ready or begun and not over, the newest first.
CREATE FUNCTION marketing.f_campaigns_at_work(p_namespace uuid) RETURNS text[]
LANGUAGE sql STABLE
RETURN ARRAY(
    SELECT c.name FROM marketing.campaigns AS c
    WHERE c.organization_id = kit.f_organization() AND c.namespace_id = p_namespace AND c.state IN ('ready', 'scheduled', 'sending', 'paused')
    ORDER BY c.campaign_id DESC
);
GRANT EXECUTE ON FUNCTION marketing.f_campaigns_at_work(uuid) TO outrider_app;

-- Takes a namespace out of service and keeps its rows in a table of their own, whose name is returned. NULL: no such namespace, or the
-- default one, which cannot go. Imports that were routed to it keep their campaign and lose the link, and so do campaigns.
CREATE OR REPLACE FUNCTION tenancy.f_archive_namespace(p_name text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s'
AS $$
DECLARE
    v_old tenancy.namespaces;
    v_schema text := tenancy.f_schema(kit.f_organization());
    v_archive text;
BEGIN
    SELECT * INTO v_old FROM tenancy.namespaces
    WHERE organization_id = kit.f_organization() AND name = p_name AND NOT is_default FOR UPDATE;
    IF v_old.id IS NULL THEN
        RETURN NULL;
    END IF;
    v_archive := left(v_old.table_name, 29) || '_archived_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS');
    LOCK TABLE people.master IN SHARE ROW EXCLUSIVE MODE;
    EXECUTE format('ALTER TABLE people.%I DETACH PARTITION %I.%I', 'profiles_' || replace(v_old.organization_id::text, '-', ''), v_schema, v_old.table_name);
    EXECUTE format('ALTER TABLE %I.%I RENAME TO %I', v_schema, v_old.table_name, v_archive);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %I.%I FROM outrider_app', v_schema, v_archive);
    -- Its name is free again for a namespace of the same name.
    EXECUTE format('ALTER TABLE %I.%I RENAME CONSTRAINT %I TO %I', v_schema, v_archive, v_old.table_name || '_email_key', v_archive || '_key');
    -- What is archived no longer holds a person back from being merged or erased.
    EXECUTE format('ALTER TABLE %I.%I DROP CONSTRAINT IF EXISTS profiles_person_fkey', v_schema, v_archive);
    UPDATE intake.imports SET namespace_id = NULL WHERE organization_id = v_old.organization_id AND namespace_id = v_old.id;
    UPDATE marketing.campaigns SET namespace_id = NULL WHERE organization_id = v_old.organization_id AND namespace_id = v_old.id;
    DELETE FROM tenancy.namespaces WHERE organization_id = v_old.organization_id AND id = v_old.id;
    RETURN v_archive;
END $$;
