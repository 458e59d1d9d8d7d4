"""Events over HTTP: programs tell what happened, and look up what did. One request is one transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, require, transaction

from . import activity
from .activity import Activity, Asked
from .shapes.common import EARLIEST, key
from .types import Happening

router = APIRouter(prefix="/api/events", tags=["activity"])
activity_router = APIRouter(prefix="/api/activity", tags=["activity"])
Reader = Annotated[Caller, Depends(require("campaigns:read"))]
Writer = Annotated[Caller, Depends(require("campaigns:write"))]
MOST_PAYLOAD = 20_000

TOLD: dict[str, Any] = {
    "id": "evt_8841", "type": "trial_started", "platform": "product", "occurred_at": "2026-11-20T08:00:00Z", "email": "ana@example.org",
    "payload": {"plan": "team"},
}  # fmt: skip
EVENT: dict[str, Any] = {
    "id": "0193a512-9d2b-7a53-8f0e-1d2c3b4a5968", "type": "click", "platform": "outrider", "occurred_at": "2026-11-20T08:00:00Z",
    "received_at": "2026-11-20T08:00:01Z", "event_key": "click:0193a512", "campaign_id": "0193a512-1111-7a53-8f0e-1d2c3b4a5968",
    "campaign": "Autumn", "enrollment_id": None, "message_id": "0193a512-2222-7a53-8f0e-1d2c3b4a5968", "step": 1,
    "person_id": "0193a512-3333-7a53-8f0e-1d2c3b4a5968", "person": "Ana Lima", "email": "ana@example.org", "url": "https://example.org/a",
    "address": "192.0.2.7", "user_agent": "Mozilla/5.0", "payload": {}, "verdict": "human", "verdict_reason": None,
}  # fmt: skip


class Told(BaseModel):
    """Something that happened, as a program tells it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [TOLD]})

    type: Text = Field(
        pattern=r"^[a-z][a-z0-9_.]{0,99}$",
        description="What happened: reply, linkedin_reply, call_done, or a name of yours.",
        examples=["trial_started"],
    )
    platform: Text = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,49}$", description="Where: product, linkedin, phone …", examples=["product"])
    occurred_at: AwareDatetime = Field(description="When; it names its zone.")
    id: Text | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="The platform's own id of it: told again, it is the same event. Without one, platform, campaign, type, address and "
        "time tell events apart.",
    )
    email: Text | None = Field(None, max_length=254, pattern=r"^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$", description="Who did it.")
    person_id: UUID | None = Field(None, description="The same, by id.")
    message_id: UUID | None = Field(None, description="The message of the ledger that it is about.")
    rfc_message_id: Text | None = Field(
        None, max_length=998, pattern=r"^<?[^\s<>@]+@[^\s<>]+>?$", description="The same, by its Message-ID header."
    )
    campaign_id: UUID | None = None
    enrollment_id: UUID | None = None
    url: Text | None = Field(None, max_length=8000)
    ip: IPv4Address | IPv6Address | None = Field(None, description="Whence.")
    user_agent: Text | None = Field(None, max_length=1000)
    to: list[Text] = Field(
        [], max_length=50, description="Of a reply: the addresses that it went to; one with our token names its message."
    )
    in_reply_to: Text | None = Field(None, max_length=2000, description="Of a reply: its In-Reply-To header.")
    references: list[Text] = Field([], max_length=100, description="Of a reply: the Message-IDs of its References header, in their order.")
    subject: Text | None = Field(None, max_length=998, description="Of a reply: its subject, for when it names no message of ours.")
    payload: dict[str, Any] = Field(default_factory=dict, description="What else is worth knowing; at most 20,000 bytes of JSON.")

    @field_validator("occurred_at")
    @classmethod
    def _can_be_true(cls, at: datetime) -> datetime:
        if not EARLIEST <= at <= datetime.now(UTC) + timedelta(days=1):
            raise ValueError("must be after 1999 and not more than a day ahead")
        return at

    @field_validator("payload")
    @classmethod
    def _can_be_kept(cls, payload: dict[str, Any]) -> dict[str, Any]:
        try:
            encoded = orjson.dumps(payload)
        except (TypeError, RecursionError) as error:
            raise ValueError("cannot be written as JSON") from error
        if len(encoded) > MOST_PAYLOAD or b"\\u0000" in encoded:
            raise ValueError(f"must have at most {MOST_PAYLOAD} bytes, and no NUL character")
        return payload

    @model_validator(mode="after")
    def _is_about_somebody(self) -> "Told":
        if not (self.email or self.person_id or self.message_id or self.rfc_message_id or self.enrollment_id or self.in_reply_to):
            raise ValueError("say whom it is about: email, person_id, message_id, rfc_message_id, enrollment_id or in_reply_to")
        return self

    def happening(self) -> Happening:
        """Return it as the recorder takes it."""
        return Happening(
            type=self.type,
            platform=self.platform,
            occurred_at=self.occurred_at,
            key=key(self.platform, self.type, self.id),
            message_id=self.message_id,
            rfc_message_id=f"<{self.rfc_message_id.strip('<>')}>" if self.rfc_message_id else None,
            campaign_id=self.campaign_id,
            enrollment_id=self.enrollment_id,
            person_id=self.person_id,
            email=self.email.strip().lower() if self.email else None,
            url=self.url,
            address=str(self.ip) if self.ip else None,
            user_agent=self.user_agent,
            to=" ".join(self.to) or None,
            in_reply_to=self.in_reply_to,
            references=" ".join(self.references) or None,
            subject=self.subject,
            payload=self.payload,
        )


