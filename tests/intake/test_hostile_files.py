"""Hostile and broken lead files: a clear error or a problem record, bounded memory, and no record lost beside it."""

from __future__ import annotations

import gzip
import io
import json
import random
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

import outrider
from outrider.intake.files import LIMITS, FileError, FileFormat, Record, converted, delimited, detect, read, streams
from outrider.intake.files.limits import Limits

MEASURE = """
import resource, sys, json, collections
from pathlib import Path
from outrider.intake.files import FileError, detect, read
def peak():  # ru_maxrss survives exec: a child of a large test run would start with its peak
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) // 1024
start = peak()
counts, error = collections.Counter(), None
try:
    for record in read(Path(sys.argv[1]), detect(Path(sys.argv[1]))):
        counts[record.problem or "ok"] += 1
except FileError as caught:
    error = caught.code
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(json.dumps([dict(counts), error, peak() - start, used]))
"""


def write(tmp_path: Path, data: bytes | str, name: str = "leads") -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def rows(path: Path, **options: Any) -> list[Record]:
    return list(read(path, detect(path, **options)))


def short(path: Path, **options: Any) -> list[tuple[int, Any, str | None]]:
    return [(record.line, record.cells, record.problem) for record in rows(path, **options)]


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(FileError) as error:
        rows(path, **options)
    assert len(str(error.value)) > 20
    return error.value.code


def measured(path: Path) -> tuple[dict[str, int], str | None, int, int]:
    """Counts by problem, error code, megabytes used on top of the start, megabytes of the largest child."""
    source = str(Path(outrider.__file__).parent.parent)
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        env={"PYTHONPATH": ":".join([source, *filter(None, sys.path)])},
        capture_output=True,
        check=True,
    )
    counts, error, megabytes, children = json.loads(run.stdout)
    return counts, error, megabytes, children


# --- quoting -------------------------------------------------------------------------------------------------


def test_a_stray_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    path = write(tmp_path, 'Name,Email\n"Bob,b@x.example\nAnn,a@x.example\n"Lee, Al",l@x.example\nZoe,z@x.example\n')
    assert short(path) == [
        (2, None, "bad_quoting"),
        (3, ["Ann", "a@x.example"], None),
        (4, ["Lee, Al", "l@x.example"], None),
        (5, ["Zoe", "z@x.example"], None),
    ]
    assert rows(path)[0].raw == '"Bob,b@x.example'


def test_a_stray_quote_with_no_other_quote_for_megabytes_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = [f"n{n},a{n}@x.example\n" for n in range(150_000)]
    path = write(tmp_path, "Name,Email\n" + '"Bob,b@x.example\n' + "".join(lines))
    found = rows(path)
    assert [r.number for r in found if r.problem] == [1]
    assert [r.cells for r in found[1:]] == [line.strip().split(",") for line in lines]


def test_a_quote_open_at_the_end_of_the_file_costs_its_own_line_only(tmp_path: Path) -> None:
    path = write(tmp_path, 'Name,Email\nAnn,a@x.example\nBob,"b@x.example\nCy,c@x.example')
    assert [problem for _, _, problem in short(path)] == [None, "bad_quoting", None]


def test_text_after_a_closing_quote_is_read_when_the_number_of_cells_is_right(tmp_path: Path) -> None:
    path = write(tmp_path, 'Name,Email\n"Bob"by,b@x.example\n"Ann"ie,a@x.example,"x"y\n')
    assert short(path) == [(2, ["Bobby", "b@x.example"], None), (3, None, "bad_quoting")]


def test_quotes_that_swallow_lines_into_too_many_cells_are_found(tmp_path: Path) -> None:
    path = write(tmp_path, 'A,B\n1,"2\n3,",4,5\n6,7\n')
    assert short(path)[0] == (2, None, "bad_quoting")
    assert short(path)[-1] == (4, ["6", "7"], None)


def test_a_long_quoted_note_of_many_lines_is_one_record(tmp_path: Path) -> None:
    note = "line\n" * 900
    assert short(write(tmp_path, f'Name,Note\nAnn,"{note}"\nBob,x\n')) == [
        (2, ["Ann", note], None),
        (903, ["Bob", "x"], None),
    ]


def test_quotes_made_to_be_read_again_and_again_take_bounded_time(tmp_path: Path) -> None:
    path = write(tmp_path, "A,B,C\n" + 'x",",y\n' * 100_000)
    begun = time.process_time()
    found = rows(path)
    assert time.process_time() - begun < 5
    assert len(found) >= 99_000


