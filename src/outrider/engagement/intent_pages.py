"""/intents: who showed interest, newest first; noting one by hand, and the list as CSV."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.http import Cursor, Text
from outrider.people import Lists, whom
from outrider.tenancy import Visitor, actor_names, visiting

from .intents import AUTOMATIC, BY_HAND, TYPES, Intents
from .intents_api import csv_answer

NAVIGATION = (
    ui.NavItem(
        "Interest", "/intents", "target", "campaigns:read", "Work", order=10, keywords="intents replies meetings hot leads qualified"
    ),
)
router = APIRouter(include_in_schema=False)
PAGE = 50
TONES = {"reply": "good", "meeting_booked": "good", "click_through": "accent", "manual_qualification": "info"}
Reader = Annotated[Visitor, Depends(visiting("campaigns:read"))]
Writer = Annotated[Visitor, Depends(visiting("campaigns:write"))]
Word = Annotated[Text, Query(max_length=100)]


@router.get("/intents")
async def index(request: Request, visitor: Reader, type: Word = "", campaign_id: Word = "", cursor: Cursor = None) -> Response:
    """Return the list; for htmx the list alone."""
    context = await _context(visitor, type, campaign_id, cursor)
    if ui.is_htmx(request):
        return ui.fragment(request, "engagement/intents.html", "list", **context)
    return ui.page(request, "engagement/intents.html", **context)


@router.get("/intents/export.csv")
async def export(visitor: Reader, type: Word = "", campaign_id: Word = "") -> Response:
    """Return all that fit as CSV."""
    return await csv_answer(visitor.organization_id, visitor.caller.actor, type or None, _id(campaign_id), None)


@router.post("/intents")
async def note(request: Request, visitor: Writer) -> Response:
    """Note that somebody showed interest; what is wrong stands beside its field, in the form as it was typed."""
    form = await ui.form(request)
    typed = {name: str(form.get(name, "")).strip() for name in ("person", "type", "campaign_id", "note")}
    try:
        if not typed["person"]:
            raise InvalidInput("say who: a name or an address", field="person")
        async with visitor.transaction() as connection:
            who = await whom(Lists(connection, visitor.organization_id), typed["person"])
            noted = await Intents(connection, visitor.organization_id).note(
                who, typed["type"], campaign_id=_id(typed["campaign_id"]), note=typed["note"][:2000] or None
            )
    except (InvalidInput, NotFound, Conflict) as error:
        context = await _context(visitor, "", "", None)
        wrong = {error.field or "form": ui.sentence(error.message)}
        return ui.page(request, "engagement/intents.html", status_code=error.status, errors=wrong, **{**context, "typed": typed})
    called = noted.intent.person or noted.intent.email
    return ui.redirect(request, "/intents", toast=f"Noted: {called}" if noted.is_new else f"{called} has shown that before")


@router.post("/intents/{id}/delete")
async def remove(request: Request, visitor: Writer, id: UUID) -> Response:
    """Take away one that somebody noted."""
    async with visitor.transaction() as connection:
        await Intents(connection, visitor.organization_id).remove(id)
    return ui.redirect(request, "/intents", toast="Taken away")


async def _context(visitor: Visitor, type: str, campaign_id: str, cursor: str | None) -> dict[str, Any]:
    asked = {"type": type, "campaign_id": campaign_id.strip()}
    async with visitor.transaction(readonly=True) as connection:
        service = Intents(connection, visitor.organization_id)
        page = await service.page(type=type or None, campaign_id=_id(campaign_id), limit=PAGE, cursor=cursor)
        campaigns = await service.campaigns()
        names = await actor_names(connection, visitor.organization_id, {one.created_by for one in page.items if one.type not in AUTOMATIC})
    return {
        "items": page.items,
        "names": names,
        "types": list(TYPES.items()),
        "words": TYPES,
        "tones": TONES,
        "automatic": AUTOMATIC,
        "by_hand": [(one, TYPES[one]) for one in BY_HAND],
        "campaigns": [(str(id), name) for id, name in campaigns],
        "asked": asked,
        "typed": None,
        "may_write": visitor.may("campaigns:write"),
        "export": ui.address("/intents/export.csv", asked),
        "first": ui.address("/intents", asked) if cursor else None,
        "next": ui.address("/intents", {**asked, "cursor": page.next_cursor}) if page.next_cursor else None,
    }


def _id(text: str) -> UUID | None:
    try:
        return UUID(text.strip()) if text.strip() else None
    except ValueError as error:
        raise InvalidInput(f"campaign_id is {text[:60]!r}; it must be an id", field="campaign_id") from error
