"""Opens and clicks, as the links in our messages bring them. A link is signed, so it leads only where the message said."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

import asyncpg

from outrider.kit import keyring
from outrider.kit.errors import OutriderError, TooManyRequests
from outrider.kit.http import RateLimiter
from outrider.kit.signing import Signed
from outrider.tenancy import Actor, OrganizationId, transaction

from .recording import record
from .types import OWN_PLATFORM, Happening

log = logging.getLogger(__name__)
ACTOR = Actor("system", "tracking")
_limit = RateLimiter("60/minute", "the limit for tracking links")
PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
"""The headers by which browsers and mail programs say that they look ahead."""
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, OutriderError)


def read(purpose: Literal["open", "click"], token: str) -> Signed | None:
    """Return what a link says; None for one that is not ours."""
    return keyring.signer().read(purpose, token)


async def note(type: Literal["open", "click"], signed: Signed, *, method: str, address: str | None, headers: Mapping[str, str]) -> None:
    """Write down that a link was fetched, and from where; never raises, since a reader's way must not end at our database.

    Fetches of one link within a second are one event; beyond 60 a minute for one message nothing more is written down.
    """
    try:
        _limit.hit(signed.message_id.hex)
    except TooManyRequests:
        return
    now = datetime.now(UTC)
    organization = OrganizationId(signed.organization_id)
    agent, purpose = headers.get("user-agent"), _purpose(headers)
    happening = Happening(
        type, OWN_PLATFORM, now, key=_key(type, signed, method, purpose, now), message_id=signed.message_id, url=signed.url or None,
        address=address, user_agent=agent, payload={"method": method} if purpose is None else {"method": method, "purpose": purpose},
    )  # fmt: skip
    try:
        async with transaction(organization, ACTOR) as connection:
            await record(connection, organization, [happening])
    except AWAY as error:
        log.warning("a %s was not written down: %s", type, error.__class__.__name__)


def _purpose(headers: Mapping[str, str]) -> str | None:
    """Return why a browser fetches, when it says so: such as `prefetch`, before anybody went there."""
    said = [headers[name][:100] for name in PURPOSES if headers.get(name)]
    return ", ".join(said) or None


def _key(type: str, signed: Signed, method: str, purpose: str | None, now: datetime) -> str:
    """Return the key of a fetch: one a second, and one ahead of it. f_record tells clicks on different links under one key apart."""
    return f"{type}:{signed.message_id.hex}:{method}:{'ahead:' if purpose else ''}{int(now.timestamp())}"
