"""Suppressions by the many: pasted or uploaded lists in, all of them out as CSV. Pure but for `suppress_listed`."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from outrider.kit.errors import InvalidInput
from outrider.kit.spreadsheet import csv_lines, neutralise
from outrider.tenancy import OrganizationId

from .suppressions import MOST, Reason, Suppression, is_one, suppress_many

MOST_LISTED = 100_000
_BETWEEN = re.compile(r"[\s,;]+")
HEADINGS = frozenset({"email", "e-mail", "email address", "e-mail address", "address", "domain", "value", "mail"})
COLUMNS = ("value", "kind", "reason", "campaign", "note", "created_by", "created_at")
PAGE = 500
"""How many a transaction reads for the file."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list holds: addresses and domains, and the (line, text) of what is neither."""

    values: tuple[str, ...]
    refused: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a list. `already` were suppressed before, or named twice."""

    added: int
    already: int
    refused: tuple[tuple[int, str], ...]


def read_list(text: str) -> Listed:
    """Return what a pasted list or a CSV file holds: the column that is called email, address or domain, else the first of each line.

    Pasted values may also stand in one line, between commas or semicolons. Raises `InvalidInput` when it holds too many.
    """
    lines = text.lstrip("\ufeff").splitlines()
    column = _column(lines[0]) if lines else None
    values: list[str] = []
    refused: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        if number == 1 and column is not None:
            continue
        for cell in _cells(line, column):
            if is_one(cell):
                values.append(cell)
            else:
                refused.append((number, cell[:80]))
        if len(values) + len(refused) > MOST_LISTED:
            raise InvalidInput(f"that is more than {MOST_LISTED:,} lines: give them in parts", field="values")
    return Listed(tuple(values), tuple(refused))


async def suppress_listed(
    connection: asyncpg.Connection,
    organization: OrganizationId,
    text: str,
    reason: Reason,
    *,
    note: str | None = None,
    campaign_id: UUID | None = None,
) -> Outcome:
    """Suppress what a list holds and say what became of it; what is neither address nor domain is left out and named.

    Raises `InvalidInput` for a list without any, and as `suppress_many` does.
    """
    found = read_list(text)
    if not found.values:
        what = f": “{found.refused[0][1]}” is neither" if found.refused else ""
        raise InvalidInput(f"there is no address or domain in it{what}", field="values")
    added = 0
    for at in range(0, len(found.values), MOST):
        new = await suppress_many(connection, organization, found.values[at : at + MOST], reason, note=note, campaign_id=campaign_id)
        added += len(new)
    return Outcome(added, len(found.values) - added, found.refused)


def header() -> str:
    """Return the first line of the file."""
    return csv_lines([COLUMNS])


def lines(suppressions: Iterable[Suppression]) -> str:
    """Return a line for each; the value of an erased one is empty, its hash goes nowhere. Times are ISO 8601, UTC."""
    return csv_lines([[_text(getattr(one, column)) for column in COLUMNS] for one in suppressions])


def _text(value: object) -> str:
    if value is None:
        return ""
    return neutralise(value.isoformat() if hasattr(value, "isoformat") else str(value))


def _column(line: str) -> int | None:
    """Return which column holds them by its heading, None when the line is no heading."""
    for place, cell in enumerate(_row(line)):
        if cell.strip().lower() in HEADINGS:
            return place
    return None


def _cells(line: str, column: int | None) -> list[str]:
    """Return the values of a line: that of the column, or all when each of several is one, or the first."""
    row = [cell.strip() for cell in _row(line)]
    if column is not None:
        return [row[column]] if column < len(row) and row[column] else []
    pieces = [piece for piece in _BETWEEN.split(line) if piece]
    return pieces if all(is_one(piece) for piece in pieces) else [cell for cell in row if cell][:1]


def _row(line: str) -> list[str]:
    separator = next((mark for mark in (";", "\t", ",") if mark in line), ",")
    try:
        return next(csv.reader(io.StringIO(line), delimiter=separator), [])
    except csv.Error:
        return [line]
