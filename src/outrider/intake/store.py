"""Loads the intake's queries and makes frozen records of their rows. Holds no rules."""

from pathlib import Path
from typing import Any

import asyncpg

from outrider.kit import sql

from .types import Import

HERE = Path(__file__).parent
queries = sql.load(HERE / "queries.sql")
reject_queries = sql.load(HERE / "rejects.sql")
audit_queries = sql.load(HERE / "audit.sql")


def to_import(row: asyncpg.Record) -> Import:
    """Return an import as its record."""
    fields: dict[str, Any] = dict(row)
    del fields["is_given_up"]
    return Import(**fields)
