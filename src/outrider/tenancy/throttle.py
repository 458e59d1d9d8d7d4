"""How often something may fail. Counted in the database, so that it holds for all server processes together.

What is counted is named by a text such as `sign-in 203.0.113.7 ana@example.org`; only its hash is stored. An attempt
counts as failed until `forgive`, so that a hundred at once do not all pass. Nobody is locked out for good: the longest
wait is 15 minutes, and other addresses have counts of their own.
"""

import hashlib
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_network

from outrider.kit import database
from outrider.kit.errors import TooManyRequests

from .store import sign_in_queries

ACCOUNT_FREE = 5
"""Failures for one account from one network before waiting begins."""
NETWORK_FREE = 50
"""Failures from one network, which may be an office."""


async def attempt(free: Mapping[str, int]) -> None:
    """Count an attempt under every name; `free` says after how many failures waiting begins.

    Raises `TooManyRequests` with the seconds to wait, and counts nothing, while one of them is blocked.
    """
    keys = {_key(name): count for name, count in free.items()}
    async with database.acquired() as connection, connection.transaction():
        wait = int(await sign_in_queries.attempt(connection, keys=list(keys), free=list(keys.values())))
    if wait:
        raise TooManyRequests(f"Too many attempts. Try again in {_said(wait)}.", retry_after=wait)


async def forgive(uncounted: Iterable[str] = (), forgotten: Iterable[str] = ()) -> None:
    """Say that an attempt succeeded: it does not count under `uncounted`, and nothing before it does under `forgotten`."""
    async with database.acquired() as connection:
        await sign_in_queries.forgive(connection, uncounted=[_key(n) for n in uncounted], forgotten=[_key(n) for n in forgotten])


def network_of(address: IPv4Address | IPv6Address | None) -> str:
    """Return whom an address counts for: itself, with IPv6 its /64, which one customer has as a whole."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address or "local")


def _key(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()


def _said(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{-(-seconds // 60)} minutes"
