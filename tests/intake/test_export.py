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


def test_a_reject_comes_with_its_row_and_reason_before_its_own_columns() -> None:
    assert reject_header(["Name", "=Email"]) == ["Row", "Reason", "Text", "Name", "'=Email"]
    told = reject_cells(Reject(2, "no usable e-mail address", ["Bob", "n/a", "=1+1"]))
    assert told == ["2", "no usable e-mail address", "", "Bob", "n/a", "'=1+1"]


def test_a_reject_that_could_not_be_parted_comes_as_its_text() -> None:
    assert reject_cells(Reject(7, "bad_quoting", None, '=open "quote\nrest')) == ["7", "bad_quoting", "'=open \"quote\nrest"]
