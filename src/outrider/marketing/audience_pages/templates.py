"""/templates: all templates, and writing a new one."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Cursor

from ..access import Part
from ..rendering import outline
from ..templates import variables_used
from .one_template import page
from .previews import Typed, typed
from .visits import PAGE, Reader, Writer, problems, templates_of

router = APIRouter()
NAVIGATION = (
    ui.NavItem(
        "Templates", "/templates", "file-text", "campaigns:read", "Outreach", order=20, keywords="texts emails copy variables spintax"
    ),
)


@router.get("/templates")
async def index(request: Request, visitor: Reader, q: Part = None, cursor: Cursor = None) -> Response:
    """Return the templates, newest first."""
    async with templates_of(visitor, readonly=True) as templates:
        found = await templates.page(q=q, limit=PAGE, cursor=cursor)
        campaigns = await templates.campaigns([one.id for one in found.items])
    return ui.page(
        request,
        "audiences/templates.html",
        rows=[(one, sorted(variables_used(one.subject, one.body)), campaigns.get(one.id, [])) for one in found.items],
        q=q,
        next=ui.address("/templates", {"q": q, "cursor": found.next_cursor}) if found.next_cursor else None,
        first=ui.address("/templates", {"q": q}) if cursor else None,
        outline=outline,
        may_write=visitor.may("campaigns:write"),
    )


@router.get("/templates/new")
async def new(request: Request, visitor: Writer) -> Response:
    """Return the empty form."""
    return await page(request, visitor, None, Typed())


@router.post("/templates/new")
async def create(request: Request, visitor: Writer) -> Response:
    """Keep it, or say what is wrong; the button for a preview only shows that."""
    form = await ui.form(request)
    text = typed(form)
    if form.get("do") == "preview":
        return await page(request, visitor, None, text)
    try:
        async with templates_of(visitor) as templates:
            made = await templates.add(text.name, text.subject, text.html, text.category)
    except (InvalidInput, Conflict) as error:
        return await page(request, visitor, None, text, errors=problems(error), status=error.status)
    return ui.redirect(request, f"/templates/{made.id}", toast=f"{made.name} is kept")
