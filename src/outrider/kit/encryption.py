"""Encryption of what must not be readable by SQL: AES-256-GCM, with keys that never are in the database.

A ciphertext is `version (1 byte) | key id (8) | nonce (12) | encrypted value and tag`. The id says which key made it, so
that keys rotate: the newest encrypts, older ones still decrypt. Every value is bound to a context, such as whose it is,
and cannot be moved to another one. (DESIGN ruling 10.)
"""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import Unavailable
from .secrets import derive

VERSION = b"\x01"
ID_BYTES, NONCE_BYTES, TAG_BYTES = 8, 12, 16
_HEAD = len(VERSION) + ID_BYTES


class Cipher:
    """Encrypts with the first of an installation's secret keys; decrypts with any of them."""

    def __init__(self, secret_keys: Sequence[bytes]) -> None:
        self._keys = {_id(key): AESGCM(bytes.fromhex(derive(key, "encryption"))) for key in secret_keys}
        self._current = _id(secret_keys[0])

    def encrypt(self, value: bytes, context: str) -> bytes:
        """Return the ciphertext of a value, which differs each time."""
        nonce = os.urandom(NONCE_BYTES)
        head = VERSION + self._current
        return head + nonce + self._keys[self._current].encrypt(nonce, value, head + context.encode())

    def decrypt(self, ciphertext: bytes, context: str) -> bytes:
        """Return the value. Raises `Unavailable` when no key of ours made it, `ValueError` when it is not what we made."""
        if len(ciphertext) < _HEAD + NONCE_BYTES + TAG_BYTES or ciphertext[:1] != VERSION:
            raise ValueError("this is no ciphertext of ours")
        key = self._keys.get(ciphertext[1:_HEAD])
        if key is None:
            raise Unavailable("a value was encrypted with another secret key: put that key into OUTRIDER_OLD_SECRET_KEYS")
        nonce, sealed = ciphertext[_HEAD : _HEAD + NONCE_BYTES], ciphertext[_HEAD + NONCE_BYTES :]
        try:
            return key.decrypt(nonce, sealed, ciphertext[:_HEAD] + context.encode())
        except InvalidTag as error:
            raise ValueError("this is no ciphertext of ours") from error

    def is_current(self, ciphertext: bytes) -> bool:
        """Whether the newest key made it; if not, it is to be encrypted anew."""
        return ciphertext[1:_HEAD] == self._current


def _id(key: bytes) -> bytes:
    return bytes.fromhex(derive(key, "encryption key id"))[:ID_BYTES]
