-- What the health check asks; no tenant's data.

-- name: is_alive()$
-- One.
SELECT 1;

-- name: migrations()
-- The migrations that this database has.
SELECT id FROM ops.f_migrations() AS m (id);
