"""Whether two organizations that took in the same file hold the same: set against set in SQL, by natural keys, without ids and times."""

from collections.abc import Iterator
from uuid import UUID

import asyncpg

# A load is told by its row in the file, a person by its address, a company by its domain.
LOADS = "(SELECT jsonb_object_agg(p.key, l.row_number) FROM jsonb_each_text({0}) AS p INNER JOIN loads AS l ON l.load_id = p.value::bigint)"
IDS = "ARRAY['company_id', 'person_id', 'load_id']"
HISTORY = f"h.changed_fields, h.old_values - {IDS} AS old_values, h.new_values - {IDS} AS new_values, {LOADS.format('h.loads')} AS loads"
PLAIN_ROW = """
    (to_jsonb(x) - ARRAY['organization_id', 'id', 'contact_id', 'person_id', 'company_id', 'namespace_id', 'load_id', 'created_at', 'updated_at',
    'promoted_at', 'provenance', 'enriched_at', 'last_activity_at', 'last_scored_at'])"""

SETS = {
    "rows": """
        SELECT x.row_number, x.status, x.reason, x.email, x.raw_data, x.source, x.batch_id, x.promoted_at IS NULL AS unpromoted, d.row_number AS repeats
        FROM intake.raw_loads AS x LEFT JOIN loads AS d ON d.load_id = x.duplicate_of WHERE x.organization_id = $1""",
    "contacts": f"""
        SELECT {PLAIN_ROW} AS row, l.row_number, m.email AS person, {LOADS.format("x.provenance")} AS provenance
        FROM vault.contacts AS x INNER JOIN people.master AS m ON m.organization_id = $1 AND m.id = x.person_id LEFT JOIN loads AS l ON l.load_id = x.load_id
        WHERE x.organization_id = $1""",
    "people": f"""
        SELECT {PLAIN_ROW} AS row, l.row_number, c.domain, {LOADS.format("x.provenance")} AS provenance
        FROM people.master AS x LEFT JOIN company.master AS c ON c.organization_id = $1 AND c.id = x.company_id LEFT JOIN loads AS l ON l.load_id = x.load_id
        WHERE x.organization_id = $1""",
    "companies": f"""
        SELECT {PLAIN_ROW} AS row, l.row_number, {LOADS.format("x.provenance")} AS provenance
        FROM company.master AS x LEFT JOIN loads AS l ON l.load_id = x.load_id WHERE x.organization_id = $1""",
    "affiliations": f"""
        SELECT {PLAIN_ROW} AS row, l.row_number, m.email, c.domain, {LOADS.format("x.provenance")} AS provenance
        FROM people.affiliations AS x INNER JOIN people.master AS m ON m.organization_id = $1 AND m.id = x.person_id
        LEFT JOIN company.master AS c ON c.organization_id = $1 AND c.id = x.company_id LEFT JOIN loads AS l ON l.load_id = x.load_id
        WHERE x.organization_id = $1""",
    "profiles": f"""
        SELECT {PLAIN_ROW} AS row, l.row_number, m.email AS person, n.name AS namespace, {LOADS.format("x.provenance")} AS provenance
        FROM people.profiles AS x INNER JOIN people.master AS m ON m.organization_id = $1 AND m.id = x.person_id
        INNER JOIN tenancy.namespaces AS n ON n.organization_id = $1 AND n.id = x.namespace_id LEFT JOIN loads AS l ON l.load_id = x.load_id
        WHERE x.organization_id = $1""",
    "people slots": f"SELECT {PLAIN_ROW} AS row, l.row_number FROM people.slot AS x LEFT JOIN loads AS l ON l.load_id = x.load_id WHERE x.organization_id = $1",
    "company slots": f"SELECT {PLAIN_ROW} AS row, l.row_number FROM company.slot AS x LEFT JOIN loads AS l ON l.load_id = x.load_id WHERE x.organization_id = $1",
    "contact history": f"""
        SELECT x.email, {HISTORY} FROM vault.history AS h
        INNER JOIN vault.contacts AS x ON x.organization_id = $1 AND x.contact_id = h.contact_id WHERE h.organization_id = $1""",
    "people history": f"""
        SELECT x.email, {HISTORY} FROM people.history AS h
        INNER JOIN people.master AS x ON x.organization_id = $1 AND x.id = h.person_id WHERE h.organization_id = $1""",
    "company history": f"""
        SELECT x.domain, {HISTORY} FROM company.history AS h
        INNER JOIN company.master AS x ON x.organization_id = $1 AND x.id = h.company_id WHERE h.organization_id = $1""",
    "affiliation history": f"""
        SELECT m.email, x.company_key, {HISTORY} FROM people.affiliation_history AS h
        INNER JOIN people.affiliations AS x ON x.organization_id = $1 AND x.id = h.affiliation_id
        INNER JOIN people.master AS m ON m.organization_id = $1 AND m.id = x.person_id WHERE h.organization_id = $1""",
    "profile history": f"""
        SELECT x.email, {HISTORY} FROM people.profile_history AS h
        INNER JOIN people.profiles AS x ON x.organization_id = $1 AND x.id = h.profile_id WHERE h.organization_id = $1""",
    "audit log": """
        SELECT h.action, h.details, l.row_number, x.email FROM intake.audit_log AS h LEFT JOIN loads AS l ON l.load_id = h.load_id
        LEFT JOIN vault.contacts AS x ON x.organization_id = $1 AND x.contact_id = h.contact_id WHERE h.organization_id = $1""",
    "import": """
        SELECT to_jsonb(i) - ARRAY['organization_id', 'id', 'namespace_id', 'job_id', 'created_at', 'started_at', 'finished_at', 'updated_at'] AS row
        FROM intake.imports AS i WHERE i.organization_id = $1""",
}


