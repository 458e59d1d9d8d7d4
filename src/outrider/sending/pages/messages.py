"""/messages: the ledger, newest first: every message of every campaign with what became of it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Text

from ..messages import SEARCHED, STATUSES, MessageService
from . import words
from .frame import Reader, Word, Writer, freeze_of

router = APIRouter()
PAGE = 50
TABS = (
    ("All", ""),
    ("Waiting", "queued"),
    ("Needs review", "needs_review"),
    ("In doubt", "unknown"),
    ("Sent", "sent"),
    ("Failed", "failed"),
    ("Left out", "skipped"),
)


@router.get("/messages")
async def index(
    request: Request,
    visitor: Reader,
    status: Annotated[Text, Query(max_length=20)] = "",
    campaign: Word = "",
    mailbox: Word = "",
    q: Word = "",
    cursor: Cursor = None,
) -> Response:
    """Return the list; htmx gets it alone."""
    asked = {"status": status if status in STATUSES else "", "campaign": campaign, "mailbox": mailbox, "q": q.strip()}
    async with visitor.transaction(readonly=True) as connection:
        service = MessageService(connection, visitor.organization_id)
        page = await service.page(
            status=asked["status"] or None,
            campaign_id=_id(campaign, "campaign"),
            mailbox_id=_id(mailbox, "mailbox"),
            q=asked["q"] or None,
            limit=PAGE,
            cursor=cursor,
        )
        waiting = [one.id for one in page.items if one.status == "queued"]
        holds = await service.holds(waiting) if waiting else {}
        campaigns, mailboxes = await service.choices()
        freeze = await freeze_of(connection, visitor)
    context: dict[str, Any] = {
        "messages": page.items,
        "holds": holds,
        "asked": asked,
        "is_narrowed": any(asked.values()),
        "searched": SEARCHED,
        "next": ui.address("/messages", {**asked, "cursor": page.next_cursor}) if page.next_cursor else None,
        "first": ui.address("/messages", asked) if cursor else None,
        "tabs": [(label, ui.address("/messages", {**asked, "status": key})) for label, key in TABS],
        "current": ui.address("/messages", asked),
        "campaigns": _with(campaigns, campaign, "the campaign"),
        "mailboxes": _with(mailboxes, mailbox, "the mailbox"),
        "freeze": freeze,
        "words": words,
        "may_write": visitor.may("mailboxes:write"),
    }
    if ui.is_htmx(request):
        return ui.fragment(request, "sending/messages.html", "list", **context)
    return ui.page(request, "sending/messages.html", **context)


@router.post("/messages/release")
async def release(request: Request, visitor: Writer) -> Response:
    """Let what needs a look go on, rendered anew: all of it, or a campaign's or mailbox's."""
    form = await ui.form(request)
    campaign, mailbox = str(form.get("campaign", "")), str(form.get("mailbox", ""))
    async with visitor.transaction() as connection:
        service = MessageService(connection, visitor.organization_id)
        released = await service.release_all(_id(campaign, "campaign"), _id(mailbox, "mailbox"))
    back = ui.address("/messages", {"status": "needs_review", "campaign": campaign, "mailbox": mailbox})
    return ui.redirect(request, back, toast=f"{ui.plural(released, 'message')} will be written anew")


def _id(text: str, field: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise InvalidInput(f"{field} is {text[:60]!r}; it must be an id", field=field) from error


def _with(choices: list[tuple[UUID, str]], chosen: str, name: str) -> list[tuple[str, str]]:
    """Return the choices as a select takes them, with the one that is chosen, even when it is older than those."""
    found = [(str(id), label) for id, label in choices]
    return found if not chosen or chosen in dict(found) else [(chosen, f"Only {name} asked for"), *found]
