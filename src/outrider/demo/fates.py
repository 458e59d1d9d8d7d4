"""What the people of the demo do with a mail: drawn from their address, so that it is the same every time. Pure."""

import hashlib
from enum import StrEnum


class Fate(StrEnum):
    """What somebody does, each with its share of a hundred in `SHARES`."""

    BOUNCES = "bounces"
    UNSUBSCRIBES = "unsubscribes"
    ANSWERS = "answers"
    IS_AWAY = "is away"
    CLICKS = "clicks"
    IS_SCANNED = "is scanned"
    OPENS = "opens"
    IGNORES = "ignores"


SHARES = {
    Fate.BOUNCES: 3,
    Fate.UNSUBSCRIBES: 3,
    Fate.ANSWERS: 9,
    Fate.IS_AWAY: 3,
    Fate.CLICKS: 16,
    Fate.IS_SCANNED: 8,
    Fate.OPENS: 26,
}
"""Of a hundred people; the rest ignores the mail."""


def fate_of(address: str) -> Fate:
    """Return what somebody does with a mail."""
    place = int.from_bytes(hashlib.sha256(address.lower().encode()).digest()[:4]) % 100
    for fate, share in SHARES.items():
        if place < share:
            return fate
        place -= share
    return Fate.IGNORES


def delay_of(address: str, least: float = 6.0, most: float = 45.0) -> float:
    """Return after how many seconds they do it: later than a machine would."""
    return least + int.from_bytes(hashlib.sha256(address.lower().encode()).digest()[4:8]) / 2**32 * (most - least)
