"""What the sending slice speaks in. Frozen records; nothing here touches the database or the network."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Outcome = Literal["sent", "refused", "postponed", "unknown", "not_started", "needs_review"]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker may send, as the claim returned it."""

    id: UUID
    campaign_id: UUID
    enrollment_id: UUID
    step_id: UUID
    sequence_step: int
    variant_id: UUID | None
    mailbox_id: UUID
    recipient: str
    recipient_domain: str
    message_id: str
    in_reply_to: str | None
    claim_token: UUID
    attempts: int
    created_at: datetime
    edited_by: str | None
    edited_subject: str | None
    edited_body: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an attempt. `reason` is bounce, refused or gave_up for what was refused, what is missing for what needs a look.
    `retry_after` is in seconds."""

    outcome: Outcome
    code: int | None = None
    answer: str | None = None
    reason: str | None = None
    retry_after: float | None = None
    is_throttled: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """How a mailbox reaches its server. `secret` is the password, or the token for OAuth2; None without authentication."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    authentication: Literal["password", "oauth2", "none"]
    username: str
    secret: str | None

    def __repr__(self) -> str:
        return f"Account({self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class SendingMailbox:
    """What the worker needs of a mailbox. `credentials` are still encrypted; `signing_key` too, None without a domain that we sign for."""

    id: UUID
    email: str
    from_name: str
    reply_to: str | None
    smtp_host: str | None
    smtp_port: int
    smtp_security: Any
    imap_host: str | None
    imap_port: int
    imap_security: Any
    authentication: Any
    username: str | None
    credentials_encrypted: str | None
    tracking_domain: str | None
    domain_id: UUID | None
    domain: str | None
    dkim_selector: str | None
    dkim_private_key_encrypted: str | None
    updated_at: datetime
