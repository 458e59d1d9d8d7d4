"""What the engagement slice speaks in. Frozen records; nothing here touches the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

OWN_PLATFORM = "outrider"
"""Where our own events come from: the ledger, our links, our unsubscribe page."""
VERDICTS = ("human", "automatic")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened, before it is written down. Everything but type, platform and time may be unknown.

    `key` is the provider's own id of the event. `message_id` is the ledger's id of a message, `rfc_message_id` its Message-ID header:
    either brings campaign, person and step with it. `address` is the IP address of who asked. A reply that names no message is matched
    by `to`, `in_reply_to`, `references` and `subject`, as its headers have them, or by `headers` in the payload (docs/tracking.md).
    """

    type: str
    platform: str
    occurred_at: datetime
    key: str | None = None
    message_id: UUID | None = None
    rfc_message_id: str | None = None
    campaign_id: UUID | None = None
    enrollment_id: UUID | None = None
    person_id: UUID | None = None
    email: str | None = None
    url: str | None = None
    address: str | None = None
    user_agent: str | None = None
    to: str | None = None
    in_reply_to: str | None = None
    references: str | None = None
    subject: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Under which key an event is kept, which event that is, and whether it was new."""

    key: str
    event_id: UUID
    is_new: bool


@dataclass(frozen=True, slots=True)
class VerdictRule:
    """What an organization knows of machines that open and click: a part of a user agent, a network, or seconds after sending."""

    id: UUID
    kind: str
    pattern: str
    verdict: str
    note: str | None
    created_by: str
    created_at: datetime