def test_every_line_of_a_randomly_broken_file_is_accounted_for(tmp_path: Path) -> None:
    dice = random.Random(5)
    for _ in range(150):
        body = "".join(dice.choice('a,"\n\r;') for _ in range(dice.randrange(1, 120)))
        path = write(tmp_path, "H1,H2\n" + body)
        file_format = FileFormat("csv", None, "utf-8", ",", True, ("H1", "H2"))
        whole = list(read(path, file_format))
        seen = "".join("".join(r.cells) if isinstance(r.cells, list) else r.raw or "" for r in whole)
        assert [r.number for r in whole] == list(range(1, len(whole) + 1))
        assert seen.count("a") == body.count("a")
        assert seen.count(";") == body.count(";")


# --- lines and bytes -----------------------------------------------------------------------------------------


def test_a_line_of_a_hundred_megabytes_is_one_problem_and_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "long"
    with path.open("wb") as file:
        file.write(b"Name,Email\nAnn,a@x.example\n")
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\nBob,b@x.example\n")
    counts, error, megabytes, _ = measured(path)
    assert (counts, error) == ({"ok": 2, "line_too_long": 1}, None)
    assert megabytes < 40
    assert [(r.line, r.problem) for r in rows(path)] == [(2, None), (3, "line_too_long"), (4, None)]


def test_an_overlong_line_inside_an_open_quote_is_two_problems_and_no_more(tmp_path: Path) -> None:
    long = "y" * (LIMITS.max_record_chars + 10)
    path = write(tmp_path, f'A,B\n1,"2\n{long}\n3,4\n')
    assert [(line, problem) for line, _, problem in short(path)] == [
        (2, "bad_quoting"),
        (3, "line_too_long"),
        (4, None),
    ]
    assert all(len(record.raw or "") <= 2_000 for record in rows(path))


def test_a_hundred_thousand_columns_are_refused(tmp_path: Path) -> None:
    assert refused(write(tmp_path, ",".join(f"c{n}" for n in range(100_000)) + "\n")) == "too_many_columns"
    assert refused(write(tmp_path, json.dumps([{f"c{n}": n for n in range(900)}, {f"d{n}": n for n in range(900)}]))) == (
        "too_many_columns"
    )


def test_a_header_line_without_an_end_is_refused(tmp_path: Path) -> None:
    assert refused(write(tmp_path, "a" * 3_000_000)) == "bad_header"


def test_a_record_of_too_many_cells_is_a_problem(tmp_path: Path) -> None:
    path = write(tmp_path, "A,B\n" + "," * 5_000 + "x\n1,2\n")
    assert short(path) == [(2, None, "too_many_cells"), (3, ["1", "2"], None)]


def test_nul_bytes_are_told_and_replaced(tmp_path: Path) -> None:
    path = write(tmp_path, b'Name,Email\nA\0nn,a@x.example\n"Bo\0b",b@x.example\nCy,c@x.example\n')
    assert short(path) == [
        (2, ["A\ufffdnn", "a@x.example"], "nul_byte"),
        (3, ["Bo\ufffdb", "b@x.example"], "nul_byte"),
        (4, ["Cy", "c@x.example"], None),
    ]
    assert rows(path)[0].raw == "A\ufffdnn,a@x.example"


def test_a_bad_byte_far_into_a_utf8_file_is_the_problem_of_its_record_only(tmp_path: Path) -> None:
    good = "Zoë,z@x.example\n".encode()
    path = write(tmp_path, b"Name,Email\n" + good * 30_000 + b"B\xffb,b@x.example\n" + good * 30_000)
    assert detect(path).encoding == "utf-8"
    bad = [record for record in rows(path) if record.problem]
    assert [(r.number, r.cells, r.problem) for r in bad] == [(30_001, ["B\ufffdb", "b@x.example"], "bad_encoding")]
    assert len(rows(path)) == 60_001


def test_a_utf16_file_that_ends_in_half_a_character_loses_only_that(tmp_path: Path) -> None:
    path = write(tmp_path, "Name,Email\nAnn,a@x.example\nBob,b".encode("utf-16") + b"\x41")
    assert short(path)[-1] == (3, ["Bob", "b\ufffd"], "bad_encoding")
    assert short(path)[0][2] is None


