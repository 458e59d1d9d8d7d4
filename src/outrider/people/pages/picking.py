"""/people/options: people for a field that asks for one of them, as somebody types."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.http import Text

from ..lists import Lists
from ..picking import suggestions
from .frame import Reader

router = APIRouter(include_in_schema=False)


@router.get("/people/options")
async def options(request: Request, visitor: Reader, person: Text = "") -> Response:
    """Return people whom a field may mean: `person` is what was typed so far, a part of a name or an address."""
    async with visitor.transaction(readonly=True) as connection:
        found = await suggestions(Lists(connection, visitor.organization_id), person)
    return ui.fragment(request, "people/person_options.html", "options", people=found)
