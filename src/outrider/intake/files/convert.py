"""The child process that reads XLSX and Parquet: `python -m outrider.intake.files.convert KIND PATH [SHEET] [ROWS]`.

Writes JSON lines to standard output: a first one about the file, a list of cells for every row, a last one that
says it is the end. Runs in bounded memory and processor time so that a hostile file can only kill this process.
Never touches anything but the file, and never reads formulas as anything but their stored result. Error cells such
as #N/A come as '': the library does not tell them from empty ones.
"""

from __future__ import annotations

import datetime
import math
import os
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from .limits import LIMITS
from .types import REPLACEMENT, FileError, excerpt

_BATCH_ROWS = 5_000


def cell_text(value: Any) -> str:
    """A cell as text: '' for nothing, ISO dates, true/false, whole floats without '.0', never an exponent."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if type(value) is float:
        if not math.isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        seconds = int(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return _json_text(value)


def _json_text(value: Any) -> str:
    import orjson

    if hasattr(value, "to_list"):
        value = value.to_list()
    return orjson.dumps(value, default=cell_text, option=orjson.OPT_NON_STR_KEYS).decode()


def rows_of_sheet(path: str, sheet: str | None) -> tuple[dict[str, Any], Iterator[list[Any]]]:
    """About the sheet, and its rows. The first sheet with anything in it unless one is named."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

    try:
        book = CalamineWorkbook.from_path(path)
        names = [meta.name for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
        if sheet is not None and sheet not in names:
            known = ", ".join(repr(name) for name in names[:20])
            raise FileError("no_such_sheet", f"There is no sheet {sheet!r}. The workbook has: {known}.")
        for name in [sheet] if sheet is not None else names:
            found = book.get_sheet_by_name(name)
            if found.start is not None:
                return {"sheet": name, "sheets": names}, found.iter_rows()
    except PasswordError:
        raise FileError("encrypted", "The workbook is protected by a password. Save it without one.") from None
    except (CalamineError, OSError) as error:
        raise FileError("corrupt_xlsx", f"The workbook cannot be read ({error}). Save it again, or as CSV.") from None
    raise FileError("empty_file", "The workbook has no rows." if sheet is None else f"The sheet {sheet!r} is empty.")


def rows_of_parquet(path: str) -> tuple[dict[str, Any], Iterator[tuple[Any, ...]]]:
    """About the file, and its rows, the column names first."""
    import polars

    frame = polars.scan_parquet(path, glob=False, low_memory=True, parallel="none")
    names = frame.collect_schema().names()

    def rows() -> Iterator[tuple[Any, ...]]:
        yield tuple(names)
        for batch in frame.collect_batches(chunk_size=_BATCH_ROWS, maintain_order=True):
            yield from batch.iter_rows()

    return {"sheet": None, "sheets": []}, rows()


def write_rows(rows: Iterable[Iterable[Any]], write: Callable[[bytes], Any], bound: float, most: int | None) -> int:
    """Write every row as a JSON line; the number of rows. A row with a problem is an object, not a list.

    Raises FileError expansion_bomb when more than `bound` bytes come out.
    """
    import orjson

    written = count = 0
    for row in rows:
        cells = [value if type(value) is str else cell_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        answer: Any = cells
        if len(cells) > LIMITS.max_columns:
            answer = {"problem": "too_many_cells", "raw": _excerpt(cells)}
        elif sum(map(len, cells)) > LIMITS.max_record_chars:
            answer = {"problem": "line_too_long", "raw": _excerpt(cells)}
        elif any("\0" in cell for cell in cells):
            clean = [cell.replace("\0", REPLACEMENT) for cell in cells]
            answer = {"problem": "nul_byte", "raw": _excerpt(cells), "cells": clean}
        try:
            line = orjson.dumps(answer)
        except orjson.JSONEncodeError:  # lone surrogates
            clean = [excerpt(cell) if len(cell) < 2_000 else _whole(cell) for cell in cells]
            line = orjson.dumps({"problem": "bad_encoding", "raw": _excerpt(cells), "cells": clean})
        written += len(line)
        if written > bound:
            raise FileError("expansion_bomb", "The file unpacks to a thousand times its size, as no lead file does.")
        write(line + b"\n")
        count += 1
        if count == most:
            break
    return count


def _whole(cell: str) -> str:
    return "".join(excerpt(cell[at : at + 1_000]) for at in range(0, len(cell), 1_000))


def _excerpt(cells: list[str]) -> str:
    return excerpt("\t".join(cell[:2_000] for cell in cells[:200]))


def main(arguments: list[str]) -> int:
    """Convert; 0 when done, 3 after an error that was told in a line {"error": code, "message": text}."""
    import orjson

    kind, path = arguments[0], arguments[1]
    sheet = arguments[2] if len(arguments) > 2 and arguments[2] else None
    most = int(arguments[3]) if len(arguments) > 3 else None
    resource.setrlimit(resource.RLIMIT_AS, (LIMITS.child_memory, LIMITS.child_memory))
    resource.setrlimit(resource.RLIMIT_CPU, (LIMITS.child_cpu_seconds, LIMITS.child_cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(LIMITS.child_nice)
    out = sys.stdout.buffer
    bound = max(LIMITS.expansion_from, LIMITS.max_expansion_ratio * os.path.getsize(path))
    try:
        about, rows = rows_of_sheet(path, sheet) if kind == "xlsx" else rows_of_parquet(path)
        out.write(orjson.dumps(about) + b"\n")
        count = write_rows(rows, out.write, bound, most)
        out.write(orjson.dumps({"rows": count}) + b"\n")
        out.flush()
        return 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the parent wants no more; let the exit not complain
        return 0
    except FileError as error:
        answer = {"error": error.code, "message": str(error)}
    except MemoryError:
        answer = {"error": "out_of_memory", "message": ""}
    except Exception as error:  # a library's own errors: polars and calamine have many classes
        answer = {"error": f"corrupt_{kind}", "message": f"The {kind} file cannot be read ({str(error)[:300]})."}
    out.write(orjson.dumps(answer) + b"\n")
    out.flush()
    return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
