"""/activity: what happened, newest first, and by itself up to date."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Text
from outrider.tenancy import Visitor, visiting

from . import activity_words as words
from .activity import Asked, page_of_activity, types_of_activity

NAVIGATION = (
    ui.NavItem(
        "Activity", "/activity", "radio", "campaigns:read", "Outreach", order=30, keywords="events opens clicks replies bounces stream live"
    ),
)
router = APIRouter(include_in_schema=False)
PAGE = 50
SPANS = {"": "Any time", "1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days"}
VERDICTS = [("", "People and machines"), ("human", "People only"), ("automatic", "Machines only")]
Word = Annotated[Text, Query(max_length=100)]


@router.get("/activity")
async def index(
    request: Request,
    visitor: Annotated[Visitor, Depends(visiting("campaigns:read"))],
    type: Word = "",
    verdict: Word = "",
    platform: Word = "",
    campaign_id: Word = "",
    person_id: Word = "",
    message_id: Word = "",
    since: Word = "",
    cursor: Cursor = None,
) -> Response:
    """Return the list; for htmx, which asks every few seconds on the first page, the list alone."""
    asked = {
        "type": type,
        "verdict": verdict,
        "platform": platform,
        "campaign_id": campaign_id.strip(),
        "person_id": person_id.strip(),
        "message_id": message_id.strip(),
        "since": since,
    }
    filters = Asked(
        type=type or None,
        campaign_id=_id(asked["campaign_id"], "campaign_id"),
        person_id=_id(asked["person_id"], "person_id"),
        message_id=_id(asked["message_id"], "message_id"),
        verdict=verdict or None,
        platform=platform or None,
        since=_moment(since),
    )
    async with visitor.transaction(readonly=True) as connection:
        page = await page_of_activity(connection, visitor.organization_id, filters, limit=PAGE, cursor=cursor)
        types = await types_of_activity(connection, visitor.organization_id)
    context: dict[str, Any] = {
        "items": page.items,
        "types": [(one, words.type_in_words(one)) for one in types],
        "verdicts": VERDICTS,
        "spans": list(SPANS.items()),
        "asked": asked,
        "words": words,
        "here": ui.address("/activity", asked),
        "about": _about(asked, page.items),
        "is_first": cursor is None,
        "next": ui.address("/activity", {**asked, "cursor": page.next_cursor}) if page.next_cursor else None,
    }
    if ui.is_htmx(request):
        return ui.fragment(request, "engagement/activity.html", "list", **context)
    return ui.page(request, "engagement/activity.html", **context)


def _about(asked: dict[str, str], items: list[Any]) -> list[tuple[str, str]]:
    """Return what the list is narrowed to that has no field of its own: (words, the address without it)."""
    first = items[0] if items else None
    names = {
        "campaign_id": (first and first.campaign) or "one campaign",
        "person_id": (first and (first.person or first.email)) or "one person",
        "message_id": "one message",
        "platform": asked["platform"],
    }
    return [(text, ui.address("/activity", {**asked, name: ""})) for name, text in names.items() if asked[name]]


def _id(text: str, field: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise InvalidInput(f"{field} is {text[:60]!r}; it must be an id", field=field) from error


def _moment(span: str) -> datetime | None:
    if span not in SPANS:
        raise InvalidInput(f"since is {span[:40]!r}; it must be 1, 7 or 30 days", field="since")
    return datetime.now(UTC) - timedelta(days=int(span)) if span else None
