"""A new password by mail: a link that works once, within an hour. Only its hash is stored.

Whoever asks gets the same answer at the same speed, whether the address is known or not: what differs happens after it.
"""

import hashlib
import secrets
from ipaddress import IPv4Address, IPv6Address

from outrider.kit import database, logs
from outrider.kit.errors import NotFound, Unavailable
from outrider.kit.mail import Mailer

from . import throttle
from .passwords import check_rules, hash_password
from .store import sign_in_queries as queries

PER_ACCOUNT, PER_NETWORK = 3, 20
"""Links that may be asked for before waiting begins."""
SUBJECT = "A new password for Outrider"
TEXT = """Somebody, hopefully you, asked for a new password for {email}.

Choose it here within an hour:

{link}

If it was not you, do nothing: your password stays as it is.
"""
log = logs.logger("outrider.tenancy.resets")


async def count_request(email: str, address: IPv4Address | IPv6Address | None) -> None:
    """Raise `TooManyRequests` when too many links were asked for, for this address or from this network."""
    network = throttle.network_of(address)
    await throttle.attempt({f"reset {email.strip().lower()}": PER_ACCOUNT, f"reset from {network}": PER_NETWORK})


async def send_link(email: str, mailer: Mailer, public_url: str) -> None:
    """Send a link to who has the address; nothing happens when nobody has. What goes wrong is logged, without the
    address."""
    token = secrets.token_urlsafe(32)
    async with database.acquired() as connection:
        if not await queries.ask_reset(connection, email=email, token_hash=_hash(token)):
            return
    link = f"{public_url}/sign-in/reset?token={token}"
    to = email.strip().lower()
    try:
        await mailer.send(to, SUBJECT, TEXT.format(email=to, link=link))
    except Unavailable as error:
        log.error("reset_mail_not_sent", exc_info=error)


async def address_of(token: str) -> str:
    """Return whose link a token is. Raises `NotFound` when it is used, over or none of ours."""
    async with database.acquired() as connection:
        row = await queries.find_reset(connection, token_hash=_hash(token))
    if row is None:
        raise _gone()
    return str(row["email"])


async def use(token: str, password: str) -> None:
    """Set the password of whose link it is, and end their sessions everywhere; the link and all others are used up.

    Raises `NotFound` when it does not hold, `InvalidInput` for an unfit password, with which it still does.
    """
    check_rules(password, await address_of(token))
    hashed = await hash_password(password)
    async with database.acquired() as connection, connection.transaction():
        if await queries.use_reset(connection, token_hash=_hash(token), password_hash=hashed) is None:
            raise _gone()


def _gone() -> NotFound:
    return NotFound("this link was used already, or is older than an hour: ask for another one")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
