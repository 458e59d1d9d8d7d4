"""/campaigns: which there are and how each does; and making a new one, by itself or after another."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Cursor, Text
from outrider.namespaces import NamespaceService

from ..access import Part
from ..choices import Choices
from ..duplicating import duplicate
from ..types import STATES
from . import words
from .frame import MOVING, Insider, Reader, Writer, campaigns_of, problems

router = APIRouter()
PAGE = 50
Name = Annotated[Text, Query(max_length=500)]


@router.get("/campaigns")
async def index(
    request: Request, visitor: Reader, state: Annotated[Text | None, Query(max_length=20)] = None, q: Part = None, cursor: Cursor = None
) -> Response:
    """Return the list; htmx gets the rows alone, again and again while something is sent."""
    async with visitor.transaction(readonly=True) as connection:
        campaigns = campaigns_of(connection, visitor)
        page = await campaigns.page(state=state or None, q=q, limit=PAGE, cursor=cursor)
        counts = await campaigns.state_counts()
        emails = await campaigns.email_steps([one.campaign_id for one in page.items])
    here = ui.address("/campaigns", {"state": state, "q": q, "cursor": cursor})
    shown: dict[str, Any] = {
        "campaigns": page.items,
        "planned": {one.campaign_id: (one.target_count or 0) * emails.get(one.campaign_id, 0) for one in page.items},
        "tabs": [
            ("All", "/campaigns", sum(counts.values())),
            *((words.STATES[one][0], f"/campaigns?state={one}", counts[one]) for one in STATES if counts.get(one)),
        ],
        "current": f"/campaigns?state={state}" if state else "/campaigns",
        "state": state,
        "q": q,
        "words": words,
        "again": here if any(one.state in MOVING for one in page.items) else None,
        "first": None if cursor is None else ui.address("/campaigns", {"state": state, "q": q}),
        "next": ui.address("/campaigns", {"state": state, "q": q, "cursor": page.next_cursor}) if page.next_cursor else None,
        "may_write": visitor.may("campaigns:write"),
    }
    if ui.is_htmx(request):
        return ui.fragment(request, "marketing/campaigns/index.html", "list", **shown)
    return ui.page(request, "marketing/campaigns/index.html", **shown)


@router.get("/campaigns/new")
async def new(request: Request, visitor: Insider, name: Name = "") -> Response:
    """Return the form; htmx gets where a campaign with the name typed so far would go."""
    return await _form(request, visitor, {"name": name, "namespace": "", "type": "cold_outreach"})


@router.post("/campaigns/new")
async def create(request: Request, visitor: Writer) -> Response:
    """Make a draft and go on to its steps, or show the form with what is wrong."""
    form = await ui.form(request)
    typed = {name: str(form.get(name, "")).strip() for name in ("name", "namespace", "type")}
    try:
        async with visitor.transaction() as connection:
            made = await campaigns_of(connection, visitor).add(visitor.actor, {name: value for name, value in typed.items() if value})
    except (InvalidInput, Conflict) as error:
        return await _form(request, visitor, typed, error.status, errors=problems(error))
    where = f", in the namespace {made.namespace}" if made.namespace else ""
    return ui.redirect(request, f"/campaigns/{made.campaign_id}/steps", toast=f"{made.name} is a draft{where}. Write its first step")


@router.post("/campaigns/{id}/duplicate")
async def copy(request: Request, visitor: Writer, id: UUID) -> Response:
    """Make a draft like this one, and go to it."""
    async with visitor.transaction() as connection:
        made = await duplicate(connection, visitor.organization_id, visitor.actor, id)
    return ui.redirect(request, f"/campaigns/{made.campaign_id}", toast=f"{made.name} is a draft with the same steps, people and mailboxes")


async def _form(request: Request, visitor: Insider, typed: dict[str, str], status: int = 200, **more: Any) -> Response:
    async with visitor.transaction(readonly=True) as connection:
        routing = await NamespaceService(connection, visitor.organization_id).route(typed["name"]) if typed["name"] else None
        if ui.is_htmx(request):
            return ui.fragment(request, "marketing/campaigns/new.html", "routing", routing=routing)
        namespaces = await Choices(connection, visitor.organization_id).namespaces()
    shown = {"typed": typed, "routing": routing, "namespaces": namespaces, "words": words}
    return ui.page(request, "marketing/campaigns/new.html", status, **shown, **more)
