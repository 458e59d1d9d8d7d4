"""The shapes in which the API speaks of the ledger: messages, what people decide about them, sending as a whole."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from outrider.kit.http import Text

from .views import ID, example

MESSAGE: dict[str, Any] = {
    "id": ID, "campaign_id": ID, "campaign": "Autumn", "enrollment_id": ID, "sequence_step": 1, "mailbox_id": ID,
    "mailbox": "ana@example.org", "person_id": ID,
    "recipient": "john@example.com", "message_id": f"<{ID}@example.org>", "subject": "Hello John", "status": "unknown",
    "reason": "the connection was lost before the server's answer", "attempts": 1, "scheduled_at": "2026-11-20T08:00:00Z",
    "last_attempt_at": "2026-11-20T08:00:02Z", "error_message": None, "sent_at": None, "created_at": "2026-11-20T07:59:00Z",
}  # fmt: skip
FULL_MESSAGE: dict[str, Any] = {
    **MESSAGE, "in_reply_to": None, "body": "<p>Hello John</p>", "body_text": "Hello John", "headers": {},
    "edited_by": None,
    "history": [{"number": 1, "worker": "host/1", "started_at": "2026-11-20T08:00:02Z", "ended_at": "2026-11-20T08:02:02Z",
                 "outcome": "unknown", "code": None, "answer": None}],
    "waits_for": None,
}  # fmt: skip
HOLD: dict[str, Any] = {
    "cause": "mailbox_daily_limit", "text": "ana@example.org has sent 5 of 5 today (warm-up); goes on tomorrow", "until": None,
}  # fmt: skip
STATUS: dict[str, Any] = {
    "is_frozen": False, "frozen_at": None, "frozen_reason": None, "daily_limit": None, "domain_hourly_limit": None, "queued": 120,
    "claimed": 0, "sending": 0, "needs_review": 1, "unknown": 0, "messages_due": 4, "people_due": 0, "last_sent_at": "2026-11-20T08:00:00Z",
}  # fmt: skip
THROTTLE: dict[str, Any] = {
    "recipient_domain": "example.com", "per_hour": 20, "not_before": "2026-11-20T08:01:00Z", "learned_from": "450 4.2.1 slow down",
    "updated_at": "2026-11-20T08:00:00Z",
}  # fmt: skip


class MessageView(BaseModel):
    """A message of the ledger."""

    model_config = example(MESSAGE, title="Message")

    id: UUID
    campaign_id: UUID
    campaign: str
    enrollment_id: UUID
    sequence_step: int
    mailbox_id: UUID
    mailbox: str
    person_id: UUID
    recipient: str
    message_id: str
    subject: str | None
    status: str = Field(description="queued, claimed, sending, sent, failed, skipped, needs_review or unknown.")
    reason: str | None
    attempts: int
    scheduled_at: datetime
    last_attempt_at: datetime | None
    error_message: str | None
    sent_at: datetime | None
    created_at: datetime


class MessagePage(BaseModel):
    """A page of messages, newest first."""

    model_config = example({"items": [MESSAGE], "next_cursor": None})

    items: list[MessageView]
    next_cursor: str | None


class AttemptView(BaseModel):
    """One attempt at a message, with the server's own answer."""

    model_config = example(FULL_MESSAGE["history"][0], title="Attempt")

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    code: int | None
    answer: str | None


class HoldView(BaseModel):
    """What holds a queued message back."""

    model_config = example(HOLD, title="Hold")

    cause: str = Field(
        description="frozen, campaign_paused, campaign_over, mailbox_paused, mailbox_failing, mailbox_removed, person_paused, "
        "organization_daily_limit, mailbox_daily_limit, mailbox_hourly_limit, campaign_daily_limit, window, throttle or "
        "domain_hourly_limit."
    )
    text: str = Field(description="The same in words.")
    until: datetime | None = Field(description="When it ends; null when nobody knows, or `text` says it.")


class FullMessageView(MessageView):
    """A message as it went out, or waits, with every attempt at it."""

    model_config = example(FULL_MESSAGE, title="FullMessage")

    in_reply_to: str | None
    body: str | None
    body_text: str | None
    headers: dict[str, Any] | None
    edited_by: str | None
    history: list[AttemptView]
    waits_for: HoldView | None = Field(description="What holds it back; null when nothing does.")


class Settlement(BaseModel):
    """What a doubtful message became, and how that is known."""

    model_config = example({"outcome": "sent", "evidence": "it is in the Sent folder"}, forbid=True)

    outcome: Literal["sent", "not_sent"]
    evidence: Text = Field(min_length=1, max_length=2000)


class Release(BaseModel):
    """Texts for this one message; left out, it is rendered anew."""

    model_config = example({}, {"subject": "Hello", "body": "<p>Hello</p>"}, forbid=True)

    subject: Text | None = Field(None, max_length=998)
    body: Text | None = Field(None, max_length=500_000)


class ReleaseAll(BaseModel):
    """Which of the messages that need a review go on; what is left out asks nothing."""

    model_config = example({}, {"campaign_id": ID}, forbid=True)

    campaign_id: UUID | None = None
    mailbox_id: UUID | None = None


class Released(BaseModel):
    """How many messages go on."""

    model_config = example({"released": 12})

    released: int


class StatusView(BaseModel):
    """How sending stands. Counts stop at 10,000."""

    model_config = example(STATUS, title="SendingStatus")

    is_frozen: bool
    frozen_at: datetime | None
    frozen_reason: str | None
    daily_limit: int | None
    domain_hourly_limit: int | None
    queued: int
    claimed: int
    sending: int
    needs_review: int
    unknown: int
    messages_due: int
    people_due: int = Field(description="People with a step that is due and has no message yet.")
    last_sent_at: datetime | None


class Freeze(BaseModel):
    """Why sending is to stop."""

    model_config = example({"reason": "the copy of Thursday was restored"}, forbid=True)

    reason: Text = Field(min_length=1, max_length=500)


class Thaw(BaseModel):
    """How sending goes on."""

    model_config = example({}, {"skip_until": "2026-11-20T08:00:00Z"}, forbid=True)

    skip_until: AwareDatetime | None = Field(None, description="What was due by then is left out; null: everything that is due is sent.")


class Thawed(BaseModel):
    """What was left out, and how sending stands."""

    model_config = example({"skipped": 0, "status": STATUS})

    skipped: int
    status: StatusView


class Limits(BaseModel):
    """The organization's limits; null: none."""

    model_config = example({"daily_limit": 2000, "domain_hourly_limit": 200}, forbid=True)

    daily_limit: int | None = Field(None, ge=1, le=2**31 - 1)
    domain_hourly_limit: int | None = Field(None, ge=1, le=2**31 - 1)


class ThrottleView(BaseModel):
    """A recipient domain that is written to slowly."""

    model_config = example(THROTTLE, title="Throttle")

    recipient_domain: str
    per_hour: int
    not_before: datetime = Field(description="Nothing goes there before.")
    learned_from: str | None = Field(description="The server's answer that taught it.")
    updated_at: datetime


class Throttles(BaseModel):
    """The recipient domains that are written to slowly, the slowest first."""

    model_config = example({"items": [THROTTLE]})

    items: list[ThrottleView]
