-- What ran of these migrations, for the health check: the ledger itself is the owner's.
SET LOCAL lock_timeout = '5s';

-- The ids of the migrations that this database has.
CREATE FUNCTION ops.f_migrations() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT migration_id::text FROM public.migrations_log ORDER BY 1;
END;
GRANT EXECUTE ON FUNCTION ops.f_migrations() TO outrider_app;
