-- Every record of an organization as text, told by natural keys: a load by its row in the file, a person by its address, a company by its
-- domain. Without ids and times. Everything here goes with the session.
SET work_mem = '128MB';

CREATE TEMPORARY TABLE loads AS SELECT load_id, row_number FROM intake.raw_loads;
CREATE UNIQUE INDEX ON loads (load_id);
ANALYZE loads;

CREATE FUNCTION pg_temp.plain(p_record jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT p_record - ARRAY[
        'organization_id', 'id', 'contact_id', 'person_id', 'company_id', 'namespace_id', 'load_id', 'history_id', 'log_id', 'affiliation_id',
        'profile_id', 'job_id', 'import_id', 'duplicate_of', 'provenance', 'loads', 'created_at', 'updated_at', 'promoted_at', 'enriched_at',
        'last_activity_at', 'last_scored_at', 'changed_at', 'timestamp', 'started_at', 'finished_at', 'actor', 'changed_by'
    ]
$$;

-- Which rows of the file {field: load} speaks of.
CREATE FUNCTION pg_temp.rows_of(p_loads jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_object_agg(p.key, l.row_number) FROM jsonb_each_text(p_loads) AS p INNER JOIN pg_temp.loads AS l ON l.load_id = p.value::bigint
$$;

-- A history entry: old and new values without the ids in them.
CREATE FUNCTION pg_temp.change(p_entry jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT pg_temp.plain(p_entry) || jsonb_build_object(
        'old_values', pg_temp.plain(p_entry -> 'old_values'), 'new_values', pg_temp.plain(p_entry -> 'new_values'),
        'loads', pg_temp.rows_of(p_entry -> 'loads')
    )
$$;

CREATE TEMPORARY VIEW records (kind, organization_id, record) AS
SELECT 'rows', x.organization_id, concat_ws(' / ', pg_temp.plain(to_jsonb(x)), x.promoted_at IS NULL, d.row_number)
FROM intake.raw_loads AS x LEFT JOIN loads AS d ON d.load_id = x.duplicate_of
UNION ALL
SELECT 'contacts', x.organization_id, concat_ws(
    ' / ', pg_temp.plain(to_jsonb(x)), l.row_number, m.email, CASE WHEN x.provenance <> '{}' THEN pg_temp.rows_of(x.provenance) END
)
FROM vault.contacts AS x INNER JOIN people.master AS m ON m.organization_id = x.organization_id AND m.id = x.person_id
LEFT JOIN loads AS l ON l.load_id = x.load_id
UNION ALL
SELECT 'people', x.organization_id, concat_ws(
    ' / ', pg_temp.plain(to_jsonb(x)), l.row_number, c.domain, CASE WHEN x.provenance <> '{}' THEN pg_temp.rows_of(x.provenance) END
)
FROM people.master AS x LEFT JOIN company.master AS c ON c.organization_id = x.organization_id AND c.id = x.company_id
LEFT JOIN loads AS l ON l.load_id = x.load_id
UNION ALL
SELECT 'companies', x.organization_id, concat_ws(
    ' / ', pg_temp.plain(to_jsonb(x)), l.row_number, CASE WHEN x.provenance <> '{}' THEN pg_temp.rows_of(x.provenance) END
)
FROM company.master AS x LEFT JOIN loads AS l ON l.load_id = x.load_id
UNION ALL
SELECT 'affiliations', x.organization_id, concat_ws(
    ' / ', pg_temp.plain(to_jsonb(x)), l.row_number, m.email, c.domain, CASE WHEN x.provenance <> '{}' THEN pg_temp.rows_of(x.provenance) END
)
FROM people.affiliations AS x INNER JOIN people.master AS m ON m.organization_id = x.organization_id AND m.id = x.person_id
LEFT JOIN company.master AS c ON c.organization_id = x.organization_id AND c.id = x.company_id LEFT JOIN loads AS l ON l.load_id = x.load_id
UNION ALL
SELECT 'profiles', x.organization_id, concat_ws(
    ' / ', pg_temp.plain(to_jsonb(x)), l.row_number, m.email, n.name, CASE WHEN x.provenance <> '{}' THEN pg_temp.rows_of(x.provenance) END
)
FROM people.profiles AS x INNER JOIN people.master AS m ON m.organization_id = x.organization_id AND m.id = x.person_id
INNER JOIN tenancy.namespaces AS n ON n.organization_id = x.organization_id AND n.id = x.namespace_id LEFT JOIN loads AS l ON l.load_id = x.load_id
UNION ALL
SELECT 'people slots', x.organization_id, concat_ws(
    ' / ', pg_temp.plain(to_jsonb(x)), l.row_number
)
FROM people.slot AS x LEFT JOIN loads AS l ON l.load_id = x.load_id
UNION ALL
SELECT 'company slots', x.organization_id, concat_ws(
    ' / ', pg_temp.plain(to_jsonb(x)), l.row_number
)
FROM company.slot AS x LEFT JOIN loads AS l ON l.load_id = x.load_id
UNION ALL
SELECT 'contact history', h.organization_id, concat_ws(' / ', x.email, pg_temp.change(to_jsonb(h)))
FROM vault.history AS h INNER JOIN vault.contacts AS x ON x.organization_id = h.organization_id AND x.contact_id = h.contact_id
UNION ALL
SELECT 'people history', h.organization_id, concat_ws(' / ', x.email, pg_temp.change(to_jsonb(h)))
FROM people.history AS h INNER JOIN people.master AS x ON x.organization_id = h.organization_id AND x.id = h.person_id
UNION ALL
SELECT 'company history', h.organization_id, concat_ws(' / ', x.domain, pg_temp.change(to_jsonb(h)))
FROM company.history AS h INNER JOIN company.master AS x ON x.organization_id = h.organization_id AND x.id = h.company_id
UNION ALL
SELECT 'affiliation history', h.organization_id, concat_ws(' / ', m.email, x.company_key, pg_temp.change(to_jsonb(h)))
FROM people.affiliation_history AS h INNER JOIN people.affiliations AS x ON x.organization_id = h.organization_id AND x.id = h.affiliation_id
INNER JOIN people.master AS m ON m.organization_id = x.organization_id AND m.id = x.person_id
UNION ALL
SELECT 'profile history', h.organization_id, concat_ws(' / ', x.email, pg_temp.change(to_jsonb(h)))
FROM people.profile_history AS h INNER JOIN people.profiles AS x ON x.organization_id = h.organization_id AND x.id = h.profile_id
UNION ALL
SELECT 'audit log', h.organization_id, concat_ws(' / ', pg_temp.plain(to_jsonb(h)), l.row_number, x.email)
FROM intake.audit_log AS h LEFT JOIN loads AS l ON l.load_id = h.load_id
LEFT JOIN vault.contacts AS x ON x.organization_id = h.organization_id AND x.contact_id = h.contact_id
UNION ALL
SELECT 'import', x.organization_id, pg_temp.plain(to_jsonb(x))::text FROM intake.imports AS x;
