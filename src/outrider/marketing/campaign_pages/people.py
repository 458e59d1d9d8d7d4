"""/campaigns/{id}/people: whom it is for, counted as one chooses; and who of them may be written to, with the reason of who may not."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import Visitor

from ..choices import Choices
from ..running import Running
from ..types import Campaign, Resolved, Standing
from .forms import ids, text
from .frame import Insider, Writer, campaigns_of, frame, problems

router = APIRouter()
TEMPLATE = "marketing/campaigns/people.html"


@router.get("/campaigns/{id}/people")
async def show(request: Request, visitor: Insider, id: UUID) -> Response:
    """Return what may be chosen, and what became of who was."""
    async with visitor.transaction(readonly=True) as connection:
        campaign = await campaigns_of(connection, visitor).find(id)
        return await _page(request, connection, visitor, campaign)


@router.post("/campaigns/{id}/people/count")
async def count(request: Request, visitor: Writer, id: UUID) -> Response:
    """Return how many people are chosen so far; saves nothing."""
    form = await ui.form(request)
    try:
        async with visitor.transaction() as connection:
            campaign = await campaigns_of(connection, visitor).find(id)
            counted = await Choices(connection, visitor.organization_id).count(ids(form, "lists"), ids(form, "segments"))
            if ui.is_htmx(request):
                return ui.fragment(request, TEMPLATE, "counted", counted=counted)
            return await _page(request, connection, visitor, campaign, chosen=_chosen(form), counted=counted)
    except InvalidInput as error:
        return ui.redirect(request, f"/campaigns/{id}/people", toast=ui.sentence(error.message), tone="bad")


@router.post("/campaigns/{id}/people")
async def choose(request: Request, visitor: Writer, id: UUID) -> Response:
    """Keep what was chosen, and unless only that was asked look at everyone: who may be written to is enrolled."""
    form = await ui.form(request)
    try:
        async with visitor.transaction() as connection:
            await campaigns_of(connection, visitor).change(id, {"lists": ids(form, "lists"), "segments": ids(form, "segments")})
            found = None
            if text(form, "do") != "keep":
                found = await Running(connection, visitor.organization_id).resolve(id)
    except (InvalidInput, Conflict) as error:
        async with visitor.transaction(readonly=True) as connection:
            campaign = await campaigns_of(connection, visitor).find(id)
            return await _page(request, connection, visitor, campaign, chosen=_chosen(form), errors=problems(error), status=error.status)
    return ui.redirect(request, f"/campaigns/{id}/people", toast=_told(found))


def _told(found: Resolved | None) -> str:
    if found is None:
        return "Saved. Nobody is enrolled by that yet"
    out = sum(found.excluded.values())
    left = f", {ui.plural(out, 'is', 'are')} left out" if out else ""
    may, added = (ui.plural(number, "person", "people") for number in (found.eligible, found.inserted))
    return f"{may} of {found.total:,} may be written to{left}; {added} added"


def _chosen(form: FormData) -> set[str]:
    return {str(value) for name in ("lists", "segments") for value in form.getlist(name)}


async def _page(
    request: Request,
    connection: asyncpg.Connection,
    visitor: Visitor,
    campaign: Campaign,
    *,
    chosen: set[str] | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    audiences = await Choices(connection, visitor.organization_id).audiences(campaign.campaign_id)
    standing = await campaigns_of(connection, visitor).standing(campaign.campaign_id)
    return ui.page(
        request,
        TEMPLATE,
        status,
        **frame(visitor, campaign),
        **{
            "audiences": audiences,
            "chosen": {str(one.id) for one in audiences if one.is_chosen} if chosen is None else chosen,
            "counted": None,
            "left_out": [one for one in standing if one.state == "excluded"],
            **_figures(standing),
            **more,
        },
    )


def _figures(standing: Sequence[Standing]) -> dict[str, int]:
    def people(*states: str) -> int:
        return sum(one.people for one in standing if one.state in states)

    out = people("excluded")
    return {"total": sum(one.people for one in standing), "out": out, "may": people("ready", "active", "paused", "finished", "stopped")}
