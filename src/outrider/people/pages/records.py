"""What the pages of a person and of a company share: facts edited in place, taking an edit back, the timeline."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.http import BigInt, Text
from outrider.tenancy import Visitor

from .. import timeline
from ..filters import CompanyFilters
from ..lists import Lists
from ..notes import NotesService
from ..service import PeopleService
from . import words
from .frame import Reader, Writer, base_of, framed, or_missing, subject_of

router = APIRouter(include_in_schema=False)
OVERVIEW = {"person": ("facts", "contacts"), "company": ("facts", "people")}
LATEST_NOTES = 3
EVENTS = 30
FieldName = Annotated[Text, Path(max_length=60)]
CursorText = Annotated[Text | None, Query(max_length=2000)]


@dataclass(frozen=True, slots=True)
class Editing:
    """A field that is being edited: what stands in its form, what its editor saw, and what is wrong with it.

    `current` is what somebody else wrote meanwhile, None when nobody did.
    """

    field: str
    value: str
    seen: str
    error: str | None = None
    current: str | None = None


async def overview(
    request: Request,
    visitor: Visitor,
    subject: str,
    id: UUID,
    *,
    field: str | None = None,
    editing: Editing | None = None,
    status_code: int = 200,
) -> Response:
    """Return the first page of a person or company; `field` is opened for editing, or `editing` stands where an edit was refused."""
    async with visitor.transaction(readonly=True) as connection:
        context = await framed(connection, visitor, subject, id, OVERVIEW[subject])
        notes = await NotesService(connection, visitor.caller).page(subject, id, limit=LATEST_NOTES)
    context |= {"notes": notes.items, "editing": _opened(context, field) if field else editing, "saved": None, "written": ""}
    return ui.page(request, f"people/{subject}_overview.html", status_code, **context)


@router.get("/people/{id}/edit/{field}")
@router.get("/companies/{id}/edit/{field}")
@or_missing
async def edit_field(request: Request, visitor: Writer, id: UUID, field: FieldName) -> Response:
    """Return the facts with one of them open for editing: the whole page, or for htmx the facts alone."""
    subject = subject_of(request)
    if not ui.is_htmx(request):
        return await overview(request, visitor, subject, id, field=field)
    context = await _facts(visitor, subject, id)
    return ui.fragment(request, "people/facts.html", "facts", **context, editing=_opened(context, field), saved=None)


@router.get("/people/{id}/facts")
@router.get("/companies/{id}/facts")
@or_missing
async def facts(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return the facts with none of them open: what an edit that is given up goes back to."""
    subject = subject_of(request)
    if not ui.is_htmx(request):
        return ui.redirect(request, base_of(subject, id))
    return ui.fragment(request, "people/facts.html", "facts", **await _facts(visitor, subject, id), editing=None, saved=None)


@router.post("/people/{id}/edit/{field}")
@router.post("/companies/{id}/edit/{field}")
@or_missing
async def save_field(request: Request, visitor: Writer, id: UUID, field: FieldName) -> Response:
    """Write a field; what its editor did not see is not overwritten but shown."""
    subject, form = subject_of(request), await ui.form(request)
    value, seen = str(form.get("value", "")), form.get("seen")
    spec = (words.PERSON if subject == "person" else words.COMPANY).get(field)
    if spec is None:
        raise NotFound(f"there is no field {field!r} to edit", field="field")
    try:
        async with visitor.transaction() as connection:
            people = PeopleService(connection, visitor.organization_id)
            change = {field: await _company(people, Lists(connection, visitor.organization_id), value) if spec.kind == "company" else value}
            edit = people.edit if subject == "person" else people.edit_company
            await edit(str(id), change, {} if seen is None else {field: seen}, ())
            undo = await people.fresh_change(id)
            context = await framed(connection, visitor, subject, id, ["facts"]) if ui.is_htmx(request) else {}
    except (InvalidInput, Conflict) as error:
        said = error.message.replace(f"{field} ", f"{spec.label} ", 1)  # on a page a field is called as it is labelled
        return await _refused(request, visitor, subject, id, Editing(field, value, str(seen or ""), said), error)
    said = f"{spec.label} saved" if undo else f"{spec.label} was that already"
    undo_path = f"{base_of(subject, id)}/undo/{undo}" if undo else None
    if not ui.is_htmx(request):
        return ui.redirect(request, base_of(subject, id), toast=said, undo=undo_path)
    answer = ui.fragment(request, "people/facts.html", "facts", **context, editing=None, saved=field)
    return ui.toast(answer, said, undo=undo_path)


