"""/messages/{id}: one message as it was sent or waits, every attempt at it, and what a person decides about it."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BeforeValidator
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.tenancy import Visitor

from ..drafts import draft_of
from ..messages import MessageService
from . import words
from .frame import Reader, Writer, freeze_of, problems

router = APIRouter()
WRITABLE = ("needs_review", "queued")
"""The states in which a message without a text shows what it would say."""


def _as_id(text: str) -> UUID:
    """Return the id in an address. Raises `NotFound` for anything else, as for a message that is not there."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(f"there is no message {text[:60]}", field="id") from error


MessageId = Annotated[UUID, BeforeValidator(_as_id)]


@router.get("/messages/{id}")
async def show(request: Request, visitor: Reader, id: MessageId) -> Response:
    """Return the page."""
    return ui.page(request, "sending/message.html", **await _context(visitor, id))


@router.get("/messages/{id}/html")
async def html(request: Request, visitor: Reader, id: MessageId) -> Response:
    """Return the message's HTML for a frame: as it went out, or as it would; nothing in it runs, loads or leads anywhere."""
    async with visitor.transaction(readonly=True) as connection:
        message = await MessageService(connection, visitor.organization_id).get(id)
        body = message.body
        if body is None and message.status in WRITABLE:
            draft = await draft_of(connection, visitor.organization_id, id)
            body = draft.body if draft else None
    return ui.preview(body or "<p>There is no text yet.</p>")


@router.post("/messages/{id}/release")
async def release(request: Request, visitor: Writer, id: MessageId) -> Response:
    """Let a message that needs a look go on: with the text of the form, or rendered anew."""
    form = await ui.form(request)
    subject, body = str(form.get("subject", "")), str(form.get("body", ""))
    anew = form.get("how") == "anew"
    try:
        async with visitor.transaction() as connection:
            if not anew:
                draft = await draft_of(connection, visitor.organization_id, id)
                _check_gaps(subject, body, draft.gaps if draft else ())
            service = MessageService(connection, visitor.organization_id)
            await service.release(id, *((None, None) if anew else (subject, body)))
    except InvalidInput as error:
        context = await _context(visitor, id)
        context |= {"subject": subject, "body": body, "errors": problems(error)}
        return ui.page(request, "sending/message.html", 422, **context)
    except Conflict as error:
        return _refused(request, id, error)
    return ui.redirect(request, f"/messages/{id}", toast="It goes on with the next round")


@router.post("/messages/{id}/settle")
async def settle(request: Request, visitor: Writer, id: MessageId) -> Response:
    """Say what became of a message that is in doubt, and how that is known."""
    form = await ui.form(request)
    evidence = str(form.get("evidence", ""))
    outcome: Literal["sent", "not_sent"] = "sent" if form.get("outcome") == "sent" else "not_sent"
    try:
        if form.get("outcome") not in ("sent", "not_sent"):
            raise InvalidInput("say whether it was sent", field="evidence")
        if len(evidence) > 2000:
            raise InvalidInput("it is longer than 2,000 letters: shorten it", field="evidence")
        async with visitor.transaction() as connection:
            await MessageService(connection, visitor.organization_id).settle(id, outcome, evidence)
    except InvalidInput as error:
        context = await _context(visitor, id)
        return ui.page(request, "sending/message.html", 422, **{**context, "evidence": evidence, "errors": problems(error)})
    except Conflict as error:
        return _refused(request, id, error)
    told = "Settled: it was sent" if outcome == "sent" else "Settled: it was not sent, and is queued again"
    return ui.redirect(request, f"/messages/{id}", toast=told)


@router.post("/messages/{id}/skip")
async def skip(request: Request, visitor: Writer, id: MessageId) -> Response:
    """Leave the message out; its person goes on with the next step."""
    try:
        async with visitor.transaction() as connection:
            await MessageService(connection, visitor.organization_id).skip(id)
    except Conflict as error:
        return _refused(request, id, error)
    return ui.redirect(request, f"/messages/{id}", toast="Left out: its person goes on with the next step")


@router.post("/messages/{id}/retry")
async def retry(request: Request, visitor: Writer, id: MessageId) -> Response:
    """Queue a failed message again."""
    try:
        async with visitor.transaction() as connection:
            await MessageService(connection, visitor.organization_id).retry(id)
    except Conflict as error:
        return _refused(request, id, error)
    return ui.redirect(request, f"/messages/{id}", toast="It is tried again")


def _refused(request: Request, id: UUID, error: Conflict) -> Response:
    return ui.redirect(request, f"/messages/{id}", toast=ui.sentence(error.message), tone="bad")


def _check_gaps(subject: str, body: str, gaps: tuple[str, ...]) -> None:
    if not subject.strip():
        raise InvalidInput("write a subject", field="subject")
    if not body.strip():
        raise InvalidInput("write a text", field="body")
    for field, text in (("subject", subject), ("body", body)):
        if left := [gap for gap in gaps if gap in text]:
            raise InvalidInput(f"{left[0]} is still there: put in what it stands for, or take it out", field=field)


async def _context(visitor: Visitor, id: UUID) -> dict[str, Any]:
    async with visitor.transaction(readonly=True) as connection:
        service = MessageService(connection, visitor.organization_id)
        message, happenings = await service.get(id), await service.happenings(id)
        lacks_text = message.body is None and message.status in WRITABLE
        draft = await draft_of(connection, visitor.organization_id, id) if lacks_text else None
        freeze = await freeze_of(connection, visitor)
    return {
        "message": message,
        "happenings": happenings,
        "draft": draft,
        "subject": message.subject or (draft.subject if draft else ""),
        "body": message.body or (draft.body if draft else ""),
        "evidence": "",
        "freeze": freeze,
        "words": words,
        "may_write": visitor.may("mailboxes:write"),
    }
