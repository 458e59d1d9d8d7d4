"""Loads the queries and makes records of their rows. Holds no rules."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit import sql

from .chance import wilson
from .types import DayPart, Feedback, Figures, Part, Row, Variant

FOLDER = Path(__file__).parent
reports = sql.load(FOLDER / "report.sql")
rows = sql.load(FOLDER / "rows.sql")
conversions = sql.load(FOLDER / "conversions.sql")
home = sql.load(FOLDER / "home.sql")
feedback = sql.load(FOLDER / "feedback.sql")

FIGURES = tuple(field.name for field in fields(Figures))


def to_figures(row: Mapping[str, Any]) -> Figures:
    """Return the figures that a row of `parts` holds."""
    return Figures(**{name: row[name] for name in FIGURES})


def to_part(row: Mapping[str, Any]) -> Part:
    """Return a part by its key; a mailbox is called by its address, an hour as on a clock, what has no key: others."""
    label = row["mailbox"] or (f"{int(row['key']):02d}:00" if row["kind"] == "hour" else row["key"] or "others")
    return Part(row["key"], label, to_figures(row))


def to_day(row: Mapping[str, Any]) -> DayPart:
    """Return what happened on a day."""
    return DayPart(date.fromisoformat(row["key"]), to_figures(row))


def to_variant(row: asyncpg.Record, figures: Figures) -> Variant:
    """Return a wording with its figures."""
    low, high = wilson(figures.replied, figures.sent)
    return Variant(UUID(str(row["id"])), row["step"], row["label"], row["subject"], figures, low, high)


def to_row(row: asyncpg.Record) -> Row:
    """Return a row behind a figure."""
    return Row(**dict(row))


def to_feedback(row: asyncpg.Record) -> Feedback:
    """Return what a day taught."""
    return Feedback(row["report_date"], row["metrics"], tuple((row["insights"] or "").splitlines()), row["created_at"])
