"""People, companies, addresses and slots over HTTP. One request is one transaction; an export is one a page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator

from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, require, transaction

from . import export
from .search import COMPANY_SORTS, LONGEST_QUERY, SORTS
from .service import LONGEST_ADDRESS, PeopleService, pages
from .types import Company, CompanyFilters, Filters, Person, PersonRow
from .views import (
    CompanyChange,
    CompanyPage,
    CompanyRowView,
    CompanyView,
    ContactView,
    Decision,
    PersonChange,
    PersonPage,
    PersonRowView,
    PersonView,
    SlotPage,
    SlotView,
)

router = APIRouter(prefix="/api", tags=["people"])
Reader = Annotated[Caller, Depends(require("people:read"))]
Writer = Annotated[Caller, Depends(require("people:write"))]
Who = Annotated[Text, Path(description="The person's id, or any of their addresses.", examples=["ana.lopez@acme.example"], max_length=300)]
Which = Annotated[Text, Path(description="The company's id or domain.", examples=["acme.example"], max_length=300)]
Address = Annotated[Text, Path(description="The address.", examples=["ana.lopez@acme.example"], max_length=300)]
PersonId = Annotated[UUID, Path(description="The person's id.")]
CompanyId = Annotated[UUID, Path(description="The company's id.")]
SlotId = Annotated[UUID, Path(description="The slot's id.")]
Direction = Annotated[
    Text | None,
    Query(description="asc or desc; none: newest and updated come latest first, the others from A on.", examples=["asc"], max_length=20),
]


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("the time has no zone: end it with Z or an offset such as +01:00")
    return value


def _filter(description: str, example: object, most: int = LONGEST_ADDRESS) -> object:
    return Query(description=description, examples=[example], max_length=most)


Words = Annotated[
    Text | None,
    _filter(
        "Words that are all part of name, address or company, without accents and case. One of one or two letters begins a word.",
        "ana acme",
        LONGEST_QUERY,
    ),
]
Moment = Annotated[datetime, AfterValidator(_aware)]


def filters(
    q: Words = None,
    email: Annotated[Text | None, _filter("One of their addresses is this.", "ana.lopez@acme.example")] = None,
    domain: Annotated[Text | None, _filter("Their company has this domain.", "acme.example")] = None,
    company: Annotated[Text | None, _filter("Part of their company's name or domain.", "acme")] = None,
    title: Annotated[Text | None, _filter("Part of their title, in any case.", "financial")] = None,
    status: Annotated[Text | None, _filter("active, inactive or bounced.", "active", 20)] = None,
    source: Annotated[Text | None, _filter("One of their addresses is from this source.", "apollo")] = None,
    namespace: Annotated[Text | None, _filter("They have a profile in this namespace.", "playmaker")] = None,
    seniority: Annotated[Text | None, _filter("Their seniority, in any case.", "C suite")] = None,
    department: Annotated[Text | None, _filter("Their department, in any case.", "Finance")] = None,
    country_code: Annotated[Text | None, _filter("Their country, in two letters.", "ES", 2)] = None,
    has_phone: Annotated[bool | None, Query(description="Whether a phone number is known.", examples=[True])] = None,
    import_id: Annotated[
        UUID | None, Query(description="The import named one of their addresses.", examples=["0193a512-7c10-7aaa-8001-3c4d5e6f7a8b"])
    ] = None,
    created_after: Annotated[Moment | None, Query(description="Made then or later.", examples=["2026-11-20T00:00:00Z"])] = None,
    created_before: Annotated[Moment | None, Query(description="Made before then.", examples=["2026-12-01T00:00:00Z"])] = None,
) -> Filters:
    """Return what the query asks of people."""
    return Filters(
        q=q,
        email=email,
        domain=domain,
        company=company,
        title=title,
        status=status,
        source=source,
        namespace=namespace,
        seniority=seniority,
        department=department,
        country_code=country_code,
        has_phone=has_phone,
        import_id=import_id,
        created_after=created_after,
        created_before=created_before,
    )


Asked = Annotated[Filters, Depends(filters)]


@asynccontextmanager
async def _people(caller: Caller, *, readonly: bool = True) -> AsyncIterator[PeopleService]:
    async with transaction(caller.organization_id, caller.actor, readonly=readonly) as connection:
        yield PeopleService(connection, caller.organization_id)


@router.get("/people", summary="Search and list people")
async def list_people(
    caller: Reader,
    asked: Asked,
    sort: Annotated[Text, Query(description=f"One of {', '.join(SORTS)}.", examples=["newest"], max_length=20)] = "newest",
    direction: Direction = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PersonPage:
    """Every person once, with the primary address. All filters have to hold; those on an address, and `q`, for one and the same address.

    By company, people come by the name of the company that they are linked to, and those without one at the end.
    """
    async with _people(caller) as people:
        page = await people.list(asked, sort=sort, direction=direction, limit=limit, cursor=cursor)
    return PersonPage(items=[PersonRowView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.get(
    "/people/export.csv",
    summary="Export people as CSV",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "A header, then a line for each person."}},
)
async def export_people(caller: Reader, asked: Asked) -> StreamingResponse:
    """Everyone who fits, as CSV (UTF-8), oldest first; cells that a spreadsheet would run as formulas begin with an apostrophe.

    It is read page by page: who comes in while it runs may be in it.
    """
    source = pages(lambda: _people(caller), asked, export.PAGE)
    first: list[PersonRow] = await anext(source, [])  # what is wrong with the filters is said before the answer begins

    async def text() -> AsyncIterator[str]:
        yield export.header() + export.lines(first)
        async for page in source:
            yield export.lines(page)

    return StreamingResponse(
        text(), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="people.csv"'}
    )


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


@router.get("/companies", summary="Search and list companies")
async def list_companies(
    caller: Reader,
    q: Annotated[Text | None, _filter("Words that are all part of the name or domain.", "acme", LONGEST_QUERY)] = None,
    domain: Annotated[Text | None, _filter("The domain.", "acme.example")] = None,
    industry: Annotated[Text | None, _filter("Part of the industry, in any case.", "manufact")] = None,
    sort: Annotated[Text, Query(description=f"One of {', '.join(COMPANY_SORTS)}.", examples=["name"], max_length=20)] = "name",
    direction: Direction = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CompanyPage:
    """The companies that people work at, by name unless asked otherwise."""
    async with _people(caller) as people:
        page = await people.list_companies(CompanyFilters(q, domain, industry), sort=sort, direction=direction, limit=limit, cursor=cursor)
    return CompanyPage(items=[CompanyRowView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


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
