"""What the people slice speaks in. Frozen records; nothing here touches the database."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from .rows import CompanyRow, PersonRow

PERSON_FIELDS = (
    "name",
    "first_name",
    "last_name",
    "title",
    "company_id",
    "linkedin_url",
    "phone",
    "location",
    "country_code",
    "seniority",
    "department",
    "status",
)
COMPANY_FIELDS = (
    "name",
    "industry",
    "employee_count",
    "revenue",
    "revenue_currency",
    "funding",
    "location",
    "country_code",
    "linkedin_url",
    "website",
    "status",
)
CONTACT_FIELDS = ("name", "phone", "company", "title", "status")
AFFILIATION_FIELDS = ("company_name", "company_id", "title", "seniority", "department", "location", "country_code", "website", "phone")
PROFILE_FIELDS = ("first_name", "last_name", "company", "linkedin_profile", "platform")
"""The golden values of each kind of row: what has a source, a since and a past."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value is from. `kind`: load (a source said so), edit (`by` wrote it), revert (`by` took an import back), unknown.

    A load names its source, batch and, when it came in a file, the import, the file's name and the row in it. `by_name` is `by` in words.
    """

    kind: str
    by: str | None = None
    by_name: str | None = None
    load_id: int | None = None
    source: str | None = None
    batch_id: str | None = None
    import_id: UUID | None = None
    file_name: str | None = None
    row_number: int | None = None


UNKNOWN = Origin("unknown")


@dataclass(frozen=True, slots=True)
class Earlier:
    """A value that stood before: from `since` until `until`."""

    value: Any
    since: datetime
    until: datetime
    origin: Origin
    shown: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A value, where it is from, since when it stands, and what stood before, newest first.

    `origin` and `since` are None for a value that is not there and never was. `shown` is what an id means to a person.
    """

    field: str
    value: Any
    origin: Origin | None
    since: datetime | None
    earlier: tuple[Earlier, ...] = ()
    shown: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a history: what was changed in one row at once. `of` names the row: person, company, or an address."""

    at: datetime
    by: str | None
    by_name: str | None
    of: str
    old: dict[str, Any]
    new: dict[str, Any]
    origins: dict[str, Origin]


@dataclass(frozen=True, slots=True)
class Contact:
    """An address with what is known of it."""

    contact_id: int
    email: str
    person_id: UUID
    is_primary: bool
    status: str
    source: str
    tags: list[Any]
    custom_fields: dict[str, Any]
    score: Decimal
    last_activity_at: datetime | None
    created_at: datetime
    updated_at: datetime
    facts: tuple[Fact, ...]
    custom_facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Affiliation:
    """A person's role at a company; `domain` is None where no golden company is linked."""

    id: UUID
    company_id: UUID | None
    company: str | None
    domain: str | None
    title: str | None
    source: str | None
    created_at: datetime
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """The person as one client's namespace sees them."""

    id: UUID
    namespace: str
    email: str
    platform: str | None
    icp_score: int | None
    behaviour_score: int | None
    lead_score: int | None
    meta: Any
    created_at: datetime
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """What a load said about a person before it counted: whether it holds together, and if not, why."""

    id: UUID
    email: str
    raw_data: dict[str, Any]
    validation_status: str
    issue: str | None
    reasons: tuple[str, ...]
    load_id: int | None
    created_at: datetime
    promoted_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Load:
    """A raw load as it came, by what identifies it; the payload is at its own address."""

    load_id: int
    email: str | None
    source: str
    batch_id: str
    status: str
    reason: str | None
    created_at: datetime
    import_id: UUID | None
    file_name: str | None
    row_number: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is of what a person's page does not show at once."""

    addresses: int
    affiliations: int
    profiles: int
    notes: int


@dataclass(frozen=True, slots=True)
class Person:
    """One person. Loads, slots and history: the latest hundred of each, newest first.

    `tags` and `address_status` are the primary address's.
    """

    row: PersonRow
    facts: tuple[Fact, ...]
    contacts: list[Contact] = field(default_factory=list)
    affiliations: list[Affiliation] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    history: list[Change] = field(default_factory=list)
    counts: Counts = Counts(0, 0, 0, 0)
    address_status: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Company:
    """Everything about one company; its people: the newest fifty."""

    row: CompanyRow
    facts: tuple[Fact, ...]
    people: list[PersonRow] = field(default_factory=list)
    history: list[Change] = field(default_factory=list)
    notes: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote about a person or a company, one of the two. `may_change`: whether who asks may edit and delete it."""

    id: UUID
    person_id: UUID | None
    company_id: UUID | None
    body: str
    created_by: str
    created_by_name: str
    created_at: datetime
    edited_by: str | None
    edited_by_name: str | None
    edited_at: datetime | None
    may_change: bool


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a change, `custom_fields.NAME` for one of these.

    `old_shown` and `new_shown` are what an id means, `origin` is the load that brought the new value.
    """

    field: str
    old: Any
    new: Any
    old_shown: str | None
    new_shown: str | None
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of a timeline. `kind` says what the rest means:

    load: a load (`origin`) named them; `text` is what became of it, `reason` why it failed. change: `changes` in the row `of`.
    role: the person came to a company (`text`, `subject_id`), said by `origin`. people: `count` people came to the company; `text` names
    the first of them. note: `text` by `by`. decision: `by` decided about a conflict with the company `text`; `reason` is the decision.
    outreach: an event of the type `text` on the platform `of`, in the campaign called `reason`, about the message `subject_id`.
    """

    kind: str
    key: str
    at: datetime
    by: str | None
    by_name: str | None
    by_import_id: UUID | None
    of: str | None
    origin: Origin | None
    changes: tuple[FieldChange, ...]
    text: str | None
    reason: str | None
    subject_id: UUID | None
    count: int | None


@dataclass(frozen=True, slots=True)
class RawLoad:
    """A load as it came, with what became of it: the person it led to, the company it named, what was found wrong (`reasons`)."""

    load_id: int
    payload: Any
    source: str
    batch_id: str
    status: str
    reason: str | None
    created_at: datetime
    promoted_at: datetime | None
    email: str | None
    duplicate_of: int | None
    import_id: UUID | None
    file_name: str | None
    row_number: int | None
    namespace: str | None
    person_id: UUID | None
    person_name: str | None
    company_id: UUID | None
    company_name: str | None
    issue: str | None
    reasons: tuple[str, ...]
    slot_status: str | None


@dataclass(frozen=True, slots=True)
class WaitingConflict:
    """A conflict that waits: the row's word (`raw_data`, the company of its domain) beside the person and the address's company."""

    id: UUID
    email: str
    raw_data: dict[str, Any]
    reasons: tuple[str, ...]
    load_id: int | None
    created_at: datetime
    person_id: UUID | None
    person_name: str | None
    person_title: str | None
    present_company_id: UUID | None
    present_company: str | None
    company_id: UUID | None
    company_name: str | None
    industry: str | None
    address_company_id: UUID | None
    address_company: str | None
    source: str | None
    batch_id: str | None
    import_id: UUID | None
    file_name: str | None
    row_number: int | None

    @property
    def email_domain(self) -> str:
        """What stands behind the @."""
        return self.email.partition("@")[2]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next conflicts that wait, and how many do; `is_more`: more than were counted."""

    items: list[WaitingConflict]
    count: int
    is_more: bool
