"""Rows that could not be used: corrected where they stand, and sent in again as an import of their own."""

import re
from collections import defaultdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Text, csv_file
from outrider.tenancy import Visitor

from ..corrections import correct_rejects
from ..imports import get_import
from ..rejects import column_names, list_rejects, reject_blocks
from .frame import Reader, Writer, framed

router = APIRouter(include_in_schema=False)
A_PAGE = 25
FIRST_COLUMNS = 6
"""So many columns are shown at first, those that mean something before the others."""
CELL = re.compile(r"cell-([0-9]{1,18})-([0-9]{1,9})")
"""A cell of the form, by its row's number and its column's place."""


@router.get("/imports/{number}/rejects")
async def index(
    request: Request,
    visitor: Reader,
    number: UUID,
    reason: Annotated[Text | None, Query(max_length=40)] = None,
    columns: Annotated[Text, Query(max_length=10)] = "",
    cursor: Cursor = None,
) -> Response:
    """Return a page of rejects with their cells to write in."""
    return await _page(request, visitor, number, reason or None, columns, cursor)


async def _page(
    request: Request, visitor: Visitor, number: UUID, reason: str | None, columns: str, cursor: str | None, status: int = 200, **more: Any
) -> Response:
    context = await framed(visitor, number)
    page = await list_rejects(visitor.organization_id, visitor.actor, number, reason=reason, limit=A_PAGE, cursor=cursor)
    places = sorted(range(len(context["columns"])), key=lambda place: (context["columns"][place].field is None, place))
    names = column_names(context["columns"])
    return ui.page(
        request,
        "intake/rejects.html",
        status,
        **{
            **context,
            "rows": page.items,
            "next": page.next_cursor,
            "is_first": cursor is None,
            "cursor": cursor or "",
            "reason": reason,
            "names": names,
            "places": places if columns == "all" else places[:FIRST_COLUMNS],
            "is_all": columns == "all" or len(places) <= FIRST_COLUMNS,
            "typed": {},
            **more,
        },
    )


@router.post("/imports/{number}/rejects")
async def correct(request: Request, visitor: Writer, number: UUID) -> Response:
    """Send the rows that were changed in again."""
    form = await ui.form(request)
    typed: dict[int, dict[int, str]] = defaultdict(dict)
    for name, value in form.multi_items():
        found = CELL.fullmatch(name)
        if found and value != form.get(f"was-{found[1]}-{found[2]}"):
            typed[int(found[1])][int(found[2])] = str(value)
    reason, columns, cursor = str(form.get("reason", "")) or None, str(form.get("columns", "")), str(form.get("cursor", "")) or None
    try:
        if not typed:
            raise InvalidInput("nothing was changed: write the right value into a cell, then import the rows", field="rows")
        made = await correct_rejects(visitor.organization_id, visitor.actor, number, typed)
    except InvalidInput as error:
        return await _page(request, visitor, number, reason, columns, cursor, 422, errors={"rows": error.message}, typed=typed)
    return ui.redirect(request, f"/imports/{made.id}", toast=f"{ui.plural(len(typed), 'corrected row')} on the way in.")


@router.get("/imports/{number}/rejects.csv")
async def download(request: Request, visitor: Reader, number: UUID) -> Response:
    """Return the rejects as CSV, as the API does."""
    found = await get_import(visitor.organization_id, visitor.actor, number)
    return csv_file(reject_blocks(visitor.organization_id, visitor.actor, found.id), f"rejects-{found.id}.csv")
