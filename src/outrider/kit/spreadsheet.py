"""Text that a spreadsheet can open without harm: cells that would run as formulas are made text.

Changes only what is going to be written out, never what is stored.
"""

import csv
import io
import re
from collections.abc import Iterable

# OWASP's list, with the full-width forms that spreadsheets take for the same; after white space they count too.
_DANGEROUS = re.compile(r"[ \u00a0]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_HARMLESS = re.compile(r"-?\d+(?:[.,]\d+)*%?|\+\d[\d ().\-/]*")


def neutralise(cell: str) -> str:
    """The cell with a leading ' when a spreadsheet would run it as a formula; else the cell itself.

    Plain negative numbers and telephone numbers such as '+49 30 123' stay as they are (issue 2 section 3).
    """
    if cell and _DANGEROUS.match(cell) and not _HARMLESS.fullmatch(cell):
        return "'" + cell
    return cell


def csv_lines(rows: Iterable[Iterable[str]]) -> str:
    """Return rows of cells as lines of CSV, each cell as it is."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
