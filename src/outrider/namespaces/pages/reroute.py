"""/namespaces/reroute: which profiles are elsewhere than their campaign is routed to today, and the job that moves them."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui

from .visits import Reader, Writer, namespaces_of

router = APIRouter()


@router.get("/namespaces/reroute")
async def preview(request: Request, visitor: Reader) -> Response:
    """Return what would move; htmx gets the table of it alone."""
    async with namespaces_of(visitor) as service:
        moves = await service.preview_reroute()
    shown: dict[str, Any] = {"moves": moves, "may_write": visitor.may("namespaces:write")}
    if ui.is_htmx(request):
        return ui.fragment(request, "namespaces/reroute.html", "moves", **shown)
    return ui.page(request, "namespaces/reroute.html", **shown)


@router.post("/namespaces/reroute")
async def start(request: Request, visitor: Writer) -> Response:
    """Ask for the job and go to it, or to the list for who may not see jobs."""
    async with namespaces_of(visitor, readonly=False) as service:
        job = await service.ask_for_reroute()
    where = f"/jobs/{job}" if visitor.may("jobs:read") else "/namespaces"
    return ui.redirect(request, where, toast="Moving profiles to where their campaigns go")
