"""Tokens in the links of a message: they name it, cannot be made up, and need no row of their own. And cookies that only we write.

A token is urlsafe base64 of `organization (16 bytes) | message (16) | URL in UTF-8, for clicks | HMAC-SHA256 cut to 16`. The key follows
from the installation's secret key and the purpose, so that no token serves another purpose. Pure: reads and writes nothing.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from .secrets import derive

Purpose = Literal["open", "click", "unsubscribe"]
PURPOSES: tuple[Purpose, ...] = ("open", "click", "unsubscribe")
ID_BYTES, MAC_BYTES = 16, 16
LONGEST = 8192  # characters; a longer one is not ours


@dataclass(frozen=True, slots=True)
class Signed:
    """What a token says: whose message, and for a click the URL that it leads to ('' for others)."""

    organization_id: UUID
    message_id: UUID
    url: str


class Signer:
    """Signs with the first of an installation's secret keys; takes tokens of any of them."""

    def __init__(self, secret_keys: Sequence[bytes]) -> None:
        self._keys = {purpose: tuple(bytes.fromhex(derive(key, f"links/{purpose}")) for key in secret_keys) for purpose in PURPOSES}
        self._cookie_keys = tuple(bytes.fromhex(derive(key, "cookies")) for key in secret_keys)

    def sign(self, purpose: Purpose, organization: UUID, message: UUID, url: str = "") -> str:
        """Return a token. Only a click's has a URL."""
        body = organization.bytes + message.bytes + url.encode()
        return base64.urlsafe_b64encode(body + _mac(self._keys[purpose][0], body)).rstrip(b"=").decode()

    def read(self, purpose: Purpose, token: str) -> Signed | None:
        """Return what a token says; None when it is not one of ours for this purpose."""
        if len(token) > LONGEST:
            return None
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        if len(body) < 2 * ID_BYTES or (len(body) > 2 * ID_BYTES) != (purpose == "click"):
            return None
        if not any(hmac.compare_digest(_mac(key, body), mac) for key in self._keys[purpose]):
            return None
        return Signed(UUID(bytes=body[:ID_BYTES]), UUID(bytes=body[ID_BYTES : 2 * ID_BYTES]), body[2 * ID_BYTES :].decode())

    def seal(self, name: str, text: bytes) -> str:
        """Return a text as the cookie `name` may hold it: readable by anybody, and changed or moved to another cookie by nobody."""
        return f"{base64.urlsafe_b64encode(text).decode()}.{_mac(self._cookie_keys[0], _named(name, text)).hex()}"

    def unseal(self, name: str, sealed: str) -> bytes | None:
        """Return what a cookie says; None when we did not write it."""
        encoded, _, mac = sealed.partition(".")
        try:
            text, given = base64.b64decode(encoded, altchars=b"-_", validate=True), bytes.fromhex(mac)
        except (binascii.Error, ValueError):
            return None
        fits = [hmac.compare_digest(_mac(key, _named(name, text)), given) for key in self._cookie_keys]
        return text if any(fits) else None


def _named(name: str, text: bytes) -> bytes:
    return name.encode() + b"\0" + text


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:MAC_BYTES]
