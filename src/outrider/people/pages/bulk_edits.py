"""Bulk edits that were made: how far each is, what it did, and its undoing."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict
from outrider.kit.http import Cursor
from outrider.tenancy import Visitor, actor_names

from ..bulk import NAMES, BulkEdit, BulkEdits
from ..bulk_changes import SETTABLE, in_words
from ..custom_fields import CustomFields
from .bulk import label_of, many
from .frame import Reader, Writer
from .list_state import PATHS

router = APIRouter(include_in_schema=False)
NAVIGATION = (
    ui.NavItem("Bulk edits", "/bulk-edits", "undo-2", "people:read", "Data", order=60, keywords="undo many changes tags history"),
)
PAGE = 30


@dataclass(frozen=True, slots=True)
class Row:
    """A bulk edit as the pages show it."""

    edit: BulkEdit
    what: str
    who: str
    by: str
    moves: bool


async def _rows(connection: asyncpg.Connection, visitor: Visitor, edits: list[BulkEdit]) -> list[Row]:
    known = await CustomFields(connection, visitor.organization_id).known()
    named = await actor_names(connection, visitor.organization_id, [edit.created_by for edit in edits])
    labels = {key: field.label for key, field in known.items()}
    return [
        Row(
            edit,
            in_words(edit.kind, edit.changes, labels | {name: label_of(edit.kind, name) for name in SETTABLE[edit.kind]}),
            many(edit.matched, edit.kind),
            named[edit.created_by],
            edit.state in ("queued", "running", "undoing"),
        )
        for edit in edits
    ]


@router.get("/bulk-edits")
async def index(request: Request, visitor: Reader, cursor: Cursor = None) -> Response:
    """Return all bulk edits; htmx gets the list alone, every two seconds while one is under way."""
    async with visitor.transaction(readonly=True) as connection:
        page = await BulkEdits(connection, visitor.organization_id).page(limit=PAGE, cursor=cursor)
        rows = await _rows(connection, visitor, page.items)
    context: dict[str, Any] = {
        "rows": rows,
        "next": f"/bulk-edits?cursor={page.next_cursor}" if page.next_cursor else None,
        "first": "/bulk-edits" if cursor else None,
        "again": f"/bulk-edits?cursor={cursor}" if cursor else "/bulk-edits",
        "moves": any(row.moves for row in rows),
        "may_write": visitor.may("people:write"),
    }
    if ui.is_htmx(request):
        return ui.fragment(request, "people/lists/edits.html", "edits", **context)
    return ui.page(request, "people/lists/edits.html", **context)


@router.get("/bulk-edits/{id}")
async def show(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return one bulk edit, with what its undo left; htmx gets it alone as long as it moves."""
    async with visitor.transaction(readonly=True) as connection:
        edits = BulkEdits(connection, visitor.organization_id)
        edit = await edits.find(id)
        kept = await edits.kept(id)
        rows = await _rows(connection, visitor, [edit])
        known = await CustomFields(connection, visitor.organization_id).known()
    context: dict[str, Any] = {
        "row": rows[0],
        "edit": edit,
        "kept": kept,
        "known": known,
        "label": lambda one: one.key or label_of(edit.kind, one.field),
        "path": PATHS[edit.kind],
        "may_write": visitor.may("people:write"),
        "names": NAMES[edit.kind],
    }
    if ui.is_htmx(request):
        return ui.fragment(request, "people/lists/bulk_edit.html", "live", **context)
    return ui.page(request, "people/lists/bulk_edit.html", **context)


@router.post("/bulk-edits/{id}/undo")
async def undo(request: Request, visitor: Writer, id: UUID) -> Response:
    """Undo a bulk edit: what somebody changed since stays."""
    try:
        async with visitor.transaction() as connection:
            edit = await BulkEdits(connection, visitor.organization_id).undo(id, str(visitor.actor))
    except Conflict as error:
        return ui.redirect(request, f"/bulk-edits/{id}", toast=ui.sentence(error.message), tone="bad")
    if edit.state == "undoing":
        return ui.redirect(request, f"/bulk-edits/{id}", toast="Undoing it in the background")
    if edit.kept:
        told = f"Undone, except for {edit.kept:,} that somebody changed since"
        return ui.redirect(request, f"/bulk-edits/{id}", toast=told, tone="info")
    return ui.redirect(request, _where_from(request, edit.kind), toast="Undone")


def _where_from(request: Request, kind: str) -> str:
    """Return the list that the browser came from, as it was; else the list."""
    came = urlsplit(request.headers.get("referer", ""))
    if came.netloc != request.url.netloc or came.path not in (PATHS[kind], "/bulk-edits"):
        return PATHS[kind]
    return f"{came.path}?{came.query}" if came.query else came.path
