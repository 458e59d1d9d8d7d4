"""The shapes in which the API speaks of mailboxes and the domains that sign."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Text

ID = "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11"
MAILBOX: dict[str, Any] = {
    "id": ID, "email": "ana@example.org", "from_name": "Ana Lima", "reply_to": None, "provider": "smtp", "smtp_host": "mail.example.org",
    "smtp_port": 587, "smtp_security": "starttls", "imap_host": "mail.example.org", "imap_port": 993,
    "imap_security": "tls", "authentication": "password", "username": "ana@example.org", "has_credentials": True,
    "state": "active", "state_reason": None, "health_score": 100, "priority": 5, "weight": 5, "daily_limit": 50, "hourly_limit": None,
    "spacing_seconds": None, "warmup_status": "active", "warmup_started_on": "2026-11-01", "warmup_from": 5, "warmup_days": 30,
    "tracking_domain": None, "last_sent_at": "2026-11-20T08:00:00Z", "created_at": "2026-11-01T08:00:00Z", "limit_today": 33,
    "sent_today": 12, "sent_this_hour": 4, "sent_in_week": 120, "bounced_in_week": 1, "complaints_in_week": 0, "replies_in_week": 9,
    "health_most": 100, "health_lost_to_bounces": 4, "health_lost_to_complaints": 0, "health_won_by_replies": 4,
    "bounce_level": "ok", "warmup_day": 20,
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
    reply_to: Short | None = Field(
        None, description="Where replies go; {token} in it is each message's own mark, by which its replies are known."
    )
    provider: Literal["gmail", "outlook", "smtp"] | None = None
    smtp_host: Short | None = None
    smtp_port: int | None = Field(None, ge=1, le=65535)
    smtp_security: Literal["tls", "starttls", "none"] | None = None
    imap_host: Short | None = Field(None, description="Where its folders are read: its Sent folder settles what is in doubt.")
    imap_port: int | None = Field(None, ge=1, le=65535)
    imap_security: Literal["tls", "starttls"] | None = None
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
    imap_host: str | None
    imap_port: int
    imap_security: str
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
    health_most: int = Field(description="The most that the health can be: 90 in the first two weeks, then 100.")
    health_lost_to_bounces: int
    health_lost_to_complaints: int
    health_won_by_replies: int
    bounce_level: str = Field(description="ok, warning (over 5 % of the week's messages bounced) or critical (over 10 %).")
    warmup_day: int | None = Field(description="1 on the day on which the warm-up began; null without one.")


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
