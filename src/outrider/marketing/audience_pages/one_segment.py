"""/segments/{id}: the filters of a segment, who fits now, its name; what it is for programs; deleting it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.people import compose_people, filters_of, filters_to_json, people_asked

from ..segments import Segments
from .finding import who_fits
from .visits import Reader, Writer, refused, segments_of

router = APIRouter()


@router.get("/segments/{id}")
async def show(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return the segment with who fits; with other filters in the address, those are shown, and can be saved."""
    async with visitor.transaction(readonly=True) as connection:
        segments = Segments(connection, visitor.organization_id)
        found = await segments.find(id)
        composer = await compose_people(connection, visitor, request.query_params, f"/segments/{id}", found.filters)
        context: dict[str, Any] = await who_fits(connection, visitor, composer)
        campaigns = await segments.campaigns(id)
    state = composer.state
    context |= {
        "segment": found,
        "campaigns": campaigns,
        "is_changed": state.asked != filters_to_json(filters_of("people", found.filters)),
        "in_people": replace(state, at="", also=(), cursor=None).address(),
        "document": orjson.dumps({"filters": state.asked}, option=orjson.OPT_INDENT_2).decode(),
        "may_write": visitor.may("campaigns:write"),
    }
    status = 422 if context["errors"] else 200
    if not ui.is_htmx(request):
        return ui.page(request, "audiences/segment.html", status, **context)
    answer = ui.fragment(request, "audiences/segment.html", "fitting", status, **context)
    if composer.adding is None:
        answer.headers["HX-Replace-Url"] = state.address(paged=True)
    return answer


@router.post("/segments/{id}")
async def change(request: Request, visitor: Writer, id: UUID) -> Response:
    """Save other filters, or another name."""
    form = await ui.form(request)
    try:
        async with segments_of(visitor) as segments:
            if "query" in form:
                await segments.change(id, filters=people_asked(str(form["query"]), visitor.time_zone))
            else:
                await segments.change(id, name=str(form.get("name", "")), description=str(form.get("description", "")))
    except (InvalidInput, Conflict) as error:
        return refused(request, f"/segments/{id}", error)
    return ui.redirect(request, f"/segments/{id}", toast="Saved")


@router.post("/segments/{id}/delete")
async def delete(request: Request, visitor: Writer, id: UUID) -> Response:
    """Delete it, unless a campaign is for it."""
    try:
        async with segments_of(visitor) as segments:
            found = await segments.find(id)
            await segments.delete(id)
    except Conflict as error:
        return refused(request, f"/segments/{id}", error)
    return ui.redirect(request, "/segments", toast=f"Deleted {found.name}; its people are still there")
