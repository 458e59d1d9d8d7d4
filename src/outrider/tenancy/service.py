"""The rules of tenancy: who may come in, as whom, and what they may do. Does not know HTTP or the terminal."""

import asyncio
import base64
import binascii
import hashlib
import re
import secrets
from datetime import datetime
from pathlib import Path
from uuid import UUID

import argon2
import asyncpg

from outrider.kit import database, sql
from outrider.kit.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthorized
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor

from .transaction import transaction
from .types import (
    ROLES,
    SCOPES,
    Actor,
    ApiKey,
    Caller,
    Member,
    NewKey,
    Organization,
    OrganizationId,
    scopes_of,
)

queries = sql.load(Path(__file__).parent / "queries.sql")
KEY_PREFIX = "outrider_"
SECRET_BYTES = 32
SLUG = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}$")


async def find_organization(text: str) -> OrganizationId:
    """Return the organization that a slug, name or id stands for. Raises `NotFound`."""
    async with database.pool().acquire() as connection:
        found = await queries.find_organization(connection, text=text)
    if found is None:
        raise NotFound(f"there is no organization {text!r}; the slugs are set with: outrider setup --organization NAME", field="org")
    return OrganizationId(UUID(str(found)))


async def all_organizations() -> list[OrganizationId]:
    """Return every organization, oldest first."""
    async with database.pool().acquire() as connection:
        return [OrganizationId(UUID(str(row["id"]))) async for row in queries.organization_ids(connection)]


async def create_organization(name: str, slug: str, organization: UUID) -> OrganizationId:
    """Make a tenant with its default namespace. Raises `InvalidInput` for a bad slug, `Conflict` for one that is taken."""
    if not SLUG.match(slug):
        raise InvalidInput(f"slug is {slug!r}; it must be lower-case letters, digits and hyphens, at most 63", field="slug")
    try:
        async with database.pool().acquire() as connection, connection.transaction():
            return OrganizationId(UUID(str(await queries.create_organization(connection, name=name, slug=slug, id=organization))))
    except asyncpg.UniqueViolationError as error:
        raise Conflict(f"there is an organization with the slug {slug!r} already; choose another", field="slug") from error


async def current_organization(organization: OrganizationId, actor: Actor) -> Organization:
    """Return the organization's own row. Raises `NotFound` when it is gone."""
    async with transaction(organization, actor, readonly=True) as connection:
        row = await queries.organization(connection, organization_id=organization)
    if row is None:
        raise NotFound(f"organization {organization} does not exist")
    return Organization(**dict(row))


async def list_members(organization: OrganizationId, actor: Actor) -> list[Member]:
    """Return the organization's users by address; empty when it has none."""
    async with transaction(organization, actor, readonly=True) as connection:
        return [Member(**dict(row)) async for row in queries.members(connection, organization_id=organization)]


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password; off the event loop, since it takes some 80 ms by design."""
    return await asyncio.to_thread(argon2.PasswordHasher().hash, password)


async def add_member(organization: OrganizationId, actor: Actor, email: str, role: str, name: str | None = None) -> str | None:
    """Let a person in and return the password made for them, None when they have one from another organization.

    Raises `InvalidInput` for a bad address or role.
    """
    if role not in ROLES:
        raise InvalidInput(f"role is {role!r}; it must be one of {', '.join(ROLES)}", field="role")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email.strip()):
        raise InvalidInput(f"email is {email!r}; it must be an address such as ana@example.org", field="email")
    password = secrets.token_urlsafe(12)
    hashed = await hash_password(password)
    async with transaction(organization, actor) as connection:
        await queries.add_member(connection, email=email, name=name, password_hash=None, role=role)
        is_first = await queries.set_first_password(connection, email=email, password_hash=hashed)
    return password if is_first else None


async def reset_password(organization: OrganizationId, actor: Actor, email: str) -> str:
    """Give a member a new password and return it. Raises `NotFound` when nobody here has the address."""
    password = secrets.token_urlsafe(12)
    hashed = await hash_password(password)
    async with transaction(organization, actor) as connection:
        if not await queries.set_password(connection, email=email, password_hash=hashed):
            raise NotFound(f"nobody in this organization has the address {email!r}", field="email")
    return password


def _secret(organization: OrganizationId) -> str:
    tenant = base64.b32encode(organization.bytes).decode().rstrip("=").lower()
    return f"{KEY_PREFIX}{tenant}_{secrets.token_urlsafe(SECRET_BYTES)}"


def _organization_of(secret: str) -> OrganizationId | None:
    tenant = secret.removeprefix(KEY_PREFIX).partition("_")[0].upper()
    try:
        return OrganizationId(UUID(bytes=base64.b32decode(tenant + "=" * (-len(tenant) % 8))))
    except (ValueError, binascii.Error):
        return None


async def create_key(
    caller: Caller, name: str, *, role: str = "member", scopes: list[str] | None = None, expires_at: datetime | None = None
) -> NewKey:
    """Make an API key. Nobody can make one that may more than they may themselves.

    `scopes` None means all of the role's. Raises `InvalidInput` for unknown names, `Forbidden` for more than the caller
    has.
    """
    if role not in ROLES:
        raise InvalidInput(f"role is {role!r}; it must be one of {', '.join(ROLES)}", field="role")
    if not 1 <= len(name) <= 100:
        raise InvalidInput("name must have 1 to 100 characters", field="name")
    wanted = frozenset(scopes) if scopes is not None else scopes_of(role)
    if unknown := wanted - frozenset(SCOPES):
        raise InvalidInput(f"scopes names {sorted(unknown)}; known are {', '.join(SCOPES)}", field="scopes")
    if excess := wanted - scopes_of(role):
        raise InvalidInput(f"a key with the role {role} cannot have {sorted(excess)}", field="scopes")
    if excess := wanted - caller.scopes:
        raise Forbidden(f"you may not give {sorted(excess)}: you do not have it yourself", field="scopes")
    if ROLES.index(role) < ROLES.index(caller.role):
        raise Forbidden(f"you may not make a key with the role {role}: yours is {caller.role}", field="role")
    secret = _secret(caller.organization_id)
    async with transaction(caller.organization_id, caller.actor) as connection:
        row = await queries.insert_key(
            connection,
            organization_id=caller.organization_id,
            name=name,
            prefix=secret[: len(KEY_PREFIX) + 31],
            key_hash=hashlib.sha256(secret.encode()).digest(),
            role=role,
            scopes=sorted(wanted),
            created_by=str(caller.actor),
            expires_at=expires_at,
        )
    return NewKey(_key(row), secret)


async def list_keys(caller: Caller) -> list[ApiKey]:
    """Return the organization's keys, newest first, revoked ones too; empty when there are none."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return [_key(row) async for row in queries.keys(connection, organization_id=caller.organization_id)]


