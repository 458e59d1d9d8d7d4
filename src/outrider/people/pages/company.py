"""The page of one company, and the companies that a field offers while somebody types."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.http import Text

from ..filters import CompanyFilters
from ..lists import Lists
from ..service import PeopleService
from . import records
from .frame import Reader, as_id, base_of, or_missing

router = APIRouter(include_in_schema=False)
OFFERED = 8


@router.get("/companies/options")
async def options(request: Request, visitor: Reader, value: Annotated[Text, Query(max_length=200)] = "") -> Response:
    """Return the companies that fit what was typed, for a list under a field."""
    async with visitor.transaction(readonly=True) as connection:
        found = await Lists(connection, visitor.organization_id).companies(CompanyFilters(q=value), limit=OFFERED)
    return ui.fragment(request, "people/company_options.html", "options", companies=found.items)


@router.get("/companies/{which}")
@or_missing
async def show(request: Request, visitor: Reader, which: Annotated[Text, Path(max_length=300)]) -> Response:
    """Return the overview of the company that an id names; for a domain, the way there."""
    if id := as_id(which):
        return await records.overview(request, visitor, "company", id)
    async with visitor.transaction(readonly=True) as connection:
        id = await PeopleService(connection, visitor.organization_id).company_id(which)
    return ui.redirect(request, base_of("company", id))