def test_a_wrong_encoding_gives_problems_and_no_crash(tmp_path: Path) -> None:
    path = write(tmp_path, "Name,Email\nZoë,z@x.example\n".encode("latin-1"))
    assert short(path, encoding="utf-8") == [(2, ["Zo\ufffd", "z@x.example"], "bad_encoding")]
    assert refused(path, encoding="no-such") == "unknown_encoding"
    assert refused(path, encoding="hex") == "unknown_encoding"
    assert refused(path, encoding="unicode_escape") == "unknown_encoding"


def test_formulas_are_read_as_the_text_they_are(tmp_path: Path) -> None:
    assert rows(write(tmp_path, "A,B\n=1+1,@x\n"))[0].cells == ["=1+1", "@x"]


# --- files that are no lead files ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\n \r\n", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (gzip.compress(b"", mtime=0), "empty_file"),
        (b"%PDF-1.7 ...", "unknown_format"),
        (b"\x89PNG\r\n\x1a\n....", "unknown_format"),
        (b"<!DOCTYPE html><html>login</html>", "unknown_format"),
        (bytes(range(1, 32)) * 100, "unknown_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "unknown_format"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (gzip.compress(gzip.compress(b"A,B\n", mtime=0), mtime=0), "unknown_format"),
        (b"PK\x03\x04 cut off", "corrupt_xlsx"),
        (b"PAR1 is not enough PAR1", "corrupt_parquet"),
        (b"[", "bad_json"),
        (b'{"a": ', "bad_json"),
    ],
)
def test_what_is_no_lead_file_is_refused_by_name(tmp_path: Path, data: bytes, code: str) -> None:
    assert refused(write(tmp_path, data)) == code


def test_a_file_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    assert refused(tmp_path / "none") == "no_such_file"
    assert refused(tmp_path) == "unreadable"


# --- gzip ----------------------------------------------------------------------------------------------------


def test_a_cut_off_gzip_is_refused_or_gives_its_records_and_then_an_error(tmp_path: Path) -> None:
    dice = random.Random(1)
    text = "Name,Email\n" + "".join(f"{dice.random()},a@x.example\n" for _ in range(50_000))
    path = write(tmp_path, gzip.compress(text.encode())[:-2_000])
    assert refused(path) == "corrupt_gzip"
    records = read(path, FileFormat("csv", "gzip", "utf-8", ",", True, ("Name", "Email")))
    given: list[Record] = []
    with pytest.raises(FileError) as error:
        given.extend(records)
    assert error.value.code == "corrupt_gzip"
    assert len(given) > 40_000


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    block = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = block.compress(b"A,B\n")
    line = b"x" * 1_000_000
    for _ in range(400):
        packed += block.compress(line)
    packed += block.flush()
    counts, error, megabytes, _ = measured(write(tmp_path, packed))
    assert (counts, error) == ({}, "gzip_bomb")
    assert megabytes < 60


# --- JSON ----------------------------------------------------------------------------------------------------

DEEP = '{"a":' * 10_000 + "1" + "}" * 10_000


@pytest.mark.parametrize("deep", [DEEP, '{"a":' + "[" * 10_000 + "]" * 10_000 + "}", '{"a":' * 70 + "1" + "}" * 70])
def test_json_nested_too_deep_is_a_problem_of_its_record_only(tmp_path: Path, deep: str) -> None:
    good = '{"email":"a@x.example"}'
    expected = [None, "too_deep", None]
    assert [problem for _, _, problem in short(write(tmp_path, f"{good}\n{deep}\n{good}\n"))] == expected
    assert [problem for _, _, problem in short(write(tmp_path, f"[{good},{deep},{good}]"))] == expected
    assert [problem for _, _, problem in short(write(tmp_path, f'{{"data":[{good},{deep},{good}]}}'))] == expected


