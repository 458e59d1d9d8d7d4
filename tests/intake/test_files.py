"""Sound lead files of every kind read as they are; the same numbers come after a resume."""

from __future__ import annotations

import codecs
import datetime
import gzip
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from outrider.intake.files import FileError, FileFormat, Record, detect, read, sample

HEADER = ["Name", "Email", "Note"]
ROWS = [
    ["Zoë Müller", "zoe@acme.example", "a, b; c"],
    ["Bob", "bob@acme.example", 'said "call me", twice'],
    ["Ann", "ann@acme.example", "two\nlines"],
    ["Łukasz", "l@acme.example", ""],
]


def write(tmp_path: Path, data: bytes | str, name: str = "leads") -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def delimited(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if any(c in text for c in '"\r\n' + delimiter) else text

    return "".join(delimiter.join(map(cell, row)) + end for row in rows)


def cells(path: Path, **options: Any) -> list[Any]:
    return [record.cells for record in read(path, detect(path, **options))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_end_gives_the_same_cells(tmp_path: Path, delimiter: str, end: str) -> None:
    path = write(tmp_path, delimited([HEADER, *ROWS], delimiter, end))
    found = detect(path)
    assert (found.kind, found.delimiter, found.has_header, found.header) == ("csv", delimiter, True, tuple(HEADER))
    assert cells(path) == ROWS


@pytest.mark.parametrize("size", range(1, 9))
def test_line_ends_that_fall_between_two_blocks_are_still_one_line_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    from outrider.intake.files import limits, streams

    small = limits.Limits(block_chars=size)
    path = write(tmp_path, delimited([HEADER, *ROWS], ",", "\r\n"))
    found = detect(path)
    whole = list(read(path, found))
    monkeypatch.setattr(streams, "LIMITS", small)
    assert list(read(path, found)) == whole
    assert [record.line for record in whole] == [2, 3, 4, 6]


@pytest.mark.parametrize(
    ("encoding", "mark", "expected"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", codecs.BOM_UTF8, "utf-8-sig"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16-le"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
    ],
)
def test_unicode_is_recognised_with_and_without_a_mark(tmp_path: Path, encoding: str, mark: bytes, expected: str) -> None:
    path = write(tmp_path, mark + delimited([HEADER, *ROWS]).encode(encoding))
    assert detect(path).encoding == expected
    assert detect(path).header == tuple(HEADER)
    assert cells(path) == ROWS


def test_old_western_text_is_read_as_cp1252_or_latin_1_where_cp1252_has_gaps(tmp_path: Path) -> None:
    path = write(tmp_path, "Name;Stadt\nJürgen;Köln – Süd\n".encode("cp1252"))
    assert detect(path).encoding == "cp1252"
    assert cells(path) == [["Jürgen", "Köln – Süd"]]
    path = write(tmp_path, "Name;Stadt\nJürgen;K\u0081ln\n".encode("latin-1"))
    assert detect(path).encoding == "latin-1"
    assert cells(path) == [["Jürgen", "K\u0081ln"]]


def test_an_accent_far_into_an_old_western_file_is_still_found(tmp_path: Path) -> None:
    path = write(tmp_path, b"Name,Email\n" + b"Bob,bob@acme.example\n" * 100_000 + "Zoë,z@acme.example\n".encode("cp1252"))
    found = detect(path)
    assert found.encoding == "cp1252"
    assert list(read(path, found))[-1].cells == ["Zoë", "z@acme.example"]


def test_what_the_person_says_about_encoding_and_delimiter_is_believed(tmp_path: Path) -> None:
    path = write(tmp_path, "Name,Ort\nЖанна,Москва\n".encode("cp1251"))
    assert cells(path, encoding="cp1251") == [["Жанна", "Москва"]]
    assert detect(path, encoding="cp1251", delimiter="|").header == ("Name,Ort",)


def test_many_commas_in_quoted_notes_do_not_fool_the_delimiter(tmp_path: Path) -> None:
    note = "one, two, three, four, five, six, seven, eight"
    path = write(tmp_path, delimited([HEADER, *[["Ann", f"a{n}@acme.example", note] for n in range(50)]], ";"))
    assert detect(path).delimiter == ";"
    unquoted = "Name;Email;Place\n" + "".join(f"Lee, Ann;a{n}@acme.example;Zürich, Switzerland\n" for n in range(50))
    assert detect(write(tmp_path, unquoted)).delimiter == ";"


def test_excels_separator_hint_is_followed_and_is_no_record(tmp_path: Path) -> None:
    path = write(tmp_path, "sep=;\nName;Email\nBob;b@acme.example\n")
    assert detect(path).header == ("Name", "Email")
    assert [(r.number, r.line, r.cells) for r in read(path, detect(path))] == [(1, 3, ["Bob", "b@acme.example"])]


def test_a_first_row_with_an_email_address_is_data(tmp_path: Path) -> None:
    path = write(tmp_path, "Bob,bob@acme.example\nAnn,ann@acme.example\n")
    found = detect(path)
    assert (found.has_header, found.header) == (False, ("Column 1", "Column 2"))
    assert [r.number for r in read(path, found)] == [1, 2]


def test_blank_records_are_neither_yielded_nor_counted(tmp_path: Path) -> None:
    path = write(tmp_path, "\n\nName,Email\n\nBob,b@acme.example\n , \n,,\nAnn,a@acme.example\n\n")
    assert [(r.number, r.line, r.cells) for r in read(path, detect(path))] == [
        (1, 5, ["Bob", "b@acme.example"]),
        (2, 8, ["Ann", "a@acme.example"]),
    ]


def test_a_list_of_addresses_in_one_column_is_a_lead_file(tmp_path: Path) -> None:
    assert cells(write(tmp_path, "Email\na@acme.example\nb@acme.example")) == [["a@acme.example"], ["b@acme.example"]]


def test_a_file_of_nothing_but_a_header_has_no_records(tmp_path: Path) -> None:
    assert cells(write(tmp_path, "Name,Email\n")) == []


def test_inch_marks_inside_plain_cells_are_just_characters(tmp_path: Path) -> None:
    assert cells(write(tmp_path, 'Name,Part\nBob,5" pipe\n')) == [["Bob", '5" pipe']]


def test_every_value_stays_as_it_was_given(tmp_path: Path) -> None:
    row = ["  Bob ", "BOB@Acme.Example\u00a0", "=1+1\u2028\x0b\x85"]
    assert cells(write(tmp_path, delimited([HEADER, row]))) == [row]


OBJECTS = [
    {"name": "Zoë", "company": {"name": "Acme", "size": 12}, "tags": ["a", {"b": 1}], "score": 1.5, "ok": True},
    {"name": "Bob", "email": "bob@acme.example", "id": 12345678901234567890},
]
FLAT = [
    {"name": "Zoë", "company.name": "Acme", "company.size": 12, "tags": ["a", {"b": 1}], "score": 1.5, "ok": True},
    {"name": "Bob", "email": "bob@acme.example", "id": 12345678901234567890},
]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("jsonl", "\n".join(map(json.dumps, OBJECTS))),
        ("jsonl", json.dumps(OBJECTS[0]) + "\r\n\r\n" + json.dumps(OBJECTS[1]) + "\r\n"),
        ("json", json.dumps(OBJECTS)),
        ("json", "\ufeff" + json.dumps(OBJECTS, indent=2, ensure_ascii=False)),
        ("json", json.dumps({"data": OBJECTS})),
        ("json", json.dumps({"total": 2, "columns": ["a"], "contacts": OBJECTS, "next": {"page": 2}}, indent=1)),
        ("json", "\n".join(json.dumps(item, indent=2) for item in OBJECTS)),
    ],
)
def test_json_in_every_form_gives_flat_objects(tmp_path: Path, kind: str, text: str) -> None:
    path = write(tmp_path, text)
    found = detect(path)
    assert found.kind == kind
    assert found.header == ("name", "company.name", "company.size", "tags", "score", "ok", "email", "id")
    assert [record.cells for record in read(path, found)] == FLAT


