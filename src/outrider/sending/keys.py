"""The key that suppressions are hashed with, said to the database in the transaction that needs it and kept nowhere in it."""

import asyncpg

from outrider.kit import keyring

from .store import queries


def suppression_key() -> str:
    """Return the key as 64 hex digits."""
    return keyring.derived("suppressions")


async def keyed(connection: asyncpg.Connection) -> None:
    """Let this transaction hash addresses: needed before anything that suppresses, asks about suppressions, claims or begins."""
    await queries.set_suppression_key(connection, key=suppression_key())
