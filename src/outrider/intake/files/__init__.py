"""Lead files: what they are (detect), what is in them (read), and how they begin (sample).

The only face of this package. CSV and kin, XLSX, JSON lines, JSON, Parquet, and gzip of these; any size, bounded
memory. Never writes, never knows a database, never changes a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from .converted import read_converted
from .delimited import read_delimited
from .detect import detect_format
from .json_document import read_json_document
from .json_rows import read_json_lines
from .limits import LIMITS, Limits
from .types import FileError, FileFormat, Record

__all__ = ["LIMITS", "FileError", "FileFormat", "Limits", "Record", "detect", "read", "sample"]

_READERS: dict[str, Callable[[Path, FileFormat], Iterator[Record]]] = {
    "csv": read_delimited,
    "jsonl": read_json_lines,
    "json": read_json_document,
    "xlsx": read_converted,
    "parquet": read_converted,
}


def detect(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    name: str | None = None,
) -> FileFormat:
    """What the file is, by its content. What is given is believed, the rest is found out.

    encoding: of text files. delimiter: one character; given, the file is read as delimited text even where it
    begins like JSON. sheet: name of an XLSX sheet (default: the first with rows). name: what messages call the
    file, when `path` is a temporary one.

    The header is () for JSON without any object in its first 200 records. Raises FileError for a file that cannot
    be used: no_such_file, unreadable, empty_file, unknown_format, unknown_encoding, bad_delimiter, bad_header,
    too_many_columns, encrypted, no_such_sheet, zip_bomb, gzip_bomb, corrupt_gzip, corrupt_xlsx, corrupt_parquet,
    conversion_failed, too_slow, too_large, bad_json, ambiguous_json. Formats: issue 2 section 3, BEHAVIOUR 2.
    """
    path = Path(path)
    return detect_format(path, encoding, delimiter, sheet, name or path.name)


def read(path: Path, format: FileFormat, *, skip: int = 0) -> Iterator[Record]:
    """The records of the file in order, numbered from 1; blank ones are neither yielded nor counted.

    skip: records already done; the same numbers follow as in an undisturbed read. Nothing is opened before the
    first record is asked for. Raises FileError, also after some records: what was yielded before is good. Closing
    the iterator frees everything, the child process of XLSX and Parquet included.
    """
    if format.kind not in _READERS:
        raise FileError("unknown_format", f"Files of kind {format.kind!r} are not read. Use one of {list(_READERS)}.")
    records = _READERS[format.kind](Path(path), format)
    return _after(records, skip) if skip > 0 else records


def _after(records: Iterator[Record], skip: int) -> Iterator[Record]:
    try:
        for _ in islice(records, skip):
            pass
        yield from records
    finally:
        records.close()  # type: ignore[attr-defined]


def sample(path: Path, format: FileFormat, rows: int = 200) -> list[Record]:
    """The first records of the file, at most `rows`; [] when it has none. Raises FileError as read() does."""
    records = read(path, format)
    try:
        return list(islice(records, rows))
    finally:
        records.close()  # type: ignore[attr-defined]
