-- What the system's commands ask.

-- name: new_id()$
-- An id for an organization.
SELECT uuidv7();

-- name: samples_taken_in(organization_id)$
-- The sample files that this organization has got, as a JSON array.
SELECT coalesce(settings -> 'samples', '[]') FROM tenancy.organizations WHERE id = :organization_id;

-- name: remember_sample(organization_id, name)!
-- So that a sample file is taken in once.
UPDATE tenancy.organizations
SET settings = jsonb_set(settings, '{samples}', coalesce(settings -> 'samples', '[]') || to_jsonb(:name::text))
WHERE id = :organization_id;

-- name: server_settings()^
-- What the server runs with, sizes in megabytes.
SELECT
    current_setting('server_version') AS version,
    pg_size_bytes(current_setting('shared_buffers')) / 1048576 AS shared_buffers,
    pg_size_bytes(current_setting('work_mem')) / 1048576 AS work_mem,
    pg_size_bytes(current_setting('maintenance_work_mem')) / 1048576 AS maintenance_work_mem,
    current_setting('max_connections')::int AS max_connections,
    current_setting('fsync')::boolean AS is_fsync,
    current_setting('full_page_writes')::boolean AS is_full_page_writes,
    current_setting('data_checksums')::boolean AS is_checksums,
    pg_database_size(current_database()) / 1048576 AS database_size,
    extract(EPOCH FROM now() - pg_postmaster_start_time())::float AS uptime;

-- name: extensions()
-- The extensions that the database has.
SELECT extname AS name, extversion AS version FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY extname;

-- name: dangerous_roles()
-- Roles of ours that row security would not bind.
SELECT rolname AS name FROM pg_roles
WHERE rolname IN ('outrider_app', 'outrider_worker', 'outrider_console', 'outrider_owner') AND (rolsuper OR rolbypassrls);
