"""Loads this slice's queries and makes records of their rows. Holds no rules."""

from pathlib import Path

import asyncpg

from outrider.kit import sql

from .types import Move, Namespace

queries = sql.load(Path(__file__).parent / "queries.sql")


def to_namespace(row: asyncpg.Record) -> Namespace:
    """Return the record of a registry row."""
    return Namespace(**{**dict(row), "keywords": tuple(row["keywords"])})


def to_move(row: asyncpg.Record) -> Move:
    """Return the record of a row of `people.f_reroute`."""
    return Move(**dict(row))