async def prepare(connection: asyncpg.Connection, one: UUID, other: UUID) -> None:
    """Make the table that tells loads by their rows."""
    await connection.execute("SET work_mem = '128MB'")
    await connection.execute("DROP TABLE IF EXISTS loads")
    await connection.execute(f"""
        CREATE TEMPORARY TABLE loads AS
        SELECT load_id, row_number FROM intake.raw_loads WHERE organization_id IN ('{one}', '{other}')""")
    await connection.execute("CREATE UNIQUE INDEX ON loads (load_id)")
    await connection.execute("ANALYZE loads")


async def differences(connection: asyncpg.Connection, one: UUID, other: UUID) -> dict[str, tuple[int, int]]:
    """For each kind of record how many `one` holds and how many are not the same in both organizations."""
    await prepare(connection, one, other)
    return {kind: await _different(connection, query, one, other) for kind, query in SETS.items()}


async def _different(connection: asyncpg.Connection, query: str, one: UUID, other: UUID) -> tuple[int, int]:
    for table, organization in (("one", one), ("other", other)):
        await connection.execute(f"DROP TABLE IF EXISTS {table}")
        literal = query.replace("$1", f"'{organization}'::uuid")
        await connection.execute(f"CREATE TEMPORARY TABLE {table} AS SELECT md5(q::text)::uuid AS digest FROM ({literal}) AS q")
    row = await connection.fetchrow("""
        SELECT (SELECT count(*) FROM one), (
            SELECT count(*) FROM (
                (SELECT digest FROM one EXCEPT ALL SELECT digest FROM other) UNION ALL (SELECT digest FROM other EXCEPT ALL SELECT digest FROM one)
            ) AS d
        )""")
    return row[0], row[1]


async def examples(connection: asyncpg.Connection, kind: str, one: UUID, other: UUID) -> Iterator[str]:
    """A few records of a kind that only one of the two holds, as text. Needs `differences` before."""
    literals = [SETS[kind].replace("$1", f"'{organization}'::uuid") for organization in (one, other)]
    rows = await connection.fetch(f"""
        WITH a AS MATERIALIZED (SELECT q::text AS record FROM ({literals[0]}) AS q), b AS MATERIALIZED (SELECT q::text AS record FROM ({literals[1]}) AS q)
        (SELECT 'only one: ' || record FROM (SELECT record FROM a EXCEPT ALL SELECT record FROM b) AS x ORDER BY 1 LIMIT 3)
        UNION ALL
        (SELECT 'only other: ' || record FROM (SELECT record FROM b EXCEPT ALL SELECT record FROM a) AS x ORDER BY 1 LIMIT 3)""")
    return (row[0] for row in rows)
