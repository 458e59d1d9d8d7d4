"""A campaign started or scheduled, paused, resumed, cancelled, deleted. What cannot be undone is asked on a page of its own."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import Visitor

from ..running import Running
from .forms import local_time
from .frame import Writer, campaigns_of, frame

router = APIRouter()


@router.post("/campaigns/{id}/start")
async def start(request: Request, visitor: Writer, id: UUID) -> Response:
    """Start now, or at a time that was given; where something is missing, back to the check, which names it."""
    form = await ui.form(request)
    try:
        async with visitor.transaction() as connection:
            there = await campaigns_of(connection, visitor).find(id)
            at = _when(str(form.get("when", "now")), str(form.get("starts_at", "")), there.time_zone)
            started = await Running(connection, visitor.organization_id).start_at(id, at)
    except (Conflict, InvalidInput) as error:
        return ui.redirect(request, f"/campaigns/{id}/check", toast=ui.sentence(error.message), tone="bad")
    told = f"{started.name} is scheduled" if started.state == "scheduled" else f"{started.name} has started"
    return ui.redirect(request, f"/campaigns/{id}", toast=told)


@router.post("/campaigns/{id}/pause")
async def pause(request: Request, visitor: Writer, id: UUID) -> Response:
    """Let no message begin from now on."""
    why = str((await ui.form(request)).get("reason", "")).strip()[:500]
    return await _do(request, visitor, id, "pause", "Paused: no message begins from now on", why or None)


@router.post("/campaigns/{id}/resume")
async def resume(request: Request, visitor: Writer, id: UUID) -> Response:
    """Go on where it stopped."""
    return await _do(request, visitor, id, "resume", "It goes on where it stopped")


@router.get("/campaigns/{id}/cancel")
async def ask_to_cancel(request: Request, visitor: Writer, id: UUID) -> Response:
    """Ask whether it is to end for good."""
    return await _ask(request, visitor, id, "cancel")


@router.post("/campaigns/{id}/cancel")
async def cancel(request: Request, visitor: Writer, id: UUID) -> Response:
    """End it for good."""
    return await _do(request, visitor, id, "cancel", "Cancelled: nobody is written to any more")


@router.get("/campaigns/{id}/delete")
async def ask_to_delete(request: Request, visitor: Writer, id: UUID) -> Response:
    """Ask whether a draft is to go."""
    return await _ask(request, visitor, id, "delete")


@router.post("/campaigns/{id}/delete")
async def delete(request: Request, visitor: Writer, id: UUID) -> Response:
    """Delete a draft; one that somebody is in stays, and the answer says so."""
    try:
        async with visitor.transaction() as connection:
            campaigns = campaigns_of(connection, visitor)
            name = (await campaigns.find(id)).name
            await campaigns.delete(id)
    except Conflict as error:
        return ui.redirect(request, f"/campaigns/{id}", toast=ui.sentence(error.message), tone="bad")
    return ui.redirect(request, "/campaigns", toast=f"Deleted {name}")


async def _ask(request: Request, visitor: Visitor, id: UUID, what: str) -> Response:
    async with visitor.transaction(readonly=True) as connection:
        campaigns = campaigns_of(connection, visitor)
        campaign = await campaigns.find(id)
        waiting = sum(one.people for one in await campaigns.standing(id) if one.state in ("ready", "active", "paused"))
    return ui.page(request, "marketing/campaigns/ask.html", **frame(visitor, campaign), what=what, waiting=waiting)


async def _do(request: Request, visitor: Visitor, id: UUID, what: str, told: str, *arguments: Any) -> Response:
    try:
        async with visitor.transaction() as connection:
            await getattr(Running(connection, visitor.organization_id), what)(id, *arguments)
    except Conflict as error:
        return ui.redirect(request, f"/campaigns/{id}", toast=ui.sentence(error.message), tone="bad")
    return ui.redirect(request, f"/campaigns/{id}", toast=told)


def _when(when: str, typed: str, zone: str) -> datetime | None:
    """Return when to start, None for now. Raises `InvalidInput` for a time that cannot be read."""
    if when != "later":
        return None
    at = local_time(typed, ZoneInfo(zone), "starts_at")
    if at is None:
        raise InvalidInput("choose a time to start at", field="starts_at")
    return at
