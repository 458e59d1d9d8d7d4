"""The secret keys of the process's installation, for what encrypts, signs or hashes with them. Composition says which; never logs one."""

from collections.abc import Sequence

from .encryption import Cipher
from .secrets import derive
from .signing import Signer

_keys: tuple[bytes, ...] = ()
_cipher: Cipher | None = None
_signer: Signer | None = None


def configure(secret_keys: Sequence[bytes]) -> None:
    """Say which keys the process has: the current one first, then those that it replaced."""
    global _keys, _cipher, _signer
    _keys, _cipher, _signer = tuple(secret_keys), Cipher(secret_keys), Signer(secret_keys)


def cipher() -> Cipher:
    """Return what encrypts and decrypts. Raises `RuntimeError` before `configure`."""
    if _cipher is None:
        raise _unset()
    return _cipher


def signer() -> Signer:
    """Return what signs links. Raises `RuntimeError` before `configure`."""
    if _signer is None:
        raise _unset()
    return _signer


def derived(purpose: str) -> str:
    """Return 64 hex digits for `purpose` that follow from the oldest key, so that what was hashed with them stays found when keys rotate.

    Raises `RuntimeError` before `configure`.
    """
    if not _keys:
        raise _unset()
    return derive(_keys[-1], purpose)


def _unset() -> RuntimeError:
    return RuntimeError("no secret key: kit.keyring.configure was not called")
