"""Text that a spreadsheet can open without harm: cells that would run as formulas are made text.

Changes only what is going to be written out, never what is stored.
"""

import csv
import io
import re
from collections.abc import Iterable

# OWASP's list, with the full-width forms that spreadsheets take for the same; after white space they count too.
_DANGEROUS = re.compile(r"[ \u00a0]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# Where the list separator is a semicolon, as in much of Europe, a spreadsheet parts our cells there too, quoted or not, and lines at their
# ends: what stands behind one begins a cell. A dash there may begin an item of a list, so it counts with what a formula needs to do harm.
_INSIDE = re.compile(r"(?<=[;\t\r\n])(?=[ \u00a0]*(?:[=@\uff1d\uff20]|[+\-\uff0b\uff0d][^;\t\r\n]*[(|!]))")
_HARMLESS = re.compile(r"-?\d+(?:[.,]\d+)*%?|\+\d[\d ().\-/]*")


def neutralise(cell: str) -> str:
    """The cell with a leading ' when a spreadsheet would run it as a formula; else the cell itself.

    Plain negative numbers and telephone numbers such as '+49 30 123' stay as they are (issue 2 section 3).
    """
    if not cell:
        return cell
    if _DANGEROUS.match(cell) and not _HARMLESS.fullmatch(cell):
        return "'" + cell[:1] + _INSIDE.sub("'", cell[1:])
    return _INSIDE.sub("'", cell)


def csv_lines(rows: Iterable[Iterable[str]]) -> str:
    """Return rows of cells as lines of CSV, each cell as it is."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
