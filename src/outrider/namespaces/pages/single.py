"""/namespaces/{name}: one namespace, to read and to change; what a change would move; what it holds; taking it out of service."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import Visitor

from ..types import Changed, NamespaceStats
from .forms import NamespaceForm, after_change, problems, typed
from .visits import Name, Reader, Writer, namespaces_of

router = APIRouter()


@router.get("/namespaces/{name}")
async def show(request: Request, visitor: Reader, name: Name, stats: Annotated[bool, Query()] = False) -> Response:
    """Return the page; with `stats` it counts what the namespace holds, which htmx asks for afterwards."""
    return await _page(request, visitor, name, with_stats=stats)


@router.post("/namespaces/{name}")
async def change(request: Request, visitor: Writer, name: Name) -> Response:
    """Save what was typed, or show it again with what is wrong."""
    form = typed(await ui.form(request))
    try:
        async with namespaces_of(visitor, readonly=False) as service:
            old = await service.find(name)
            saved = await service.change(
                name,
                new_name=form.name if form.name != name and not old.is_default else None,
                keywords=form.keywords,
                description=form.description,
                is_active=form.is_active or old.is_default,
            )
    except (InvalidInput, Conflict) as error:
        return await _page(request, visitor, name, form=form, error=error)
    async with namespaces_of(visitor) as service:
        changed = await service.consequences(saved)
    return after_change(request, changed, "Saved")


@router.post("/namespaces/{name}/preview")
async def preview(request: Request, visitor: Writer, name: Name) -> Response:
    """Say what the change would move and overlap, and change nothing."""
    form = typed(await ui.form(request))
    changed, error = None, None
    try:
        async with namespaces_of(visitor, readonly=False) as service:
            old = await service.find(name)
            changed = await service.preview_change(name, keywords=form.keywords, is_active=form.is_active or old.is_default)
    except (InvalidInput, Conflict) as found:
        error = found
    if ui.is_htmx(request):
        wrong = " ".join(problems(error).values()) if error else None
        return ui.fragment(request, "namespaces/show.html", "preview", changed=changed, wrong=wrong)
    return await _page(request, visitor, name, form=form, error=error, changed=changed)


@router.get("/namespaces/{name}/stats")
async def stats(request: Request, visitor: Reader, name: Name) -> Response:
    """Return what the namespace holds, counted now."""
    async with namespaces_of(visitor) as service:
        found = await service.stats(name)
    return ui.fragment(request, "namespaces/show.html", "stats", name=name, stats=found)


@router.post("/namespaces/{name}/archive")
async def archive(request: Request, visitor: Writer, name: Name) -> Response:
    """Take the namespace out of service, if its name was typed again."""
    form = await ui.form(request)
    try:
        async with namespaces_of(visitor, readonly=False) as service:
            table = await service.archive(name, str(form.get("confirm", "")).strip())
    except (InvalidInput, Conflict) as error:
        return await _page(request, visitor, name, error=error)
    return ui.redirect(request, "/namespaces", toast=f"{name} is archived. Its profiles are kept in the table {table}")


async def _page(
    request: Request,
    visitor: Visitor,
    name: str,
    *,
    with_stats: bool = False,
    form: NamespaceForm | None = None,
    error: InvalidInput | Conflict | None = None,
    changed: Changed | None = None,
) -> Response:
    async with namespaces_of(visitor) as service:
        namespace = await service.find(name)
        overlaps = [one for one in await service.overlaps() if name in (one.winner, one.loser)]
        contents = (await service.contents([namespace.id]))[namespace.id]
        found: NamespaceStats | None = await service.stats(name) if with_stats else None
    stored = NamespaceForm(namespace.name, "\n".join(namespace.keywords), namespace.description or "", namespace.is_active)
    return ui.page(
        request,
        "namespaces/show.html",
        error.status if error else 200,
        namespace=namespace,
        name=name,
        typed=form or stored,
        overlaps=overlaps,
        contents=contents,
        stats=found,
        changed=changed,
        wrong=None,
        errors=problems(error) if error else {},
        may_write=visitor.may("namespaces:write"),
        may_see_profiles=visitor.may("profiles:read"),
    )
