"""Loads this slice's queries and makes records of their rows. Holds no rules."""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import asyncpg

from outrider.kit import sql

from .types import Contents, Move, Namespace, Profile

queries = sql.load(Path(__file__).parent / "queries.sql")
profile_queries = sql.load(Path(__file__).parent / "profiles.sql")


def to_namespace(row: asyncpg.Record) -> Namespace:
    """Return the record of a registry row."""
    return Namespace(**{**dict(row), "keywords": tuple(row["keywords"])})


def to_contents(row: asyncpg.Record, exact: int) -> Contents:
    """Return the record of a row of `contents`, which counts up to one more than `exact`."""
    if row["estimated"] is not None:
        return Contents(row["estimated"], False, True, row["last_added_at"])
    return Contents(min(row["counted"], exact), row["counted"] <= exact, False, row["last_added_at"])


def to_move(row: asyncpg.Record) -> Move:
    """Return the record of a row of `people.f_reroute`."""
    return Move(**dict(row))


def to_profile(row: asyncpg.Record, namespaces: Mapping[UUID, str]) -> Profile:
    """Return the record of a profile; `namespaces` are names by id."""
    columns = dict(row)
    return Profile(namespaces[columns.pop("namespace_id")], **columns)
