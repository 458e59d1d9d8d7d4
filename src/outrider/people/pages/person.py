"""The page of one person: overview, roles, profiles, what loads said. Addresses, notes and the timeline have files of their own."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.http import Text

from .. import loads as said
from ..service import PeopleService
from . import records
from .frame import Reader, as_id, base_of, framed, or_missing
from .records import CursorText

router = APIRouter(include_in_schema=False)
LOADS = 50
Who = Annotated[Text, Path(max_length=300)]


@router.get("/people/{who}")
@or_missing
async def show(request: Request, visitor: Reader, who: Who) -> Response:
    """Return the overview of the person whom an id names; for an address, the way there."""
    if id := as_id(who):
        return await records.overview(request, visitor, "person", id)
    async with visitor.transaction(readonly=True) as connection:
        id = await PeopleService(connection, visitor.organization_id).person_id(who)
    return ui.redirect(request, base_of("person", id))


@router.get("/people/{id}/roles")
@or_missing
async def roles(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return every role that the person is known to have had."""
    async with visitor.transaction(readonly=True) as connection:
        context = await framed(connection, visitor, "person", id, ["affiliations"])
    return ui.page(request, "people/roles.html", **context)


@router.get("/people/{id}/profiles")
@or_missing
async def profiles(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return the person as each namespace sees them."""
    async with visitor.transaction(readonly=True) as connection:
        context = await framed(connection, visitor, "person", id, ["profiles"])
    return ui.page(request, "people/profiles.html", **context)


@router.get("/people/{id}/loads")
@or_missing
async def loads(request: Request, visitor: Reader, id: UUID, cursor: CursorText = None) -> Response:
    """Return what sources said about the person's addresses, newest first, as it came."""
    async with visitor.transaction(readonly=True) as connection:
        context = await framed(connection, visitor, "person", id)
        page = await said.of_person(connection, visitor.organization_id, id, limit=LOADS, cursor=cursor)
    return ui.page(request, "people/loads.html", **context, loads=page.items, next_cursor=page.next_cursor, cursor=cursor)
