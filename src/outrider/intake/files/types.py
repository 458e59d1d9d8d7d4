"""What reading a lead file gives: its format, its records and the error for a file that cannot be used.

Plain values only. Never opens a file, never knows a database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

RAW_CHARS = 2_000  # how much of an unreadable record is kept for the person who has to repair it

BAD_MARK = "\udfff"  # stands for an undecodable byte inside the readers; never leaves this package
REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How a file is to be read. Found by detect(), may be overridden by the person, JSON-serialisable with asdict.

    `delimiter` and `encoding` are None where the kind has none; `sheet` is set for xlsx only.
    """

    kind: str
    compression: str | None
    encoding: str | None
    delimiter: str | None
    has_header: bool
    header: tuple[str, ...]
    sheet: str | None = None


class Record(NamedTuple):
    """One record of a file, or what is left of one that could not be read.

    number: 1 = first data record; only yielded records count (header and blank records do not).
    line: physical line the record starts on, 1 = first line of the file; for xlsx and parquet the number again.
    cells: list of text (tabular), flat dict (JSON), None when the record cannot be read at all.
    problem: None, or one of bad_quoting, line_too_long, nul_byte, bad_encoding, bad_json, too_deep,
        not_an_object, too_many_cells.
    raw: the offending text, at most RAW_CHARS characters and safe to store; None when there is no problem.
    """

    number: int
    line: int
    cells: list[str] | dict[str, Any] | None
    problem: str | None
    raw: str | None


class FileError(Exception):
    """The whole file cannot be used. The message says what is wrong and what to do; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def storable(text: str) -> str:
    """The text without NUL and lone surrogates (both become U+FFFD), so that UTF-8 and jsonb can hold it."""
    if text.isascii():
        return text.replace("\0", REPLACEMENT)
    return text.replace("\0", REPLACEMENT).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def excerpt(text: str) -> str:
    """The first RAW_CHARS characters in storable form, as Record.raw wants them."""
    return storable(text[:RAW_CHARS])


def problem(number: int, line: int, code: str, raw: str, cells: list[str] | dict[str, Any] | None = None) -> Record:
    """A record with a problem."""
    return Record(number, line, cells, code, excerpt(raw))
