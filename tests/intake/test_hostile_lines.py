"""Hostile and broken files of lines: a clear error or a problem record, bounded memory, and no record lost beside it."""

from __future__ import annotations

import gzip
import json
import random
import time
import zlib
from pathlib import Path

import pytest

from outrider.intake.files import LIMITS, FileError, FileFormat, Record, delimited, detect, read
from outrider.intake.files.limits import Limits

from .hostile import measured, refused, rows, short, write

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


def test_a_large_csv_streams(tmp_path: Path) -> None:
    path = write(tmp_path, "Name,Email,Note\n" + 'Ann,a@x.example,"a, b"\n' * 400_000)
    counts, _, megabytes, _ = measured(path)
    assert counts == {"ok": 400_000}
    assert megabytes < 30


def test_stray_quotes_beyond_the_budget_narrow_what_a_record_may_span(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "LIMITS", Limits(wasted_chars=10, tight_lines=2))
    path = write(tmp_path, 'A,B\n1,"2\n3"\n"x"y"z,1\n"x"y"z,1,1\n4,"5\n\n\n6"\n7,8\n')
    found = list(read(path, FileFormat("csv", None, "utf-8", ",", True, ("A", "B"))))
    assert found[0].cells == ["1", "2\n3"]
    assert (found[-3].problem, found[-1].cells) == ("bad_quoting", ["7", "8"])
