"""Conflicts: what a row said and what its address says, side by side, one after the other; decided with one click or key."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import Visitor

from .. import loads
from ..service import PeopleService
from . import words
from .frame import Reader, Writer

NAVIGATION = (
    ui.NavItem("Conflicts", "/conflicts", "git-merge", "people:read", "Data", order=50, keywords="slots decide contradictions wait"),
)
router = APIRouter(include_in_schema=False)
QUEUE = 8
DECISIONS = {"accept": True, "reject": False}


@router.get("/conflicts")
async def show(request: Request, visitor: Reader, after: Annotated[UUID | None, Query()] = None) -> Response:
    """Return the oldest conflict that waits, of those behind `after`, with the next ones."""
    return await _page(request, visitor, after)


@router.post("/conflicts/{id}")
async def decide(request: Request, visitor: Writer, id: UUID, after: Annotated[UUID | None, Query()] = None) -> Response:
    """Accept or reject a conflict, and show the next one."""
    decision = str((await ui.form(request)).get("decision", ""))
    if decision not in DECISIONS:
        raise InvalidInput(f"decision is {decision[:20]!r}; it must be accept or reject", field="decision")
    try:
        async with visitor.transaction() as connection:
            people = PeopleService(connection, visitor.organization_id)
            slot = await people.slot(id)
            await people.resolve(id, DECISIONS[decision])
    except Conflict as error:  # somebody else was quicker
        return await _next(request, visitor, after, error.message, tone="info")
    who, where = slot.raw_data.get("name") or slot.email, slot.raw_data.get("domain")
    said = f"{who} works at {where}" if DECISIONS[decision] else f"{who} stays as they are"
    return await _next(request, visitor, after, said, undo=f"/conflicts/{id}/reopen")


@router.post("/conflicts/{id}/reopen")
async def reopen(request: Request, visitor: Writer, id: UUID) -> Response:
    """Take a decision back."""
    async with visitor.transaction() as connection:
        await PeopleService(connection, visitor.organization_id).reopen(id)
    return ui.redirect(request, "/conflicts", toast="It waits again")


async def _next(
    request: Request, visitor: Visitor, after: UUID | None, said: str, *, undo: str | None = None, tone: str = "good"
) -> Response:
    if ui.is_htmx(request):
        return ui.toast(await _page(request, visitor, after), said, undo=undo, tone=tone)
    return ui.redirect(request, f"/conflicts?after={after}" if after else "/conflicts", toast=said, undo=undo, tone=tone)


async def _page(request: Request, visitor: Visitor, after: UUID | None) -> Response:
    async with visitor.transaction(readonly=True) as connection:
        waiting = await loads.waiting(connection, visitor.organization_id, after, QUEUE + 1)
    context: dict[str, Any] = {"waiting": waiting, "after": after, "words": words, "may_edit": visitor.may("people:write")}
    if ui.is_htmx(request):
        return ui.fragment(request, "people/conflicts.html", "conflict", **context)
    return ui.page(request, "people/conflicts.html", **context)
