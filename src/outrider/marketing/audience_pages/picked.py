"""/lists/add: people who were picked on their own page, or all that fit its filters, onto a list that is there or a new one."""

from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.people import Lists, Meant, compose_people, filters_of, meant_by
from outrider.tenancy import Visitor

from ..lists import PeopleLists
from .visits import Writer, problems

router = APIRouter()
MOST_OFFERED = 500


@router.get("/lists/add")
async def ask(request: Request, visitor: Writer) -> Response:
    """Return the form: who is meant, and the lists."""
    return await _form(request, visitor, request.query_params)


@router.post("/lists/add")
async def do(request: Request, visitor: Writer) -> Response:
    """Put them on it and go back to where they were picked."""
    form = await ui.form(request)
    which, name = str(form.get("list", "")), str(form.get("name", "")).strip()
    try:
        async with visitor.transaction() as connection:
            meant = await meant_by(connection, visitor, "people", form)
            lists = PeopleLists(connection, visitor.organization_id)
            chosen = await lists.add(name) if name else await lists.find(_id(which))
            filters = meant.state.asked if meant.everyone else None
            added = await lists.put(chosen.id, ids=None if meant.everyone else _ids(meant), filters=filters)
    except (InvalidInput, Conflict) as error:
        return await _form(request, visitor, form, error)
    told = f"Put {ui.plural(added, 'person', 'people')} on {chosen.name}" if added else f"All of them were on {chosen.name} already"
    return ui.redirect(request, meant.back, toast=told, tone="good" if added else "info")


async def _form(
    request: Request, visitor: Visitor, given: QueryParams | FormData, error: InvalidInput | Conflict | None = None
) -> Response:
    async with visitor.transaction(readonly=True) as connection:
        meant = await meant_by(connection, visitor, "people", given)
        if not meant.everyone and not meant.ids:
            return ui.redirect(request, meant.back, toast="Pick people first", tone="info")
        lists = (await PeopleLists(connection, visitor.organization_id).page(limit=MOST_OFFERED)).items
        found = Lists(connection, visitor.organization_id)
        chips, number, is_exact = [], len(meant.ids), True
        if meant.everyone:
            composer = await compose_people(connection, visitor, QueryParams(meant.state.query), meant.state.path)
            counted = await found.count("people", filters_of("people", meant.state.asked))
            chips, number, is_exact = composer.chips, counted.number, counted.is_exact
    return ui.page(
        request,
        "audiences/add_picked.html",
        error.status if error else 200,
        meant=meant,
        chips=chips,
        number=number,
        is_exact=is_exact,
        lists=lists,
        offered=[(str(one.id), f"{one.name} ({one.people:,})") for one in lists],
        which=str(given.get("list", "")),
        name=str(given.get("name", "")),
        errors=problems(error) if error else {},
    )


def _ids(meant: Meant) -> list[UUID]:
    try:
        return [UUID(one) for one in meant.ids]
    except ValueError:
        raise InvalidInput("ids must be ids such as the list of people shows", field="form") from None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("choose a list, or name a new one", field="list") from None
