"""Exports from the lists: which file, which columns; then how far each is, and its download."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Cursor
from outrider.tenancy import actor_names

from .. import columns
from ..asked import kind_of
from ..bulk import NAMES
from ..custom_fields import CustomFields
from ..export_files import MEDIA_TYPES, MOST_XLSX_ROWS
from ..exports import KEEP_DAYS, Exports, NewExport
from ..lists import Lists
from . import list_filters
from .bulk import many, meant_by
from .frame import Reader

router = APIRouter(include_in_schema=False)
NAVIGATION = (
    ui.NavItem("Exports", "/exports", "file-down", "people:read", "Data", order=40, keywords="download csv excel xlsx parquet file"),
)
FORMAT_WORDS = (
    ("xlsx", "Excel (XLSX)", f"Opens with a double click. Up to {MOST_XLSX_ROWS:,} rows."),
    ("csv", "CSV", "For other programs, and for importing again."),
    ("parquet", "Parquet", "For data tools: small, with types."),
)
PAGE = 30


@router.get("/exports/new")
async def ask(request: Request, visitor: Reader) -> Response:
    """Return the form: which rows these are, and what the file is to be."""
    kind = kind_of(request.query_params.get("kind", "") or _kind_of_back(request.query_params.get("back", "")))
    async with visitor.transaction(readonly=True) as connection:
        meant = await meant_by(connection, visitor, kind, request.query_params)
        known = await CustomFields(connection, visitor.organization_id).known()
        lists = Lists(connection, visitor.organization_id)
        counted = None if meant.ids and not meant.everyone else await lists.count(kind, meant.state.filters)
    shown = [column.name for column in columns.chosen(kind, meant.state.columns, known)]
    return ui.page(
        request,
        "people/lists/export.html",
        kind=kind,
        names=NAMES[kind],
        meant=meant,
        picked=len(meant.ids) if counted is None else 0,
        many=many(len(meant.ids), kind),
        counted=counted,
        chips=list_filters.chips(meant.state, known, visitor.time_zone, {}) if counted else [],
        formats=FORMAT_WORDS,
        columns=[(column, column.name in shown) for column in columns.available(kind, known).values()],
    )


def _kind_of_back(back: str) -> str:
    return {"/companies": "companies", "/contacts": "contacts"}.get(back.partition("?")[0], "people")


@router.post("/exports")
async def begin(request: Request, visitor: Reader) -> Response:
    """Ask for an export, and go to where it can be watched and fetched."""
    form = await ui.form(request)
    kind = kind_of(str(form.get("kind", "")))
    chosen = [str(name) for name in form.getlist("field")]
    try:
        async with visitor.transaction() as connection:
            meant = await meant_by(connection, visitor, kind, form)
            ids = meant.ids if meant.ids and not meant.everyone else None
            filters = None if ids else meant.state.asked
            wanted = NewExport(kind, str(form.get("format", "csv")), filters, meant.state.sort, meant.state.direction, chosen, ids)
            await Exports(connection, visitor.organization_id).begin(wanted)
    except InvalidInput as error:
        return ui.redirect(request, "/exports", toast=ui.sentence(error.message), tone="bad")
    return ui.redirect(request, "/exports", toast="Writing the file: you can leave this page")


@router.get("/exports")
async def index(request: Request, visitor: Reader, cursor: Cursor = None) -> Response:
    """Return all exports; htmx gets the list alone, every two seconds while one is being written."""
    async with visitor.transaction(readonly=True) as connection:
        page = await Exports(connection, visitor.organization_id).page(limit=PAGE, cursor=cursor)
        named = await actor_names(connection, visitor.organization_id, [one.created_by for one in page.items])
    context: dict[str, Any] = {
        "exports": page.items,
        "named": named,
        "names": NAMES,
        "next": f"/exports?cursor={page.next_cursor}" if page.next_cursor else None,
        "first": "/exports" if cursor else None,
        "again": f"/exports?cursor={cursor}" if cursor else "/exports",
        "moves": any(one.state in ("queued", "running") for one in page.items),
        "keep_days": KEEP_DAYS,
        "may_cancel": visitor.may("jobs:write"),
    }
    if ui.is_htmx(request):
        return ui.fragment(request, "people/lists/exports.html", "exports", **context)
    return ui.page(request, "people/lists/exports.html", **context)


@router.get("/exports/{id}/file")
async def download(request: Request, visitor: Reader, id: UUID) -> Response:
    """Send the file."""
    async with visitor.transaction(readonly=True) as connection:
        try:
            export, path = await Exports(connection, visitor.organization_id).file(id)
        except Conflict as error:
            return ui.redirect(request, "/exports", toast=ui.sentence(error.message), tone="bad")
    return FileResponse(path, media_type=MEDIA_TYPES[export.format], filename=export.file_name)
