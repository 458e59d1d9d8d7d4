"""/mailboxes: who sends, how much of today's limit is used, how they do; and the domains that sign."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Cursor
from outrider.tenancy import Visitor

from ..domains import DomainService
from ..mailboxes import MailboxService
from . import words
from .frame import Reader, Writer, freeze_of, problems

router = APIRouter()
PAGE = 50


@router.get("/mailboxes")
async def index(request: Request, visitor: Reader, cursor: Cursor = None) -> Response:
    """Return the list."""
    return ui.page(request, "sending/mailboxes.html", **await _context(visitor, cursor))


@router.post("/sending-domains")
async def add_domain(request: Request, visitor: Writer) -> Response:
    """Make a key for a domain and go to its records, or show the list with what is wrong."""
    typed = str((await ui.form(request)).get("domain", ""))
    try:
        async with visitor.transaction() as connection:
            made = await DomainService(connection, visitor.organization_id).add(typed)
    except (InvalidInput, Conflict) as error:
        context = await _context(visitor, None)
        return ui.page(request, "sending/mailboxes.html", error.status, **{**context, "typed": typed, "errors": problems(error)})
    return ui.redirect(request, f"/sending-domains/{made.id}", toast="The key is made. Set the records, then check them")


@router.post("/mailboxes/{id}/pause")
async def pause(request: Request, visitor: Writer, id: UUID) -> Response:
    """Take a mailbox out of use; what it has queued waits."""
    reason = str((await ui.form(request)).get("reason", "")).strip()[:500] or None
    return await _set_state(request, visitor, id, "paused", reason)


@router.post("/mailboxes/{id}/resume")
async def resume(request: Request, visitor: Writer, id: UUID) -> Response:
    """Take a mailbox into use again; its health begins anew."""
    return await _set_state(request, visitor, id, "active", None)


async def _set_state(request: Request, visitor: Visitor, id: UUID, state: str, reason: str | None) -> Response:
    back = str((await ui.form(request)).get("back", ""))
    async with visitor.transaction() as connection:
        mailbox = await MailboxService(connection, visitor.organization_id).set_state(id, state, reason)
    told = f"{mailbox.email} sends again" if state == "active" else f"{mailbox.email} is paused: what it has queued waits"
    undo = f"/mailboxes/{id}/{'pause' if state == 'active' else 'resume'}"
    return ui.redirect(request, "/mailboxes" if back == "list" else f"/mailboxes/{id}", toast=told, undo=undo)


async def _context(visitor: Visitor, cursor: str | None) -> dict[str, Any]:
    async with visitor.transaction(readonly=True) as connection:
        page = await MailboxService(connection, visitor.organization_id).page(limit=PAGE, cursor=cursor)
        domains = DomainService(connection, visitor.organization_id)
        signing = await domains.list()
        unsigned = await domains.unsigned()
        freeze = await freeze_of(connection, visitor)
    return {
        "mailboxes": page.items,
        "next": ui.address("/mailboxes", {"cursor": page.next_cursor}) if page.next_cursor else None,
        "first": "/mailboxes" if cursor else None,
        "domains": signing,
        "unsigned": unsigned,
        "typed": unsigned[0] if unsigned else "",
        "freeze": freeze,
        "words": words,
        "may_write": visitor.may("mailboxes:write"),
    }
