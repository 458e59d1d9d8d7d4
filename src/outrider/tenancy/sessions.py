"""Sessions of people who signed in: opening, finding, ending them. Knows neither cookies nor pages.

A session's secret begins with its organization, as an API key does, so that it is looked up inside
`tenancy.transaction`; only its SHA-256 is stored. What a person may do is read from their membership each time.
"""

import hashlib
import hmac
import ipaddress
import re
import secrets
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

import asyncpg

from outrider.kit.errors import NotFound

from .roles import namespaces_of, scopes_of
from .store import session_queries as queries
from .transaction import transaction
from .types import Actor, Caller, OrganizationId

IDLE = timedelta(days=14)
"""A session that was not used for so long is over."""
LASTS = timedelta(days=90)
"""Every session is over after this."""
RECENTLY = timedelta(minutes=10)
"""How long after signing in nobody is asked for their password again."""
LASTS_WITHOUT_CODE = timedelta(minutes=15)
"""How long somebody has to give the code of their second factor."""
REQUIRE_SECOND_FACTOR = "require_second_factor"
"""Key in an organization's settings: true, and its members must have a second factor."""
_SECRET = re.compile(r"([0-9a-f]{32})\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Client:
    """What a session remembers of where it was opened, for its owner to know it again."""

    user_agent: str | None = None
    address: IPv4Address | IPv6Address | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who signed in, and what they may do now.

    `caller` is what services take. `csrf` is what their forms must hold: only who knows the session's secret can make it.
    `organizations` are all that they may go to, by name: this one alone where `is_bound`, since its admins made the password
    that the session was opened with; `second_factor` is whether they have one, `must_have_second_factor`
    whether the organization asks that of everybody. `is_fresh`: they signed in within `RECENTLY`.
    """

    caller: Caller
    user_id: UUID
    email: str
    name: str | None
    time_zone: str
    session_id: UUID
    csrf: str
    organization_name: str
    organization_slug: str
    organizations: tuple[tuple[OrganizationId, str], ...]
    second_factor: bool
    must_have_second_factor: bool
    is_bound: bool
    signed_in_at: datetime
    is_fresh: bool

    @property
    def organization_id(self) -> OrganizationId:
        """The organization that this session is in."""
        return self.caller.organization_id

    @property
    def actor(self) -> Actor:
        """`user:<id>`."""
        return self.caller.actor

    def may(self, scope: str) -> bool:
        """Whether their role has the scope."""
        return scope in self.caller.scopes

    def transaction(self, *, readonly: bool = False) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """Open `tenancy.transaction` in their organization, as them."""
        return transaction(self.organization_id, self.actor, readonly=readonly)


@dataclass(frozen=True, slots=True)
class Visit:
    """A session that holds. `lacks` is what is missing before its visitor may go on: `code`, `set-up`, None for
    nothing."""

    visitor: Visitor
    lacks: str | None


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One of a member's own sessions, as they see it."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str | None
    address: IPv4Address | IPv6Address | None


def client_address(text: str | None) -> IPv4Address | IPv6Address | None:
    """Return the network address that a text is, None for a socket's path or anything else.

    A server that listens on `::` hears of 203.0.113.7 as ::ffff:203.0.113.7: that is the former, else everybody of the old
    kind would be one network to `throttle`.
    """
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def organization_of(secret: str) -> OrganizationId | None:
    """Return the organization that a session's secret names, None when it is no secret of ours."""
    found = _SECRET.fullmatch(secret)
    return OrganizationId(UUID(found[1])) if found else None


async def open_session(
    organization: OrganizationId,
    user: UUID,
    client: Client,
    *,
    second_factor: bool = False,
    is_bound: bool = False,
    signed_in_at: datetime | None = None,
) -> str:
    """Open a session of a member and return its secret, which nobody can ask for again.

    `second_factor`: they gave a code just now. `is_bound`: it leads to no other organization. `signed_in_at`: when they
    showed who they are, None for now. Raises `NotFound` when they are no member of the organization.
    """
    secret = f"{organization.hex}.{secrets.token_urlsafe(32)}"
    try:
        async with transaction(organization, Actor("user", str(user))) as connection:
            await queries.open_session(
                connection,
                user_id=user,
                token_hash=_hash(secret),
                lasts=LASTS,
                second_factor=second_factor,
                is_bound=is_bound,
                signed_in_at=signed_in_at,
                user_agent=client.user_agent,
                address=client.address,
            )
    except asyncpg.ForeignKeyViolationError as error:
        raise NotFound("you are no member of that organization") from error
    return secret


async def find_visit(secret: str) -> Visit | None:
    """Return who comes with a session's secret; None when it does not hold. One transaction."""
    organization = organization_of(secret)
    if organization is None:
        return None
    async with transaction(organization, Actor("user", "unknown")) as connection:
        row = await queries.find_session(
            connection,
            organization_id=organization,
            token_hash=_hash(secret),
            idle=IDLE,
            without_code=LASTS_WITHOUT_CODE,
            recently=RECENTLY,
        )
        if row is None:
            return None
        if row["is_touch_due"]:
            await queries.touch_session(connection, organization_id=organization, id=row["id"])
    return _visit(organization, secret, row)


def _visit(organization: OrganizationId, secret: str, row: asyncpg.Record) -> Visit:
    role = row["role"]
    actor = Actor("user", str(row["user_id"]))
    visitor = Visitor(
        caller=Caller(organization, actor, role, scopes_of(role, organization), namespaces_of(role, row["namespaces"])),
        user_id=row["user_id"],
        email=row["email"],
        name=row["name"],
        time_zone=row["time_zone"],
        session_id=row["id"],
        csrf=hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest(),
        organization_name=row["organization_name"],
        organization_slug=row["organization_slug"],
        organizations=tuple(
            (OrganizationId(id), name)
            for id, name in zip(row["organization_ids"], row["organization_names"], strict=True)
            if not row["is_bound"] or id == organization
        ),
        second_factor=row["has_second_factor"],
        must_have_second_factor=row["organization_settings"].get(REQUIRE_SECOND_FACTOR) is True,
        is_bound=row["is_bound"],
        signed_in_at=row["signed_in_at"],
        is_fresh=row["is_fresh"],
    )
    if row["has_second_factor"]:
        return Visit(visitor, None if row["second_factor_at"] else "code")
    return Visit(visitor, "set-up" if visitor.must_have_second_factor else None)


async def list_sessions(caller: Caller, user: UUID) -> list[OpenSession]:
    """Return the member's sessions in the caller's organization, the last used first; empty when there are none."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        rows = queries.sessions_of(connection, organization_id=caller.organization_id, user_id=user, idle=IDLE)
        return [OpenSession(**dict(row)) async for row in rows]


async def end_session(caller: Caller, user: UUID, session: UUID) -> None:
    """End one of the member's sessions in the caller's organization. Raises `NotFound`."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        if await queries.end_session(connection, organization_id=caller.organization_id, user_id=user, id=session) is None:
            raise NotFound("this session is over already", field="id")


async def renew_session(visitor: Visitor, client: Client, *, second_factor: bool) -> str:
    """End the visitor's session and return the secret of a new one in its place: what they may do with it has changed."""
    async with visitor.transaction() as connection:
        await queries.end_session(connection, organization_id=visitor.organization_id, user_id=visitor.user_id, id=visitor.session_id)
    return await open_session(visitor.organization_id, visitor.user_id, client, second_factor=second_factor, is_bound=visitor.is_bound)


async def end_all_sessions(caller: Caller, user: UUID, *, keep: UUID | None = None) -> int:
    """End a user's sessions in all organizations, but for `keep`; returns how many there were."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        return int(await queries.end_sessions(connection, user_id=user, keep=keep))
