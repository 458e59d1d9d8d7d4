"""Saved views from the lists' pages: save, change, rename, share, delete."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput

from ..asked import kind_of
from ..saved_views import SavedViews, View, Wanted
from . import list_state
from .frame import Writer
from .list_state import PATHS

router = APIRouter(include_in_schema=False)
LONGEST_QUERY = 8_000


@router.post("/views")
async def save(request: Request, visitor: Writer) -> Response:
    """Save what a list shows now under a name, and go to it."""
    form = await ui.form(request)
    kind, query = kind_of(str(form.get("kind", ""))), str(form.get("query", ""))
    wanted = _wanted(kind, query, visitor.time_zone)
    try:
        async with visitor.transaction() as connection:
            view = await SavedViews(connection, visitor.caller).add(
                kind, Wanted(str(form.get("name", "")), **wanted, is_shared=form.get("shared") == "yes")
            )
    except (InvalidInput, Conflict) as error:
        return ui.redirect(request, _back(kind, query), toast=ui.sentence(error.message), tone="bad")
    return ui.redirect(request, _address(view), toast=f"Saved the view “{view.name}”")


@router.post("/views/{id}")
async def change(request: Request, visitor: Writer, id: UUID) -> Response:
    """Rename a view, share it or not, or let it show what the list shows now."""
    form = await ui.form(request)
    async with visitor.transaction() as connection:
        views = SavedViews(connection, visitor.caller)
        view = await views.find(id)
        try:
            if "query" in form:
                view, told = await views.change(id, Wanted(**_wanted(view.kind, str(form["query"]), visitor.time_zone))), "Changes saved"
            elif "shared" in form:
                view = await views.change(id, Wanted(is_shared=form["shared"] == "yes"))
                told = "Everyone here sees this view now" if view.is_shared else "Only you see this view now"
            else:
                view, told = await views.change(id, Wanted(name=str(form.get("name", "")))), "Renamed"
        except (InvalidInput, Conflict) as error:
            return ui.redirect(request, _address(view), toast=ui.sentence(error.message), tone="bad")
    return ui.redirect(request, _address(view), toast=told)


@router.post("/views/{id}/delete")
async def delete(request: Request, visitor: Writer, id: UUID) -> Response:
    """Delete a view; what it showed stays on the screen."""
    async with visitor.transaction() as connection:
        views = SavedViews(connection, visitor.caller)
        view = await views.find(id)
        await views.delete(id)
    return ui.redirect(request, _back(view.kind, view.query), toast=f"Deleted the view “{view.name}”")


def _wanted(kind: str, query: str, time_zone: str) -> dict[str, Any]:
    """Return what a list's query string says, as a view keeps it. Raises `InvalidInput` for what cannot be asked."""
    state = list_state.read(kind, QueryParams(query[:LONGEST_QUERY]), [], time_zone)
    return {
        "filters": state.asked,
        "sort": "" if (state.sort, state.direction) == (list_state.USUAL_SORT[kind], None) else state.sort,
        "direction": state.direction,
        "columns": state.columns,
    }


def _address(view: View) -> str:
    return f"{PATHS[view.kind]}?view={view.id}"


def _back(kind: str, query: str) -> str:
    pairs = QueryParams(query[:LONGEST_QUERY]).multi_items()
    return f"{PATHS[kind]}?{urlencode(pairs)}" if pairs else PATHS[kind]
