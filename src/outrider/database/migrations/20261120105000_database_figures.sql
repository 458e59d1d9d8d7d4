-- Figures about what there is (a tenant's) and about how the server does (the operator's). Seed 001 names the schema, seed 004 the metrics.
SET LOCAL lock_timeout = '5s';

CREATE SCHEMA bit;
GRANT USAGE ON SCHEMA bit TO outrider_app;

-- How much an organization has, counted at a time: a cache for organizations that are too large to count on every visit
-- (reports/queries.sql counts, anyone can count again). rows_by_day: {day in the organization's zone: raw loads}, the last 30 days.
CREATE TABLE bit.figures (
    organization_id uuid NOT NULL DEFAULT nullif(current_setting('app.organization_id', true), '')::uuid,
    counted_at timestamptz NOT NULL DEFAULT now(),
    people bigint NOT NULL,
    companies bigint NOT NULL,
    contacts bigint NOT NULL,
    profiles bigint NOT NULL,
    rows_by_day jsonb NOT NULL,
    CONSTRAINT figures_pkey PRIMARY KEY (organization_id)
);
CALL kit.f_protect('bit.figures');
GRANT SELECT, INSERT, UPDATE ON bit.figures TO outrider_app;

-- The sizes of tables, once a day, so that growth can be seen. Of the server, not of a tenant; read and written by functions only.
CREATE TABLE bit.table_sizes (
    day date NOT NULL,
    table_name text NOT NULL,
    bytes bigint NOT NULL,
    row_estimate bigint NOT NULL,
    CONSTRAINT table_sizes_pkey PRIMARY KEY (day, table_name)
);

-- Whether this transaction is the default organization's: who runs the server works there, and the functions below answer nobody else.
CREATE FUNCTION bit.f_is_operator() RETURNS boolean
LANGUAGE sql STABLE
RETURN coalesce(kit.f_organization() = '00000000-0000-0000-0000-000000000001', false);

-- Every table with its size and its upkeep; partitions count as the table that they are parts of, what is not ours as one.
-- bytes_before: a week ago, or at the oldest sample that there is (day_before); NULL without one.
CREATE FUNCTION bit.f_tables() RETURNS TABLE (
    table_name text, bytes bigint, index_bytes bigint, live_rows bigint, dead_rows bigint, rows_since_analyze bigint,
    sequential_scans bigint, sequential_rows bigint, index_scans bigint, vacuumed_at timestamptz, analyzed_at timestamptz,
    vacuum_threshold bigint, bytes_before bigint, day_before date
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH parts AS (
        SELECT
            CASE
                WHEN n.nspname IN ('tenancy', 'intake', 'vault', 'people', 'company', 'ops', 'queue', 'bit') THEN n.nspname || '.' || r.relname
                ELSE 'others'
            END AS table_name,
            pg_total_relation_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS index_bytes,
            -- After a crash the counters begin at nought; what ANALYZE saw is still there.
            CASE WHEN s.n_live_tup > 0 THEN s.n_live_tup ELSE greatest(c.reltuples, 0)::bigint END AS live_rows,
            s.n_dead_tup, s.n_mod_since_analyze, s.seq_scan, s.seq_tup_read, s.idx_scan,
            greatest(s.last_vacuum, s.last_autovacuum) AS vacuumed_at, greatest(s.last_analyze, s.last_autoanalyze) AS analyzed_at,
            least(
                current_setting('autovacuum_vacuum_threshold')::float
                + current_setting('autovacuum_vacuum_scale_factor')::float * greatest(c.reltuples, 0),
                nullif(current_setting('autovacuum_vacuum_max_threshold')::float, -1)
            )::bigint AS vacuum_threshold
        FROM pg_class AS c
        INNER JOIN pg_class AS r ON r.oid = coalesce(pg_partition_root(c.oid)::oid, c.oid)
        INNER JOIN pg_namespace AS n ON n.oid = r.relnamespace
        LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid
        WHERE bit.f_is_operator() AND c.relkind IN ('r', 'm') AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    ),
    before AS (
        SELECT t.table_name, t.bytes, t.day
        FROM bit.table_sizes AS t
        WHERE t.day = (
            SELECT o.day FROM bit.table_sizes AS o
            WHERE o.day < current_date ORDER BY o.day > current_date - 7, CASE WHEN o.day > current_date - 7 THEN o.day END, o.day DESC LIMIT 1
        )
    )
    SELECT
        p.table_name, sum(p.bytes), sum(p.index_bytes), sum(p.live_rows), sum(p.n_dead_tup), sum(p.n_mod_since_analyze),
        sum(p.seq_scan), sum(p.seq_tup_read), sum(p.idx_scan), max(p.vacuumed_at), max(p.analyzed_at), sum(p.vacuum_threshold),
        max(b.bytes), max(b.day)
    FROM parts AS p
    LEFT JOIN before AS b ON b.table_name = p.table_name
    GROUP BY p.table_name
    ORDER BY 2 DESC;
END;
GRANT EXECUTE ON FUNCTION bit.f_tables() TO outrider_app;

-- Writes today's sizes and drops what is older than 400 days; returns how many tables there are. A daily job calls it; again is fine.
CREATE FUNCTION bit.f_sample_tables() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tables bigint;
BEGIN
    IF bit.f_is_operator() THEN
        DELETE FROM bit.table_sizes WHERE day < current_date - 400;
    END IF;
    INSERT INTO bit.table_sizes (day, table_name, bytes, row_estimate)
    SELECT current_date, t.table_name, t.bytes, t.live_rows FROM bit.f_tables() AS t
    ON CONFLICT (day, table_name) DO UPDATE SET bytes = excluded.bytes, row_estimate = excluded.row_estimate;
    GET DIAGNOSTICS v_tables = ROW_COUNT;
    RETURN v_tables;
END $$;
GRANT EXECUTE ON FUNCTION bit.f_sample_tables() TO outrider_app;

-- Indexes of a megabyte and more that no query has used since the counters began, the largest first. Not those that keep values unique.
CREATE FUNCTION bit.f_unused_indexes() RETURNS TABLE (index_name text, table_name text, bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT ri.relname, n.nspname || '.' || rt.relname, sum(pg_relation_size(i.indexrelid))
    FROM pg_index AS i
    INNER JOIN pg_class AS ri ON ri.oid = coalesce(pg_partition_root(i.indexrelid)::oid, i.indexrelid)
    INNER JOIN pg_class AS rt ON rt.oid = coalesce(pg_partition_root(i.indrelid)::oid, i.indrelid)
    INNER JOIN pg_class AS c ON c.oid = i.indexrelid AND c.relkind = 'i'
    INNER JOIN pg_namespace AS n ON n.oid = rt.relnamespace
    LEFT JOIN pg_stat_all_indexes AS s ON s.indexrelid = i.indexrelid
    WHERE bit.f_is_operator() AND NOT i.indisunique
        AND n.nspname IN ('tenancy', 'intake', 'vault', 'people', 'company', 'ops', 'queue', 'bit')
    GROUP BY ri.relname, n.nspname, rt.relname
    HAVING coalesce(sum(s.idx_scan), 0) = 0 AND sum(pg_relation_size(i.indexrelid)) >= 1048576
    ORDER BY 3 DESC
    LIMIT 100;
END;
GRANT EXECUTE ON FUNCTION bit.f_unused_indexes() TO outrider_app;

-- The server's connections to this database by the program that holds them.
CREATE FUNCTION bit.f_connections() RETURNS TABLE (program text, in_use bigint, idle bigint, idle_in_transaction bigint, waiting bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT
        coalesce(nullif(left(a.application_name, 60), ''), 'unnamed'), count(*) FILTER (WHERE a.state IN ('active', 'fastpath function call')),
        count(*) FILTER (WHERE a.state = 'idle'), count(*) FILTER (WHERE a.state LIKE 'idle in transaction%'),
        count(*) FILTER (WHERE a.wait_event_type = 'Lock')
    FROM pg_stat_activity AS a
    WHERE bit.f_is_operator() AND a.datname = current_database() AND a.backend_type = 'client backend'
    GROUP BY 1
    ORDER BY count(*) DESC, 1
    LIMIT 50;
END;
GRANT EXECUTE ON FUNCTION bit.f_connections() TO outrider_app;

-- The transactions that are open longest. Never what they say.
CREATE FUNCTION bit.f_transactions() RETURNS TABLE (
    pid integer, program text, state text, seconds double precision, waits_for_lock boolean, holds_up bigint
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT
        a.pid, coalesce(nullif(left(a.application_name, 60), ''), 'unnamed'), a.state, extract(EPOCH FROM clock_timestamp() - a.xact_start)::float,
        coalesce(a.wait_event_type = 'Lock', false),
        (SELECT count(*) FROM pg_stat_activity AS w WHERE w.wait_event_type = 'Lock' AND a.pid = ANY (pg_blocking_pids(w.pid)))
    FROM pg_stat_activity AS a
    WHERE bit.f_is_operator() AND a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
        AND a.xact_start IS NOT NULL
    ORDER BY a.xact_start
    LIMIT 10;
END;
GRANT EXECUTE ON FUNCTION bit.f_transactions() TO outrider_app;

-- The server as a whole; no row for anybody but the operator. sees_all: whether other roles' statistics are shown to us at all.
CREATE FUNCTION bit.f_server() RETURNS TABLE (
    version text, started_at timestamptz, database_bytes bigint, blocks_hit bigint, blocks_read bigint, counted_since timestamptz,
    deadlocks bigint, temporary_bytes bigint, connections bigint, most_connections integer, oldest_xid_age bigint, freeze_max_age bigint,
    wal_bytes numeric, wal_since timestamptz, replicas bigint, most_lag_bytes numeric, idle_slots bigint, slot_bytes numeric,
    is_autovacuum boolean, sees_all boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT
        current_setting('server_version'), pg_postmaster_start_time(), pg_database_size(current_database()), d.blks_hit, d.blks_read,
        d.stats_reset, d.deadlocks, d.temp_bytes,
        (SELECT sum(b.numbackends) FROM pg_stat_database AS b)::bigint, current_setting('max_connections')::int,
        (SELECT age(b.datfrozenxid) FROM pg_database AS b WHERE b.datname = current_database())::bigint,
        current_setting('autovacuum_freeze_max_age')::bigint, w.wal_bytes, w.stats_reset,
        (SELECT count(*) FROM pg_stat_replication),
        (SELECT max(pg_wal_lsn_diff(r.sent_lsn, r.replay_lsn)) FROM pg_stat_replication AS r),
        (SELECT count(*) FROM pg_replication_slots AS s WHERE NOT s.active),
        (
            SELECT max(pg_wal_lsn_diff(CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn() END, s.restart_lsn))
            FROM pg_replication_slots AS s
        ),
        current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean,
        pg_has_role('outrider_owner', 'pg_read_all_stats', 'USAGE')
    FROM pg_stat_database AS d
    CROSS JOIN pg_stat_wal AS w
    WHERE bit.f_is_operator() AND d.datname = current_database();
END;
GRANT EXECUTE ON FUNCTION bit.f_server() TO outrider_app;

-- A statement as it may be shown. pg_stat_statements takes values out of it; what may be left (a text in quotes, a long number, a comment)
-- is taken out here. Of a statement that does not read or write rows only the kind is told.
CREATE FUNCTION bit.f_without_values(p_statement text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
    WHEN p_statement ~* '^[\s(]*(--[^\n]*\n\s*)*(select|insert|update|delete|with|merge|values|table)\M' THEN left(
        btrim(
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        -- comments go first, found by one that knows a dash inside quotes from a comment
                        regexp_replace(p_statement, '(''(?:[^'']|'''')*'')|--[^\n]*', '\1', 'g'), '''(?:[^'']|'''')*''', '''…''', 'g'
                    ), '\m\d{5,}\M', '…', 'g'
                ), '\s+', ' ', 'g'
            )
        ), 2000
    )
    ELSE upper(coalesce(substring(p_statement FROM '^\s*([A-Za-z]+)'), '?'))
END;

-- The statements on rows that took most of the server's time, as pg_stat_statements keeps them.
-- state: 'on'; else one row that says why there are none: 'missing' (no extension), 'not_loaded' (the library is not), 'closed' (not ours to see).
-- A view of that name that is not the extension's is never read: it might be anybody's, and would be run as the owner.
CREATE FUNCTION bit.f_statements(p_count integer) RETURNS TABLE (
    state text, statement text, calls bigint, rows bigint, mean_ms double precision, deviation_ms double precision, most_ms double precision,
    total_ms double precision, share double precision, blocks_hit bigint, blocks_read bigint, counted_since timestamptz
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_view text;
    v_info text;
BEGIN
    IF NOT bit.f_is_operator() THEN
        RETURN;
    END IF;
    SELECT max(c.oid::regclass::text) FILTER (WHERE c.relname = 'pg_stat_statements'),
        max(c.oid::regclass::text) FILTER (WHERE c.relname = 'pg_stat_statements_info')
    INTO v_view, v_info
    FROM pg_extension AS e
    INNER JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' AND d.classid = 'pg_class'::regclass
    INNER JOIN pg_class AS c ON c.oid = d.objid
    WHERE e.extname = 'pg_stat_statements';
    IF v_view IS NULL OR v_info IS NULL THEN
        state := 'missing';
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        $query$
        SELECT
            'on', t.text, t.calls, t.rows, t.mean_exec_time, t.stddev_exec_time, t.max_exec_time, t.total_exec_time, t.share, t.shared_blks_hit,
            t.shared_blks_read, (SELECT stats_reset FROM %s)
        FROM (
            SELECT s.*, bit.f_without_values(s.query) AS text
            FROM (
                SELECT *, total_exec_time / nullif(sum(total_exec_time) OVER (), 0) AS share FROM %s
                WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND toplevel
                ORDER BY total_exec_time DESC
                LIMIT 5 * $1
            ) AS s
        ) AS t
        WHERE t.text LIKE '%% %%'
        ORDER BY t.total_exec_time DESC
        LIMIT $1
        $query$, v_info, v_view
    ) USING p_count;
EXCEPTION
    WHEN object_not_in_prerequisite_state THEN
        state := 'not_loaded';
        RETURN NEXT;
    WHEN insufficient_privilege THEN
        state := 'closed';
        RETURN NEXT;
END $$;
GRANT EXECUTE ON FUNCTION bit.f_statements(integer) TO outrider_app;

GRANT EXECUTE ON FUNCTION bit.f_is_operator() TO outrider_app;
