"""The shapes in which sending's API speaks."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from outrider.kit.http import Text

ID = "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11"
MAILBOX: dict[str, Any] = {
    "id": ID, "email": "ana@example.org", "from_name": "Ana Lima", "reply_to": None, "provider": "smtp", "smtp_host": "mail.example.org",
    "smtp_port": 587, "smtp_security": "starttls", "authentication": "password", "username": "ana@example.org", "has_credentials": True,
    "state": "active", "state_reason": None, "health_score": 97, "priority": 5, "weight": 5, "daily_limit": 50, "hourly_limit": None,
    "spacing_seconds": None, "warmup_status": "active", "warmup_started_on": "2026-11-01", "warmup_from": 5, "warmup_days": 30,
    "tracking_domain": None, "last_sent_at": "2026-11-20T08:00:00Z", "created_at": "2026-11-01T08:00:00Z", "limit_today": 33,
    "sent_today": 12, "sent_this_hour": 4, "sent_in_week": 120, "bounced_in_week": 1, "complaints_in_week": 0, "replies_in_week": 9,
}  # fmt: skip
NEW_MAILBOX: dict[str, Any] = {
    "email": "ana@example.org", "from_name": "Ana Lima", "smtp_host": "mail.example.org", "smtp_port": 587, "smtp_security": "starttls",
    "credentials": {"password": "secret"}, "daily_limit": 50, "warmup_status": "active",
}  # fmt: skip
DOMAIN: dict[str, Any] = {
    "id": ID, "domain": "example.org", "dkim_selector": "outrider", "dkim_public_key": "MIIBIjANBg…",
    "records": {"dkim": {"name": "outrider._domainkey.example.org", "value": "v=DKIM1; k=rsa; p=MIIBIjANBg…"}},
    "checks": {}, "checked_at": None, "created_at": "2026-11-01T08:00:00Z",
}  # fmt: skip
MESSAGE: dict[str, Any] = {
    "id": ID, "campaign_id": ID, "enrollment_id": ID, "sequence_step": 1, "mailbox_id": ID, "mailbox": "ana@example.org", "person_id": ID,
    "recipient": "john@example.com", "message_id": f"<{ID}@example.org>", "subject": "Hello John", "status": "unknown",
    "reason": "the connection was lost before the server's answer", "attempts": 1, "scheduled_at": "2026-11-20T08:00:00Z",
    "last_attempt_at": "2026-11-20T08:00:02Z", "error_message": None, "sent_at": None, "created_at": "2026-11-20T07:59:00Z",
}  # fmt: skip
FULL_MESSAGE: dict[str, Any] = {
    **MESSAGE, "campaign": "Autumn", "in_reply_to": None, "body": "<p>Hello John</p>", "body_text": "Hello John", "headers": {},
    "edited_by": None,
    "history": [{"number": 1, "worker": "host/1", "started_at": "2026-11-20T08:00:02Z", "ended_at": "2026-11-20T08:02:02Z",
                 "outcome": "unknown", "code": None, "answer": None}],
}  # fmt: skip
STATUS: dict[str, Any] = {
    "is_frozen": False, "frozen_at": None, "frozen_reason": None, "daily_limit": None, "domain_hourly_limit": None, "queued": 120,
    "claimed": 0, "sending": 0, "needs_review": 1, "unknown": 0, "messages_due": 4, "people_due": 0, "last_sent_at": "2026-11-20T08:00:00Z",
}  # fmt: skip


def example(*examples: dict[str, Any], title: str | None = None, forbid: bool = False) -> ConfigDict:
    """Return a model's configuration with examples."""
    made = ConfigDict(json_schema_extra={"examples": list(examples)}, from_attributes=True)
    if title:
        made["title"] = title
    if forbid:
        made["extra"] = "forbid"
    return made


Short = Annotated[Text, Field(max_length=254)]


class MailboxCredentials(BaseModel):
    """A password, or what OAuth2 needs. Goes in and is never shown."""

    model_config = example({"password": "secret"}, forbid=True)

    password: Text | None = Field(None, max_length=1000)
    access_token: Text | None = Field(None, max_length=10_000)
    refresh_token: Text | None = Field(None, max_length=10_000)
    token_url: Text | None = Field(None, max_length=1000, description="Where tokens are renewed; known for gmail and outlook.")
    client_id: Text | None = Field(None, max_length=1000)
    client_secret: Text | None = Field(None, max_length=1000)


