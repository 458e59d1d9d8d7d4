"""Who tries secrets: held back by network, without locking out a neighbour whose secret held before."""

import hashlib
from collections import OrderedDict

from .rates import RateLimiter

REMEMBERED = 10_000


class Guesses:
    """Counts secrets that did not hold, by network, in this process's memory. Remembers only the SHA-256 of those that did.

    Raises `Unavailable` for a limit that cannot be read, naming `setting`.
    """

    def __init__(self, limit: str, setting: str) -> None:
        self._failures = RateLimiter(limit, setting)
        self._held: OrderedDict[bytes, None] = OrderedDict()

    def check(self, secret: str, network: str) -> None:
        """Raise `TooManyRequests` when the network tried too often; never for a secret that held the last time."""
        if _digest(secret) not in self._held:
            self._failures.check(network)

    def held(self, secret: str) -> None:
        """Say that a secret was right."""
        digest = _digest(secret)
        self._held[digest] = None
        self._held.move_to_end(digest)
        if len(self._held) > REMEMBERED:
            self._held.popitem(last=False)

    def failed(self, secret: str, network: str) -> None:
        """Say that it was not. Raises `TooManyRequests` when that was once too often."""
        self._held.pop(_digest(secret), None)
        self._failures.hit(network)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
