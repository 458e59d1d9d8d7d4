"""The slice's named queries and how their rows become records. Holds no rules."""

from pathlib import Path
from typing import Any

import asyncpg

from outrider.kit import sql

from .types import Claim, Event, Job, Schedule, Settled

queries: Any = sql.load(Path(__file__).parent / "queries.sql")
dispatch: Any = sql.load(Path(__file__).parent / "dispatch.sql")


def to_job(row: asyncpg.Record) -> Job:
    """Return a row of `job` or `jobs` as a record."""
    return Job(**dict(row))


def to_claim(row: asyncpg.Record) -> Claim:
    """Return a row of `claim_job` as a record."""
    return Claim(**dict(row))


def to_settled(row: asyncpg.Record) -> Settled:
    """Return a row of the queries that end an attempt as a record."""
    return Settled(**dict(row))


def to_event(row: asyncpg.Record) -> Event:
    """Return a row of `events` as a record."""
    return Event(**dict(row))


def to_schedule(row: asyncpg.Record) -> Schedule:
    """Return a row of `schedules` as a record."""
    return Schedule(**dict(row))
