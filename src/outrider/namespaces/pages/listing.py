"""/namespaces: who the clients are, how full their tables are, where a campaign would go; and making a new one."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Cursor, Text

from .forms import after_change, problems, typed
from .marks import parts
from .visits import Reader, Writer, namespaces_of

router = APIRouter()
PAGE = 50
Campaign = Annotated[Text, Query(max_length=500)]


@router.get("/namespaces")
async def index(request: Request, visitor: Reader, campaign: Campaign = "", cursor: Cursor = None) -> Response:
    """Return the list; with `campaign` it says where that goes, which is all that htmx gets."""
    wanted = campaign.strip()
    async with namespaces_of(visitor) as service:
        routing = await service.route(wanted) if wanted else None
        match: dict[str, Any] = {"campaign": campaign, "routing": routing, "parts": parts(routing) if routing else []}
        if ui.is_htmx(request):
            return ui.fragment(request, "namespaces/index.html", "match", **match)
        page = await service.page(limit=PAGE, cursor=cursor)
        contents = await service.contents(one.id for one in page.items)
        overlaps = await service.overlaps()
    return ui.page(
        request,
        "namespaces/index.html",
        namespaces=page.items,
        next_cursor=page.next_cursor,
        is_first=cursor is None,
        contents=contents,
        overlaps=overlaps,
        may_write=visitor.may("namespaces:write"),
        **match,
    )


@router.get("/namespaces/new")
async def new(request: Request, _visitor: Writer) -> Response:
    """Return the empty form."""
    return ui.page(request, "namespaces/new.html", name="", keywords="", description="")


@router.post("/namespaces/new")
async def create(request: Request, visitor: Writer) -> Response:
    """Make the namespace, or show the form with what is wrong in it."""
    form = typed(await ui.form(request))
    try:
        async with namespaces_of(visitor, readonly=False) as service:
            saved = await service.create(form.name, form.keywords, form.description)
    except (InvalidInput, Conflict) as error:
        shown = {"name": form.name, "keywords": form.keywords_text, "description": form.description}
        return ui.page(request, "namespaces/new.html", error.status, errors=problems(error), **shown)
    async with namespaces_of(visitor) as service:
        made = await service.consequences(saved)
    return after_change(request, made, f"{form.name} is ready")
