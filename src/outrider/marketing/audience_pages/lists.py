"""/lists: all lists, and making one."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Cursor
from outrider.tenancy import actor_names

from ..access import Part
from ..lists import PeopleLists
from .visits import PAGE, Reader, Writer, lists_of, problems

router = APIRouter()
NAVIGATION = (ui.NavItem("Lists", "/lists", "list", "campaigns:read", "Audience", order=30, keywords="audience people members static"),)


@router.get("/lists")
async def index(request: Request, visitor: Reader, q: Part = None, cursor: Cursor = None) -> Response:
    """Return the lists, newest first."""
    async with visitor.transaction(readonly=True) as connection:
        page = await PeopleLists(connection, visitor.organization_id).page(q=q, limit=PAGE, cursor=cursor)
        names = await actor_names(connection, visitor.organization_id, [one.created_by for one in page.items])
    return ui.page(
        request,
        "audiences/lists.html",
        lists=page.items,
        names=names,
        q=q,
        next=ui.address("/lists", {"q": q, "cursor": page.next_cursor}) if page.next_cursor else None,
        first=ui.address("/lists", {"q": q}) if cursor else None,
        may_write=visitor.may("campaigns:write"),
    )


@router.get("/lists/new")
async def new(request: Request, _visitor: Writer) -> Response:
    """Return the empty form."""
    return ui.page(request, "audiences/new_list.html", name="", description="")


@router.post("/lists/new")
async def create(request: Request, visitor: Writer) -> Response:
    """Make the list and lead to filling it, or say what is wrong."""
    form = await ui.form(request)
    name, description = str(form.get("name", "")), str(form.get("description", ""))
    try:
        async with lists_of(visitor) as lists:
            made = await lists.add(name, description)
    except (InvalidInput, Conflict) as error:
        shown = {"name": name, "description": description, "errors": problems(error)}
        return ui.page(request, "audiences/new_list.html", error.status, **shown)
    return ui.redirect(request, f"/lists/{made.id}/add", toast=f"{made.name} is there: now put people on it")
