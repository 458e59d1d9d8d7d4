"""The file of rejects: CSV that a spreadsheet can open without harm (kit/spreadsheet.py).

Never opens a file and never writes one, and never changes what is stored: only what is going to be written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from outrider.kit.spreadsheet import neutralise


class Reject(NamedTuple):
    """A record that was not taken: the number of its row in the file, the reason for a person, its cells or else its text."""

    row: int
    reason: str
    cells: Sequence[str] | None
    text: str | None = None


def reject_header(header: Sequence[str]) -> list[str]:
    """The first line of a rejects file: Row, Reason, Text (what could not be parted into cells), then the file's own header."""
    return [neutralise(name) for name in ("Row", "Reason", "Text", *header)]


def reject_cells(row: Reject) -> list[str]:
    """A rejected record as cells under that header, every one neutralised; cells beyond the header follow at the end."""
    text = (row.text or "") if row.cells is None else ""
    return [str(row.row), neutralise(row.reason), neutralise(text), *map(neutralise, row.cells or [])]
