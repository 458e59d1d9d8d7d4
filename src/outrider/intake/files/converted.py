"""Records of XLSX and Parquet files, read by a child process (convert.py) that may die without harm.

Looks into an XLSX's directory before anything unpacks it. Never imports the libraries that parse these formats.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .limits import LIMITS
from .streams import unpacked
from .types import FileError, FileFormat, Record

_END_OF_DIRECTORY = b"PK\x05\x06"


def check_archive(path: Path) -> str:
    """What a ZIP archive is: 'xlsx'. Raises FileError zip_bomb, encrypted, corrupt_xlsx or unknown_format.

    Reads only the directory at the end of the archive, and that only when it is of a sane size.
    """
    packed = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, packed - 65_557))
        end = file.read()
    at = end.rfind(_END_OF_DIRECTORY)
    if at < 0 or len(end) - at < 22:
        raise FileError("corrupt_xlsx", "The workbook or archive is cut off. Fetch or save it again.")
    members, directory_size = struct.unpack("<HI", end[at + 10 : at + 16])
    if members > LIMITS.max_xlsx_members or directory_size > LIMITS.max_zip_directory:
        raise FileError("zip_bomb", "The archive holds too many parts to be a workbook. Save the sheet as CSV.")
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FileError("corrupt_xlsx", f"The workbook or archive is damaged ({error}). Save it again.") from None
    names = {info.filename.replace("\\", "/").lower() for info in infos}
    if any(info.flag_bits & 1 for info in infos):
        raise FileError("encrypted", "The file is protected by a password. Save it without one.")
    if "xl/workbook.xml" not in names:
        what = "an Excel binary workbook" if "xl/workbook.bin" in names else "a ZIP archive, not a workbook"
        raise FileError("unknown_format", f"The file is {what}. Unpack it, or save the sheet as XLSX or CSV.")
    size = sum(info.file_size for info in infos)
    if size > LIMITS.max_uncompressed_xlsx or (size > LIMITS.xlsx_ratio_from and size > LIMITS.max_xlsx_ratio * max(packed, 1)):
        raise FileError(
            "zip_bomb",
            f"The workbook unpacks to {size:,} bytes from {packed:,}; at most {LIMITS.max_uncompressed_xlsx:,} and "
            f"{LIMITS.max_xlsx_ratio} times its size are read. Save the sheet as CSV and import that.",
        )
    return "xlsx"


def _start(kind: str, path: Path, sheet: str | None, most: int | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "outrider.intake.files.convert", kind, str(path), sheet or ""]
    if most is not None:
        command.append(str(most))
    environment = {
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "PATH": os.environ.get("PATH", ""),
        "POLARS_MAX_THREADS": "1",  # every thread and malloc arena takes its share of the address space
        "RAYON_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd="/")


def _lines(process: subprocess.Popen[bytes], kind: str) -> Iterator[Any]:
    """What the child says, up to its closing line, decoded. Raises FileError when it dies or reports one."""
    assert process.stdout is not None
    while line := process.stdout.readline(LIMITS.max_child_line):
        try:
            answer = json.loads(line)
        except ValueError:
            break  # the child died in the middle of a line
        if isinstance(answer, dict):
            if "rows" in answer:
                return
            if answer.get("error") == "out_of_memory":
                raise _too_big(kind)
            if "error" in answer:
                raise FileError(answer["error"], answer["message"])
        yield answer
    if process.wait() == -signal.SIGXCPU:
        raise FileError("too_slow", f"Reading the {kind} file takes too long. Save it as CSV and import that.")
    raise _too_big(kind)


def _too_big(kind: str) -> FileError:
    return FileError(
        "conversion_failed",
        f"The {kind} file is damaged, or too large to be read within {LIMITS.child_memory // 2**20:,} MB. "
        "Save it as CSV, or split it, and import that.",
    )


def converted_rows(path: Path, kind: str, compression: str | None, sheet: str | None, most: int | None = None) -> Iterator[Any]:
    """First the child's line about the file, then its rows: lists of cells, or dicts with a problem.

    At most `most` rows when given. The child is stopped and reaped when the iterator ends or is closed.
    Raises FileError.
    """
    with unpacked(path, compression) as plain:
        if kind == "xlsx":
            check_archive(plain)
        process = _start(kind, plain.resolve(), sheet, most)
        try:
            yield from _lines(process, kind)
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def read_converted(path: Path, file_format: FileFormat) -> Iterator[Record]:
    """The records of an XLSX sheet or a Parquet file, without the header; `line` is the record's number.

    Rows without any text are skipped. Raises FileError.
    """
    rows = converted_rows(path, file_format.kind, file_format.compression, file_format.sheet)
    header = file_format.has_header
    number = 0
    try:
        next(rows, None)
        for row in rows:
            if isinstance(row, list) and not any(map(str.strip, row)):
                continue
            if header:
                header = False
                continue
            number += 1
            if isinstance(row, list):
                yield Record(number, number, row, None, None)
            else:
                yield Record(number, number, row.get("cells"), row["problem"], row["raw"])
    finally:
        rows.close()  # type: ignore[attr-defined]
