"""An OpenID Connect provider, as its own discovery document describes it. Never logs a token, a code or a secret."""

import hmac
import ssl
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from outrider.kit.errors import Unauthorized, Unavailable

ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512", "EdDSA")
"""Signatures that prove who made them; never `none`, nor those that share our secret."""
TIMEOUT_SECONDS = 10
REMEMBERED_SECONDS = 3600
LEEWAY_SECONDS = 60
SCOPES = "openid email profile"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
FAULTS = (httpx2.HTTPError, OAuthError, JoseError, ssl.SSLError, ValueError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as the provider says. `email` None when it does not say, or did not verify it."""

    issuer: str
    subject: str
    email: str | None


@dataclass
class Provider:
    """One provider. Discovery and keys are remembered for an hour; a key that is not known is asked for at once."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    name: str
    _metadata: dict[str, Any] = field(default_factory=dict, repr=False)
    _keys: KeySet | None = field(default=None, repr=False)
    _known_at: float = field(default=0, repr=False)

    def __post_init__(self) -> None:
        if not is_safe(self.issuer):
            raise Unavailable("OUTRIDER_OIDC_ISSUER must be an https address, such as https://login.example.org.")

    async def check(self) -> None:
        """Ask the provider to describe itself. Raises `Unavailable` when nobody could sign in there."""
        await self._discover()
        await self._key_set()

    async def authorization_url(self, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Return where the browser goes to sign in. Raises `Unavailable` when the provider does not answer."""
        metadata = await self._discover()
        async with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce, scope=SCOPES
            )
        return str(url)

    async def identity(self, code: str, redirect_uri: str, nonce: str, verifier: str) -> Identity:
        """Return who came back with a code. Raises `Unauthorized` when the provider's answer does not hold, `Unavailable`
        when there is none."""
        metadata = await self._discover()
        try:
            async with self._client(redirect_uri) as client:
                token = await client.fetch_token(
                    metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier
                )
            claims = await self._claims(token["id_token"], nonce)
        except FAULTS as error:
            raise Unauthorized(f"{self.name} did not confirm who you are: try again") from error
        email = claims.get("email")
        verified = isinstance(email, str) and claims.get("email_verified") is True
        return Identity(metadata["issuer"], str(claims["sub"]), email if verified else None)

    async def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        metadata = await self._discover()
        try:
            claims = jwt.decode(token, await self._key_set(), algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, KeyError):
            claims = jwt.decode(token, await self._key_set(anew=True), algorithms=ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": self.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(claims)
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != self.client_id:
            raise ValueError("the token is for another client")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise ValueError("the token is of another sign-in")
        return dict(claims)

    def _client(self, redirect_uri: str) -> AsyncOAuth2Client:
        offered = self._metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        method = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
        return AsyncOAuth2Client(
            self.client_id,
            self.client_secret,
            token_endpoint_auth_method=method if self.client_secret else "none",
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
        )

    async def _discover(self) -> dict[str, Any]:
        if time.monotonic() - self._known_at > REMEMBERED_SECONDS or not self._metadata:
            found = await self._fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            endpoints = [found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
            if str(found.get("issuer")).rstrip("/") != self.issuer.rstrip("/") or not all(is_safe(str(one)) for one in endpoints):
                raise Unavailable(f"{self.name} describes itself as something else: see OUTRIDER_OIDC_ISSUER")
            self._metadata, self._keys, self._known_at = found, None, time.monotonic()
        return self._metadata

    async def _key_set(self, *, anew: bool = False) -> KeySet:
        if self._keys is None or anew:
            self._keys = KeySet.import_key_set(await self._fetch(self._metadata["jwks_uri"]))  # type: ignore[arg-type]
        return self._keys

    async def _fetch(self, url: str) -> dict[str, Any]:
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
                answer = await client.get(url)
                answer.raise_for_status()
                found = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise Unavailable(f"{self.name} does not answer: try again in a moment, or sign in with your password") from error
        if not isinstance(found, dict):
            raise Unavailable(f"{self.name} does not answer as a provider of OpenID Connect does: see OUTRIDER_OIDC_ISSUER")
        return found


def is_safe(url: str) -> bool:
    """Whether an address is https, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))
