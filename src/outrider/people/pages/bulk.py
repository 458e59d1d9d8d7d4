"""Editing many rows at once: who is meant and how many, what to do, then done with a way back; and all such edits with their undo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Cursor
from outrider.tenancy import Visitor, actor_names

from .. import columns
from ..asked import kind_of
from ..bulk import AT_ONCE, NAMES, BulkEdit, BulkEdits, Selected
from ..bulk_changes import SETTABLE, Changes, in_words
from ..custom_fields import CustomField, CustomFields
from ..edits import COMPANY_STATUSES, PERSON_STATUSES
from ..saved_views import SavedViews
from . import list_filters, list_state
from .frame import Reader, Writer
from .list_state import PATHS, ListState

router = APIRouter(include_in_schema=False)
NAVIGATION = (
    ui.NavItem("Bulk edits", "/bulk-edits", "undo-2", "people:read", "Data", order=50, keywords="undo many changes tags history"),
)
STATUSES = {
    "people": PERSON_STATUSES,
    "companies": COMPANY_STATUSES,
    "contacts": ("active", "inactive", "bounced", "unsubscribed"),
}
PAGE = 30
LEAVE, CLEAR = "", "clear"


@dataclass(frozen=True, slots=True)
class Meant:
    """Who is meant: rows that were picked, or all that fit a list's filters."""

    state: ListState
    ids: list[str]
    everyone: bool
    back: str

    @property
    def selected(self) -> Selected:
        """The same for the service."""
        return Selected(filters=self.state.asked) if self.everyone else Selected(ids=self.ids)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What a form carries along so that the same are meant."""
        who = [("all", "1")] if self.everyone else [("id", one) for one in self.ids]
        return [*self.state.hidden(), *who, ("back", self.back)]


async def meant_by(connection: asyncpg.Connection, visitor: Visitor, kind: str, given: QueryParams | FormData) -> Meant:
    """Return whom a list's form means. Raises `InvalidInput` for filters that cannot be asked."""
    views = await SavedViews(connection, visitor.caller).visible()
    pairs = [(name, str(value)) for name, value in given.multi_items()]
    state = list_state.read(kind, QueryParams(pairs), views, visitor.time_zone)
    if state.errors:
        raise InvalidInput(next(iter(state.errors.values())), field=next(iter(state.errors)))
    back = dict(pairs).get("back", "")
    return Meant(
        state,
        [value for name, value in pairs if name == "id"],
        any(name == "all" for name, _ in pairs),
        back if ui.is_local_path(back) and back.startswith(PATHS[kind]) else PATHS[kind],
    )


@router.get("/lists/{kind}/edit")
async def ask(request: Request, visitor: Writer, kind: str) -> Response:
    """Return the form: who is meant, how many these are, and what can be done."""
    async with visitor.transaction(readonly=True) as connection:
        meant = await meant_by(connection, visitor, kind_of(kind), request.query_params)
        return await _form(request, connection, visitor, meant, dict(request.query_params), {})


@router.post("/lists/{kind}/edit")
async def do(request: Request, visitor: Writer, kind: str) -> Response:
    """Do it: at once where these are few, else as a job; and return to the list, with a way back."""
    form = await ui.form(request)
    typed = {name: str(value) for name, value in form.items()}
    known: dict[str, CustomField] = {}
    try:
        async with visitor.transaction() as connection:
            meant = await meant_by(connection, visitor, kind_of(kind), form)
            known = await CustomFields(connection, visitor.organization_id).known()
            edit = await BulkEdits(connection, visitor.organization_id).begin(kind, meant.selected, _changes(kind, typed, known))
    except InvalidInput as error:
        wrong = {_field_of(error, known): ui.sentence(error.message)}
        async with visitor.transaction(readonly=True) as connection:
            meant = await meant_by(connection, visitor, kind_of(kind), form)
            return await _form(request, connection, visitor, meant, typed, wrong, 422)
    if edit.state == "queued":
        return ui.redirect(request, f"/bulk-edits/{edit.id}", toast=f"Editing {edit.matched:,} {NAMES[kind]} in the background")
    if not edit.changed:
        return ui.redirect(request, meant.back, toast="Nothing to change: they were all like that already", tone="info")
    told = f"Changed {many(edit.changed, kind)}"
    return ui.redirect(request, meant.back, toast=told, undo=f"/bulk-edits/{edit.id}/undo")