def test_json_nested_as_deep_as_the_limit_is_read(tmp_path: Path) -> None:
    depth = LIMITS.max_json_depth
    found = rows(write(tmp_path, '{"a":' * depth + "1" + "}" * depth + "\n"))
    assert found[0].cells == {".".join("a" * depth): 1}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"a": }', "bad_json"),
        ('{"a": NaN}', "bad_json"),
        ('{"a": 1e999}', "bad_json"),
        ('{"a": ' + "9" * 5_000 + "}", "bad_json"),
        ("[1, 2]", "not_an_object"),
        ('"text"', "not_an_object"),
        ("12", "not_an_object"),
        ("null", "not_an_object"),
        ("{" + ",".join(f'"k{n}":1' for n in range(1_001)) + "}", "too_many_cells"),
    ],
)
def test_a_json_value_that_is_no_record_is_a_problem_and_the_next_one_is_read(tmp_path: Path, line: str, problem: str) -> None:
    good = '{"email":"a@x.example"}'
    for text in (f"{good}\n{line}\n{good}\n", f"[{good},\n {line},\n {good}]"):
        found = rows(write(tmp_path, text))
        assert [record.problem for record in found] == [None, problem, None]
        assert found[1].cells is None
        assert found[1].raw
        assert found[2].cells == {"email": "a@x.example"}


def test_what_jsonb_cannot_hold_is_told_and_replaced(tmp_path: Path) -> None:
    lines = r'{"a":"x\u0000y"}' + "\n" + r'{"a":"x\ud800y","\udc00":["\udc00"]}' + "\n" + r'{"a":"\ud83d\ude00 \\u0000"}'
    assert short(write(tmp_path, lines)) == [
        (1, {"a": "x\ufffdy"}, "nul_byte"),
        (2, {"a": "x\ufffdy", "\ufffd": ["\ufffd"]}, "bad_encoding"),
        (3, {"a": "😀 \\u0000"}, None),
    ]


def test_a_laid_out_array_with_a_broken_element_goes_on_with_its_neighbour(tmp_path: Path) -> None:
    good = [{"n": n, "t": {"x": 1}} for n in range(3)]
    text = json.dumps(good, indent=2)
    for broken in (text.replace('"n": 1', '"n": "1'), text.replace('"n": 1', '"n": {1')):
        found = short(write(tmp_path, broken))
        assert [problem for _, _, problem in found] == [None, "bad_json", None]
        assert found[2][1] == {"n": 2, "t.x": 1}
        assert found[2][0] == 14


def test_a_break_that_hides_the_rest_is_an_error_after_the_good_records(tmp_path: Path) -> None:
    path = write(tmp_path, '[{"n":0},{"n":1,{"n":2},{"n":3}]')
    records = read(path, detect(path))
    assert next(records).cells == {"n": 0}
    assert next(records).problem == "bad_json"
    with pytest.raises(FileError, match="Record 2"):
        next(records)


def test_two_lists_in_one_document_are_not_silently_one(tmp_path: Path) -> None:
    path = write(tmp_path, '{"a":[{"n":1}],"b":[{"n":2}]}')
    assert refused(path) == "ambiguous_json"


def test_a_json_element_beyond_the_bound_is_a_problem_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "big"
    with path.open("w") as file:
        file.write('[{"n":0},{"t":"')
        for _ in range(60):
            file.write("x" * 1_000_000)
        file.write('"},{"n":2}]')
    counts, error, megabytes, _ = measured(path)
    assert (counts, error) == ({"ok": 2, "line_too_long": 1}, None)
    assert megabytes < 150


def test_a_large_json_array_streams(tmp_path: Path) -> None:
    path = write(tmp_path, "[" + ",".join(f'{{"n":{n},"email":"a{n}@x.example"}}' for n in range(150_000)) + "]")
    counts, _, megabytes, _ = measured(path)
    assert counts == {"ok": 150_000}
    assert megabytes < 30


def test_a_large_csv_streams(tmp_path: Path) -> None:
    path = write(tmp_path, "Name,Email,Note\n" + 'Ann,a@x.example,"a, b"\n' * 400_000)
    counts, _, megabytes, _ = measured(path)
    assert counts == {"ok": 400_000}
    assert megabytes < 30


# --- XLSX and Parquet ----------------------------------------------------------------------------------------

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


def test_stray_quotes_beyond_the_budget_narrow_what_a_record_may_span(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "LIMITS", Limits(wasted_chars=10, tight_lines=2))
    path = write(tmp_path, 'A,B\n1,"2\n3"\n"x"y"z,1\n"x"y"z,1,1\n4,"5\n\n\n6"\n7,8\n')
    found = list(read(path, FileFormat("csv", None, "utf-8", ",", True, ("A", "B"))))
    assert found[0].cells == ["1", "2\n3"]
    assert (found[-3].problem, found[-1].cells) == ("bad_quoting", ["7", "8"])
