"""/people, /companies and /contacts: search as one types, filters that compose, columns, sorting, paging; all of it in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput, NotFound
from outrider.tenancy import Visitor

from .. import columns as list_columns
from ..cells import cell
from ..columns import Column
from ..custom_fields import CustomField, CustomFields
from ..lists import Found, Lists
from ..saved_views import SavedViews, View
from . import list_filters, list_state
from .composer import composing
from .frame import Reader
from .list_state import PATHS, ListState

PAGE = 50
WORDS = {
    "people": ("People", "Everybody you know, each once.", "person", "people", "Name, address or company"),
    "companies": ("Companies", "Where they work.", "company", "companies", "Name or domain"),
    "contacts": ("Addresses", "Every address that can be reached, and whose it is.", "address", "addresses", "Name, address or company"),
}
NAMES = {"people": "name", "companies": "name", "contacts": "email"}
"""The column that says who a row is about: always there, and first."""
router = APIRouter(include_in_schema=False)
NAVIGATION = (
    ui.NavItem("People", "/people", "users", "people:read", "Audience", order=10, keywords="contacts leads search filter list"),
    ui.NavItem("Companies", "/companies", "building-2", "people:read", "Audience", order=20, keywords="accounts organizations domains"),
    ui.NavItem("Addresses", "/contacts", "mail", "people:read", "Data", order=10, keywords="contacts emails bounced tags"),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A list page's state, with what the organization has to say about it."""

    state: ListState
    views: list[View]
    known: dict[str, CustomField]
    columns: list[Column]


async def opened(connection: asyncpg.Connection, visitor: Visitor, kind: str, request: Request) -> Opened:
    """Return what the address asks for. A column there is not is left out. Raises `InvalidInput` for an order there is not."""
    views = [view for view in await SavedViews(connection, visitor.caller).visible() if view.kind == kind]
    known = await CustomFields(connection, visitor.organization_id).known()
    state = list_state.read(kind, request.query_params, views, visitor.time_zone)
    shown = [name for name in state.columns if _is_column(kind, name, known)]
    state = replace(state, columns=tuple(shown))
    chosen = list_columns.chosen(kind, shown, known)
    name = list_columns.available(kind, known)[NAMES[kind]]
    return Opened(state, views, known, [name, *(column for column in chosen if column != name)])


def _is_column(kind: str, name: str, known: Mapping[str, CustomField]) -> bool:
    try:
        list_columns.chosen(kind, [name], known)
    except InvalidInput:
        return False
    return True


async def show(request: Request, visitor: Visitor, kind: str) -> Response:
    """Return a list's page; htmx gets the list alone, or the form of the filter that is being added."""
    async with visitor.transaction(readonly=True) as connection:
        page = await opened(connection, visitor, kind, request)
        state = page.state
        errors = dict(state.errors)
        lists = Lists(connection, visitor.organization_id)
        found = Found([], None, 0)
        try:
            found = await lists.find(kind, state.filters, sort=state.sort, direction=state.direction, limit=PAGE, cursor=state.cursor)
        except InvalidInput as error:
            if error.field == "cursor":
                raise
            errors[error.field or "q"] = error.message
        rows = await lists.rows(kind, found.ids) if found.ids else []
        composer = await composing(connection, visitor, state, page.known, request.query_params.get("add", ""))
    context = _context(request, visitor, page, rows, found) | {
        "chips": composer.chips,
        "adding": composer.adding,
        "filters": composer.filters,
        "errors": errors,
    }
    if not ui.is_htmx(request):
        return ui.page(request, "people/lists/index.html", 422 if errors else 200, **context)
    answer = ui.fragment(request, "people/lists/index.html", "list", 422 if errors else 200, **context)
    if composer.adding is None:
        how = "HX-Replace-Url" if request.headers.get("hx-source", "").startswith("form") else "HX-Push-Url"
        answer.headers[how] = state.address(paged=True)
    return answer


def _context(request: Request, visitor: Visitor, page: Opened, rows: list[Any], found: Found) -> dict[str, Any]:
    state = page.state
    title, description, one, many, search = WORDS[state.kind]
    return {
        "kind": state.kind,
        "state": state,
        "title": title,
        "description": description,
        "words": {"one": one, "many": many, "search": search},
        "rows": rows,
        "columns": page.columns,
        "all_columns": _ordered(page),
        "views": page.views,
        "next": state.page(found.next_cursor) if found.next_cursor else None,
        "total": found.total,
        "known": page.known,
        "sortable": {column.name: list_filters.sortable(column, state) for column in page.columns},
        "country": list_filters.country,
        "cell": cell,
        "web_address": ui.web_address,
        "may_write": visitor.may("people:write"),
        "may_import": visitor.may("imports:write"),
        "is_first": state.cursor is None,
    }


def _ordered(page: Opened) -> list[tuple[Column, bool]]:
    """Return every column with whether it is shown: those first, in their order."""
    there = list_columns.available(page.state.kind, page.known) | {column.name: column for column in page.columns}
    shown = [column.name for column in page.columns]
    return [(there[name], True) for name in shown] + [(column, False) for name, column in there.items() if name not in shown]


@router.get("/people")
async def people(request: Request, visitor: Reader) -> Response:
    """Return the list of people."""
    return await show(request, visitor, "people")


@router.get("/companies")
async def companies(request: Request, visitor: Reader) -> Response:
    """Return the list of companies."""
    return await show(request, visitor, "companies")


@router.get("/contacts")
async def contacts(request: Request, visitor: Reader) -> Response:
    """Return the list of addresses."""
    return await show(request, visitor, "contacts")


@router.get("/lists/{kind}/count")
async def count(request: Request, visitor: Reader, kind: str) -> Response:
    """Return how many fit, for the line under the list: exactly where that is cheap."""
    if kind not in PATHS:
        raise NotFound(f"there is no list of {kind[:60]!r}", field="kind")
    async with visitor.transaction(readonly=True) as connection:
        page = await opened(connection, visitor, kind, request)
        try:
            counted = await Lists(connection, visitor.organization_id).count(kind, page.state.filters)
        except InvalidInput:
            counted = None
    _, _, one, many, _ = WORDS[kind]
    return ui.fragment(request, "people/lists/count.html", "count", counted=counted, one=one, many=many)
