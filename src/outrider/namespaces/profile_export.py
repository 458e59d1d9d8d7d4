"""Profiles as CSV that a spreadsheet opens without harm. Makes text; opens no file and no connection."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

import orjson

from outrider.kit.spreadsheet import csv_lines, neutralise

from .types import Profile

COLUMNS = tuple(field.name for field in fields(Profile) if field.name != "person_id")
PAGE = 5_000
"""How many profiles a transaction reads."""


def header() -> str:
    """Return the first line: the namespace, then seed 000's columns."""
    return csv_lines([COLUMNS])


def lines(profiles: Iterable[Profile]) -> str:
    """Return a line for each profile. Times are ISO 8601, UTC; objects are JSON; cells that would run as formulas are made text."""
    return csv_lines([[_cell(getattr(profile, column)) for column in COLUMNS] for profile in profiles])


def file_name(namespace: str | None) -> str:
    """Return what the file is called; None: of several namespaces."""
    return f"{namespace or 'profiles'}.csv"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return neutralise(orjson.dumps(value).decode()) if value else ""
    return neutralise(value.isoformat() if isinstance(value, datetime) else str(value))