class MailboxFields(BaseModel):
    """What can be said about a mailbox."""

    from_name: Annotated[Text, Field(max_length=200)] | None = None
    reply_to: Short | None = None
    provider: Literal["gmail", "outlook", "smtp"] | None = None
    smtp_host: Short | None = None
    smtp_port: int | None = Field(None, ge=1, le=65535)
    smtp_security: Literal["tls", "starttls", "none"] | None = None
    authentication: Literal["password", "oauth2", "none"] | None = None
    username: Short | None = Field(None, description="The address, when left out.")
    credentials: MailboxCredentials | None = None
    priority: int | None = Field(None, ge=0, le=10)
    weight: int | None = Field(None, ge=0, le=10)
    daily_limit: int | None = Field(None, ge=0, le=100_000)
    hourly_limit: int | None = Field(None, ge=1, le=100_000)
    spacing_seconds: int | None = Field(None, ge=0, le=86_400, description="Null: the day's messages are spread over the window.")
    warmup_status: Literal["off", "pending", "active", "done"] | None = None
    warmup_started_on: date | None = Field(None, description="Today, when left out.")
    warmup_from: int | None = Field(None, ge=1, le=100_000)
    warmup_days: int | None = Field(None, ge=1, le=365)
    tracking_domain: Short | None = None


class NewMailbox(MailboxFields):
    """A mailbox to send from."""

    model_config = example(NEW_MAILBOX, forbid=True)

    email: Short


class MailboxChange(MailboxFields):
    """What is to change; what is left out stays."""

    model_config = example({"daily_limit": 80}, forbid=True)


class MailboxView(BaseModel):
    """A mailbox, what it may and what it did. Days are the organization's."""

    model_config = example(MAILBOX, title="Mailbox")

    id: UUID
    email: str
    from_name: str
    reply_to: str | None
    provider: str
    smtp_host: str | None
    smtp_port: int
    smtp_security: str
    authentication: str
    username: str | None
    has_credentials: bool
    state: str = Field(description="active, paused (by a person or for its bounces), failing (its server does not let it in).")
    state_reason: str | None
    health_score: int = Field(description="0 to 100, from the last 7 days.")
    priority: int
    weight: int
    daily_limit: int
    hourly_limit: int | None
    spacing_seconds: int | None
    warmup_status: str
    warmup_started_on: date | None
    warmup_from: int
    warmup_days: int
    tracking_domain: str | None
    last_sent_at: datetime | None
    created_at: datetime
    limit_today: int = Field(description="The daily limit, or less while it warms up.")
    sent_today: int
    sent_this_hour: int
    sent_in_week: int
    bounced_in_week: int
    complaints_in_week: int
    replies_in_week: int


class MailboxPage(BaseModel):
    """A page of mailboxes by address."""

    model_config = example({"items": [MAILBOX], "next_cursor": None})

    items: list[MailboxView]
    next_cursor: str | None


class TrialView(BaseModel):
    """What came of a connection test."""

    model_config = example({"works": True, "answer": "235 2.7.0 Authentication successful"}, title="Trial")

    works: bool
    answer: str = Field(description="The server's own, or what went wrong.")


class StateReason(BaseModel):
    """Why a mailbox is paused."""

    model_config = example({"reason": "on holiday"}, forbid=True)

    reason: Text | None = Field(None, max_length=500)


class CampaignMailboxes(BaseModel):
    """Which mailboxes a campaign sends from."""

    model_config = example({"mailbox_ids": [ID]}, forbid=True)

    mailbox_ids: list[UUID] = Field(max_length=500)


class CampaignMailboxesView(CampaignMailboxes):
    """Which mailboxes a campaign sends from, and what that changed."""

    model_config = example({"mailbox_ids": [ID], "handed_over": 0})

    handed_over: int = Field(0, description="Queued messages that went over to another mailbox.")


class NewDomain(BaseModel):
    """A domain to sign for."""

    model_config = example({"domain": "example.org"}, forbid=True)

    domain: Short
    selector: Annotated[Text, Field(max_length=63)] = "outrider"


class RecordView(BaseModel):
    """A DNS record to set."""

    model_config = example({"name": "_dmarc.example.org", "value": "v=DMARC1; p=none"}, title="Record")

    name: str
    value: str


class DomainView(BaseModel):
    """A domain that we sign for, the records to set and what DNS said last."""

    model_config = example(DOMAIN, title="Domain")

    id: UUID
    domain: str
    dkim_selector: str
    dkim_public_key: str
    records: dict[str, RecordView]
    checks: dict[str, Any] = Field(description="By kind (spf, dkim, dmarc): name, wanted, found, problem (null: all is well).")
    checked_at: datetime | None
    created_at: datetime


class Domains(BaseModel):
    """The domains that we sign for."""

    model_config = example({"items": [DOMAIN]})

    items: list[DomainView]


class MessageView(BaseModel):
    """A message of the ledger."""

    model_config = example(MESSAGE, title="Message")

    id: UUID
    campaign_id: UUID
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


class FullMessageView(MessageView):
    """A message as it went out, or waits, with every attempt at it."""

    model_config = example(FULL_MESSAGE, title="FullMessage")

    campaign: str
    in_reply_to: str | None
    body: str | None
    body_text: str | None
    headers: dict[str, Any] | None
    edited_by: str | None
    history: list[AttemptView]


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
