"""What the namespaces slice speaks in. Frozen records; nothing here touches the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

DEFAULT_NAME = "playmaker"
"""The namespace of everything that no keyword claims (seed 000)."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """A client's segment of an organization. `table_name` is its profile table, in the organization's schema."""

    id: UUID
    name: str
    keywords: tuple[str, ...]
    table_name: str
    description: str | None
    is_default: bool
    is_active: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two keywords of two active namespaces that some campaign names hold both: the longer one wins there."""

    keyword: str
    namespace: str
    other_keyword: str
    message: str


@dataclass(frozen=True, slots=True)
class KeywordOverlap:
    """A keyword that holds one of another active namespace: a campaign with the longer one goes to the `winner`."""

    winner: str
    winner_keyword: str
    loser: str
    loser_keyword: str
    message: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A keyword found in a campaign's name."""

    namespace: str
    keyword: str


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a campaign goes, and why. `keyword` is None when nothing matched and the default took it."""

    campaign_name: str
    namespace_id: UUID
    namespace: str
    table_name: str
    keyword: str | None
    also_matched: tuple[Hit, ...]
    explanation: str


@dataclass(frozen=True, slots=True)
class Move:
    """Profiles that leave one namespace for another; `merged` of them go into a profile that is there already."""

    from_namespace: str
    to_namespace: str
    profiles: int
    merged: int


@dataclass(frozen=True, slots=True)
class Contents:
    """How full a namespace is, at a price that does not grow with it: `profiles` are counted when `is_exact`; else the database's own
    estimate (`is_estimate`), or as many as were counted before there was one."""

    profiles: int
    is_exact: bool
    is_estimate: bool
    last_added_at: datetime | None

    @property
    def words(self) -> str:
        """The number as it may be shown: "1,204", "about 1,000,000", "more than 5,000"."""
        return f"{'' if self.is_exact else 'about ' if self.is_estimate else 'more than '}{self.profiles:,}"


@dataclass(frozen=True, slots=True)
class NamespaceStats:
    """What a namespace holds. `by_platform` names '' for profiles without one; `campaigns` are the largest fifty."""

    profiles: int
    with_company: int
    by_platform: dict[str, int]
    routed_campaigns: int
    campaigns: dict[str, int]
    last_added_at: datetime | None


@dataclass(frozen=True, slots=True)
class Saved:
    """What was just written: the namespace's name from now on, and whether campaigns may go elsewhere because of it."""

    name: str
    routing_changed: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A namespace after a change, with what the change calls for: overlaps to know of, profiles that would now be
    elsewhere."""

    namespace: Namespace
    overlaps: list[Overlap]
    moves: list[Move]


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as one client sees them: the namespace, then seed 000's columns in its order, then the person behind it.

    `enrichment_data` and `meta` are objects unless somebody wrote something else with SQL. `person_id` is None as long as nobody is known
    behind the address.
    """

    namespace: str
    id: UUID
    email: str
    first_name: str | None
    last_name: str | None
    company: str | None
    linkedin_profile: str | None
    platform: str | None
    enrichment_data: Any
    icp_score: int | None
    behaviour_score: int | None
    lead_score: int | None
    apollo_enriched_at: datetime | None
    last_scored_at: datetime | None
    meta: Any
    created_at: datetime
    updated_at: datetime | None
    person_id: UUID | None

    @property
    def name(self) -> str:
        """First and last name; the address where neither is known."""
        return " ".join(part for part in (self.first_name, self.last_name) if part and part.strip()) or self.email

    @property
    def campaign(self) -> str | None:
        """The campaign that they came with; None: with none."""
        found = self.meta.get("campaign") if isinstance(self.meta, dict) else None
        return str(found) if found else None


@dataclass(frozen=True, slots=True)
class ProfileSummary:
    """What came lately and what is scored, each counted up to `most` (more are as many), and when the last profile came; None: none did."""

    recent: int
    scored: int
    most: int
    last_added_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProfileFilters:
    """What a list of profiles asks: words that are all part of name, address or company; the platform; the lead score, both ends
    included. None: not asked."""

    q: str | None = None
    platform: str | None = None
    score_from: int | None = None
    score_to: int | None = None
