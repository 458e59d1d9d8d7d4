"""/lists/{id}: who is on a list, searched and paged; its name; taking people off; deleting it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Cursor, Text

from .visits import PAGE, Reader, Writer, lists_of, refused

router = APIRouter()


@router.get("/lists/{id}")
async def show(
    request: Request, visitor: Reader, id: UUID, q: Annotated[Text, Query(max_length=200)] = "", cursor: Cursor = None
) -> Response:
    """Return the list with its people; htmx gets these alone, as somebody types."""
    wrong = None
    async with lists_of(visitor, readonly=True) as lists:
        found = await lists.find(id)
        try:
            page = await lists.people(id, q=q, limit=PAGE, cursor=cursor)
            people, next_cursor = page.items, page.next_cursor
        except InvalidInput as error:
            if error.field == "cursor":
                raise
            people, next_cursor, wrong = [], None, ui.sentence(error.message)
        campaigns = await lists.campaigns(id)
    address = f"/lists/{id}"
    context = {
        "list": found,
        "people": people,
        "campaigns": campaigns,
        "q": q,
        "wrong": wrong,
        "next": ui.address(address, {"q": q, "cursor": next_cursor}) if next_cursor else None,
        "first": ui.address(address, {"q": q}) if cursor else None,
        "here": ui.address(address, {"q": q, "cursor": cursor}),
        "may_write": visitor.may("campaigns:write"),
    }
    if ui.is_htmx(request):
        answer = ui.fragment(request, "audiences/list.html", "members", 422 if wrong else 200, **context)
        answer.headers["HX-Replace-Url"] = str(context["here"])
        return answer
    return ui.page(request, "audiences/list.html", 422 if wrong else 200, **context)


@router.post("/lists/{id}")
async def change(request: Request, visitor: Writer, id: UUID) -> Response:
    """Rename or describe it."""
    form = await ui.form(request)
    try:
        async with lists_of(visitor) as lists:
            await lists.change(id, name=str(form.get("name", "")), description=str(form.get("description", "")))
    except (InvalidInput, Conflict) as error:
        return refused(request, f"/lists/{id}", error)
    return ui.redirect(request, f"/lists/{id}", toast="Saved")


@router.post("/lists/{id}/delete")
async def delete(request: Request, visitor: Writer, id: UUID) -> Response:
    """Delete it, unless a campaign is for it."""
    try:
        async with lists_of(visitor) as lists:
            found = await lists.find(id)
            await lists.delete(id)
    except Conflict as error:
        return refused(request, f"/lists/{id}", error)
    return ui.redirect(request, "/lists", toast=f"Deleted {found.name}; its people are still there")


@router.post("/lists/{id}/remove")
async def remove(request: Request, visitor: Writer, id: UUID) -> Response:
    """Take the people that were picked off it."""
    form = await ui.form(request)
    back = str(form.get("back", ""))
    here = back if ui.is_local_path(back) and back.startswith(f"/lists/{id}") else f"/lists/{id}"
    try:
        picked = [UUID(str(one)) for one in form.getlist("id")]
    except ValueError:
        raise InvalidInput("id names nobody: pick people on the list's page", field="id") from None
    try:
        async with lists_of(visitor) as lists:
            gone = await lists.take(id, ids=picked)
    except InvalidInput as error:
        return refused(request, here, error)
    return ui.redirect(request, here, toast=f"Took {ui.plural(gone, 'person', 'people')} off the list")
