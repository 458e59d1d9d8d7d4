"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for who lost it.

The app's secret is encrypted before it is stored. A code works once: the 30-second step it belongs to is remembered.
"""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from uuid import UUID

import pyotp

from outrider.kit import database
from outrider.kit.encryption import Cipher
from outrider.kit.errors import Conflict, InvalidInput

from . import throttle
from .store import sign_in_queries as queries

STEP_SECONDS = 30
DRIFT = 1
"""How many steps the app's clock may be ahead or behind."""
RECOVERY_CODES = 10
RECOVERY_CHARACTERS = "abcdefghjkmnpqrstuvwxyz23456789"
ISSUER = "Outrider"
WRONG = "This code is not right, or was used already. Codes change every 30 seconds: enter the one that is shown now."


@dataclass(frozen=True, slots=True)
class Factor:
    """A user's second factor. `is_in_force` is False while it is being set up."""

    is_in_force: bool
    codes_left: int


@dataclass(frozen=True, slots=True)
class SetUp:
    """What an authenticator app needs: the key as text, and the address that a QR code holds. Both are secret."""

    key: str
    address: str


async def find(user: UUID) -> Factor | None:
    """Return how a user's second factor stands, None without one."""
    async with database.acquired() as connection:
        row = await queries.second_factor(connection, user_id=user)
    return Factor(row["confirmed_at"] is not None, row["codes_left"]) if row else None


async def begin(user: UUID, email: str, cipher: Cipher) -> SetUp:
    """Begin to set one up, or return what was begun. Raises `Conflict` when one is in force."""
    async with database.acquired() as connection:
        row = await queries.second_factor(connection, user_id=user)
        if row is None:
            key = pyotp.random_base32()
            if not await queries.begin_second_factor(connection, user_id=user, secret=cipher.encrypt(key.encode(), _context(user))):
                row = await queries.second_factor(connection, user_id=user)
    if row is not None:
        if row["confirmed_at"] is not None:
            raise Conflict("you have a second factor already: turn it off before you set up another app")
        key = cipher.decrypt(row["secret"], _context(user)).decode()
    return SetUp(key, pyotp.TOTP(key).provisioning_uri(name=email, issuer_name=ISSUER))


async def confirm(user: UUID, code: str, cipher: Cipher) -> list[str]:
    """Put the second factor in force with a first code of the app; returns the recovery codes, which nobody sees again.

    Raises `InvalidInput` for a wrong code, `Conflict` when there is nothing to confirm, `TooManyRequests`.
    """
    factor = await find(user)
    if factor is None or factor.is_in_force:
        raise Conflict("there is no second factor being set up: begin again")
    await check(user, code, cipher)
    return await new_recovery_codes(user)


async def check(user: UUID, code: str, cipher: Cipher) -> None:
    """Take a code of the app, or a recovery code; each works once.

    Raises `InvalidInput` for one that is wrong or was used, `TooManyRequests` after several.
    """
    name = f"code {user}"
    await throttle.attempt({name: throttle.ACCOUNT_FREE})
    text = "".join(code.split()).replace("-", "").lower()
    is_right = await (_take_app_code(user, text, cipher) if text.isdecimal() and len(text) == 6 else _take_recovery_code(user, text))
    if not is_right:
        raise InvalidInput(WRONG, field="code")
    await throttle.forgive(forgotten=[name])


async def new_recovery_codes(user: UUID) -> list[str]:
    """Return new recovery codes; those that the user had are useless from now on. Raises `Conflict` without a second
    factor."""
    codes = ["".join(secrets.choice(RECOVERY_CHARACTERS) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    async with database.acquired() as connection:
        if not await queries.set_recovery_codes(connection, user_id=user, code_hashes=[_hash(user, code) for code in codes]):
            raise Conflict("you have no second factor: set one up first")
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


async def remove(user: UUID) -> bool:
    """Take a user's second factor away; False when they had none."""
    async with database.acquired() as connection:
        return bool(await queries.remove_second_factor(connection, user_id=user))


async def _take_app_code(user: UUID, code: str, cipher: Cipher) -> bool:
    async with database.acquired() as connection:
        row = await queries.second_factor(connection, user_id=user)
        if row is None:
            return False
        key = cipher.decrypt(row["secret"], _context(user))
        step = _step_of(key.decode(), code, int(time.time()) // STEP_SECONDS)
        if step is None or not await queries.take_step(connection, user_id=user, step=step):
            return False
        if not cipher.is_current(row["secret"]):
            await queries.reseal_second_factor(connection, user_id=user, was=row["secret"], secret=cipher.encrypt(key, _context(user)))
    return True


async def _take_recovery_code(user: UUID, code: str) -> bool:
    async with database.acquired() as connection:
        return bool(await queries.take_recovery_code(connection, user_id=user, code_hash=_hash(user, code)))


def _step_of(key: str, code: str, now: int) -> int | None:
    totp = pyotp.TOTP(key, interval=STEP_SECONDS)
    steps = range(now - DRIFT, now + DRIFT + 1)
    return next((step for step in steps if hmac.compare_digest(totp.at(step * STEP_SECONDS).encode(), code.encode())), None)


def _hash(user: UUID, code: str) -> bytes:
    return hashlib.sha256(user.bytes + code.encode("utf-8", "replace")).digest()


def _context(user: UUID) -> str:
    return f"second factor of {user}"