def test_one_json_object_alone_is_one_record(tmp_path: Path) -> None:
    person = {"email": "a@acme.example", "jobs": [{"title": "CEO"}, {"title": "CTO"}]}
    assert cells(write(tmp_path, json.dumps(person))) == [person]
    assert cells(write(tmp_path, json.dumps(person, indent=2))) == [person]


def test_json_keys_that_become_the_same_keep_both_values(tmp_path: Path) -> None:
    assert cells(write(tmp_path, '[{"a.b": 1, "a": {"b": 2}}]')) == [{"a.b": 1, "a.b (2)": 2}]


def test_a_json_array_across_block_borders_gives_every_element(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from outrider.intake.files import json_document, limits, streams

    path = write(tmp_path, json.dumps([{"n": n, "t": "x" * (n % 40) + '"\\}'} for n in range(300)], indent=1))
    found = detect(path)
    for size in (1, 7, 64):
        small = limits.Limits(block_chars=size)
        monkeypatch.setattr(streams, "LIMITS", small)
        monkeypatch.setattr(json_document, "LIMITS", small)
        assert [r.cells["n"] for r in read(path, found) if isinstance(r.cells, dict)] == list(range(300))


def workbook(path: Path) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Empty"
    sheet = book.create_sheet("Leads")
    sheet.append(["Name", "Since", "Phone", "Score", "Ok", "Whole", "Met"])
    sheet.append([])
    sheet.append(["Zoë", datetime.date(2024, 1, 2), 491771234567, 12.5, True, 12.0, datetime.datetime(2024, 1, 2, 3, 4, 5)])
    sheet.append(["Bob", None, "+49 30 1", 1e-7, False, 1e20, None])
    book.create_sheet("Other").append(["x"])
    book.save(path)
    return path


SHEET_ROWS = [
    ["Zoë", "2024-01-02", "491771234567", "12.5", "true", "12", "2024-01-02T03:04:05"],
    ["Bob", "", "+49 30 1", "0.0000001", "false", "100000000000000000000"],
]


def test_a_workbook_gives_its_first_sheet_with_rows_as_plain_text(tmp_path: Path) -> None:
    path = workbook(tmp_path / "leads.bin")
    found = detect(path)
    assert (found.kind, found.sheet) == ("xlsx", "Leads")
    assert found.header == ("Name", "Since", "Phone", "Score", "Ok", "Whole", "Met")
    assert [(r.number, r.line, r.cells) for r in read(path, found)] == [(1, 1, SHEET_ROWS[0]), (2, 2, SHEET_ROWS[1])]
    assert detect(path, sheet="Other").header == ("x",)
    with pytest.raises(FileError, match="'Leads', 'Other'") as error:
        detect(path, sheet="Nope")
    assert error.value.code == "no_such_sheet"


def test_parquet_gives_every_type_as_text(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    path = tmp_path / "leads"
    polars.DataFrame(
        {
            "name": ["Zoë", None],
            "n": [1, 2],
            "x": [0.5, 2.0],
            "day": [datetime.date(2024, 1, 2), None],
            "tags": [["a", "b"], []],
            "who": [{"a": 1}, {"a": 2}],
        }
    ).write_parquet(path)
    assert detect(path).header == ("name", "n", "x", "day", "tags", "who")
    assert cells(path) == [
        ["Zoë", "1", "0.5", "2024-01-02", '["a","b"]', '{"a":1}'],
        ["", "2", "2", "", "[]", '{"a":2}'],
    ]


def test_gzip_of_every_kind_reads_like_the_file_itself(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    polars.DataFrame({"n": [1, 2, 3]}).write_parquet(tmp_path / "parquet")
    sources = [
        write(tmp_path, delimited([HEADER, *ROWS], ";").encode("utf-16"), "csv"),
        write(tmp_path, json.dumps(OBJECTS), "json"),
        write(tmp_path, "\n".join(map(json.dumps, OBJECTS)), "jsonl"),
        workbook(tmp_path / "xlsx"),
        tmp_path / "parquet",
    ]
    for source in sources:
        packed = write(tmp_path, gzip.compress(source.read_bytes()), "packed")
        assert detect(packed).compression == "gzip"
        assert cells(packed) == cells(source)
        assert cells(source)


def many(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / kind
    if kind == "csv":
        lines = [f'a{n}@acme.example,"x{n}\n"\n' if n % 7 else f'bad "{n},"open\n' for n in range(3_000)]
        path.write_text("Email,Note\n" + "\n".join(lines))
    elif kind == "jsonl":
        path.write_text("\n\n".join(f'{{"n":{n}}}' if n % 7 else '{"n":' for n in range(3_000)))
    elif kind == "json":
        path.write_text("[" + ",".join(f'{{"n":{n}}}' if n % 7 else "[1]" for n in range(3_000)) + "]")
    else:
        polars = pytest.importorskip("polars")
        frame = polars.DataFrame({"n": [str(n) if n % 7 else "" for n in range(3_000)]})
        frame.write_parquet(path) if kind == "parquet" else None
        if kind == "xlsx":
            openpyxl = pytest.importorskip("openpyxl")
            book = openpyxl.Workbook(write_only=True)
            sheet = book.create_sheet("s")
            for row in [("n",), *frame.iter_rows()]:
                sheet.append(row)
            book.save(path)
    return path


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet", "xlsx"])
def test_a_resumed_read_gives_the_same_records_as_an_undisturbed_one(tmp_path: Path, kind: str) -> None:
    path = many(tmp_path, kind)
    found = detect(path)
    assert found.kind == kind
    whole = list(read(path, found))
    assert [record.number for record in whole] == list(range(1, len(whole) + 1))
    assert len(whole) > 2_000
    for done in (0, 1, 1_234, len(whole)):
        assert list(read(path, found, skip=done)) == whole[done:]


def test_a_sample_is_the_beginning_and_may_be_asked_of_a_short_file(tmp_path: Path) -> None:
    path = write(tmp_path, delimited([HEADER, *ROWS]))
    assert [record.cells for record in sample(path, detect(path), 2)] == ROWS[:2]
    assert len(sample(path, detect(path))) == len(ROWS)


def test_a_format_survives_json(tmp_path: Path) -> None:
    found = detect(write(tmp_path, delimited([HEADER, *ROWS])))
    back = json.loads(json.dumps(asdict(found)))
    assert FileFormat(**{**back, "header": tuple(back["header"])}) == found


def test_records_are_plain_tuples_with_names() -> None:
    assert Record(1, 2, ["a"], None, None)._asdict() == {
        "number": 1,
        "line": 2,
        "cells": ["a"],
        "problem": None,
        "raw": None,
    }
