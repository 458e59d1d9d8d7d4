"""The list of imports, live while any of them works."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Cursor, Text
from outrider.tenancy import Visitor, still_visiting

from .. import running
from ..actors import actor_names
from ..progress import follow, list_lines, settle
from . import words
from .frame import Reader, Writer

router = APIRouter(include_in_schema=False)
TABS = (
    ("All", None),
    ("To map", "uploaded"),
    ("Running", "running"),
    ("Done", "completed"),
    ("Stopped", "failed"),
    ("Taken back", "reverted"),
)
GROUPS = {
    "uploaded": ("uploaded",),
    "running": ("queued", "running", "reverting"),
    "completed": ("completed",),
    "failed": ("failed", "cancelled"),
    "reverted": ("reverted",),
}
"""{word in the address: the states that it stands for}."""
MOST_LIVE = 50


async def page_of(visitor: Visitor, state: str | None, cursor: str | None) -> dict[str, Any]:
    """Return what the list's template needs. Raises `InvalidInput` for an unknown state or cursor."""
    if state is not None and state not in GROUPS:
        raise InvalidInput(f"state is {state!r}; it must be one of {', '.join(GROUPS)}", field="state")
    organization, states = visitor.organization_id, GROUPS[state] if state else None
    async with visitor.transaction(readonly=True) as connection:
        page = await list_lines(connection, organization, states=states, cursor=cursor)
        names = await actor_names(connection, organization, [line.created_by for line in page.items])
    if any(line.is_given_up for line in page.items):
        async with visitor.transaction() as connection:
            await settle(connection, organization)
            page = await list_lines(connection, organization, states=states, cursor=cursor)
    return {
        "lines": page.items,
        "next": page.next_cursor,
        "names": names,
        "state": state,
        "is_first": cursor is None,
        "tabs": [(label, f"/imports?state={word}" if word else "/imports") for label, word in TABS],
        "ready": [line for line in page.items if line.state == "uploaded" and line.has_address],
        "live": [str(line.id) for line in page.items if line.is_live][:MOST_LIVE],
        "may_write": visitor.may("imports:write"),
        "words": words,
        "failed": [],
        "made": [],
    }


@router.get("/imports")
async def index(
    request: Request, visitor: Reader, state: Annotated[Text | None, Query(max_length=20)] = None, cursor: Cursor = None
) -> Response:
    """Return the list, newest first."""
    return ui.page(request, "intake/imports.html", **await page_of(visitor, state or None, cursor))


@router.get("/imports/live")
async def live(request: Request, visitor: Reader, ids: Annotated[list[UUID], Query(max_length=MOST_LIVE)]) -> Response:
    """Stream the lines of some imports while they work."""

    async def texts() -> AsyncIterator[str]:
        async for lines in follow(visitor.organization_id, visitor.actor, ids):
            if not await still_visiting(request, "imports:read"):
                return
            async with visitor.transaction(readonly=True) as connection:
                names = await actor_names(connection, visitor.organization_id, [line.created_by for line in lines])
            yield ui.render_block(request, "intake/imports.html", "moving", lines=lines, names=names, words=words)

    return ui.stream(texts())


@router.post("/imports/start-all")
async def start_all(request: Request, visitor: Writer) -> Response:
    """Start every import that was chosen and has an address column; says which could not be."""
    form = await ui.form(request)
    started, refused = 0, []
    for text in form.getlist("id")[:MOST_LIVE]:
        try:
            await running.start(visitor.organization_id, visitor.actor, UUID(str(text)))
            started += 1
        except (ValueError, Conflict) as error:
            refused.append(str(error))
    if refused:
        return ui.redirect(request, "/imports", toast=f"{started} started. Not started: {refused[0]}", tone="bad")
    return ui.redirect(request, "/imports", toast="1 import has started." if started == 1 else f"{started} imports have started.")
