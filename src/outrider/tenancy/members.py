"""The people of an organization: who may sign in, with which role. Does not know HTTP or the terminal."""

import re
import secrets
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor

from .grants import check_grant, check_namespaces, check_reach, check_role
from .passwords import hash_password
from .roles import scopes_of
from .sessions import Visitor
from .store import queries
from .time_zones import check_time_zone
from .transaction import transaction
from .types import Actor, Caller, Member, NewMember, OrganizationId

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
MOST_NAME = 200


async def list_members(organization: OrganizationId, actor: Actor) -> list[Member]:
    """Return the organization's users by address; empty when it has none."""
    async with transaction(organization, actor, readonly=True) as connection:
        return [_member(row) async for row in queries.members(connection, organization_id=organization)]


async def page_of_members(caller: Caller, *, limit: int = 100, cursor: str | None = None) -> Page[Member]:
    """Return a page of the organization's users by address. Raises `InvalidInput` for a bad limit or cursor."""
    check_limit(limit)
    key = decode_cursor(cursor, 1)
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        rows = queries.page_of_members(connection, organization_id=caller.organization_id, after=key[0] if key else None, count=limit + 1)
        found = [_member(row) async for row in rows]
    return Page(found[:limit], encode_cursor(found[limit - 1].email) if len(found) > limit else None)


async def find_member(caller: Caller, user: UUID) -> Member:
    """Return one of the organization's users. Raises `NotFound`."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        row = await queries.member(connection, organization_id=caller.organization_id, user_id=user)
    if row is None:
        raise NotFound(f"there is no user {user}", field="id")
    return _member(row)


async def add_member(
    organization: OrganizationId, actor: Actor, email: str, role: str, name: str | None = None, namespaces: Sequence[str] = ()
) -> str | None:
    """Let a person in, as the operator of the installation: asks nobody's leave.

    Returns the password made for them, None when they have one from another organization. Raises as `add_user` does.
    """
    return (await _add(organization, actor, email, role, name, namespaces, is_operator=True)).password


async def add_user(
    caller: Caller, email: str, *, role: str = "member", name: str | None = None, namespaces: Sequence[str] = ()
) -> NewMember:
    """Let a person in. The password made for them opens this organization alone, unless the operator
    asks. `namespaces` are a client's, by name, and nobody else's.

    Raises `InvalidInput` for a bad address, name, role or namespace, `Forbidden` for a role above the caller's,
    `Conflict` for who is in already.
    """
    check_role(role)
    check_grant(caller, role, scopes_of(role, caller.organization_id))
    return await _add(caller.organization_id, caller.actor, email, role, name, namespaces, is_operator=caller.actor.kind == "cli")


async def _add(
    organization: OrganizationId,
    actor: Actor,
    email: str,
    role: str,
    name: str | None,
    namespaces: Sequence[str],
    *,
    is_operator: bool = False,
) -> NewMember:
    check_role(role)
    if not EMAIL.fullmatch(email.strip()) or not 5 <= len(email.strip()) <= 254:
        raise InvalidInput(f"email is {email[:300]!r}; it must be an address such as ana@example.org", field="email")
    password = secrets.token_urlsafe(12)
    hashed = await hash_password(password)
    async with transaction(organization, actor) as connection:
        await check_namespaces(connection, organization, role, namespaces)
        joined = await queries.add_member(
            connection, email=email, name=_name(name), password_hash=hashed, role=role, namespaces=sorted(set(namespaces))
        )
        if joined is None:
            raise Conflict(f"{email.strip().lower()} is in this organization already", field="email")
        if is_operator and joined["has_password"]:
            await queries.trust_password(connection, email=email)
        member = _member(await queries.member(connection, organization_id=organization, user_id=joined["user_id"]))
    return NewMember(member, password if joined["has_password"] else None)


async def change_user(
    caller: Caller, user: UUID, *, role: str | None = None, namespaces: Sequence[str] | None = None, name: str | None = None
) -> Member:
    """Change a user's role, a client's namespaces or the name, and return them; None: as it is, an empty name takes it
    away.

    Raises `NotFound`, `InvalidInput` as `add_user` does, `Forbidden` for a user or a role out of the caller's reach,
    `Conflict` for the last owner and for the name of somebody who is in other organizations too.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        held = await _hold(connection, caller, user)
        before = _member(await queries.member(connection, organization_id=caller.organization_id, user_id=user))
        if name is not None:
            if held["is_elsewhere"]:
                raise Conflict(f"{before.email} is in other organizations too: only they themselves change their name", field="name")
            await queries.rename_member(connection, user_id=user, name=_name(name))
        if role is not None or namespaces is not None:
            await _change_role(connection, caller, before, role or before.role, namespaces)
        return _member(await queries.member(connection, organization_id=caller.organization_id, user_id=user))


