"""Loads this slice's queries and makes records of their rows. Holds no rules."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from outrider.kit import sql

from .types import DAYS, Day, Running

queries = sql.load(Path(__file__).parent / "queries.sql")


def to_running(row: asyncpg.Record) -> Running:
    """Return a job that is not finished."""
    return Running(**dict(row))


def to_days(rows_by_day: Mapping[str, int], today: date) -> tuple[Day, ...]:
    """Return the series that ends today, with nought for the days that nothing came in on."""
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return tuple(Day(day, rows_by_day.get(day.isoformat(), 0)) for day in days)


def least_id(moment: datetime) -> UUID:
    """Return the least uuidv7 of a moment: ids made since then are greater."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62)
