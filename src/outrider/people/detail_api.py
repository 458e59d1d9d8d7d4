"""Notes, timelines and edits of an address over HTTP. One request is one transaction."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Response

from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Limit
from outrider.tenancy import Caller, require, transaction

from . import contacts, timeline
from .api import Address, SlotId, Which, Who
from .detail_views import ContactChange, NotePage, NoteText, NoteView, TimelinePage
from .notes import NotesService
from .service import PeopleService
from .views import ContactView, SlotView

router = APIRouter(prefix="/api", tags=["people"])
Reader = Annotated[Caller, Depends(require("people:read"))]
Writer = Annotated[Caller, Depends(require("people:write"))]
NoteId = Annotated[UUID, Path(description="The note's id.")]
Written = Annotated[NoteText | None, Body()]


@router.get("/people/{id}/notes", summary="List the notes on a person")
async def list_person_notes(id: Who, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> NotePage:
    """Newest first."""
    return await _notes(caller, "person", id, limit, cursor)


@router.get("/companies/{id}/notes", summary="List the notes on a company")
async def list_company_notes(id: Which, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> NotePage:
    """Newest first."""
    return await _notes(caller, "company", id, limit, cursor)


@router.post("/people/{id}/notes", summary="Write a note on a person", status_code=201)
async def add_person_note(id: Who, caller: Writer, body: Written = None) -> NoteView:
    """Plain text with line breaks, in your name."""
    return await _add_note(caller, "person", id, body)


@router.post("/companies/{id}/notes", summary="Write a note on a company", status_code=201)
async def add_company_note(id: Which, caller: Writer, body: Written = None) -> NoteView:
    """Plain text with line breaks, in your name."""
    return await _add_note(caller, "company", id, body)


@router.patch("/notes/{id}", summary="Edit a note")
async def edit_note(id: NoteId, caller: Writer, body: Written = None) -> NoteView:
    """Gives a note another text. 403 for another's note, unless you are an admin or owner."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        return NoteView.model_validate(await NotesService(connection, caller).edit(id, _text(body)), from_attributes=True)


@router.delete("/notes/{id}", summary="Delete a note", status_code=204, response_class=Response)
async def delete_note(id: NoteId, caller: Writer) -> None:
    """Takes a note out of sight; restoring brings it back. 403 for another's note, unless you are an admin or owner."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        await NotesService(connection, caller).delete(id)


@router.post("/notes/{id}/restore", summary="Bring a deleted note back")
async def restore_note(id: NoteId, caller: Writer) -> NoteView:
    """Undoes a deletion; a note that is there stays as it is."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        return NoteView.model_validate(await NotesService(connection, caller).restore(id), from_attributes=True)


@router.get("/people/{id}/timeline", summary="Read a person's timeline")
async def get_person_timeline(id: Who, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> TimelinePage:
    """What happened, newest first: what loads said, what changed and who changed it, roles, notes, conflicts decided."""
    return await _timeline(caller, "person", id, limit, cursor)


@router.get("/companies/{id}/timeline", summary="Read a company's timeline")
async def get_company_timeline(id: Which, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> TimelinePage:
    """What happened, newest first: what loads said, who came, what changed and who changed it, notes."""
    return await _timeline(caller, "company", id, limit, cursor)


@router.post("/slots/{id}/reopen", summary="Take a decision about a conflict back")
async def reopen_slot(id: SlotId, caller: Writer) -> SlotView:
    """It waits again; a person whom the decision moved to the company returns to where they were. 409 for what was not decided."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        return SlotView.model_validate(await PeopleService(connection, caller.organization_id).reopen(id))


@router.patch("/contacts/{email}", summary="Edit an address")
async def update_contact(email: Address, caller: Writer, body: Annotated[ContactChange | None, Body()] = None) -> ContactView:
    """Adds and takes off tags, sets custom fields. What stood before stays in the history."""
    if body is None:
        raise InvalidInput("the body is missing: give tags or custom fields", field="body")
    wanted = contacts.ContactEdit(tuple(body.add_tags), tuple(body.remove_tags), body.custom_fields, body.seen)
    async with transaction(caller.organization_id, caller.actor) as connection:
        await contacts.edit(connection, caller.organization_id, email, wanted)
        return ContactView.model_validate(await PeopleService(connection, caller.organization_id).contact(email))


async def _notes(caller: Caller, subject: str, of: str, limit: int, cursor: str | None) -> NotePage:
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        id = await PeopleService(connection, caller.organization_id).id_of(subject, of)
        page = await NotesService(connection, caller).page(subject, id, limit=limit, cursor=cursor)
    return NotePage.model_validate(page, from_attributes=True)


async def _add_note(caller: Caller, subject: str, of: str, body: NoteText | None) -> NoteView:
    text = _text(body)
    async with transaction(caller.organization_id, caller.actor) as connection:
        id = await PeopleService(connection, caller.organization_id).id_of(subject, of)
        return NoteView.model_validate(await NotesService(connection, caller).add(subject, id, text), from_attributes=True)


async def _timeline(caller: Caller, subject: str, of: str, limit: int, cursor: str | None) -> TimelinePage:
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        id = await PeopleService(connection, caller.organization_id).id_of(subject, of)
        page = await timeline.read(connection, caller.organization_id, subject, id, limit=limit, cursor=cursor)
    return TimelinePage.model_validate(page, from_attributes=True)


def _text(body: NoteText | None) -> str:
    if body is None:
        raise InvalidInput("the body is missing: give the note's text as body", field="body")
    return body.body