async def _change_role(connection: asyncpg.Connection, caller: Caller, before: Member, role: str, namespaces: Sequence[str] | None) -> None:
    check_role(role)
    check_grant(caller, role, scopes_of(role, caller.organization_id))
    if namespaces is None:
        namespaces = before.namespaces if role == "client" else ()
    await check_namespaces(connection, caller.organization_id, role, namespaces)
    outcome = await queries.change_member(connection, user_id=before.user_id, role=role, namespaces=sorted(set(namespaces)))
    _check_owners(outcome, before.email)


async def change_account(visitor: Visitor, name: str, time_zone: str) -> None:
    """Give the visitor another name (an empty one takes it away) and time zone, wherever they are a member. Raises
    `InvalidInput`."""
    async with visitor.transaction() as connection:
        await queries.rename_member(connection, user_id=visitor.user_id, name=_name(name))
        await queries.set_time_zone(connection, user_id=visitor.user_id, time_zone=check_time_zone(time_zone))


async def remove_user(caller: Caller, user: UUID) -> None:
    """Take a user out of the organization; their sessions in it end. Keys that they made stay.

    Raises `NotFound`, `Forbidden` for somebody out of the caller's reach, `Conflict` for the last owner.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        held = await _hold(connection, caller, user)
        _check_owners(await queries.remove_member(connection, user_id=user), held["email"])


async def reset_password(organization: OrganizationId, actor: Actor, email: str) -> str:
    """Give a member a new password, which opens all that they are in, and return it, as the operator of the installation;
    their sessions end everywhere.

    Raises `NotFound` when nobody here has the address.
    """
    password = secrets.token_urlsafe(12)
    hashed = await hash_password(password)
    async with transaction(organization, actor) as connection:
        await _set_password(connection, organization, email, hashed)
        await queries.trust_password(connection, email=email)
    return password


async def reset_second_factor(organization: OrganizationId, actor: Actor, email: str) -> bool:
    """Take a member's second factor away, as the operator of the installation, for who lost the app and the recovery
    codes; their sessions end everywhere.

    False when they had none. Raises `NotFound` when nobody here has the address.
    """
    async with transaction(organization, actor) as connection:
        return await _take_second_factor(connection, organization, email)


async def reset_user(caller: Caller, user: UUID) -> str:
    """Give a user a new password, which opens this organization alone, and return it; their sessions end everywhere.

    Raises `NotFound`, `Forbidden` for somebody out of the caller's reach, `Conflict` for who is in other organizations
    too: a password opens those as well.
    """
    password = secrets.token_urlsafe(12)
    hashed = await hash_password(password)
    async with transaction(caller.organization_id, caller.actor) as connection:
        await _set_password(connection, caller.organization_id, await _resettable(connection, caller, user), hashed)
    return password


async def reset_user_second_factor(caller: Caller, user: UUID) -> bool:
    """Take a user's second factor away; their sessions end everywhere. False when they had none.

    Raises as `reset_user` does.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        return await _take_second_factor(connection, caller.organization_id, await _resettable(connection, caller, user))


async def _set_password(connection: asyncpg.Connection, organization: OrganizationId, email: str, hashed: str) -> None:
    if not await queries.set_password(connection, email=email, password_hash=hashed):
        raise NotFound(f"nobody in this organization has the address {email!r}", field="email")
    await queries.end_sessions_of(connection, organization_id=organization, email=email)
    await queries.note_reset(connection, email=email)


async def _take_second_factor(connection: asyncpg.Connection, organization: OrganizationId, email: str) -> bool:
    had_one = await queries.reset_second_factor(connection, email=email)
    if had_one is None:
        raise NotFound(f"nobody in this organization has the address {email!r}", field="email")
    await queries.end_sessions_of(connection, organization_id=organization, email=email)
    return bool(had_one)


async def has_second_factor(caller: Caller, user: UUID) -> bool:
    """Return whether one of the organization's users has a second factor. Raises `NotFound`."""
    await find_member(caller, user)
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return bool(await queries.has_second_factor(connection, user_id=user))


async def _resettable(connection: asyncpg.Connection, caller: Caller, user: UUID) -> str:
    """Return the address of a member whose secrets the caller may reset; they get no other role until the transaction ends."""
    held = await _hold(connection, caller, user)
    if held["is_elsewhere"]:
        raise Conflict(f"{held['email']} is in other organizations too: they reset their password themselves, on the sign-in page")
    return str(held["email"])


async def _hold(connection: asyncpg.Connection, caller: Caller, user: UUID) -> asyncpg.Record:
    held = await queries.hold_member(connection, user_id=user)
    if held is None:
        raise NotFound(f"there is no user {user}", field="id")
    check_reach(caller, held["role"], held["email"])
    return held


def _check_owners(outcome: str, email: str) -> None:
    if outcome == "last_owner":
        raise Conflict(f"{email} is the only owner: make somebody else an owner first", field="role")


def _name(name: str | None) -> str | None:
    stripped = " ".join((name or "").split())
    if len(stripped) > MOST_NAME:
        raise InvalidInput(f"name has {len(stripped)} characters; at most {MOST_NAME} are kept", field="name")
    return stripped or None


def _member(row: asyncpg.Record) -> Member:
    return Member(**{**dict(row), "namespaces": tuple(row["namespaces"])})
