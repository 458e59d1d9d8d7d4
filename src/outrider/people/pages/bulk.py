"""Editing many rows at once: who is meant and how many, what to do, then done with a way back."""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
from fastapi import APIRouter
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.tenancy import Visitor

from .. import columns
from ..asked import kind_of
from ..bulk import AT_ONCE, NAMES, BulkEdits, Selected
from ..bulk_changes import SETTABLE, Changes
from ..custom_fields import CustomField, CustomFields
from ..edits import COMPANY_STATUSES, CONTACT_STATUSES, PERSON_STATUSES
from ..saved_views import SavedViews
from . import list_filters, list_state
from .frame import Writer
from .list_state import PATHS, ListState

router = APIRouter(include_in_schema=False)
STATUSES = {"people": PERSON_STATUSES, "companies": COMPANY_STATUSES, "contacts": CONTACT_STATUSES}


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
        told = f"Nothing changed: {held_in_words(edit.held)}" if edit.held else "Nothing to change: they were all like that already"
        return ui.redirect(request, meant.back, toast=told, tone="info")
    told = f"Changed {many(edit.changed, kind)}"
    if edit.held:
        told += f"; {held_in_words(edit.held)}"
    return ui.redirect(request, meant.back, toast=told, undo=f"/bulk-edits/{edit.id}/undo")


def held_in_words(held: int) -> str:
    """Return why so many addresses kept their status."""
    return f"{held:,} unsubscribed or bounced and stay so while they are suppressed"


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
        columns=[(name, label_of(kind, name)) for name in SETTABLE[kind] if name not in ("status", "country_code")],
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


def label_of(kind: str, name: str) -> str:
    """Return what a list calls one of its columns."""
    return next(column.label for column in columns.COLUMNS[kind] if column.name == name)


def many(count: int, kind: str) -> str:
    """Return how many, with the word for them: 1 person, 12 people."""
    words = {"people": ("person", "people"), "companies": ("company", "companies"), "contacts": ("address", "addresses")}[kind]
    return f"{count:,} {words[count != 1]}"
