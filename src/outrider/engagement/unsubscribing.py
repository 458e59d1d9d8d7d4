"""Saying no: a signed link in every message leads here (RFC 8058, BEHAVIOUR 7). Knows no HTTP.

Looking never unsubscribes; saying so does, as often as it is said. The token names the message, so nobody can be unsubscribed by guessing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from outrider.kit import keyring
from outrider.kit.errors import NotFound
from outrider.kit.http import RateLimiter
from outrider.kit.signing import Signed
from outrider.sending import suppressed
from outrider.tenancy import Actor, OrganizationId, transaction

from .recording import record
from .store import queries
from .types import OWN_PLATFORM, Happening

Scope = Literal["all", "campaign"]
ACTOR = Actor("system", "unsubscribe")
_limit = RateLimiter("60/minute", "the limit for unsubscribe links")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who holds the link: their address, and what it came with."""

    email: str
    campaign: str
    organization: str


async def find_recipient(token: str) -> Recipient:
    """Return whom a link belongs to; changes nothing. Raises `NotFound` for one that is not ours, `TooManyRequests`."""
    signed = _counted(token)
    async with transaction(OrganizationId(signed.organization_id), ACTOR, readonly=True) as connection:
        row = await queries.recipient(connection, organization_id=signed.organization_id, message_id=signed.message_id)
    if row is None:
        raise _unknown()
    return Recipient(row["email"], row["campaign"], row["organization"])


async def unsubscribe(token: str, scope: Scope = "all") -> Recipient:
    """Suppress the address of a link, for everything or for its campaign, and stop what would still be sent. Again is fine.

    Raises `NotFound` for a link that is not ours, `TooManyRequests`.
    """
    signed = _counted(token)
    organization = OrganizationId(signed.organization_id)
    async with transaction(organization, ACTOR) as connection:
        row = await queries.recipient(connection, organization_id=organization, message_id=signed.message_id)
        if row is None:
            raise _unknown()
        campaign = row["campaign_id"] if scope == "campaign" else None
        if "unsubscribe" not in (await suppressed(connection, organization, [row["email"]], campaign)).values():
            happening = Happening("unsubscribe", OWN_PLATFORM, datetime.now(UTC), message_id=signed.message_id, payload={"scope": scope})
            await record(connection, organization, [happening])
    return Recipient(row["email"], row["campaign"], row["organization"])


def _counted(token: str) -> Signed:
    signed = _read(token)
    _limit.hit(signed.message_id.hex)
    return signed


def check_link(token: str) -> None:
    """Raise `NotFound` for a link that is not ours."""
    _read(token)


def _read(token: str) -> Signed:
    signed = keyring.signer().read("unsubscribe", token)
    if signed is None:
        raise _unknown()
    return signed


def _unknown() -> NotFound:
    return NotFound("this link is not one of ours, or it was cut: copy it whole from the message", field="token")
