"""CSV that a spreadsheet can open without harm: cells that would run as formulas are made text.

Never opens a file and never writes one, and never changes what is stored: only what is going to be written out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# OWASP's list, with the full-width forms that spreadsheets take for the same; after white space they count too.
_DANGEROUS = re.compile(r"[ \u00a0]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_HARMLESS = re.compile(r"-?\d+(?:[.,]\d+)*%?|\+\d[\d ().\-/]*")


class Reject(NamedTuple):
    """A record that was not taken: the number of its row in the file, the reason for a person, its cells or else its text."""

    row: int
    reason: str
    cells: Sequence[str] | None
    text: str | None = None


def neutralise(cell: str) -> str:
    """The cell with a leading ' when a spreadsheet would run it as a formula; else the cell itself.

    Plain negative numbers and telephone numbers such as '+49 30 123' stay as they are (issue 2 section 3).
    """
    if cell and _DANGEROUS.match(cell) and not _HARMLESS.fullmatch(cell):
        return "'" + cell
    return cell


def reject_header(header: Sequence[str]) -> list[str]:
    """The first line of a rejects file: Row, Reason, Text (what could not be parted into cells), then the file's own header."""
    return [neutralise(name) for name in ("Row", "Reason", "Text", *header)]


def reject_cells(row: Reject) -> list[str]:
    """A rejected record as cells under that header, every one neutralised; cells beyond the header follow at the end."""
    text = (row.text or "") if row.cells is None else ""
    return [str(row.row), neutralise(row.reason), neutralise(text), *map(neutralise, row.cells or [])]
