-- name: situation(organization_id, month, week)^
-- Everything about an organization that costs next to nothing, and the figures that were counted last. Ids are in the order of time:
-- month and week are the least ids that a row of the last 30 and 7 days may have. More than 1,000 slots are not counted on.
SELECT
    o.name, nullif(btrim(o.physical_address), '') IS NOT NULL AS has_address, ops.f_workers_alive() AS workers,
    f.counted_at, f.people, f.companies, f.contacts, f.profiles, f.rows_by_day, (now() AT TIME ZONE o.time_zone)::date AS today,
    i.imports, i.uploaded, i.uploaded_id, i.rejects, i.rejects_imports, i.rejects_id, i.finished_at, j.failed, c.conflicts, n.incomplete
FROM tenancy.organizations AS o
LEFT JOIN bit.figures AS f ON f.organization_id = o.id
CROSS JOIN LATERAL (
    SELECT
        count(*) AS imports, max(m.finished_at) AS finished_at,
        count(*) FILTER (WHERE m.state = 'uploaded') AS uploaded,
        (array_agg(m.id ORDER BY m.id DESC) FILTER (WHERE m.state = 'uploaded'))[1] AS uploaded_id,
        coalesce(sum(m.rows_failed) FILTER (WHERE m.state = 'completed' AND m.id > :month), 0)::bigint AS rejects,
        count(*) FILTER (WHERE m.state = 'completed' AND m.id > :month AND m.rows_failed > 0) AS rejects_imports,
        (array_agg(m.id ORDER BY m.id DESC) FILTER (WHERE m.state = 'completed' AND m.id > :month AND m.rows_failed > 0))[1] AS rejects_id
    FROM intake.imports AS m WHERE m.organization_id = :organization_id
) AS i
CROSS JOIN LATERAL (
    SELECT count(*) AS failed FROM ops.jobs AS a
    WHERE a.organization_id = :organization_id AND a.id > :week AND a.state IN ('failed', 'expired')
) AS j
CROSS JOIN LATERAL (
    SELECT count(*) AS conflicts FROM (
        SELECT FROM people.slot AS s
        WHERE s.organization_id = :organization_id AND s.issue = 'conflict' AND s.validation_status = 'pending' ORDER BY s.id LIMIT 1001
    ) AS waiting
) AS c
CROSS JOIN LATERAL (
    SELECT count(*) AS incomplete FROM (
        SELECT FROM people.slot AS s
        WHERE s.organization_id = :organization_id AND s.issue = 'incomplete' AND s.validation_status = 'pending' ORDER BY s.id LIMIT 1001
    ) AS waiting
) AS n
WHERE o.id = :organization_id;

-- name: running(organization_id, counting)
-- Jobs that are not finished and due within a day, those that run first; the counting of figures is left out.
SELECT
    j.id, j.name, j.title, j.link, j.state, j.progress_done AS done, j.progress_total AS total, j.progress_note AS note, j.created_on AS asked_at,
    j.started_on AS started_at, i.id AS import_id, i.file_name
FROM ops.jobs AS j
LEFT JOIN intake.imports AS i
    ON i.organization_id = j.organization_id AND i.job_id = j.id AND i.state IN ('queued', 'running', 'reverting')
WHERE
    j.organization_id = :organization_id AND j.state IN ('created', 'retry', 'active') AND j.name <> :counting
    AND j.start_after < now() + interval '1 day'
ORDER BY j.state = 'active' DESC, j.id
LIMIT 20;

