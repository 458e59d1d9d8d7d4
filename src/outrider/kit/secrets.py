"""The one secret key of an installation and what is derived from it. Never logs a key, never stores one in the database."""

import base64
import hashlib
import hmac
import os
import secrets as random
from pathlib import Path

from .errors import Unavailable

KEY_BYTES = 32


def secret_key(home: Path, configured: str | None) -> bytes:
    """Return the 32-byte key: the configured one, or the one in `home/secret.key`, which is made when missing (mode 0600).

    Raises `Unavailable` when the configured value is not base64 of 32 bytes.
    """
    if configured:
        try:
            key = base64.b64decode(configured, validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise Unavailable("OUTRIDER_SECRET_KEY must be base64 of 32 bytes; make one with: openssl rand -base64 32")
        return key
    path = home / "secret.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return base64.b64decode(path.read_text())
    with os.fdopen(descriptor, "w") as file:
        key = random.token_bytes(KEY_BYTES)
        file.write(base64.b64encode(key).decode())
    return key


def secret_keys(home: Path, configured: str | None, replaced: str | None) -> list[bytes]:
    """Return the key as `secret_key` does, then those that it replaced: base64, with commas between them.

    Raises `Unavailable` naming the setting that holds no key.
    """
    try:
        old = [base64.b64decode(one.strip(), validate=True) for one in replaced.split(",")] if replaced else []
    except ValueError:
        old = [b""]
    if any(len(key) != KEY_BYTES for key in old):
        raise Unavailable("OUTRIDER_OLD_SECRET_KEYS must be keys as OUTRIDER_SECRET_KEY, with commas between them.")
    return [secret_key(home, configured), *old]


def derive(key: bytes, purpose: str) -> str:
    """Return a password for `purpose` that follows from the key, so that every host with the key knows it."""
    return hmac.new(key, f"outrider/{purpose}".encode(), hashlib.sha256).hexdigest()
