"""What the home page speaks in: figures, work that goes on, steps to take. Frozen records; nothing here touches the database."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from outrider.ops import in_words

DAYS = 30
"""How many days the series of incoming rows has; the last one is today."""


@dataclass(frozen=True, slots=True)
class Day:
    """How many rows came in on one day of the organization's time zone."""

    day: date
    rows: int


@dataclass(frozen=True, slots=True)
class Figures:
    """How much an organization has, and what came in.

    `counted_at` is when; None: just now. With `is_least` the organization is too large to count on a visit and was not
    counted before: each number is then the least that there is, and `days` is empty if too many rows came in.
    """

    people: int
    companies: int
    contacts: int
    profiles: int
    days: tuple[Day, ...]
    counted_at: datetime | None
    is_least: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there and nothing ever came in lately."""
        return not (self.people or self.companies or self.contacts or self.rows)

    @property
    def rows(self) -> int:
        """Rows that came in over the days of the series."""
        return sum(day.rows for day in self.days)


@dataclass(frozen=True, slots=True)
class Running:
    """A job that is not finished; `file_name` and `import_id` when it takes a file in, `link` the page of what it works on."""

    id: UUID
    name: str
    title: str | None
    link: str | None
    state: str
    done: int
    total: int | None
    note: str | None
    asked_at: datetime
    started_at: datetime | None
    import_id: UUID | None
    file_name: str | None

    @property
    def label(self) -> str:
        """What people call it: 'Import apollo.csv'."""
        return self.title or self.file_name or in_words(self.name)

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None while nobody knows of how much."""
        return min(1.0, self.done / self.total) if self.total else None


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do next. `weight` is `wrong` when work stands still until it is done, else `todo`."""

    key: str
    weight: Literal["wrong", "todo"]
    text: str
    action: str
    href: str


@dataclass(frozen=True, slots=True)
class Outreach:
    """How outreach stands. `running` campaigns send or will; `replies` are of the last seven days; what may be many is counted to 1,001."""

    campaigns: int
    running: int
    mailboxes: int
    failing: int
    is_frozen: bool
    frozen_reason: str | None
    sent_today: int
    replies: int
    needs_review: int
    in_doubt: int
    tasks_due: int


@dataclass(frozen=True, slots=True)
class Overview:
    """An organization at a glance. What the caller may not see is None, or left out of the lists."""

    organization: str
    figures: Figures | None
    outreach: Outreach | None
    imports: int | None
    running: tuple[Running, ...]
    steps: tuple[Step, ...]
    workers: int
    is_stale: bool
