"""CSV that a spreadsheet can open without harm: cells that would run as formulas are made text.

Writes to a stream it is given. Never opens a file, and never changes what is stored: only what is written out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

# OWASP's list, with the full-width forms that spreadsheets take for the same; after white space they count too.
_DANGEROUS = re.compile(r"[ \u00a0]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_HARMLESS = re.compile(r"-?\d+(?:[.,]\d+)*%?|\+\d[\d ().\-/]*")


class Stream(Protocol):
    """What write_rejects needs of a stream."""

    def write(self, text: str, /) -> object: ...


class Reject(NamedTuple):
    """A record that was not taken: its physical line, the reason for a person, its cells or else its text."""

    line: int
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
    return [str(row.line), neutralise(row.reason), neutralise(text), *map(neutralise, row.cells or [])]


def write_rejects(stream: Stream, header: Sequence[str], rows: Iterable[Reject]) -> int:
    """Write the rejected records as CSV (commas, CRLF); how many there were. Open the stream with newline=""."""
    writer = csv.writer(stream)
    writer.writerow(reject_header(header))
    count = 0
    for row in rows:
        writer.writerow(reject_cells(row))
        count += 1
    return count
