"""What a mailbox signs in with: encrypted in the database, readable by the application only (DESIGN ruling 10)."""

import base64
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from outrider.kit import keyring, outgoing
from outrider.kit.errors import InvalidInput

TOKEN_URLS = {
    "gmail": "https://oauth2.googleapis.com/token",
    "outlook": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
}
EARLY_SECONDS = 120  # a token that ends so soon is renewed before it is used


@dataclass(frozen=True, slots=True)
class Credentials:
    """A password, or what OAuth2 needs. `expires_at` is in seconds since 1970. Never shown."""

    password: str | None = None
    access_token: str | None = None
    expires_at: float | None = None
    refresh_token: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    client_secret: str | None = None

    def __repr__(self) -> str:
        return "Credentials(…)"

    def sealed(self, organization: UUID, mailbox: UUID) -> str:
        """Return them encrypted for one mailbox."""
        values = {name: value for name in self.__dataclass_fields__ if (value := getattr(self, name)) is not None}
        return base64.b64encode(keyring.cipher().encrypt(orjson.dumps(values), _context(organization, mailbox))).decode()

    @property
    def is_stale(self) -> bool:
        """Whether the token has to be renewed before it is used."""
        return self.refresh_token is not None and (self.access_token is None or (self.expires_at or 0) < time.time() + EARLY_SECONDS)

    async def renewed(self) -> "Credentials":
        """Return them with a new token.

        Raises `InvalidInput` with the provider's own words when it gives none, and `OSError` when it does not answer now.
        """
        if not (self.token_url and self.refresh_token):
            raise InvalidInput(
                "the access token has ended, and there is no refresh token: sign in with the provider again", field="credentials"
            )
        form = {"grant_type": "refresh_token", "refresh_token": self.refresh_token, "client_id": self.client_id or ""}
        if self.client_secret:
            form["client_secret"] = self.client_secret
        status, answer = await outgoing.post_form(self.token_url, form)
        if status >= 500 or status == 429:
            raise OSError(f"the provider does not answer now: {status}")
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if status != 200 or not isinstance(token, str):
            words = answer.get("error_description") or answer.get("error") if isinstance(answer, dict) else None
            raise InvalidInput(f"the provider gave no new token: {status} {words or ''}".strip(), field="credentials")
        seconds = answer.get("expires_in")
        return Credentials(
            access_token=token,
            expires_at=time.time() + (float(seconds) if isinstance(seconds, (int, float, str)) else 3600),
            refresh_token=answer.get("refresh_token") or self.refresh_token,
            token_url=self.token_url,
            client_id=self.client_id,
            client_secret=self.client_secret,
        )


def opened(sealed: str | None, organization: UUID, mailbox: UUID) -> Credentials:
    """Return a mailbox's credentials; empty ones for none. Raises `Unavailable` when their key is missing."""
    if sealed is None:
        return Credentials()
    values: dict[str, Any] = orjson.loads(keyring.cipher().decrypt(base64.b64decode(sealed), _context(organization, mailbox)))
    return Credentials(**values)


def seal_key(pem: bytes, organization: UUID, domain: str) -> str:
    """Return a DKIM key encrypted for its domain."""
    return base64.b64encode(keyring.cipher().encrypt(pem, f"dkim/{organization}/{domain}")).decode()


def open_key(sealed: str, organization: UUID, domain: str) -> bytes:
    """Return a domain's DKIM key as PEM. Raises `Unavailable` when its key is missing."""
    return keyring.cipher().decrypt(base64.b64decode(sealed), f"dkim/{organization}/{domain}")


def _context(organization: UUID, mailbox: UUID) -> str:
    return f"mailbox/{organization}/{mailbox}"
