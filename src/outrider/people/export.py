"""People as CSV that a spreadsheet opens without harm. Makes text; opens no file and no connection."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from outrider.kit.spreadsheet import csv_lines, neutralise

from .types import PersonRow

COLUMNS = tuple(field.name for field in fields(PersonRow))
PAGE = 5_000
"""How many people a transaction reads."""


def header() -> str:
    """Return the first line."""
    return csv_lines([COLUMNS])


def lines(people: Iterable[PersonRow]) -> str:
    """Return a line for each person. Times are ISO 8601, UTC; cells that would run as formulas are made text."""
    return csv_lines([[_cell(getattr(person, column)) for column in COLUMNS] for person in people])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return neutralise(value.isoformat() if isinstance(value, datetime) else str(value))
