"""What the marketing slice speaks in. Frozen records; nothing here touches the database. Times are UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

STATES = ("draft", "ready", "scheduled", "sending", "paused", "completed", "cancelled")
ENROLLMENT_STATES = ("excluded", "ready", "active", "paused", "finished", "stopped")


@dataclass(frozen=True, slots=True)
class PeopleList:
    """A list of people that somebody put on it; `people` is how many there are now."""

    id: UUID
    name: str
    description: str | None
    people: int
    created_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Segment:
    """Whoever fits `filters` at the moment: the document that lists of people take."""

    id: UUID
    name: str
    description: str | None
    filters: Mapping[str, Any]
    created_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class UsedBy:
    """A campaign that is for a list or a segment, uses a template, or sends from a mailbox."""

    campaign_id: UUID
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on a list or in a segment."""

    id: UUID
    email: str
    name: str | None
    title: str | None
    company: str | None
    status: str


@dataclass(frozen=True, slots=True)
class Template:
    """A text that is used again."""

    id: UUID
    name: str
    category: str | None
    subject: str
    body: str
    created_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Variant:
    """One wording of a step. With `template_id` the template's text is used, and `subject` and `body` are not."""

    label: str
    weight: int = 1
    subject: str = ""
    body: str = ""
    template_id: UUID | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What comes `delay` units after the step before, by which channel. `instructions` are for LinkedIn and phone steps."""

    channel: str = "email"
    delay: int = 0
    delay_unit: str = "business_days"
    condition: str = "always"
    is_reply: bool = True
    instructions: str | None = None
    variants: Sequence[Variant] = ()
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a campaign's state."""

    from_state: str
    to_state: str
    reason: str | None
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox that a campaign sends from; one that works is `active`. Links in its mail begin with `links_begin`; None: with
    nothing that readers reach.
    """

    id: UUID
    email: str
    state: str
    state_reason: str | None
    links_begin: str | None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign. Window times are local: the recipient's where their zone is known, else `time_zone`'s.

    Sent, delivered, opened, clicked and bounced are messages; replies, unsubscribes and complaints are people.
    """

    campaign_id: UUID
    name: str
    type: str
    state: str
    namespace: str | None
    owner_user_id: UUID | None
    time_zone: str
    window_start: str
    window_end: str
    window_days: Sequence[int]
    daily_limit: int | None
    verification_mode: str
    rotation: str
    stops_at_same_company: bool
    tracks_opens: bool
    tracks_clicks: bool
    starts_at: datetime | None
    paused_reason: str | None
    target_count: int | None
    sent_count: int
    delivered_count: int
    open_count: int
    click_count: int
    response_count: int
    bounce_count: int
    unsubscribe_count: int
    complaint_count: int
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Whole:
    """A campaign with everything that belongs to it."""

    campaign: Campaign
    steps: Sequence[Step]
    lists: Sequence[UUID]
    segments: Sequence[UUID]
    mailboxes: Sequence[Mailbox]
    enrollments: Mapping[str, int]
    history: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A person in a campaign; `reason` says why they were excluded or stopped. `time_zone`: None, it is not known."""

    id: UUID
    person_id: UUID
    name: str | None
    email: str | None
    state: str
    reason: str | None
    next_step: int | None
    next_at: datetime | None
    time_zone: str | None
    enrolled_at: datetime
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How many people in a campaign are in a state for a reason."""

    state: str
    reason: str | None
    people: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """How many people the audience holds, how many were left out by reason, may be written to, and came in anew."""

    total: int
    eligible: int
    inserted: int
    excluded: Mapping[str, int] = field(default_factory=dict)
