"""Signing in with address and password: who it is, and the session they get. Knows neither cookies nor pages.

An address that nobody has is answered as slowly, and in the same words, as a wrong password.
"""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from outrider.kit import database
from outrider.kit.errors import Conflict, InvalidInput, Unauthorized

from . import throttle
from .passwords import check_password, check_rules, hash_password
from .sessions import Client, Visitor, end_all_sessions, open_session
from .store import sign_in_queries as queries
from .types import OrganizationId

WRONG = "The address or the password is not right."


@dataclass(frozen=True, slots=True)
class Login:
    """A user who may sign in, and where.

    `is_bound`: the admins of an organization made the password, so that it opens nothing but that one.
    """

    user_id: UUID
    password_hash: str | None
    organization_ids: tuple[OrganizationId, ...]
    last_organization_id: OrganizationId | None
    is_bound: bool

    @property
    def home(self) -> OrganizationId:
        """The organization that a sign-in leads to: the one of the last time, else the first they joined."""
        known = self.last_organization_id in self.organization_ids
        return self.last_organization_id if known and self.last_organization_id else self.organization_ids[0]


async def sign_in(email: str, password: str, client: Client) -> str:
    """Return the secret of a new session for who has this address and password.

    It still lacks the code of who has a second factor. Raises `Unauthorized` for anything that is not right, without
    saying what, and `TooManyRequests` after too many of these.
    """
    network = throttle.network_of(client.address)
    account, everybody = f"sign-in {network} {email.strip().lower()}", f"sign-in {network}"
    await throttle.attempt({account: throttle.ACCOUNT_FREE, everybody: throttle.NETWORK_FREE})
    login = await find_login(email)
    check = await check_password(password, login.password_hash if login else None)
    if login is None or not check.is_right:
        raise Unauthorized(WRONG)
    await throttle.forgive(uncounted=[everybody], forgotten=[account])
    if check.is_outdated:
        await _replace_password(login.user_id, login.password_hash, password)
    return await open_session(login.home, login.user_id, client, is_bound=login.is_bound)


async def find_login(email: str) -> Login | None:
    """Return the login with an address, None when nobody who is in an organization has it."""
    async with database.acquired() as connection:
        return login_of(await queries.find_login(connection, email=email))


def login_of(row: asyncpg.Record | None) -> Login | None:
    """Return the login that a row says, None without one or for who may go to no organization."""
    if row is None:
        return None
    maker = row["password_from"]
    places = tuple(OrganizationId(id) for id in row["organization_ids"] if maker in (None, id))
    return Login(row["user_id"], row["password_hash"], places, row["last_organization_id"], maker is not None) if places else None


async def confirm_password(visitor: Visitor, password: str) -> str:
    """Check that it is the visitor who asks, and return the hash that their password has.

    Raises `InvalidInput` for a wrong one and for who has none, `TooManyRequests`.
    """
    name = f"confirm {visitor.user_id}"
    await throttle.attempt({name: throttle.ACCOUNT_FREE})
    async with database.acquired() as connection:
        row = await queries.login(connection, user_id=visitor.user_id)
    hashed: str | None = row["password_hash"]
    if hashed is None:
        raise InvalidInput("You have no password yet: ask for a link with “Forgotten?” at the sign-in.", field="current")
    if not (await check_password(password, hashed)).is_right:
        raise InvalidInput("This is not your password.", field="current")
    await throttle.forgive(forgotten=[name])
    return hashed


async def change_password(visitor: Visitor, client: Client, current: str, new: str) -> str:
    """Give the visitor a new password, end their sessions everywhere and return the secret of a new one.

    Raises `InvalidInput` for a wrong or an unfit password, `Conflict` when it was changed elsewhere meanwhile,
    `TooManyRequests`.
    """
    check_rules(new, visitor.email)
    was = await confirm_password(visitor, current)
    if not await _replace_password(visitor.user_id, was, new):
        raise Conflict("your password was changed elsewhere at this moment: sign in with the new one")
    await end_all_sessions(visitor.caller, visitor.user_id)
    return await open_session(
        visitor.organization_id, visitor.user_id, client, second_factor=visitor.second_factor, is_bound=visitor.is_bound
    )


async def _replace_password(user: UUID, was: str | None, password: str) -> bool:
    hashed = await hash_password(password)
    async with database.acquired() as connection:
        return bool(await queries.replace_password(connection, user_id=user, was=was, password_hash=hashed))
