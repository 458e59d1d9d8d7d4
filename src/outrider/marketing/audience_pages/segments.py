"""/segments: all segments, with how many people fit each now; and composing a new one."""

from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Cursor
from outrider.people import compose_people, filters_of, filters_to_words, people_asked
from outrider.tenancy import Visitor, actor_names

from ..access import Part
from ..segments import Segments
from .finding import who_fits
from .visits import PAGE, Reader, Writer, problems, segments_of

router = APIRouter()
NAVIGATION = (
    ui.NavItem("Segments", "/segments", "list-filter", "campaigns:read", "Audience", order=40, keywords="audience filters dynamic saved"),
)
NEW = "/segments/new"


@router.get("/segments")
async def index(request: Request, visitor: Reader, q: Part = None, cursor: Cursor = None) -> Response:
    """Return the segments, newest first."""
    async with visitor.transaction(readonly=True) as connection:
        page = await Segments(connection, visitor.organization_id).page(q=q, limit=PAGE, cursor=cursor)
        names = await actor_names(connection, visitor.organization_id, [one.created_by for one in page.items])
        words = await filters_to_words(connection, visitor, [filters_of("people", one.filters) for one in page.items])
    return ui.page(
        request,
        "audiences/segments.html",
        rows=list(zip(page.items, words, strict=True)),
        names=names,
        q=q,
        next=ui.address("/segments", {"q": q, "cursor": page.next_cursor}) if page.next_cursor else None,
        first=ui.address("/segments", {"q": q}) if cursor else None,
        may_write=visitor.may("campaigns:write"),
    )


@router.get("/segments/new")
async def new(request: Request, visitor: Writer) -> Response:
    """Return the composer with who fits; htmx gets these alone, as somebody types."""
    return await _page(request, visitor, request.query_params)


@router.post("/segments/new")
async def create(request: Request, visitor: Writer) -> Response:
    """Keep the filters under a name, or say what is wrong."""
    form = await ui.form(request)
    typed = {name: str(form.get(name, "")) for name in ("name", "description", "query")}
    try:
        async with segments_of(visitor) as segments:
            made = await segments.add(typed["name"], people_asked(typed["query"], visitor.time_zone), typed["description"])
    except (InvalidInput, Conflict) as error:
        return await _page(request, visitor, QueryParams(typed["query"]), typed["name"], typed["description"], error)
    return ui.redirect(request, f"/segments/{made.id}", toast=f"{made.name} is ready for campaigns")


async def _page(
    request: Request,
    visitor: Visitor,
    asked: QueryParams,
    name: str = "",
    description: str = "",
    error: InvalidInput | Conflict | None = None,
) -> Response:
    async with visitor.transaction(readonly=True) as connection:
        composer = await compose_people(connection, visitor, asked, NEW)
        context = await who_fits(connection, visitor, composer)
    status = error.status if error else 422 if context["errors"] else 200
    context |= {"name": name, "description": description, "is_piece": ui.is_htmx(request), "wrong": problems(error) if error else {}}
    if not ui.is_htmx(request):
        return ui.page(request, "audiences/new_segment.html", status, **context)
    answer = ui.fragment(request, "audiences/new_segment.html", "fitting", status, **context)
    if composer.adding is None:
        answer.headers["HX-Replace-Url"] = composer.state.address(paged=True)
    return answer
