-- The operator's figures name the tables of every schema of ours, those of outreach too, and of any that comes later.
SET LOCAL lock_timeout = '5s';

-- Whether a schema is ours: the owner's, and no organization's own.
CREATE FUNCTION bit.f_is_ours(p_schema name, p_owner oid) RETURNS boolean
LANGUAGE sql STABLE
RETURN pg_get_userbyid(p_owner) = 'outrider_owner' AND p_schema NOT LIKE 'org\_%';

-- Every table with its size and its upkeep; partitions count as the table that they are parts of, what is not ours as one.
-- bytes_before: a week ago, or at the oldest sample that there is (day_before); NULL without one.
CREATE OR REPLACE FUNCTION bit.f_tables() RETURNS TABLE (
    table_name text, bytes bigint, index_bytes bigint, live_rows bigint, dead_rows bigint, rows_since_analyze bigint,
    sequential_scans bigint, sequential_rows bigint, index_scans bigint, vacuumed_at timestamptz, analyzed_at timestamptz,
    vacuum_threshold bigint, bytes_before bigint, day_before date
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH parts AS (
        SELECT
            CASE WHEN bit.f_is_ours(n.nspname, n.nspowner) THEN n.nspname || '.' || r.relname ELSE 'others' END AS table_name,
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

-- Indexes of a megabyte and more that no query has used since the counters began, the largest first. Not those that keep values unique.
CREATE OR REPLACE FUNCTION bit.f_unused_indexes() RETURNS TABLE (index_name text, table_name text, bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT ri.relname, n.nspname || '.' || rt.relname, sum(pg_relation_size(i.indexrelid))
    FROM pg_index AS i
    INNER JOIN pg_class AS ri ON ri.oid = coalesce(pg_partition_root(i.indexrelid)::oid, i.indexrelid)
    INNER JOIN pg_class AS rt ON rt.oid = coalesce(pg_partition_root(i.indrelid)::oid, i.indrelid)
    INNER JOIN pg_class AS c ON c.oid = i.indexrelid AND c.relkind = 'i'
    INNER JOIN pg_namespace AS n ON n.oid = rt.relnamespace
    LEFT JOIN pg_stat_all_indexes AS s ON s.indexrelid = i.indexrelid
    WHERE bit.f_is_operator() AND NOT i.indisunique AND bit.f_is_ours(n.nspname, n.nspowner)
    GROUP BY ri.relname, n.nspname, rt.relname
    HAVING coalesce(sum(s.idx_scan), 0) = 0 AND sum(pg_relation_size(i.indexrelid)) >= 1048576
    ORDER BY 3 DESC
    LIMIT 100;
END;
