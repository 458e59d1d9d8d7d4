"""Sources of webhooks and their deliveries over HTTP. One request is one transaction."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Cursor, Limit, Text, keep_for_replay
from outrider.tenancy import Caller, require, transaction

from .addresses import public_address
from .deliveries import Deliveries, Delivery
from .sources import KINDS, WebhookSources

router = APIRouter(prefix="/api/webhooks", tags=["activity"])
deliveries_router = APIRouter(prefix="/api/deliveries", tags=["activity"])
Reader = Annotated[Caller, Depends(require("campaigns:read"))]
Writer = Annotated[Caller, Depends(require("campaigns:write"))]
Manager = Annotated[Caller, Depends(require("organization:write"))]
Kind = Literal["sendgrid", "lemlist", "smartlead", "generic"]

SOURCE: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11", "kind": "sendgrid", "name": "SendGrid", "is_active": True, "has_secret": True,
    "old_secret_until": None, "created_by": "user:0193a510-0000-7000-8000-000000000001", "created_at": "2026-11-20T08:00:00Z",
    "last_received_at": "2026-11-20T09:00:00Z", "failed": 0,
}  # fmt: skip
DELIVERY: dict[str, Any] = {
    "id": "0193a512-9d2b-7a53-8f0e-1d2c3b4a5968", "source_id": SOURCE["id"], "source": "SendGrid", "kind": "sendgrid", "state": "done",
    "events": 12, "new_events": 12, "ignored": {"processed: SendGrid only says that it has the message": 3}, "repeats": 0, "size": 4711,
    "error": None, "job_id": "0193a512-9d2c-7a53-8f0e-1d2c3b4a5968", "received_at": "2026-11-20T09:00:00Z",
    "worked_at": "2026-11-20T09:00:00.04Z",
}  # fmt: skip
ADDRESS = "https://outrider.example.org/hooks/AZOlEgAAcACAAAAAAAAAAXlq"


class SourceView(BaseModel):
    """Where events come in from a provider."""

    model_config = ConfigDict(title="WebhookSource", json_schema_extra={"examples": [SOURCE]}, from_attributes=True)

    id: UUID
    kind: Kind
    name: str
    is_active: bool = Field(description="False: paused, and what comes is refused.")
    has_secret: bool = Field(description="Whether what is not signed is refused.")
    old_secret_until: datetime | None = Field(description="Until when the secret before this one is taken too.")
    created_by: str
    created_at: datetime
    last_received_at: datetime | None
    failed: int = Field(description="Deliveries that failed and wait for somebody.")


class NewSourceView(SourceView):
    """A source just made, with what is shown this once."""

    model_config = ConfigDict(
        title="NewWebhookSource", json_schema_extra={"examples": [{**SOURCE, "url": ADDRESS, "secret": None}]}, from_attributes=True
    )

    url: str | None = Field(description="The address to give to the provider. It is shown this once: who knows it can deliver.")
    secret: str | None = Field(description="The secret that was made, shown this once; null when you gave one, or none is needed.")


class SourcePage(BaseModel):
    """A page of sources, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [SOURCE], "next_cursor": None}]})

    items: list[SourceView]
    next_cursor: str | None


class NewSource(BaseModel):
    """A source to make."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": "generic", "name": "Product events"}]})

    kind: Kind = Field(description=", ".join(f"{kind}: {name}" for kind, name in KINDS.items()) + ".")
    name: Text = Field(min_length=1, max_length=100)
    secret: Text | None = Field(
        None,
        max_length=1000,
        description="SendGrid's verification key, or the secret that the provider sends. Left out: one is made, but for SendGrid.",
    )


class SourceChange(BaseModel):
    """What to change of a source; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"is_active": False}]})

    name: Text | None = Field(None, min_length=1, max_length=100)
    is_active: bool | None = None


class NewSecret(BaseModel):
    """Another secret for a source."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    secret: Text | None = Field(None, max_length=1000, description="The new one; left out: one is made. SendGrid's has to be given.")


class Rotated(BaseModel):
    """The secret that was made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"secret": "whsec_example"}]})

    secret: str | None = Field(description="Shown this once; null when you gave it. The one before holds for 24 hours more.")


class DeliveryView(BaseModel):
    """One body that a provider sent, and what became of it."""

    model_config = ConfigDict(title="Delivery", json_schema_extra={"examples": [DELIVERY]}, from_attributes=True)

    id: UUID
    source_id: UUID
    source: str = Field(description="The source's name.")
    kind: Kind
    state: Literal["pending", "done", "failed"]
    events: int | None = Field(description="How many events it told of; null: it was not worked on yet.")
    new_events: int | None = Field(description="How many of them had not happened before.")
    ignored: dict[str, int] = Field(description="How many of its events were left out, by reason.")
    repeats: int = Field(description="How often the same came again.")
    size: int = Field(description="Bytes.")
    error: str | None = Field(description="What went wrong in the last attempt.")
    job_id: UUID | None = Field(description="The job that worked on it last.")
    received_at: datetime
    worked_at: datetime | None


