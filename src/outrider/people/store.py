"""Loads this slice's queries and makes records of their rows. Holds no rules."""

from pathlib import Path

import asyncpg

from outrider.kit import sql

from .rows import CompanyRow, ContactRow, PersonRow
from .search import Statement
from .types import Load, Slot

queries = sql.load(Path(__file__).parent / "queries.sql")
lists = sql.load(Path(__file__).parent / "lists.sql")
fields = sql.load(Path(__file__).parent / "custom_fields.sql")
views = sql.load(Path(__file__).parent / "saved_views.sql")
bulk = sql.load(Path(__file__).parent / "bulk.sql")
exports = sql.load(Path(__file__).parent / "exports.sql")
choices = sql.load(Path(__file__).parent / "choices.sql")


async def run(connection: asyncpg.Connection, statement: Statement) -> list[asyncpg.Record]:
    """Run a statement of the composer."""
    found: list[asyncpg.Record] = await connection.fetch(statement.sql, *statement.parameters)
    return found


def to_person(row: asyncpg.Record) -> PersonRow:
    """Return a person of a list."""
    return PersonRow(**dict(row))


def to_company(row: asyncpg.Record) -> CompanyRow:
    """Return a company of a list."""
    return CompanyRow(**dict(row))


def to_contact(row: asyncpg.Record) -> ContactRow:
    """Return an address of a list."""
    return ContactRow(**dict(row))


def to_slot(row: asyncpg.Record) -> Slot:
    """Return a slot."""
    return Slot(**{**dict(row), "reasons": tuple(row["reasons"])})


def to_load(row: asyncpg.Record) -> Load:
    """Return a load."""
    return Load(**dict(row))
