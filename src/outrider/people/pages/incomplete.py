"""Rows that came in and lack something: what is missing in each, and the way to the person it became."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.http import Cursor

from ..service import PeopleService
from . import words
from .frame import Reader

router = APIRouter(include_in_schema=False)
PAGE = 50


@router.get("/incomplete")
async def show(request: Request, visitor: Reader, cursor: Cursor = None) -> Response:
    """Return a page of incomplete rows, the oldest first."""
    async with visitor.transaction(readonly=True) as connection:
        page = await PeopleService(connection, visitor.organization_id).list_slots("incomplete", limit=PAGE, cursor=cursor)
    return ui.page(
        request,
        "people/incomplete.html",
        rows=page.items,
        next_cursor=page.next_cursor,
        is_first=cursor is None,
        words=words,
        sees_loads=visitor.may("imports:read"),
    )
