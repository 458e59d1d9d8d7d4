"""What signing in needs of the settings, made once for each app (`app.state.entrance`)."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from outrider.kit import secrets
from outrider.kit.encryption import Cipher
from outrider.kit.errors import Unavailable
from outrider.kit.mail import Mailer

from .oidc_provider import Provider


@dataclass(frozen=True)
class Entrance:
    """Where links lead, who sends mail, who else may say who somebody is, and the keys for what is secret.

    `mailer` and `provider` are None where the settings name none.
    """

    home: Path
    secret_key: str | None = None
    old_secret_keys: str | None = None
    public_url: str | None = None
    mailer: Mailer | None = None
    provider: Provider | None = None

    @classmethod
    def of(
        cls,
        *,
        home: Path,
        secret_key: str | None,
        old_secret_keys: str | None,
        public_url: str | None,
        smtp_url: str | None,
        mail_from: str | None,
        oidc_issuer: str | None,
        oidc_client_id: str | None,
        oidc_client_secret: str | None,
        oidc_name: str,
    ) -> Self:
        """Return what the settings describe. Raises `Unavailable` for what cannot work, naming the setting."""
        address = _checked(public_url) if public_url else None
        mailer = provider = None
        if smtp_url:
            if not address or not mail_from:
                raise Unavailable(
                    "OUTRIDER_SMTP_URL needs OUTRIDER_MAIL_FROM, whom mail comes from, and OUTRIDER_PUBLIC_URL for its links."
                )
            mailer = Mailer.of(smtp_url, mail_from)
        if oidc_issuer:
            if not address or not oidc_client_id:
                raise Unavailable("OUTRIDER_OIDC_ISSUER needs OUTRIDER_OIDC_CLIENT_ID, and OUTRIDER_PUBLIC_URL, where people come back to.")
            provider = Provider(oidc_issuer, oidc_client_id, oidc_client_secret, oidc_name)
        return cls(home, secret_key, old_secret_keys, address, mailer, provider)

    @cached_property
    def cipher(self) -> Cipher:
        """What encrypts and decrypts. Raises `Unavailable` for a key that is none."""
        return Cipher(secrets.secret_keys(self.home, self.secret_key, self.old_secret_keys))

    @property
    def redirect_uri(self) -> str:
        """Where people come back to from the provider, as it is registered there."""
        return f"{self.public_url}/sign-in/oidc/callback"


def entrance_of(request: HTTPConnection) -> Entrance:
    """Return the app's."""
    found: Entrance = request.app.state.entrance
    return found


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and not (parts.path.strip("/") or parts.query or parts.username):
            return f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        pass
    raise Unavailable("OUTRIDER_PUBLIC_URL must be where browsers find Outrider, such as https://outrider.example.org.")
