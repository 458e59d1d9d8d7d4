"""Records of delimited text: CSV, TSV and their kin, quoted as RFC 4180 says.

Fast where lines are sound, careful where they are not: a stray quote costs its own physical line only.
Never holds more than one block and one open record, and never drops a line without a problem record.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from .limits import LIMITS
from .streams import Lines, physical_lines, text_blocks
from .types import BAD_MARK, REPLACEMENT, FileFormat, Record, problem

_SEPARATOR_LINE = re.compile(r'"?sep=[,;\t|]"?[\r\n]*', re.IGNORECASE)  # Excel's own hint, no record
_new_record = tuple.__new__  # twice as fast as Record(...), which counts at half a million records a second


class Parser:
    """Turns physical lines into records; remembers an open quote from one call of feed() to the next.

    columns: the width of the header, 0 when not known; it decides whether a leniently read line is right.
    first: the number of the first record; 0 when that is the header.
    """

    def __init__(self, delimiter: str, columns: int, first: int = 1) -> None:
        self._delimiter = delimiter
        self._columns = columns
        self._number = first - 1
        self._line = 0  # physical lines done
        self._open: list[str] = []
        self._open_dirty = False
        self._span = LIMITS.max_record_lines
        self._wasted = 0
        csv.field_size_limit(max(csv.field_size_limit(), 2 * LIMITS.max_record_chars))

    def feed(self, chunk: Lines) -> list[Record]:
        """The records that are whole with these lines, in order; empty when there are none yet."""
        if chunk.too_long:
            records = self._parse(self._open, self._open_dirty, last=True)
            self._number += 1
            self._line += 1
            records.append(problem(self._number, self._line, "line_too_long", chunk.lines[0]))
            return records
        lines = chunk.lines
        if self._line == 0 and not self._open and lines and _SEPARATOR_LINE.fullmatch(lines[0]):
            lines[0] = "\n"
        return self._parse(self._open + lines if self._open else lines, chunk.dirty or self._open_dirty, chunk.last)

    def _parse(self, lines: list[str], dirty: bool, last: bool) -> list[Record]:
        delimiter, columns, span, max_cells = self._delimiter, self._columns, self._span, LIMITS.max_columns
        base, number, count = self._line + 1, self._number, len(lines)
        records: list[Record] = []
        add = records.append
        at = start = 0
        ran_out = False
        self._open, self._open_dirty = [], False

        def quoted_lines() -> Iterator[str]:  # what the csv reader may take from the record that begins at `start`
            nonlocal at, ran_out
            while at < count and at - start < span:
                at += 1
                yield lines[at - 1]
            ran_out = True

        reader = csv.reader(quoted_lines(), delimiter=delimiter, strict=True)
        while at < count:
            start = at
            line = lines[at]
            if '"' not in line:  # split is what csv does to such a line, five times as fast
                at += 1
                row = line.rstrip("\r\n").split(delimiter)
            else:
                try:
                    row = next(reader)
                    sound = at - start == 1 or not columns or not any(row[columns:])
                except (csv.Error, StopIteration):
                    sound = False
                if not sound:
                    if ran_out and at == count and not last and self._may_go_on(lines, start):
                        self._open, self._open_dirty = lines[start:], dirty
                        at = start
                        break
                    if ran_out:
                        reader, ran_out = csv.reader(quoted_lines(), delimiter=delimiter, strict=True), False
                    span = self._count_wasted(lines, start, at)
                    at = start + 1
                    lenient = self._lenient(line)
                    if lenient is None:
                        number += 1
                        add(problem(number, base + start, "bad_quoting", line.rstrip("\r\n")))
                        continue
                    row = lenient
            if (not row[0] or row[0].isspace()) and not any(map(str.strip, row)):
                continue
            number += 1
            if len(row) > max_cells:
                add(problem(number, base + start, "too_many_cells", line))
            elif dirty:
                add(_checked(number, base + start, row, "".join(lines[start:at])))
            else:
                add(_new_record(Record, (number, base + start, row, None, None)))
        self._line += at
        self._number = number
        return records

    def _may_go_on(self, lines: list[str], start: int) -> bool:
        rest = lines[start:]
        return len(rest) < self._span and sum(map(len, rest)) <= LIMITS.max_record_chars

    def _count_wasted(self, lines: list[str], start: int, end: int) -> int:
        """Bound the work that stray quotes can cause; the lines a record may still span."""
        self._wasted += sum(map(len, lines[start:end]))
        if self._wasted > LIMITS.wasted_chars:
            self._span = LIMITS.tight_lines
        return self._span

    def _lenient(self, line: str) -> list[str] | None:
        """The cells of a line with text after a closing quote; None when they are not as many as the header's."""
        row = next(csv.reader([line.rstrip("\r\n") + "\n"], delimiter=self._delimiter, strict=False))
        if row[-1].endswith("\n") or (self._columns and len(row) != self._columns):  # an end in a cell: still open
            return None
        return row


def _checked(number: int, line: int, row: list[str], text: str) -> Record:
    if "\0" in text:
        code = "nul_byte"
    elif BAD_MARK in text:
        code = "bad_encoding"
    else:
        return Record(number, line, row, None, None)
    cells = [cell.replace("\0", REPLACEMENT).replace(BAD_MARK, REPLACEMENT) for cell in row]
    return problem(number, line, code, text.rstrip("\r\n"), cells)


def read_delimited(path: Path, file_format: FileFormat) -> Iterator[Record]:
    """The records of a delimited file, without its header. Raises FileError (see streams) while reading."""
    header = file_format.has_header
    parser = Parser(file_format.delimiter or ",", len(file_format.header), first=0 if header else 1)
    blocks = text_blocks(path, file_format.compression, file_format.encoding or "utf-8")
    for chunk in physical_lines(blocks):
        records = parser.feed(chunk)
        if header and records:
            del records[0]
            header = False
        yield from records
