"""API keys: what a program shows to come in. Does not know HTTP or the terminal.

Only the hash of a secret is kept. The secret names its organization, so that it is looked up inside that tenant.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from outrider.kit.errors import Forbidden, InvalidInput, NotFound, Unauthorized
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor

from .grants import check_grant, check_namespaces, check_role
from .roles import SCOPES, namespaces_of, outranks, scopes_of
from .store import queries
from .transaction import transaction
from .types import Actor, ApiKey, Caller, NewKey, OrganizationId

KEY_PREFIX = "outrider_"
SECRET_BYTES = 32


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
    caller: Caller,
    name: str,
    *,
    role: str = "member",
    scopes: Sequence[str] | None = None,
    namespaces: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> NewKey:
    """Make an API key. Nobody can make one that may more than they may themselves.

    `scopes` None means all of the role's; `namespaces` are a client's, by name, and nobody else's; `expires_at` None
    means never, or when the caller's own key ends. Raises `InvalidInput` for unknown names and for a client without a
    namespace, `Forbidden` for more than the caller has.
    """
    if not 1 <= len(name) <= 100:
        raise InvalidInput("name must have 1 to 100 characters", field="name")
    wanted = _granted(caller, role, scopes)
    secret = _secret(caller.organization_id)
    async with transaction(caller.organization_id, caller.actor) as connection:
        await check_namespaces(connection, caller.organization_id, role, namespaces)
        row = await queries.insert_key(
            connection,
            organization_id=caller.organization_id,
            name=name,
            prefix=secret[: len(KEY_PREFIX) + 31],
            key_hash=hashlib.sha256(secret.encode()).digest(),
            role=role,
            scopes=sorted(wanted),
            namespaces=sorted(set(namespaces)),
            created_by=str(caller.actor),
            expires_at=await _expiry(connection, caller, expires_at),
        )
    return NewKey(_key(row), secret)


def _granted(caller: Caller, role: str, scopes: Sequence[str] | None) -> frozenset[str]:
    check_role(role)
    of_role = scopes_of(role, caller.organization_id)
    wanted = frozenset(scopes) if scopes is not None else of_role
    if unknown := wanted - frozenset(SCOPES):
        raise InvalidInput(f"scopes names {sorted(unknown)}; known are {', '.join(SCOPES)}", field="scopes")
    if excess := wanted - of_role:
        raise InvalidInput(f"a key with the role {role} cannot have {sorted(excess)}", field="scopes")
    check_grant(caller, role, wanted)
    return wanted


async def _expiry(connection: asyncpg.Connection, caller: Caller, wanted: datetime | None) -> datetime | None:
    """Return when a key that this caller makes ends: no key outlives the one that made it."""
    if caller.actor.kind != "key":
        return wanted
    own = await queries.expiry_of_key(connection, organization_id=caller.organization_id, id=UUID(caller.actor.id))
    if own is not None and wanted is not None and wanted > own:
        raise Forbidden(f"your own key ends at {own.isoformat()}: one that you make cannot end later", field="expires_at")
    return wanted or own


async def find_key(caller: Caller, key: UUID) -> ApiKey:
    """Return one of the organization's keys. Raises `NotFound`."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        row = await queries.key(connection, organization_id=caller.organization_id, id=key)
    if row is None:
        raise NotFound(f"there is no key {key}", field="id")
    return _key(row)


async def count_keys_of(caller: Caller, user: UUID) -> int:
    """Return how many of a user's keys still hold."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        count = await queries.count_keys_of(connection, organization_id=caller.organization_id, actor=str(Actor("user", str(user))))
    return int(count)


async def list_keys(caller: Caller) -> list[ApiKey]:
    """Return the organization's keys, newest first, revoked ones too; empty when there are none."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return [_key(row) async for row in queries.keys(connection, organization_id=caller.organization_id)]


async def page_of_keys(caller: Caller, *, limit: int = 100, cursor: str | None = None) -> Page[ApiKey]:
    """Return a page of the organization's keys, newest first, revoked ones too. Raises `InvalidInput` for a bad limit
    or cursor."""
    check_limit(limit)
    before = decode_id_cursor(cursor)
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        rows = queries.page_of_keys(connection, organization_id=caller.organization_id, before=before, count=limit + 1)
        found = [_key(row) async for row in rows]
    return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)


async def revoke_key(caller: Caller, key: UUID) -> None:
    """Make a key useless from now on; again is fine. Raises `NotFound`, and `Forbidden` for the key of a role above the
    caller's."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        role = await queries.role_of_key(connection, organization_id=caller.organization_id, id=key)
        if role is None:
            raise NotFound(f"there is no key {key}", field="id")
        if outranks(role, caller.role):
            raise Forbidden(f"the key has the role {role}, and yours is {caller.role}: ask somebody with that role")
        await queries.revoke_key(connection, organization_id=caller.organization_id, id=key)


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
                scopes = frozenset(row["scopes"]) & scopes_of(row["role"], organization)
                namespaces = namespaces_of(row["role"], row["namespaces"])
                return Caller(organization, Actor("key", str(row["id"])), row["role"], scopes, namespaces)
    raise Unauthorized("the API key does not hold: pass one made with `outrider keys create` as Authorization: Bearer KEY")


def _key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(**{**dict(row), "scopes": tuple(row["scopes"]), "namespaces": tuple(row["namespaces"])})
