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
    agent = headers.get("user-agent")
    happening = Happening(
        type, OWN_PLATFORM, now, key=_key(type, signed, method, now), message_id=signed.message_id, url=signed.url or None,
        address=address, user_agent=agent, payload={"method": method},
    )  # fmt: skip
    try:
        async with transaction(organization, ACTOR) as connection:
            await record(connection, organization, [happening])
    except AWAY as error:
        log.warning("a %s was not written down: %s", type, error.__class__.__name__)


def _key(type: str, signed: Signed, method: str, now: datetime) -> str:
    """Return the key of a fetch: one a second. f_record tells clicks on different links under one key apart."""
    return f"{type}:{signed.message_id.hex}:{method}:{int(now.timestamp())}"