-- name: count(organization_id, most)^
-- How much an organization has, counting each to `most` at most (NULL: to the end), and its raw loads by day of its zone, 30 days.
-- In the order of an index, so that the counting stops early.
WITH zone AS (
    SELECT o.time_zone AS name, (date_trunc('day', now() AT TIME ZONE o.time_zone) - interval '29 days') AT TIME ZONE o.time_zone AS since
    FROM tenancy.organizations AS o WHERE o.id = :organization_id
)
SELECT
    (SELECT count(*) FROM (SELECT FROM people.master AS t WHERE t.organization_id = :organization_id ORDER BY t.id LIMIT :most) AS c) AS people,
    (SELECT count(*) FROM (SELECT FROM company.master AS t WHERE t.organization_id = :organization_id ORDER BY t.id LIMIT :most) AS c) AS companies,
    (
        SELECT count(*) FROM (SELECT FROM vault.contacts AS t WHERE t.organization_id = :organization_id ORDER BY t.contact_id LIMIT :most) AS c
    ) AS contacts,
    (SELECT count(*) FROM (SELECT FROM people.profiles AS t WHERE t.organization_id = :organization_id ORDER BY t.id LIMIT :most) AS c) AS profiles,
    (
        SELECT coalesce(jsonb_object_agg(d.day, d.loads), '{}') FROM (
            SELECT (c.created_at AT TIME ZONE (SELECT name FROM zone))::date AS day, count(*) AS loads
            FROM (
                SELECT t.created_at FROM intake.raw_loads AS t
                WHERE t.organization_id = :organization_id AND t.created_at >= (SELECT since FROM zone)
                ORDER BY t.created_at DESC LIMIT :most
            ) AS c
            GROUP BY 1
        ) AS d
    ) AS rows_by_day;

-- name: keep_figures(organization_id, people, companies, contacts, profiles, rows_by_day)!
-- What was counted, as of now.
INSERT INTO bit.figures (organization_id, counted_at, people, companies, contacts, profiles, rows_by_day)
VALUES (:organization_id, now(), :people, :companies, :contacts, :profiles, :rows_by_day)
ON CONFLICT (organization_id) DO UPDATE SET
    counted_at = excluded.counted_at, people = excluded.people, companies = excluded.companies, contacts = excluded.contacts,
    profiles = excluded.profiles, rows_by_day = excluded.rows_by_day;

-- name: limit_time(milliseconds)$
-- No statement of this transaction takes longer, nor waits half a second for a lock.
SELECT set_config('statement_timeout', :milliseconds, true) || set_config('lock_timeout', '500ms', true);

-- name: server()
-- The server as a whole; nothing for anybody but the operator.
SELECT
    version, started_at, database_bytes, blocks_hit, blocks_read, counted_since, deadlocks, temporary_bytes, connections, most_connections,
    oldest_xid_age, freeze_max_age, wal_bytes::bigint, wal_since, replicas, most_lag_bytes::bigint, idle_slots, slot_bytes::bigint,
    is_autovacuum, sees_all
FROM bit.f_server();

-- name: tables()
-- Tables, the largest first.
SELECT
    table_name AS name, bytes, index_bytes, live_rows, dead_rows, rows_since_analyze, sequential_scans, sequential_rows, index_scans, vacuumed_at,
    analyzed_at, vacuum_threshold, bytes_before, day_before
FROM bit.f_tables() ORDER BY bytes DESC, table_name;

-- name: unused_indexes()
-- Indexes that nothing uses, the largest first.
SELECT index_name AS name, table_name, bytes FROM bit.f_unused_indexes() ORDER BY bytes DESC, index_name;

-- name: programs()
-- Connections by program.
SELECT program, in_use, idle, idle_in_transaction, waiting FROM bit.f_connections();

-- name: transactions()
-- Open transactions, the oldest first.
SELECT pid, program, state, seconds, waits_for_lock, holds_up FROM bit.f_transactions() ORDER BY seconds DESC;

-- name: statements()
-- The statements that took most of the server's time, or one row that says why there are none.
SELECT
    state, statement AS text, calls, rows, mean_ms, deviation_ms, most_ms, total_ms, share, blocks_hit, blocks_read, counted_since
FROM bit.f_statements(20);

-- name: migrations()
-- The migrations that this database has, in their order.
SELECT id FROM ops.f_migrations() AS m (id) ORDER BY id;

-- name: sample_tables()$
-- Keeps today's sizes of tables; how many there are.
SELECT bit.f_sample_tables();
