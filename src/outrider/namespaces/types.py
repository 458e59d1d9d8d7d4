"""What the namespaces slice speaks in. Frozen records; nothing here touches the database."""

from dataclasses import dataclass
from datetime import datetime
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
class NamespaceStats:
    """What a namespace holds. `by_platform` names '' for profiles without one; `campaigns` are the largest fifty."""

    profiles: int
    with_company: int
    by_platform: dict[str, int]
    routed_campaigns: int
    campaigns: dict[str, int]
    last_added_at: datetime | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A namespace after a change, with what the change calls for: overlaps to know of, profiles that would now be
    elsewhere."""

    namespace: Namespace
    overlaps: list[Overlap]
    moves: list[Move]
