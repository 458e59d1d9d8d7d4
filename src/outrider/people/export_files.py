"""Files that lists are written to: CSV, XLSX and Parquet, some thousand rows at a time, so that memory does not grow with the list.

Cells that a spreadsheet would run as formulas are made text. Opens files and nothing else. Not to be called on the event loop.
"""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from outrider.kit.errors import Unavailable
from outrider.kit.spreadsheet import neutralise

from .cells import Value, cell, text
from .columns import Column

if TYPE_CHECKING:
    import polars
    from xlsxwriter.worksheet import Worksheet

FORMATS = ("csv", "xlsx", "parquet")
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
MOST_XLSX_ROWS = 1_048_575
"""Rows that a sheet holds under its header."""
LONGEST_XLSX_CELL = 32_767
RAW = " (as it came)"


class ListFile(Protocol):
    """A file that is being written. `close` makes it whole; `discard` leaves nothing of it."""

    def write(self, rows: Iterable[Any]) -> None:
        """Append rows of the list."""

    def close(self) -> None:
        """Finish the file, which gets its name now."""

    def discard(self) -> None:
        """Give up; fine after `close`, which it does not undo."""


def create(format: str, target: Path, columns: Sequence[Column]) -> ListFile:
    """Begin a file, mode 0600. Raises `Unavailable` when the disk does not take it."""
    try:
        return FILES[format](target, columns)
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror}") from error


def csv_lines(rows: Iterable[Iterable[str]], out: IO[str]) -> None:
    """Write lines of CSV, every cell neutralised."""
    csv.writer(out).writerows([neutralise(value) for value in row] for row in rows)


class _Part:
    """Where the file is until it is whole."""

    def __init__(self, target: Path, columns: Sequence[Column]) -> None:
        self.target = target
        self.columns = columns
        self.part = target.with_name(f"{target.name}.part")
        self.part.unlink(missing_ok=True)
        self.part.touch(mode=0o600)

    def _finish(self) -> None:
        self.part.replace(self.target)


class CsvFile(_Part):
    """UTF-8, a header, commas."""

    def __init__(self, target: Path, columns: Sequence[Column]) -> None:
        super().__init__(target, columns)
        self._out = self.part.open("w", encoding="utf-8", newline="")
        csv_lines([[column.header for column in columns]], self._out)

    def write(self, rows: Iterable[Any]) -> None:
        csv_lines(([text(cell(column, row)[0]) for column in self.columns] for row in rows), self._out)

    def close(self) -> None:
        self._out.close()
        self._finish()

    def discard(self) -> None:
        self._out.close()
        self.part.unlink(missing_ok=True)


class XlsxFile(_Part):
    """One sheet with a header that stays; numbers, dates and times as such, times in UTC."""

    def __init__(self, target: Path, columns: Sequence[Column]) -> None:
        import xlsxwriter

        super().__init__(target, columns)
        options = {"constant_memory": True, "tmpdir": str(target.parent)}
        self._book = xlsxwriter.Workbook(str(self.part), options)
        self._sheet: Worksheet = self._book.add_worksheet("List")
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(columns) - 1, 20)
        bold = self._book.add_format({"bold": True})
        for place, column in enumerate(columns):
            self._sheet.write_string(0, place, neutralise(column.header)[:LONGEST_XLSX_CELL], bold)
        self._row = 0
        self._is_open = True

    def write(self, rows: Iterable[Any]) -> None:
        for row in rows:
            self._row += 1
            for place, column in enumerate(self.columns):
                self._cell(self._row, place, cell(column, row)[0])

    def _cell(self, row: int, place: int, value: Value) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(row, place, value)
        elif isinstance(value, int | float | Decimal):
            self._sheet.write_number(row, place, float(value))
        elif isinstance(value, datetime):
            self._sheet.write_datetime(row, place, value.astimezone(UTC).replace(tzinfo=None), self._time)
        elif isinstance(value, date) and value.year >= 1900:
            self._sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), self._date)
        else:
            self._sheet.write_string(row, place, neutralise(text(value))[:LONGEST_XLSX_CELL])

    def close(self) -> None:
        self._is_open = False
        self._book.close()
        self._finish()

    def discard(self) -> None:
        if self._is_open:
            self._is_open = False
            self._book.close()
        self.part.unlink(missing_ok=True)


class ParquetFile(_Part):
    """Columns with types. What does not fit its column's type is null there and in a column beside it, named `… (as it came)`."""

    def __init__(self, target: Path, columns: Sequence[Column]) -> None:
        super().__init__(target, columns)
        self._pieces: list[Path] = []
        self._misfits: set[str] = set()
        self._schema, self._raw = _schema(columns)
        self.write([])  # an empty list is a file too

    def write(self, rows: Iterable[Any]) -> None:
        import polars

        held: dict[str, list[Any]] = {name: [] for name in self._schema}
        for row in rows:
            for column in self.columns:
                value, fits = cell(column, row)
                held[column.header].append(_plain(value, column) if fits else None)
                if column.header in self._raw:
                    held[self._raw[column.header]].append(None if fits else value)
                if not fits:
                    self._misfits.add(column.header)
        piece = self.target.with_name(f"{self.target.name}.part{len(self._pieces)}")
        piece.touch(mode=0o600)
        self._pieces.append(piece)
        polars.DataFrame(held, schema=self._schema, strict=False).write_parquet(piece)

    def close(self) -> None:
        import polars

        names = [name for name in self._schema if name not in self._raw.values() or _owner(self._raw, name) in self._misfits]
        polars.scan_parquet(self._pieces).select(names).sink_parquet(self.part)
        self._clear()
        self._finish()

    def discard(self) -> None:
        self._clear()
        self.part.unlink(missing_ok=True)

    def _clear(self) -> None:
        for piece in self._pieces:
            piece.unlink(missing_ok=True)


def _owner(raw: dict[str, str], name: str) -> str | None:
    return next((header for header, beside in raw.items() if beside == name), None)


def _schema(columns: Sequence[Column]) -> "tuple[dict[str, polars.DataType], dict[str, str]]":
    """Return the types of the file's columns, and the names of those for what does not fit, by the column that it does not fit."""
    import polars

    types: dict[str, Any] = {
        "number": polars.Float64(), "date": polars.Date(), "boolean": polars.Boolean(), "tags": polars.List(polars.String()),
        "time": polars.Datetime("us", "UTC"),
    }  # fmt: skip
    schema: dict[str, Any] = {}
    raw: dict[str, str] = {}
    for column in columns:
        schema[column.header] = types.get(column.holds, polars.String())
        if column.field is not None and column.holds in types:
            raw[column.header] = f"{column.header}{RAW}"
            schema[raw[column.header]] = polars.String()
    return schema, raw


def _plain(value: Value, column: Column) -> Any:
    if isinstance(value, Decimal) or column.holds == "number":
        return None if value is None else float(value)  # type: ignore[arg-type]
    return value if isinstance(value, date | bool | list) or value is None else str(value)


FILES: dict[str, type[CsvFile | XlsxFile | ParquetFile]] = {"csv": CsvFile, "xlsx": XlsxFile, "parquet": ParquetFile}
