"""Signing in with a provider of OpenID Connect.

What begins in one browser ends there: state, nonce and verifier travel encrypted in a cookie, and a state comes back
once. Nobody registers themselves: the verified address must be a member's already. Never logs a token or a code.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import orjson

from outrider.kit import database, logs
from outrider.kit.encryption import Cipher
from outrider.kit.errors import Forbidden, OutriderError, Unauthorized

from . import throttle
from .oidc_provider import Identity, Provider
from .sessions import Client, open_session
from .sign_in import Login, login_of
from .store import sign_in_queries as queries

LASTS_SECONDS = 600
"""How long somebody may take at the provider."""
CONTEXT = "a sign-in at a provider"
STALE = "This sign-in was begun in another browser, was finished already, or took too long: begin again."
log = logs.logger("outrider.tenancy.oidc")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in on its way: what must come back, and where it leads."""

    state: str
    nonce: str
    verifier: str
    next: str
    until: int

    def seal(self, cipher: Cipher) -> str:
        """Return it as a cookie may hold it."""
        return base64.urlsafe_b64encode(cipher.encrypt(orjson.dumps(asdict(self)), CONTEXT)).decode()


@dataclass(frozen=True, slots=True)
class Started:
    """Where the browser goes, and the cookie it takes along."""

    location: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """The secret of the new session, and where it leads."""

    secret: str
    next: str


async def start(provider: Provider, cipher: Cipher, redirect_uri: str, next: str) -> Started:
    """Begin a sign-in. Raises `Unavailable` when the provider does not answer."""
    attempt = Attempt(
        secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), next, int(time.time()) + LASTS_SECONDS
    )
    location = await provider.authorization_url(redirect_uri, attempt.state, attempt.nonce, attempt.verifier)
    return Started(location, attempt.seal(cipher))


async def finish(
    provider: Provider, cipher: Cipher, redirect_uri: str, answer: Mapping[str, str], cookie: str | None, client: Client
) -> Arrived:
    """Return the session of who comes back from the provider with `answer`, the parameters of the address.

    Raises `Unauthorized` for what does not hold, `Forbidden` for who is no member, `TooManyRequests`, `Unavailable`.
    """
    network = f"provider {throttle.network_of(client.address)}"
    await throttle.attempt({network: throttle.NETWORK_FREE})
    attempt = _open(cookie, cipher)
    if attempt is None or not hmac.compare_digest(attempt.state.encode(), answer.get("state", "").encode("utf-8", "replace")):
        raise Unauthorized(STALE)
    async with database.acquired() as connection:
        digest, forget_at = hashlib.sha256(attempt.state.encode()).digest(), datetime.fromtimestamp(attempt.until + 60, UTC)
        if not await queries.use_oidc_state(connection, state_hash=digest, forget_at=forget_at):
            raise Unauthorized(STALE)
    if "error" in answer or not answer.get("code"):
        raise Unauthorized(f"Signing in at {provider.name} was not finished.")
    if answer.get("iss", provider.issuer).rstrip("/") != provider.issuer.rstrip("/"):
        raise Unauthorized(f"The answer does not come from {provider.name}.")
    try:
        identity = await provider.identity(answer["code"], redirect_uri, attempt.nonce, attempt.verifier)
    except OutriderError as error:
        log.warning("provider_refused", exc_info=error)
        raise
    login = await _login_of(provider, identity)
    await throttle.forgive(uncounted=[network])
    return Arrived(await open_session(login.home, login.user_id, client), attempt.next)


async def _login_of(provider: Provider, identity: Identity) -> Login:
    if identity.email is None:
        raise Forbidden(f"{provider.name} has not verified your address: have it verified there, or sign in with your password.")
    async with database.acquired() as connection:
        row = await queries.find_oidc_login(connection, issuer=identity.issuer, subject=identity.subject, email=identity.email)
    login = login_of(row)
    if login is None:
        raise Forbidden(f"Nobody here has the address {identity.email}: ask an owner or admin to add you.")
    return login


def _open(cookie: str | None, cipher: Cipher) -> Attempt | None:
    try:
        attempt = Attempt(**orjson.loads(cipher.decrypt(base64.urlsafe_b64decode(cookie or ""), CONTEXT)))
    except (ValueError, TypeError, binascii.Error, OutriderError):
        return None
    return attempt if attempt.until > time.time() else None
