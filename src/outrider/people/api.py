"""One person, company, address or slot over HTTP; the lists are in `lists_api`. One request is one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query

from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, require, transaction

from .service import PeopleService
from .types import Company, Person
from .views import CompanyChange, CompanyView, ContactView, Decision, PersonChange, PersonView, SlotPage, SlotView

router = APIRouter(prefix="/api", tags=["people"])
Reader = Annotated[Caller, Depends(require("people:read"))]
Writer = Annotated[Caller, Depends(require("people:write"))]
Who = Annotated[Text, Path(description="The person's id, or any of their addresses.", examples=["ana.lopez@acme.example"], max_length=300)]
Which = Annotated[Text, Path(description="The company's id or domain.", examples=["acme.example"], max_length=300)]
Address = Annotated[Text, Path(description="The address.", examples=["ana.lopez@acme.example"], max_length=300)]
PersonId = Annotated[UUID, Path(description="The person's id.")]
CompanyId = Annotated[UUID, Path(description="The company's id.")]
SlotId = Annotated[UUID, Path(description="The slot's id.")]


@asynccontextmanager
async def _people(caller: Caller, *, readonly: bool = True) -> AsyncIterator[PeopleService]:
    async with transaction(caller.organization_id, caller.actor, readonly=readonly) as connection:
        yield PeopleService(connection, caller.organization_id)


@router.get("/people/{id}", summary="Show a person")
async def get_person(id: Who, caller: Reader) -> PersonView:
    """Everything about a person, found by their id or any of their addresses: for every value where it is from, since when, and what
    stood before; addresses, roles, profiles; what each load said and what was wrong with it; the history.
    """
    async with _people(caller) as people:
        return _person(await people.find(id))


@router.patch("/people/{id}", summary="Edit a person")
async def update_person(id: PersonId, caller: Writer, body: Annotated[PersonChange | None, Body()] = None) -> PersonView:
    """Changes golden values; "" and null clear them. What stood before stays in the history, with who changed it and when.

    The primary address's name, title and phone follow. 409 for another primary address, which never changes, and for a field that is not
    what `seen` says it was.
    """
    async with _people(caller, readonly=False) as people:
        return _person(await people.edit(str(id), _changes(body), body.seen if body else None))


@router.get("/contacts/{email}", summary="Show an address")
async def get_contact(email: Address, caller: Reader) -> ContactView:
    """An address with its status, tags, custom fields, and where each value is from."""
    async with _people(caller) as people:
        return ContactView.model_validate(await people.contact(email))


@router.get("/companies/{id}", summary="Show a company")
async def get_company(id: Which, caller: Reader) -> CompanyView:
    """Everything about a company, found by its id or domain: where each value is from, its newest people, its history."""
    async with _people(caller) as people:
        return _company(await people.find_company(id))


@router.patch("/companies/{id}", summary="Edit a company")
async def update_company(id: CompanyId, caller: Writer, body: Annotated[CompanyChange | None, Body()] = None) -> CompanyView:
    """Changes golden values; "" and null clear them. Its people are found under a new name. 409 for another domain, which never changes."""
    async with _people(caller, readonly=False) as people:
        return _company(await people.edit_company(str(id), _changes(body), body.seen if body else None))


@router.get("/slots", summary="List what waits for a decision or a fact")
async def list_slots(
    caller: Reader,
    issue: Annotated[Text, Query(description="conflict or incomplete.", examples=["conflict"], max_length=20)] = "conflict",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SlotPage:
    """What loads said about people and does not hold together (conflict) or lacks something (incomplete), oldest first."""
    async with _people(caller) as people:
        page = await people.list_slots(issue, limit=limit, cursor=cursor)
    return SlotPage(items=[SlotView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/slots/{id}/resolve", summary="Decide about a conflict")
async def resolve_slot(id: SlotId, caller: Writer, body: Annotated[Decision | None, Body()] = None) -> SlotView:
    """Accept: the person is linked to the company of the slot's domain. Reject: they are not. 409 for what is no open conflict."""
    async with _people(caller, readonly=False) as people:
        await people.slot(id)
        if body is None:
            raise InvalidInput("the body is missing: give accept, true or false", field="body")
        return SlotView.model_validate(await people.resolve(id, body.accept))


def _changes(body: PersonChange | CompanyChange | None) -> dict[str, object]:
    return {name: getattr(body, name) for name in body.model_fields_set - {"seen"}} if body else {}


def _person(person: Person) -> PersonView:
    parts = {name: getattr(person, name) for name in ("facts", "contacts", "affiliations", "profiles", "slots", "loads", "history")}
    return PersonView.model_validate({**asdict(person.row), **parts})


def _company(company: Company) -> CompanyView:
    parts = {name: getattr(company, name) for name in ("facts", "people", "history")}
    return CompanyView.model_validate({**asdict(company.row), **parts})
