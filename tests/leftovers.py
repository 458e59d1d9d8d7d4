"""What tests leave behind and others would pay for: each namespace of each tenant is a partition that queries on all are planned for."""

import asyncpg

from outrider.tenancy import OrganizationId

ended: list[OrganizationId] = []
"""Tenants of tests that are over."""
url = ""
"""This worker's own database, as its superuser."""

PARTITIONS = """
SELECT i.inhparent::regclass::text AS parent, i.inhrelid::regclass::text AS child
FROM pg_inherits AS i
INNER JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relkind = 'r'
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN (SELECT tenancy.f_schema(id) FROM unnest($1::uuid[]) AS id)
"""


async def detach() -> None:
    """Take the partitions of tenants whose tests are over out of their parents; who cannot have the locks at once tries the next time."""
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetch(PARTITIONS, ended)
        async with connection.transaction():
            await connection.execute("SET LOCAL lock_timeout = '2s'")
            await connection.execute(";".join(f"ALTER TABLE {row['parent']} DETACH PARTITION {row['child']}" for row in found))
        ended.clear()
    except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
        pass
    finally:
        await connection.close()
