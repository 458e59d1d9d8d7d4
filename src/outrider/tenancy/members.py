"""The people of an organization: who may sign in, with which role. Does not know HTTP or the terminal."""

import re
import secrets

from outrider.kit.errors import InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor

from .grants import check_role
from .passwords import hash_password
from .store import queries
from .transaction import transaction
from .types import Actor, Caller, Member, OrganizationId


async def list_members(organization: OrganizationId, actor: Actor) -> list[Member]:
    """Return the organization's users by address; empty when it has none."""
    async with transaction(organization, actor, readonly=True) as connection:
        return [Member(**dict(row)) async for row in queries.members(connection, organization_id=organization)]


async def page_of_members(caller: Caller, *, limit: int = 100, cursor: str | None = None) -> Page[Member]:
    """Return a page of the organization's users by address. Raises `InvalidInput` for a bad limit or cursor."""
    check_limit(limit)
    key = decode_cursor(cursor, 1)
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        rows = queries.page_of_members(connection, organization_id=caller.organization_id, after=key[0] if key else None, count=limit + 1)
        found = [Member(**dict(row)) async for row in rows]
    return Page(found[:limit], encode_cursor(found[limit - 1].email) if len(found) > limit else None)


async def add_member(organization: OrganizationId, actor: Actor, email: str, role: str, name: str | None = None) -> str | None:
    """Let a person in and return the password made for them, None when they have one from another organization.

    Raises `InvalidInput` for a bad address or role.
    """
    check_role(role)
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
