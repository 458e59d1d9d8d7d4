"""What the tenancy slice speaks in. Frozen records; nothing here touches the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

OrganizationId = NewType("OrganizationId", UUID)
"""An organization that somebody was found to belong to, or that the operator named. Made by this slice only."""

DEFAULT_ORGANIZATION = OrganizationId(UUID("00000000-0000-0000-0000-000000000001"))

ROLES = ("owner", "admin", "member", "viewer")
SCOPES = (
    "people:read",
    "people:write",
    "imports:read",
    "imports:write",
    "namespaces:read",
    "namespaces:write",
    "jobs:read",
    "jobs:write",
    "keys:read",
    "keys:write",
    "users:read",
    "database:read",
)


def scopes_of(role: str) -> frozenset[str]:
    """Return what a role may do: owner and admin everything, a member all but keys and users, a viewer only read."""
    if role in ("owner", "admin"):
        return frozenset(SCOPES)
    mine = frozenset(s for s in SCOPES if not s.startswith(("keys:", "users:", "database:")))
    return mine if role == "member" else frozenset(s for s in mine if s.endswith(":read"))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as history and the audit log name them: `user:<id>`, `key:<id>`, `job:<id>`, `cli:<account>`."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Caller:
    """A request that was let in: for which organization, as whom, and what it may do."""

    organization_id: OrganizationId
    actor: Actor
    role: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Organization:
    """A tenant as its own members see it."""

    id: OrganizationId
    name: str
    slug: str
    plan_type: str
    physical_address: str | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class Member:
    """A user in an organization."""

    user_id: UUID
    email: str
    name: str | None
    role: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret."""

    id: UUID
    name: str
    prefix: str
    role: str
    scopes: tuple[str, ...]
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: the only time that its secret is seen."""

    key: ApiKey
    secret: str
