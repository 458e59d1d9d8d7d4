"""Passwords: what may be one, hashing and checking them (DESIGN ruling 11).

Argon2id takes some 80 ms and 64 MB by design, so it runs off the event loop, `AT_ONCE` at a time, and a flood of
sign-ins is refused rather than queued without end. Hashes with other parameters, and bcrypt ones that were adopted,
are verified and due to be replaced.
"""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import argon2

from outrider.kit.errors import InvalidInput, Unavailable

T = TypeVar("T")
SHORTEST, LONGEST = 12, 256
"""In characters."""
FEWEST_DIFFERENT = 5
AT_ONCE = 2
WAITING = 64
_hasher = argon2.PasswordHasher()
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
_waiting = 0


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a password was right, and whether its hash is to be replaced by one as we make them now."""

    is_right: bool
    is_outdated: bool = False


def check_rules(password: str, email: str) -> None:
    """Raise `InvalidInput` for what may not be a password: too short or long, the address, or one that is guessed first.

    Nothing is asked of its kinds of characters (NIST SP 800-63B).
    """
    text = _normal(password)
    plain = text.casefold()
    name, _, domain = email.casefold().partition("@")
    if len(text) < SHORTEST:
        raise InvalidInput(f"A password needs at least {SHORTEST} characters; a few words in a row make a good one.", field="password")
    if len(text) > LONGEST:
        raise InvalidInput(f"A password may have at most {LONGEST} characters.", field="password")
    if plain in (email.casefold(), name, domain, f"{name}{domain}", name * 2):
        raise InvalidInput("Your address is the first thing that somebody would try: choose something else.", field="password")
    if len(set(plain)) < FEWEST_DIFFERENT or plain.replace(" ", "") in _common():
        raise InvalidInput("This is one of the passwords that are tried first: choose something else.", field="password")


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password. Raises `Unavailable` when too many wait."""
    return await _in_thread(lambda: _hasher.hash(_normal(password)))


async def check_password(password: str, hashed: str | None) -> Check:
    """Return whether the password belongs to the hash. None for nobody's: takes as long, and is never right.

    Raises `Unavailable` when too many wait.
    """
    text = _normal(password)
    return await _in_thread(lambda: _check(text[:LONGEST], hashed if len(text) <= LONGEST else None))


def _check(password: str, hashed: str | None) -> Check:
    if hashed is not None and hashed.startswith("$2"):
        return Check(_check_bcrypt(password, hashed), is_outdated=True)
    try:
        _hasher.verify(hashed or _nobodys_hash(), password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError, UnicodeError):
        return Check(False)
    return Check(hashed is not None, is_outdated=hashed is not None and _hasher.check_needs_rehash(hashed))


def _check_bcrypt(password: str, hashed: str) -> bool:
    import bcrypt  # few ever need it

    try:
        return bcrypt.checkpw(password.encode()[:72], hashed.encode())  # bcrypt itself looks no further
    except ValueError:  # no such hash, or half a surrogate pair
        return False


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


async def _in_thread(work: Callable[[], T]) -> T:
    global _waiting
    if _waiting >= AT_ONCE + WAITING:
        raise Unavailable("too many people sign in at this moment: try again in a few seconds")
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())


@cache
def _common() -> frozenset[str]:
    return frozenset((Path(__file__).parent / "common_passwords.txt").read_text().split())