async def _form(
    request: Request,
    connection: asyncpg.Connection,
    visitor: Visitor,
    meant: Meant,
    typed: Mapping[str, str],
    errors: dict[str, str],
    status: int = 200,
) -> Response:
    kind = meant.state.kind
    fields = CustomFields(connection, visitor.organization_id)
    known = {} if kind == "companies" else await fields.known()
    try:
        count = await BulkEdits(connection, visitor.organization_id).count(kind, meant.selected)
    except InvalidInput as error:
        if meant.everyone:
            raise
        return ui.redirect(request, meant.back, toast=ui.sentence(error.message), tone="bad")
    chips = list_filters.chips(meant.state, known, visitor.time_zone, {}) if meant.everyone else []
    return ui.page(
        request,
        "people/lists/edit.html",
        status,
        kind=kind,
        names=NAMES[kind],
        meant=meant,
        count=count,
        many=many(count, kind),
        in_background=count > AT_ONCE,
        chips=chips,
        columns=[(name, _label(kind, name)) for name in SETTABLE[kind] if name not in ("status", "country_code")],
        statuses=[(name, list_filters.STATUS_WORDS[name]) for name in STATUSES[kind]],
        countries=list_filters.countries() if "country_code" in SETTABLE[kind] else (),
        custom_fields=list(known.values()),
        tags=[] if kind == "companies" else await fields.tags(count=100),
        typed=typed,
        errors=errors,
        begin_with=typed.get("do", ""),
    )


def _changes(kind: str, typed: Mapping[str, str], known: Mapping[str, CustomField]) -> Changes:
    """Return what the form asks for: a field left empty stays, one that is to be cleared is."""

    def tags(name: str) -> list[str]:
        return [tag for line in typed.get(name, "").splitlines() for part in line.split(",") if (tag := part.strip())]

    columns = {name: value for name in SETTABLE[kind] if (value := _given(typed, f"set-{name}")) is not None}
    custom = {key: value for key in known if (value := _given(typed, f"custom-{key}")) is not None}
    return Changes(tags("add_tags"), tags("remove_tags"), columns, custom)


def _given(typed: Mapping[str, str], name: str) -> str | None:
    if typed.get(f"{name}-clear"):
        return ""
    return typed.get(name, "").strip() or None


def _field_of(error: InvalidInput, known: Mapping[str, CustomField]) -> str:
    field = error.field or ""
    labels = {one.label: f"custom-{one.key}" for one in known.values()}
    return labels.get(field) or (field if field in ("add_tags", "remove_tags") else f"set-{field.removeprefix('set.')}")


def _label(kind: str, name: str) -> str:
    return next(column.label for column in columns.COLUMNS[kind] if column.name == name)


def many(count: int, kind: str) -> str:
    """Return how many, with the word for them: 1 person, 12 people."""
    words = {"people": ("person", "people"), "companies": ("company", "companies"), "contacts": ("address", "addresses")}[kind]
    return f"{count:,} {words[count != 1]}"


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
    actors = [actor for edit in edits for actor in (edit.created_by, edit.undone_by) if actor]
    named = await actor_names(connection, visitor.organization_id, actors)
    labels = {key: field.label for key, field in known.items()}
    return [
        Row(
            edit,
            in_words(edit.kind, edit.changes, labels | {name: _label(edit.kind, name) for name in SETTABLE[edit.kind]}),
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
        "label": lambda one: one.key or _label(edit.kind, one.field),
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
