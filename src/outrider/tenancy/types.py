"""What the tenancy slice speaks in. Frozen records; nothing here touches the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType
from uuid import UUID

OrganizationId = NewType("OrganizationId", UUID)
"""An organization that somebody was found to belong to, or that the operator named. Made by this slice only."""

DEFAULT_ORGANIZATION = OrganizationId(UUID("00000000-0000-0000-0000-000000000001"))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as history and the audit log name them: `user:<id>`, `key:<id>`, `job:<id>`, `cli:<account>`."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Caller:
    """A request that was let in: for which organization, as whom, and what it may do.

    `namespaces` are the names of those that it may see, None: all.
    """

    organization_id: OrganizationId
    actor: Actor
    role: str
    scopes: frozenset[str]
    namespaces: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Organization:
    """A tenant as its own members see it. `physical_address` is printed in every email; `require_second_factor`: its
    members cannot go on without one."""

    id: OrganizationId
    name: str
    slug: str
    plan_type: str
    physical_address: str | None
    time_zone: str
    require_second_factor: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A user in an organization. `namespaces` are a client's; empty for other roles, which are not bound to any."""

    user_id: UUID
    email: str
    name: str | None
    role: str
    namespaces: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewMember:
    """A user who just came in: the only time that their password is seen; None: they have one from another
    organization."""

    member: Member
    password: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody changed about a user, a key or the organization.

    `subject` is user, key or organization, `action` added, changed, removed, revoked or password_reset. Names are as
    they were; `changed_by_name` is None for what has none, such as a command.
    """

    id: UUID
    changed_at: datetime
    changed_by: str
    changed_by_name: str | None
    subject: str
    subject_id: UUID
    subject_name: str
    action: str
    old_values: dict[str, Any]
    new_values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. `namespaces` are a client's; empty for other roles, which are not bound to any."""

    id: UUID
    name: str
    prefix: str
    role: str
    scopes: tuple[str, ...]
    namespaces: tuple[str, ...]
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None

    def state(self, now: datetime) -> str:
        """Return active, expired or revoked."""
        return "revoked" if self.revoked_at else "expired" if self.expires_at and self.expires_at <= now else "active"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: the only time that its secret is seen."""

    key: ApiKey
    secret: str
