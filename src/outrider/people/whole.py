"""Going through all people who fit, page by page: for an answer or a pipe that is read while it is written, and for the command line."""

import io
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from outrider.kit.errors import InvalidInput, Unavailable

from .cells import cell, text
from .columns import PEOPLE
from .export_files import FORMATS, create, csv_lines
from .filters import Filters
from .rows import PersonRow

PAGE = 5_000
"""How many people a transaction reads."""


async def pages(lists_of: Any, filters: Filters) -> AsyncIterator[list[PersonRow]]:
    """Go through everyone who fits, oldest first; `lists_of()` opens `Lists` for each page, so that no transaction stays open."""
    cursor: str | None = None
    while True:
        async with lists_of() as lists:
            found = await lists.find("people", filters, sort="newest", direction="asc", limit=PAGE, cursor=cursor)
            people = await lists.rows("people", found.ids)
        if people:
            yield people
        cursor = found.next_cursor
        if cursor is None:
            return


@contextmanager
def written(file: str) -> Iterator[Callable[[list[PersonRow]], None]]:
    """Give what writes people to a file of the kind that its name says, which gets that name when it is whole; - is standard output.

    Raises `InvalidInput` for another kind, and `Unavailable` when it cannot be written.
    """
    if file == "-":
        sys.stdout.write(header())
        yield lambda people: print(lines(people), end="")
        return
    format = Path(file).suffix.lower().removeprefix(".")
    if format not in FORMATS:
        raise InvalidInput(f"{file} must end in {', '.join(f'.{one}' for one in FORMATS)}, or be -", field="file")
    out = create(format, Path(file), PEOPLE)
    try:
        yield out.write
        out.close()
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror}") from error
    finally:
        out.discard()


def header() -> str:
    """Return the first line."""
    return _lines([[column.name for column in PEOPLE]])


def lines(people: Iterable[PersonRow]) -> str:
    """Return a line for each person. Times are ISO 8601, UTC; cells that would run as formulas are made text."""
    return _lines([[text(cell(column, person)[0]) for column in PEOPLE] for person in people])


def _lines(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    csv_lines(rows, out)
    return out.getvalue()