async def page_of_keys(caller: Caller, *, limit: int = 100, cursor: str | None = None) -> Page[ApiKey]:
    """Return a page of the organization's keys, newest first, revoked ones too. Raises `InvalidInput` for a bad limit
    or cursor."""
    check_limit(limit)
    key = decode_cursor(cursor, 1)
    before = _uuid_of(key[0]) if key else None
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        rows = queries.page_of_keys(connection, organization_id=caller.organization_id, before=before, count=limit + 1)
        found = [_key(row) async for row in rows]
    return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)


async def page_of_members(caller: Caller, *, limit: int = 100, cursor: str | None = None) -> Page[Member]:
    """Return a page of the organization's users by address. Raises `InvalidInput` for a bad limit or cursor."""
    check_limit(limit)
    key = decode_cursor(cursor, 1)
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        rows = queries.page_of_members(connection, organization_id=caller.organization_id, after=key[0] if key else None, count=limit + 1)
        found = [Member(**dict(row)) async for row in rows]
    return Page(found[:limit], encode_cursor(found[limit - 1].email) if len(found) > limit else None)


def _uuid_of(text: str | None) -> UUID:
    try:
        return UUID(str(text))
    except ValueError as error:
        raise InvalidInput("cursor is not one of ours: pass the next_cursor of the page before, as it is", field="cursor") from error


async def revoke_key(caller: Caller, key: UUID) -> None:
    """Make a key useless from now on; again is fine. Raises `NotFound`."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        if await queries.revoke_key(connection, organization_id=caller.organization_id, id=key) is None:
            raise NotFound(f"there is no key {key}", field="id")


async def authenticate(secret: str) -> Caller:
    """Return who comes with this key. Raises `Unauthorized` for an unknown, expired or revoked one, without saying
    which."""
    organization = _organization_of(secret) if secret.startswith(KEY_PREFIX) else None
    if organization is not None:
        async with transaction(organization, Actor("key", "unknown")) as connection:
            digest = hashlib.sha256(secret.encode("utf-8", "replace")).digest()
            row = await queries.find_key(connection, organization_id=organization, key_hash=digest)
            if row is not None:
                if row["is_touch_due"]:
                    await queries.touch_key(connection, organization_id=organization, id=row["id"])
                return Caller(organization, Actor("key", str(row["id"])), row["role"], frozenset(row["scopes"]))
    raise Unauthorized("the API key does not hold: pass one made with `outrider keys create` as Authorization: Bearer KEY")


def _key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(**{**dict(row), "scopes": tuple(row["scopes"])})
