"""Notes on the pages of a person and a company: written, changed, deleted, brought back."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Forbidden, InvalidInput
from outrider.tenancy import Visitor

from ..notes import NotesService
from ..types import Note
from .frame import Reader, Writer, base_of, framed, or_missing, subject_of
from .records import LATEST_NOTES, CursorText

router = APIRouter(include_in_schema=False)
NOTES = 30


@router.get("/people/{id}/notes")
@router.get("/companies/{id}/notes")
@or_missing
async def show(request: Request, visitor: Reader, id: UUID, cursor: CursorText = None) -> Response:
    """Return the notes, newest first."""
    return await _page(request, visitor, id, cursor=cursor)


@router.post("/people/{id}/notes")
@router.post("/companies/{id}/notes")
@or_missing
async def add(request: Request, visitor: Writer, id: UUID) -> Response:
    """Write a note; a text that cannot be one stays in its field."""
    subject, form = subject_of(request), await ui.form(request)
    text, at = str(form.get("body", "")), str(form.get("at", "notes"))
    try:
        async with visitor.transaction() as connection:
            await NotesService(connection, visitor.caller).add(subject, id, text)
    except InvalidInput as error:
        return await _page(request, visitor, id, at=at, written=text, error=error)
    if ui.is_htmx(request):
        return ui.toast(await _page(request, visitor, id, at=at), "Noted")
    return ui.redirect(request, f"{base_of(subject, id)}/notes", toast="Noted")


async def _page(
    request: Request,
    visitor: Visitor,
    id: UUID,
    *,
    cursor: str | None = None,
    at: str = "notes",
    written: str = "",
    error: InvalidInput | None = None,
) -> Response:
    subject, is_part = subject_of(request), ui.is_htmx(request)
    is_latest = is_part and at == "latest"
    async with visitor.transaction(readonly=True) as connection:
        context = await framed(connection, visitor, subject, id)
        page = await NotesService(connection, visitor.caller).page(subject, id, limit=LATEST_NOTES if is_latest else NOTES, cursor=cursor)
    context |= {"notes": page.items, "next_cursor": page.next_cursor, "cursor": cursor, "written": written}
    context["errors"] = {"body": error.message} if error else {}
    status = error.status if error else 200
    if is_part:
        template, block = ("people/latest_notes.html", "latest") if is_latest else ("people/notes.html", "notes")
        return ui.fragment(request, template, block, status, **context)
    return ui.page(request, "people/notes.html", status, **context)


@router.get("/notes/{id}/edit")
@or_missing
async def edit(request: Request, visitor: Writer, id: UUID) -> Response:
    """Return a note in a form."""
    async with visitor.transaction(readonly=True) as connection:
        note = await NotesService(connection, visitor.caller).find(id)
    if not note.may_change:
        raise Forbidden("only who wrote a note, an admin or an owner may change it")
    return ui.page(request, "people/note.html", note=note, written=note.body, back=_place(note))


@router.post("/notes/{id}/edit")
@or_missing
async def save(request: Request, visitor: Writer, id: UUID) -> Response:
    """Give a note another text."""
    text = str((await ui.form(request)).get("body", ""))
    try:
        async with visitor.transaction() as connection:
            note = await NotesService(connection, visitor.caller).edit(id, text)
    except InvalidInput as error:
        async with visitor.transaction(readonly=True) as connection:
            note = await NotesService(connection, visitor.caller).find(id)
        return ui.page(
            request, "people/note.html", error.status, note=note, written=text, back=_place(note), errors={"body": error.message}
        )
    return ui.redirect(request, _place(note), toast="Note saved")


@router.post("/notes/{id}/delete")
@or_missing
async def delete(request: Request, visitor: Writer, id: UUID) -> Response:
    """Take a note out of sight."""
    async with visitor.transaction() as connection:
        notes = NotesService(connection, visitor.caller)
        note = await notes.find(id)
        await notes.delete(id)
    return ui.redirect(request, _place(note), toast="Note deleted", undo=f"/notes/{id}/restore")


@router.post("/notes/{id}/restore")
@or_missing
async def restore(request: Request, visitor: Writer, id: UUID) -> Response:
    """Bring a deleted note back."""
    async with visitor.transaction() as connection:
        note = await NotesService(connection, visitor.caller).restore(id)
    return ui.redirect(request, _place(note), toast="The note is back")


def _place(note: Note) -> str:
    return f"{base_of('person', note.person_id) if note.person_id else base_of('company', note.company_id or note.id)}/notes"
