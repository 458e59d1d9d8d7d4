"""The ledger over HTTP: how sending stands, messages, and what people decide about them. One request is one transaction."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, require, transaction

from .message_views import (
    Freeze,
    FullMessageView,
    Limits,
    MessagePage,
    MessageView,
    Release,
    ReleaseAll,
    Released,
    Settlement,
    StatusView,
    Thaw,
    Thawed,
    Throttles,
    ThrottleView,
)
from .messages import MessageService
from .throttles import forget_throttle, list_throttles

router = APIRouter(prefix="/api", tags=["sending"])
Reader = Annotated[Caller, Depends(require("mailboxes:read"))]
Writer = Annotated[Caller, Depends(require("mailboxes:write"))]


@router.get("/sending", summary="Show how sending stands")
async def get_sending(caller: Reader) -> StatusView:
    """Whether sending is frozen, the organization's limits, and how much waits, is due, or is in doubt."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        return StatusView.model_validate(await MessageService(connection, caller.organization_id).status())


@router.post("/sending/freeze", summary="Stop all sending")
async def freeze_sending(body: Freeze, caller: Writer) -> StatusView:
    """Stops every campaign's messages at once, until it is released; what the servers have already is not taken back."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        return StatusView.model_validate(await MessageService(connection, caller.organization_id).freeze(body.reason))


@router.post("/sending/release", summary="Let sending go on")
async def release_sending(caller: Writer, body: Thaw | None = None) -> Thawed:
    """Lets sending go on after a freeze. With `skip_until`, what was due by then is left out: it may have been sent before a restore."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        skipped, status = await MessageService(connection, caller.organization_id).thaw(body.skip_until if body else None)
    return Thawed(skipped=skipped, status=StatusView.model_validate(status))


@router.put("/sending/limits", summary="Set the organization's limits")
async def set_limits(body: Limits, caller: Writer) -> StatusView:
    """How many messages the organization sends in a day, and in an hour to one recipient domain; what is left out has no limit."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        service = MessageService(connection, caller.organization_id)
        return StatusView.model_validate(await service.set_limits(body.daily_limit, body.domain_hourly_limit))


@router.get("/sending/throttles", summary="List slow recipient domains")
async def get_throttles(caller: Reader) -> Throttles:
    """The recipient domains whose servers asked for less (421, 450), how many an hour they get, and the answer that taught it."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        found = await list_throttles(connection, caller.organization_id)
    return Throttles(items=[ThrottleView.model_validate(one) for one in found])


@router.delete("/sending/throttles/{domain}", summary="Forget that a domain is slow", status_code=204)
async def remove_throttle(domain: Annotated[Text, Path(max_length=253, examples=["example.com"])], caller: Writer) -> None:
    """Lets a recipient domain be written to at full pace again, until its servers say otherwise."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        await forget_throttle(connection, caller.organization_id, domain)


@router.get("/messages", summary="List messages")
async def list_messages(
    caller: Reader,
    status: Annotated[Text | None, Query(max_length=20, description="Only those in this state.", examples=["unknown"])] = None,
    campaign_id: Annotated[UUID | None, Query(description="Only this campaign's.")] = None,
    mailbox_id: Annotated[UUID | None, Query(description="Only this mailbox's.")] = None,
    q: Annotated[
        Text | None, Query(max_length=254, description="In the recipient's name, address or company, or in the subject.", examples=["ana"])
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> MessagePage:
    """The ledger, newest first.

    A search for words that more than 10,000 messages fit looks through the next 50,000 of all: a page may be short and not the last.
    """
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        page = await MessageService(connection, caller.organization_id).page(
            status=status, campaign_id=campaign_id, mailbox_id=mailbox_id, q=q, limit=limit, cursor=cursor
        )
    return MessagePage(items=[MessageView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/messages/{id}", summary="Show a message")
async def get_message(id: UUID, caller: Reader) -> FullMessageView:
    """One message as it went out, or waits, with its headers and every attempt and answer."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return FullMessageView.model_validate(await MessageService(connection, caller.organization_id).get(id))


@router.post("/messages/release", summary="Release messages that need a review")
async def release_messages(caller: Writer, body: ReleaseAll | None = None) -> Released:
    """Lets up to 10,000 messages go on, rendered anew: when what all of them lacked is there now. What still lacks something comes back."""
    wanted = body or ReleaseAll()
    async with transaction(caller.organization_id, caller.actor) as connection:
        service = MessageService(connection, caller.organization_id)
        return Released(released=await service.release_all(wanted.campaign_id, wanted.mailbox_id))


@router.post("/messages/{id}/settle", summary="Settle a doubtful message")
async def settle_message(id: UUID, body: Settlement, caller: Writer) -> FullMessageView:
    """Says what became of a message that is `unknown`, and how that is known. `not_sent` queues it again, with its Message-ID.

    409 for a message that is not in doubt.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        service = MessageService(connection, caller.organization_id)
        return FullMessageView.model_validate(await service.settle(id, body.outcome, body.evidence))


@router.post("/messages/{id}/release", summary="Release a message that needs a review")
async def release_message(id: UUID, caller: Writer, body: Release | None = None) -> FullMessageView:
    """Lets it go on: with the texts given, for this one message, or rendered anew."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        service = MessageService(connection, caller.organization_id)
        return FullMessageView.model_validate(await service.release(id, body.subject if body else None, body.body if body else None))


@router.post("/messages/{id}/skip", summary="Leave a message out")
async def skip_message(id: UUID, caller: Writer) -> FullMessageView:
    """Leaves out a message that is queued or needs a review; its person goes on with the next step."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        return FullMessageView.model_validate(await MessageService(connection, caller.organization_id).skip(id))


@router.post("/messages/{id}/retry", summary="Try a failed message again")
async def retry_message(id: UUID, caller: Writer) -> FullMessageView:
    """Queues a message again that the server refused, or put off too often; its person goes on from there.

    409 for one whose address bounced, and when its campaign or person has come to another end.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        return FullMessageView.model_validate(await MessageService(connection, caller.organization_id).retry(id))