class FullDeliveryView(DeliveryView):
    """A delivery with its body."""

    model_config = ConfigDict(
        title="FullDelivery", json_schema_extra={"examples": [{**DELIVERY, "body": '[{"event":"delivered"}]'}]}, from_attributes=True
    )

    body: str = Field(description="As it came, but for shared secrets in it.")


class DeliveryPage(BaseModel):
    """A page of deliveries, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [DELIVERY], "next_cursor": None}]})

    items: list[DeliveryView]
    next_cursor: str | None


@router.get("", summary="List webhook sources")
async def list_webhooks(caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> SourcePage:
    """Where events come in, newest first. Addresses and secrets are not shown again."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        page = await WebhookSources(connection, caller.organization_id).page(limit=limit, cursor=cursor)
    return SourcePage(items=[SourceView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("", summary="Make a webhook source", status_code=201)
async def create_webhook(body: NewSource, caller: Manager, request: Request) -> NewSourceView:
    """Makes an address for a provider to deliver to. Address and secret are in this answer and in no other one."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        made = await WebhookSources(connection, caller.organization_id).create(body.kind, body.name, body.secret)
    shown = SourceView.model_validate(made.source).model_dump(mode="json")
    keep_for_replay(request.scope, orjson.dumps({**shown, "url": None, "secret": None}))
    return NewSourceView(**shown, url=public_address(request) + made.path, secret=made.secret)


@router.get("/{id}", summary="Show a webhook source")
async def get_webhook(id: UUID, caller: Reader) -> SourceView:
    """One source, without its address and secret."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return SourceView.model_validate(await WebhookSources(connection, caller.organization_id).get(id))


@router.patch("/{id}", summary="Rename, pause or resume a webhook source")
async def change_webhook(id: UUID, body: SourceChange, caller: Manager) -> SourceView:
    """What comes while a source is paused is refused with 409; providers send it again for a while."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        service = WebhookSources(connection, caller.organization_id)
        return SourceView.model_validate(await service.change(id, name=body.name, is_active=body.is_active))


@router.post("/{id}/rotate", summary="Give a webhook source another secret")
async def rotate_webhook(id: UUID, body: NewSecret, caller: Manager, request: Request) -> Rotated:
    """The one before holds for 24 hours more, so that nothing is lost until the provider knows the new one."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        secret = await WebhookSources(connection, caller.organization_id).rotate(id, body.secret)
    keep_for_replay(request.scope, orjson.dumps({"secret": None}))
    return Rotated(secret=secret)


@router.delete("/{id}", summary="Delete a webhook source", status_code=204)
async def delete_webhook(id: UUID, caller: Manager) -> None:
    """Its address is nobody's from now on, and its deliveries go; the events that came through it stay."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        await WebhookSources(connection, caller.organization_id).delete(id)


@deliveries_router.get("", summary="List webhook deliveries")
async def list_deliveries(
    caller: Reader,
    source_id: Annotated[UUID | None, Query(description="Only those of this source.")] = None,
    state: Annotated[Text | None, Query(max_length=20, description="Only these: pending, done or failed.", examples=["failed"])] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DeliveryPage:
    """What providers sent, newest first. What is done is kept for 30 days, what failed until somebody looked."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        page = await Deliveries(connection, caller.organization_id).page(source_id=source_id, state=state, limit=limit, cursor=cursor)
    return DeliveryPage(items=[_view(one) for one in page.items], next_cursor=page.next_cursor)


@deliveries_router.get("/{id}", summary="Show a webhook delivery")
async def get_delivery(id: UUID, caller: Reader) -> FullDeliveryView:
    """One delivery with its body."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        found = await Deliveries(connection, caller.organization_id).get(id)
    return FullDeliveryView(**_view(found.delivery).model_dump(), body=found.body.decode(errors="replace"))


@deliveries_router.post("/{id}/retry", summary="Work on a webhook delivery again")
async def retry_delivery(id: UUID, caller: Writer) -> DeliveryView:
    """For one that failed, or whose job was cancelled; 409 for one that is done. Events that it told of already are not counted twice."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        return _view(await Deliveries(connection, caller.organization_id).retry(id))


def _view(delivery: Delivery) -> DeliveryView:
    return DeliveryView.model_validate(delivery)
