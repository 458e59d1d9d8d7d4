"""Hostile and broken JSON files: a clear error or a problem record, bounded memory, and no record lost beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outrider.intake.files import LIMITS, FileError, detect, read

from .hostile import measured, refused, rows, short, write

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
