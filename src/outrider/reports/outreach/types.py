"""What the report of a campaign speaks in. Frozen records; nothing here touches the database."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Figures:
    """How many messages something became of, each message once.

    `delivered` were sent and did not come back. What machines did is kept apart: `machine_opened` and `machine_clicked` are
    messages that no person opened or clicked, as far as anybody can tell. `tried` are those sent and those refused at the
    door, which bounces are a share of. Of what the campaign does not track nothing is known: None.
    """

    sent: int = 0
    delivered: int = 0
    opened: int | None = 0
    clicked: int | None = 0
    replied: int = 0
    bounced: int = 0
    unsubscribed: int = 0
    complained: int = 0
    machine_opened: int | None = 0
    machine_clicked: int | None = 0
    tried: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of one step, mailbox, recipient domain or hour; `key` names it for programs, `label` for people.

    The domain without a key is all the others together.
    """

    key: str
    label: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class DayPart:
    """What happened on a day of the organization's zone: each message counts on the day on which the thing happened first."""

    day: date
    figures: Figures


@dataclass(frozen=True, slots=True)
class Variant:
    """The figures of a wording.

    `low` and `high`: where its share of answers lies, 95 times of 100 (Wilson), 0 to 1; 0 and 1 when nothing was sent.
    """

    id: UUID
    step: int
    label: str
    subject: str
    figures: Figures
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the variants of a step differ by more than chance, in words.

    `chance`: how likely the two best differ so by chance alone, 0 to 1, the number of variants allowed for; None: too few to
    say. `is_sure`: less likely than 5 in 100.
    """

    step: int
    text: str
    chance: float | None
    is_sure: bool


@dataclass(frozen=True, slots=True)
class CampaignReport:
    """What became of a campaign, as of now; before anything was sent the parts are empty.

    `in_doubt`: messages of which nobody knows whether they went out.
    """

    campaign_id: UUID
    name: str
    state: str
    started_at: datetime | None
    tracks_opens: bool
    tracks_clicks: bool
    time_zone: str
    enrolled: int
    in_doubt: int
    total: Figures
    days: tuple[DayPart, ...]
    steps: tuple[Part, ...]
    variants: tuple[Variant, ...]
    verdicts: tuple[Verdict, ...]
    mailboxes: tuple[Part, ...]
    domains: tuple[Part, ...]
    hours: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A message, or for `enrolled` a person, behind a figure; `at` is when it became so."""

    id: UUID
    person_id: UUID
    name: str | None
    recipient: str
    at: datetime
    message_id: UUID | None
    step: int | None
    variant: str | None
    mailbox: str | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a campaign did on a day, as it was worked out at `created_at`; `insights` are sentences."""

    day: date
    metrics: dict[str, object]
    insights: tuple[str, ...]
    created_at: datetime
