"""Lists of people, companies and addresses over HTTP. One request is one transaction; a CSV is one a page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from outrider.kit.http import Cursor, Limit, Text, csv_file
from outrider.tenancy import Caller, require, transaction

from . import whole
from .asked import AskedOfCompanies, AskedOfContacts, AskedOfPeople
from .filters import CompanyFilters, ContactFilters, Filters
from .lists import Lists
from .row_views import CompanyPage, CompanyRowView, ContactPage, ContactRowView, PersonPage, PersonRowView
from .rows import PersonRow
from .search import LISTS

router = APIRouter(prefix="/api", tags=["people"])
Reader = Annotated[Caller, Depends(require("people:read"))]
Direction = Annotated[
    Text | None,
    Query(description="asc or desc; none: newest and updated come latest first, the others from A on.", examples=["asc"], max_length=20),
]


def _sort(kind: str, usual: str) -> object:
    return Query(description=f"One of {', '.join(LISTS[kind].sorts)}.", examples=[usual], max_length=20)


def people(asked: Annotated[AskedOfPeople, Query()]) -> Filters:
    """Return what the query asks of people."""
    filters: Filters = asked.filters()
    return filters


def companies(asked: Annotated[AskedOfCompanies, Query()]) -> CompanyFilters:
    """Return what the query asks of companies."""
    filters: CompanyFilters = asked.filters()
    return filters


def contacts(asked: Annotated[AskedOfContacts, Query()]) -> ContactFilters:
    """Return what the query asks of addresses."""
    filters: ContactFilters = asked.filters()
    return filters


OfPeople = Annotated[Filters, Depends(people)]
OfCompanies = Annotated[CompanyFilters, Depends(companies)]
OfContacts = Annotated[ContactFilters, Depends(contacts)]


@asynccontextmanager
async def _lists(caller: Caller) -> AsyncIterator[Lists]:
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        yield Lists(connection, caller.organization_id)


@router.get("/people", summary="Search and list people")
async def list_people(
    caller: Reader,
    asked: OfPeople,
    sort: Annotated[Text, _sort("people", "newest")] = "newest",
    direction: Direction = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PersonPage:
    """Every person once, with the primary address. All filters have to hold; `q`, `source` and `import_id` for one and the same address.

    By company, people come by the name of the company that they are linked to, and those without one at the end.
    """
    async with _lists(caller) as lists:
        page = await lists.people(asked, sort=sort, direction=direction, limit=limit, cursor=cursor)
    return PersonPage(items=[PersonRowView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.get(
    "/people/export.csv",
    summary="Export people as CSV at once",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "A header, then a line for each person."}},
)
async def export_people(caller: Reader, asked: OfPeople) -> StreamingResponse:
    """Everyone who fits, as CSV (UTF-8), oldest first; cells that a spreadsheet would run as formulas begin with an apostrophe.

    It is read page by page: who comes in while it runs may be in it. For other formats, columns and long lists: POST /api/exports.
    """
    source = whole.pages(lambda: _lists(caller), asked)
    first: list[PersonRow] = await anext(source, [])  # what is wrong with the filters is said before the answer begins

    async def text() -> AsyncIterator[str]:
        yield whole.header() + whole.lines(first)
        async for page in source:
            yield whole.lines(page)

    return csv_file(text(), "people.csv")


@router.get("/companies", summary="Search and list companies")
async def list_companies(
    caller: Reader,
    asked: OfCompanies,
    sort: Annotated[Text, _sort("companies", "name")] = "name",
    direction: Direction = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CompanyPage:
    """The companies that people work at, by name unless asked otherwise."""
    async with _lists(caller) as lists:
        page = await lists.companies(asked, sort=sort, direction=direction, limit=limit, cursor=cursor)
    return CompanyPage(items=[CompanyRowView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/contacts", summary="Search and list addresses")
async def list_contacts(
    caller: Reader,
    asked: OfContacts,
    sort: Annotated[Text, _sort("contacts", "newest")] = "newest",
    direction: Direction = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ContactPage:
    """Every address once, with whom it belongs to, its status, tags and custom fields."""
    async with _lists(caller) as lists:
        page = await lists.contacts(asked, sort=sort, direction=direction, limit=limit, cursor=cursor)
    return ContactPage(items=[ContactRowView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)
