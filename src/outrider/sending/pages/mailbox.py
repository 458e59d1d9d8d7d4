"""/mailboxes/{id}: what one did, its way up, why its health is what it is; its connection tried, itself removed."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict
from outrider.tenancy import Visitor

from ..mailboxes import MailboxService
from ..messages import MessageService
from ..trials import Trial, read_for_trial, try_mailbox
from . import words
from .frame import Reader, Writer, freeze_of
from .plot import plot_of

router = APIRouter()


@router.get("/mailboxes/{id}")
async def show(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return the page."""
    return ui.page(request, "sending/mailbox.html", **await _context(visitor, id), trial=None)


@router.post("/mailboxes/{id}/test")
async def test(request: Request, visitor: Writer, id: UUID) -> Response:
    """Connect and sign in as the mailbox does, send nothing, and show the server's own answer; htmx gets that alone."""
    async with visitor.transaction(readonly=True) as connection:
        mailbox = await read_for_trial(connection, visitor.organization_id, id)
    trial: Trial = await try_mailbox(visitor.organization_id, mailbox)
    context: dict[str, Any] = {"trial": trial, "advice": None if trial.works else words.advice(trial.answer)}
    if ui.is_htmx(request):
        return ui.fragment(request, "sending/mailbox.html", "answer", **context)
    return ui.page(request, "sending/mailbox.html", **{**await _context(visitor, id), **context})


@router.post("/mailboxes/{id}/delete")
async def delete(request: Request, visitor: Writer, id: UUID) -> Response:
    """Remove a mailbox that never sent and that no campaign uses, or say who does."""
    try:
        async with visitor.transaction() as connection:
            service = MailboxService(connection, visitor.organization_id)
            mailbox = await service.get(id)
            await service.remove(id)
    except Conflict as error:
        return ui.redirect(request, f"/mailboxes/{id}", toast=ui.sentence(error.message), tone="bad")
    return ui.redirect(request, "/mailboxes", toast=f"{mailbox.email} is removed")


async def _context(visitor: Visitor, id: UUID) -> dict[str, Any]:
    async with visitor.transaction(readonly=True) as connection:
        service = MailboxService(connection, visitor.organization_id)
        mailbox = await service.get(id)
        days = await service.days(id)
        week = await service.week(id)
        campaigns = await service.campaigns_of(id)
        latest = await MessageService(connection, visitor.organization_id).latest_of(id)
        freeze = await freeze_of(connection, visitor)
    return {
        "mailbox": mailbox,
        "days": days,
        "plot": plot_of(days),
        "week": week,
        "campaigns": campaigns,
        "latest": latest,
        "freeze": freeze,
        "words": words,
        "advice": words.advice(mailbox.state_reason or "") if mailbox.state == "failing" else None,
        "may_write": visitor.may("mailboxes:write"),
    }
