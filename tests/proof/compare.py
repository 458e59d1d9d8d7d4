"""Whether two organizations that took in the same file hold the same: set against set in SQL, both ways."""

from pathlib import Path
from uuid import UUID

import asyncpg

RECORDS = Path(__file__).with_suffix(".sql")
KINDS = (
    "rows",
    "contacts",
    "people",
    "companies",
    "affiliations",
    "profiles",
    "people slots",
    "company slots",
    "contact history",
    "people history",
    "company history",
    "affiliation history",
    "profile history",
    "audit log",
    "import",
)
COUNTS = """
    WITH one AS MATERIALIZED (SELECT md5(record)::uuid AS digest FROM records WHERE kind = $1 AND organization_id = $2),
    other AS MATERIALIZED (SELECT md5(record)::uuid AS digest FROM records WHERE kind = $1 AND organization_id = $3)
    SELECT
        (SELECT count(*) FROM one),
        (SELECT count(*) FROM (SELECT digest FROM one EXCEPT ALL SELECT digest FROM other) AS d)
        + (SELECT count(*) FROM (SELECT digest FROM other EXCEPT ALL SELECT digest FROM one) AS d)"""
EXAMPLES = """
    SELECT record FROM records WHERE kind = $1 AND organization_id = $2
    EXCEPT ALL SELECT record FROM records WHERE kind = $1 AND organization_id = $3 ORDER BY 1 LIMIT 3"""


async def differences(connection: asyncpg.Connection, one: UUID, other: UUID) -> dict[str, tuple[int, int, list[str]]]:
    """For each kind of record: how many `one` holds, how many only one of the two holds, and a few of those."""
    await connection.execute(RECORDS.read_text())
    found = {}
    for kind in KINDS:
        count, different = await connection.fetchrow(COUNTS, kind, one, other)
        pairs = ((one, other), (other, one)) if different else ()
        found[kind] = (count, different, [row[0] for pair in pairs for row in await connection.fetch(EXAMPLES, kind, *pair)])
    return found


def unequal(found: dict[str, tuple[int, int, list[str]]]) -> dict[str, list[str]]:
    """The kinds that differ, with a few records of each."""
    return {kind: examples for kind, (_, different, examples) in found.items() if different}
