"""Loads the intake's queries and makes frozen records of their rows. Holds no rules."""

from pathlib import Path
from typing import Any

import asyncpg

from outrider.kit import sql

from .types import Import

queries = sql.load(Path(__file__).parent / "queries.sql")


def to_import(row: asyncpg.Record) -> Import:
    """Return an import as its record."""
    fields: dict[str, Any] = dict(row)
    return Import(**fields)
