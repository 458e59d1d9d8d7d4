"""How often one caller may come. Counts in this process's memory: with N server processes a caller has N times the
limit."""

import math
import time
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from outrider.kit.errors import TooManyRequests, Unavailable


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands: the limit, what is left of it, and in how many seconds the window is new."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """Return the RateLimit header fields."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class RateLimiter:
    """One limit, such as `600/minute`, for any number of callers.

    Raises `Unavailable` for a limit that cannot be read, naming `setting`.
    """

    def __init__(self, limit: str, setting: str = "OUTRIDER_RATE_LIMIT") -> None:
        try:
            self._item: RateLimitItem = parse(limit)
        except ValueError as error:
            raise Unavailable(f"{setting} is {limit!r}; it must look like 600/minute or 10/second.") from error
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def hit(self, caller: str) -> Standing:
        """Count one request. Raises `TooManyRequests` when it is one too many."""
        passed = self._limiter.hit(self._item, caller)
        standing = self._standing(caller)
        if not passed:
            raise self._refusal(standing)
        return standing

    def check(self, caller: str) -> None:
        """Raise `TooManyRequests` when nothing is left for the caller; counts nothing."""
        if not self._limiter.test(self._item, caller):
            raise self._refusal(self._standing(caller))

    def _standing(self, caller: str) -> Standing:
        stats = self._limiter.get_window_stats(self._item, caller)
        return Standing(self._item.amount, max(0, stats.remaining), max(1, math.ceil(stats.reset_time - time.time())))

    def _refusal(self, standing: Standing) -> TooManyRequests:
        unit = self._item.GRANULARITY.name
        span = f"{'an' if unit == 'hour' else 'a'} {unit}" if self._item.multiples == 1 else f"in {self._item.multiples} {unit}s"
        return TooManyRequests(f"more than {self._item.amount} requests {span}: wait {standing.reset} seconds", retry_after=standing.reset)