async def _refused(
    request: Request, visitor: Visitor, subject: str, id: UUID, editing: Editing, error: InvalidInput | Conflict
) -> Response:
    if "current" in error.extra:  # from now on the form holds what is there as seen: saving again overwrites it knowingly
        current = _text(error.extra["current"])
        editing = replace(editing, seen=current, current=current)
    if not ui.is_htmx(request):
        return await overview(request, visitor, subject, id, editing=editing, status_code=error.status)
    context = await _facts(visitor, subject, id)
    return ui.fragment(request, "people/facts.html", "facts", error.status, **context, editing=editing, saved=None)


@router.post("/people/{id}/undo/{change}")
@router.post("/companies/{id}/undo/{change}")
@or_missing
async def undo_edit(request: Request, visitor: Writer, id: UUID, change: BigInt) -> Response:
    """Put back what an edit replaced, unless it was edited again since."""
    subject = subject_of(request)
    async with visitor.transaction() as connection:
        await PeopleService(connection, visitor.organization_id).undo(subject, id, change)
    return ui.redirect(request, base_of(subject, id), toast="Put back as it was")


@router.get("/people/{id}/timeline")
@router.get("/companies/{id}/timeline")
@or_missing
async def show_timeline(request: Request, visitor: Reader, id: UUID, cursor: CursorText = None) -> Response:
    """Return what happened, newest first; htmx is given what comes before `cursor`."""
    subject = subject_of(request)
    async with visitor.transaction(readonly=True) as connection:
        page = await timeline.read(connection, visitor.organization_id, subject, id, limit=EVENTS, cursor=cursor)
        context = await framed(connection, visitor, subject, id)
    context |= {"events": page.items, "next_cursor": page.next_cursor, "cursor": cursor}
    if ui.is_htmx(request) and cursor:
        return ui.fragment(request, "people/timeline.html", "events", **context)
    return ui.page(request, "people/timeline.html", **context)


async def _company(people: PeopleService, lists: Lists, text: str) -> str:
    """Return the id of the company that a domain, an id or a whole name stands for, '' for none."""
    wanted = text.strip()
    if not wanted:
        return ""
    try:
        return str(await people.company_id(wanted))
    except NotFound:
        named = await lists.companies(CompanyFilters(q=wanted[:100]), limit=20)
    fitting = [one for one in named.items if (one.name or "").casefold() == wanted.casefold()]
    if len(fitting) == 1:
        return str(fitting[0].id)
    said = (
        f"{len(fitting)} companies are called {wanted[:60]!r}: give the domain" if fitting else f"no company has the domain {wanted[:60]!r}"
    )
    raise InvalidInput(said, field="value")


async def _facts(visitor: Visitor, subject: str, id: UUID) -> dict[str, Any]:
    async with visitor.transaction(readonly=True) as connection:
        return await framed(connection, visitor, subject, id, ["facts"])


def _opened(context: dict[str, Any], field: str) -> Editing:
    """Return a field as its editor begins: a company by its domain, anything else as it stands. Raises `NotFound`."""
    for fact in context["found"].facts:
        if fact.field == field:
            seen = _text(fact.value)
            return Editing(field, (context["row"].domain or "") if field == "company_id" else seen, seen)
    raise NotFound(f"there is no field {field!r} to edit", field="field")


def _text(value: Any) -> str:
    return "" if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)