class Batch(BaseModel):
    """Events to record, all or none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"events": [TOLD]}]})

    events: list[Told] = Field(min_length=1, max_length=activity.MOST)


class RecordedView(BaseModel):
    """What became of one event."""

    model_config = ConfigDict(title="RecordedEvent", from_attributes=True)

    key: str = Field(description="What makes it happen once.")
    event_id: UUID
    is_new: bool = Field(description="False: it was told before, and nothing changed.")


class RecordedBatch(BaseModel):
    """What became of the events, in the order given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"new": 1, "items": [{"key": "product:trial_started:evt_8841", "event_id": EVENT["id"], "is_new": True}]}]
        }
    )

    new: int
    items: list[RecordedView]


class ActivityView(BaseModel):
    """An event with the names of what it is about. Times are UTC."""

    model_config = ConfigDict(title="Activity", json_schema_extra={"examples": [EVENT]}, from_attributes=True)

    id: UUID
    type: str
    platform: str = Field(description="Where it happened: outrider for what its own messages and links saw.")
    occurred_at: datetime
    received_at: datetime = Field(description="When we heard of it.")
    event_key: str
    campaign_id: UUID | None
    campaign: str | None = Field(description="Its name.")
    enrollment_id: UUID | None
    message_id: UUID | None = Field(description="The message of the ledger.")
    step: int | None
    person_id: UUID | None
    person: str | None = Field(description="Their name.")
    email: str | None
    url: str | None = Field(description="What was clicked.")
    address: str | None
    user_agent: str | None
    payload: dict[str, Any]
    verdict: Literal["human", "automatic"] = Field(description="automatic: a scanner or a prefetcher did it; it counts for nothing.")
    verdict_reason: str | None


class ActivityPage(BaseModel):
    """A page of events, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [EVENT], "next_cursor": None}]})

    items: list[ActivityView]
    next_cursor: str | None


@router.post("", summary="Tell what happened")
async def record_events(body: Batch, caller: Writer) -> RecordedBatch:
    """Records up to 1,000 events of LinkedIn, the telephone, your product or anything else, each once, all or none.

    What follows from one follows at once: a reply stops its campaign, an unsubscribe suppresses. 422 names the event and the field.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        found = await activity.take(connection, caller.organization_id, [one.happening() for one in body.events])
    return RecordedBatch(new=sum(one.is_new for one in found), items=[RecordedView.model_validate(one) for one in found])


@activity_router.get("", summary="List what happened")
async def list_activity(
    caller: Reader,
    type: Annotated[Text | None, Query(max_length=100, description="Only this type.", examples=["click"])] = None,
    campaign_id: Annotated[UUID | None, Query(description="Only of this campaign.")] = None,
    person_id: Annotated[UUID | None, Query(description="Only of this person.")] = None,
    message_id: Annotated[UUID | None, Query(description="Only of this message of the ledger.")] = None,
    verdict: Annotated[Text | None, Query(max_length=20, description="human or automatic.", examples=["human"])] = None,
    platform: Annotated[Text | None, Query(max_length=50, description="Only of this platform.", examples=["linkedin"])] = None,
    since: Annotated[datetime | None, Query(description="From this time on; it names its zone.")] = None,
    until: Annotated[datetime | None, Query(description="Before this time; it names its zone.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ActivityPage:
    """Opens, clicks, replies, bounces, LinkedIn, calls and product events, newest first."""
    asked = Asked(type, campaign_id, person_id, message_id, verdict, platform, since, until)
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        page = await activity.page_of_activity(connection, caller.organization_id, asked, limit=limit, cursor=cursor)
    return ActivityPage(items=_views(page.items), next_cursor=page.next_cursor)


def _views(items: Sequence[Activity]) -> list[ActivityView]:
    return [ActivityView.model_validate(one) for one in items]
