"""What is written for spreadsheets cannot run in one."""

from __future__ import annotations

import pytest

from outrider.intake.export import Reject, reject_cells, reject_header
from outrider.kit.spreadsheet import neutralise


@pytest.mark.parametrize(
    "cell",
    ['=HYPERLINK("http://x")', "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1",
     " =1", "＝1+1", "-", "+49abc", "-1-1"],
)  # fmt: skip
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(cell: str) -> None:
    assert neutralise(cell) == "'" + cell


@pytest.mark.parametrize(
    "cell",
    ["", "Bob", "-12", "-12.5", "-1,234.50", "-3%", "+49 30 123", "+1 (555) 123-4567", "a=b", "1+1"],
)
def test_a_harmless_cell_stays_as_it_is(cell: str) -> None:
    assert neutralise(cell) == cell


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("x;=HYPERLINK(1)", "x;'=HYPERLINK(1)"), ("x; =1", "x;' =1"), ("x\n=1", "x\n'=1"),
     ("x;-cmd|' /C calc'!A0", "x;'-cmd|' /C calc'!A0"), ("=1;=2", "'=1;'=2"), ("\ttab\t=1", "'\ttab\t'=1")],
)  # fmt: skip
def test_what_begins_a_cell_where_semicolons_part_them_is_made_text_too(cell: str, shown: str) -> None:
    assert neutralise(cell) == shown


@pytest.mark.parametrize("cell", ["one; two", "To do:\n- call\n- write", "a;b=c", "5; -6", "x; +49 30 123", "https://x.example/?a=1;b=2"])
def test_lists_in_a_cell_stay_as_they_are(cell: str) -> None:
    assert neutralise(cell) == cell


def test_a_reject_comes_with_its_row_and_reason_before_its_own_columns() -> None:
    assert reject_header(["Name", "=Email"]) == ["Row", "Reason", "Text", "Name", "'=Email"]
    told = reject_cells(Reject(2, "no usable e-mail address", ["Bob", "n/a", "=1+1"]))
    assert told == ["2", "no usable e-mail address", "", "Bob", "n/a", "'=1+1"]


def test_a_reject_that_could_not_be_parted_comes_as_its_text() -> None:
    assert reject_cells(Reject(7, "bad_quoting", None, '=open "quote\nrest')) == ["7", "bad_quoting", "'=open \"quote\nrest"]
