"""/events: what happened, newest first."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Text
from outrider.tenancy import Visitor, actor_names, visiting

from ..events import event_types, page_of_events
from ..types import Event

router = APIRouter()
PAGE = 50
PAGES_OF = {"job": "/jobs/{}", "import": "/imports/{}", "person": "/people/{}", "company": "/companies/{}"}
"""Where the things are shown that events happen to."""

Word = Annotated[Text, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class Row:
    """An event as the page shows it: who, where the thing is, what is in it in one line and as a whole."""

    event: Event
    by: str | None
    page: str | None
    summary: str
    whole: str


@router.get("/events")
async def index(
    request: Request,
    visitor: Annotated[Visitor, Depends(visiting("jobs:read"))],
    type: Word = "",
    entity_type: Word = "",
    entity_id: Word = "",
    cursor: Cursor = None,
) -> Response:
    """Return the list, of one type or one thing if that is asked."""
    asked = {"type": type, "entity_type": entity_type, "entity_id": entity_id.strip()}
    async with visitor.transaction(readonly=True) as connection:
        page = await page_of_events(
            connection,
            visitor.organization_id,
            event_type=type or None,
            entity_type=entity_type or None,
            entity_id=_id(asked["entity_id"]),
            limit=PAGE,
            cursor=cursor,
        )
        types = await event_types(connection, visitor.organization_id)
        names = await actor_names(connection, visitor.organization_id, [f"user:{one.user_id}" for one in page.items if one.user_id])
    rows = [Row(one, names.get(f"user:{one.user_id}"), _page_of(one), _summary(one.payload), _whole(one)) for one in page.items]
    context: dict[str, Any] = {
        "rows": rows,
        "types": types,
        "asked": asked,
        "next": ui.address("/events", {**asked, "cursor": page.next_cursor}) if page.next_cursor else None,
        "first": ui.address("/events", asked) if cursor else None,
    }
    if ui.is_htmx(request):
        return ui.fragment(request, "ops/events.html", "list", **context)
    return ui.page(request, "ops/events.html", **context)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise InvalidInput(f"entity_id is {text[:60]!r}; it must be an id", field="entity_id") from error


def _page_of(event: Event) -> str | None:
    path = PAGES_OF.get(event.entity_type)
    return path.format(event.entity_id) if path else None


def _summary(payload: dict[str, Any]) -> str:
    """Return what is in a payload, in one line."""
    return " · ".join(f"{line.label}: {line.value}" for line in ui.readable(payload) if line.value)


def _whole(event: Event) -> str:
    """Return payload and metadata as text, what is empty left out."""
    parts = [orjson.dumps(part, option=orjson.OPT_INDENT_2).decode() for part in (event.payload, event.metadata) if part]
    return "\n\n".join(parts)
