"""How often a page asks the database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

OURS = re.compile(r"BEGIN|COMMIT|ROLLBACK|RESET|UNLISTEN|SELECT set_config|SELECT pg_advisory")
"""What comes with every transaction and connection."""


@contextmanager
def asked(pool: asyncpg.Pool) -> Iterator[list[str]]:
    """Gather the statements of the block, without those that any transaction has and the look-up of the session."""
    said: list[str] = []

    def note(record: object) -> None:
        query = str(getattr(record, "query", "")).strip()
        if not OURS.match(query) and "tenancy.sessions" not in query:
            said.append(query)

    connections = [holder._con for holder in pool._holders if holder._con is not None]
    for connection in connections:
        connection.add_query_logger(note)
    try:
        yield said
    finally:
        for connection in connections:
            connection.remove_query_logger(note)
