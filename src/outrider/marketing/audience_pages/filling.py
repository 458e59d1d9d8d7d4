"""/lists/{id}/add: people onto a list, by filters, by their addresses, from another list or a segment."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.people import compose_people, people_asked
from outrider.tenancy import Visitor

from ..addresses import addresses_in
from ..lists import MOST_ADDRESSES, PeopleLists
from ..segments import Segments
from .finding import who_fits
from .visits import Reader, Writer, lists_of, problems, refused

router = APIRouter()
MOST_OFFERED = 500


def _tabs(id: UUID) -> list[tuple[str, str]]:
    base = f"/lists/{id}/add"
    return [("By filters", base), ("By their addresses", f"{base}/addresses"), ("From a list or segment", f"{base}/from")]


@router.get("/lists/{id}/add")
async def by_filters(request: Request, visitor: Writer, id: UUID) -> Response:
    """Return the composer of filters and who fits them; htmx gets these alone."""
    async with visitor.transaction(readonly=True) as connection:
        found = await PeopleLists(connection, visitor.organization_id).find(id)
        composer = await compose_people(connection, visitor, request.query_params, f"/lists/{id}/add")
        context = await who_fits(connection, visitor, composer)
    context |= {"list": found, "tabs": _tabs(id)}
    status = 422 if context["errors"] else 200
    if not ui.is_htmx(request):
        return ui.page(request, "audiences/add_by_filters.html", status, **context)
    answer = ui.fragment(request, "audiences/add_by_filters.html", "fitting", status, **context)
    if composer.adding is None:
        answer.headers["HX-Replace-Url"] = composer.state.address(paged=True)
    return answer


@router.post("/lists/{id}/add")
async def add_by_filters(request: Request, visitor: Writer, id: UUID) -> Response:
    """Put everybody on it who fits now."""
    query = str((await ui.form(request)).get("query", ""))
    async with lists_of(visitor) as lists:
        added = await lists.put(id, filters=people_asked(query, visitor.time_zone))
    return _added(request, id, added)


@router.get("/lists/{id}/add/addresses")
async def by_addresses(request: Request, visitor: Writer, id: UUID) -> Response:
    """Return the field to paste into."""
    return await _addresses(request, visitor, id)


@router.post("/lists/{id}/add/addresses")
async def add_addresses(request: Request, visitor: Writer, id: UUID) -> Response:
    """Put the people with these addresses on it, and say which addresses are nobody's."""
    text = str((await ui.form(request)).get("addresses", ""))
    wanted = addresses_in(text)
    try:
        async with lists_of(visitor) as lists:
            pasted = await lists.put_addresses(id, wanted)
    except InvalidInput as error:
        wrong = "Paste at least one address." if not wanted else problems(error)["emails"]
        return await _addresses(request, visitor, id, status=422, text=text, errors={"addresses": wrong})
    if not pasted.not_found:
        return _added(request, id, pasted.people)
    return await _addresses(
        request, visitor, id, text="\n".join(pasted.not_found), pasted=pasted, known=len(wanted) - len(pasted.not_found)
    )


@router.get("/lists/{id}/add/from")
async def from_another(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return the lists and segments to choose from."""
    async with visitor.transaction(readonly=True) as connection:
        lists = PeopleLists(connection, visitor.organization_id)
        found = await lists.find(id)
        others = [one for one in (await lists.page(limit=MOST_OFFERED)).items if one.id != id]
        segments = (await Segments(connection, visitor.organization_id).page(limit=MOST_OFFERED)).items
    return ui.page(request, "audiences/add_from.html", list=found, tabs=_tabs(id), others=others, segments=segments)


@router.post("/lists/{id}/add/from")
async def add_from_another(request: Request, visitor: Writer, id: UUID) -> Response:
    """Put everybody on it who is on the other list, or in the segment now."""
    kind, _, which = str((await ui.form(request)).get("from", "")).partition(":")
    try:
        other = UUID(which)
    except ValueError:
        return refused(request, f"/lists/{id}/add/from", InvalidInput("choose a list or a segment", field="from"))
    async with visitor.transaction() as connection:
        lists = PeopleLists(connection, visitor.organization_id)
        if kind == "segment":
            segment = await Segments(connection, visitor.organization_id).find(other)
            added = await lists.put(id, filters=segment.filters)
        else:
            added = await lists.put_list(id, other)
    return _added(request, id, added)


async def _addresses(request: Request, visitor: Visitor, id: UUID, *, status: int = 200, **shown: Any) -> Response:
    async with lists_of(visitor, readonly=True) as lists:
        found = await lists.find(id)
    usual = {"text": "", "pasted": None, "known": 0, "most": MOST_ADDRESSES}
    return ui.page(request, "audiences/add_addresses.html", status, list=found, tabs=_tabs(id), **(usual | shown))


def _added(request: Request, id: UUID, added: int) -> Response:
    told = f"Put {ui.plural(added, 'person', 'people')} on the list" if added else "All of them were on the list already"
    return ui.redirect(request, f"/lists/{id}", toast=told, tone="good" if added else "info")
