"""Hostile and broken workbooks and Parquet files: a clear error or a problem record, bounded memory, and no record lost beside it."""

from __future__ import annotations

import gzip
import io
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from outrider.intake.files import LIMITS, FileError, FileFormat, converted, read, streams

from .hostile import measured, refused, rows, write

PARTS = {
    "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    'main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/'
    'package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/'
    '2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def book(path: Path, sheet: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return path


def sheet(cells: str) -> str:
    return (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f"{cells}</sheetData></worksheet>"
    )


def text_cell(place: str, text: str, kind: str = "str") -> str:
    return f'<c r="{place}" t="{kind}"><v>{text}</v></c>'


def test_a_hand_made_workbook_reads_errors_as_nothing_and_keeps_numbers_plain(tmp_path: Path) -> None:
    path = book(
        tmp_path / "x",
        sheet(
            f'<row r="1">{text_cell("A1", "Name")}{text_cell("B1", "Phone")}</row>'
            f'<row r="2">{text_cell("A2", "#N/A", "e")}<c r="B2"><v>4.91771234567E11</v></c></row>'
        ),
    )
    assert [r.cells for r in rows(path)] == [["", "491771234567"]]


def test_a_zip_bomb_is_refused_by_its_directory(tmp_path: Path) -> None:
    path = book(tmp_path / "bomb", b"\0" * 60_000_000)
    assert refused(path) == "zip_bomb"
    assert refused(write(tmp_path, gzip.compress(path.read_bytes()), "packed")) == "zip_bomb"


def test_an_archive_of_a_hundred_thousand_parts_is_refused(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for n in range(20_000):
            archive.writestr(f"xl/{n}", "")
    assert refused(write(tmp_path, data.getvalue())) == "zip_bomb"


def test_other_archives_and_locked_workbooks_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("leads.csv", "A,B\n")
    assert refused(path) == "unknown_format"
    locked = bytearray(book(tmp_path / "book", sheet("")).read_bytes())
    at = locked.find(b"PK\x01\x02")
    locked[at + 8] |= 1
    assert refused(write(tmp_path, bytes(locked))) == "encrypted"


def test_a_broken_sheet_is_an_error_not_a_crash(tmp_path: Path) -> None:
    assert refused(book(tmp_path / "a", "<worksheet><sheetData><row r='1'><c r='A1'")) in ("corrupt_xlsx", "empty_file")
    data = bytearray(book(tmp_path / "b", sheet(f'<row r="1">{text_cell("A1", "x" * 5_000)}</row>')).read_bytes())
    for at in range(600, len(data) - 400, 7):
        data[at] ^= 0x55
    assert refused(write(tmp_path, bytes(data))) in ("corrupt_xlsx", "conversion_failed", "unknown_format")


def test_a_sheet_with_a_cell_at_the_far_end_cannot_take_more_than_the_bound(tmp_path: Path) -> None:
    far = sheet(f'<row r="1">{text_cell("A1", "x")}</row><row r="1048576">{text_cell("XFD1048576", "y")}</row>')
    counts, error, megabytes, child = measured(book(tmp_path / "far", far))
    assert (counts, error) == ({}, "conversion_failed")
    assert megabytes < 30
    assert child <= LIMITS.child_memory // 2**20


def test_a_sheet_of_too_many_columns_is_refused(tmp_path: Path) -> None:
    letters = [a + b for a in " ABCDEFGHIJKLMNOPQRSTUVWXYZAA"[1:27] for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    places = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *letters, *("A" + pair for pair in letters)][:1_100]
    cells = "".join(text_cell(f"{place}1", "h") for place in places)
    assert refused(book(tmp_path / "wide", sheet(f'<row r="1">{cells}</row>'))) == "too_many_columns"


def test_a_child_that_dies_in_the_middle_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    polars = pytest.importorskip("polars")
    path = tmp_path / "p"
    polars.DataFrame({"n": range(300_000)}).write_parquet(path)
    started = spy(monkeypatch)
    records = read(path, FileFormat("parquet", None, None, None, True, ("n",)))
    assert next(records).cells == ["0"]
    started[0].kill()
    with pytest.raises(FileError) as error:
        list(records)
    assert error.value.code == "conversion_failed"


def test_closing_early_stops_and_reaps_the_child_and_its_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    polars = pytest.importorskip("polars")
    polars.DataFrame({"n": range(300_000)}).write_parquet(tmp_path / "p")
    path = write(tmp_path, gzip.compress((tmp_path / "p").read_bytes(), 1), "packed")
    monkeypatch.setattr(streams.tempfile, "tempdir", str(tmp_path))
    started = spy(monkeypatch)
    records = read(path, FileFormat("parquet", "gzip", None, None, True, ("n",)), skip=5)
    assert next(records).number == 6
    assert started[0].poll() is None
    records.close()  # type: ignore[attr-defined]
    assert started[0].returncode is not None
    assert not list(tmp_path.glob("outrider-*"))


def test_a_parquet_file_that_unpacks_beyond_measure_is_refused(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    from outrider.intake.files import convert

    path = tmp_path / "p"
    polars.DataFrame({"n": ["x" * 1_000] * 20_000}).write_parquet(path)
    _, found = convert.rows_of_parquet(str(path))
    with pytest.raises(FileError) as error:
        convert.write_rows(found, lambda line: None, bound=1_000_000, most=None)
    assert error.value.code == "expansion_bomb"


def spy(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    started: list[subprocess.Popen[bytes]] = []
    original = converted._start

    def start(*arguments: Any) -> subprocess.Popen[bytes]:
        started.append(original(*arguments))
        return started[-1]

    monkeypatch.setattr(converted, "_start", start)
    return started
