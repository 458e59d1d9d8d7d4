"""Profiles as lists show them: search, filters, orders, pages that cost the same at a million rows (BEHAVIOUR 1). Never changes one.

A caller that is bound to namespaces (role client) finds nothing outside them, and is not told that there is anything.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.errors import InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor, foreign_cursor
from outrider.tenancy import OrganizationId

from .store import profile_queries as queries
from .store import to_profile
from .types import Profile, ProfileFilters, ProfileSummary

SORTS = ("newest", "lead_score", "email")
"""Latest first, highest first, from A on."""

LONGEST_QUERY = 200
MOST_WORDS = 10
SHORTEST_INDEXED = 3
MOST_PLATFORMS = 100
MOST_COUNTED = 1_000
MOST_SCORE = 2**31 - 1
REACH = 5_000
"""How many profiles a walk looks at: 2 ms by time or score, up to 30 ms by address, which lie all over the table."""


@dataclass(frozen=True, slots=True)
class _After:
    """Where a page begins: the last row of the one before."""

    key: datetime | int | str
    id: UUID


class ProfileService:
    """The profiles of one organization, inside the caller's `tenancy.transaction`; `bound` are the names of the namespaces that the caller
    may see, None: all."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId, bound: frozenset[str] | None = None) -> None:
        self._connection = connection
        self._organization = organization
        self._bound = bound
        self._known: dict[str | None, dict[UUID, str]] = {}

    async def page(
        self,
        filters: ProfileFilters,
        *,
        namespace: str | None = None,
        sort: str = "newest",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Profile]:
        """Return a page of the profiles that fit: of one namespace, None: of all that the caller may see.

        Raises `InvalidInput` naming the parameter at fault, and `NotFound` for a namespace that is not there or not the caller's.
        """
        check_limit(limit)
        return await self.some(filters, namespace=namespace, sort=sort, count=limit, cursor=cursor)

    async def some(
        self, filters: ProfileFilters, *, namespace: str | None, sort: str, count: int, cursor: str | None = None
    ) -> Page[Profile]:
        """Return the next `count` profiles, as many as one likes: for going through all of them. Raises as `page` does."""
        if sort not in SORTS:
            raise InvalidInput(f"sort is {sort[:60]!r}; it must be one of {', '.join(SORTS)}", field="sort")
        words = _words_of(filters.q)
        _check(filters)
        after = _after(sort, cursor)
        names = await self.namespaces(namespace)
        found = await self._keys(filters, words, sort, after, list(names), count + 1)
        rows = queries.profiles(
            self._connection, organization_id=self._organization, namespaces=list(names), ids=[row["id"] for row in found[:count]]
        )
        profiles = [to_profile(row, names) async for row in rows]
        more = encode_cursor(sort, _text(found[count - 1][sort]), found[count - 1]["id"]) if len(found) > count else None
        return Page(profiles, more)

    async def find(self, id: UUID) -> Profile:
        """Return one profile. Raises `NotFound`, also for one of a namespace that is not the caller's."""
        names = await self.namespaces()
        rows = queries.profiles(self._connection, organization_id=self._organization, namespaces=list(names), ids=[id])
        found = [to_profile(row, names) async for row in rows]
        if not found:
            raise NotFound(f"there is no profile {id}", field="id")
        return found[0]

    async def namespaces(self, name: str | None = None) -> dict[UUID, str]:
        """Return the names by id of what the caller may see: one namespace, None: all of theirs. Raises `NotFound`."""
        if name in self._known:
            return self._known[name]
        wanted = [name] if name is not None else None if self._bound is None else sorted(self._bound)
        is_closed = name is not None and self._bound is not None and name not in self._bound
        rows = queries.namespaces_of(self._connection, organization_id=self._organization, names=wanted)
        found = {} if is_closed else {row["id"]: row["name"] async for row in rows}
        if name is not None and not found:
            raise NotFound(f"there is no namespace {name[:60]!r}", field="namespace")
        self._known[name] = found
        return found

    async def platforms(self, namespaces: dict[UUID, str]) -> list[str]:
        """Return what profiles of these namespaces have as platform, by name; the first `MOST_PLATFORMS`."""
        arguments = {"organization_id": self._organization, "namespaces": list(namespaces), "count": MOST_PLATFORMS}
        return [row["platform"] async for row in queries.platforms(self._connection, **arguments)]

    async def summary(self, namespaces: Iterable[UUID], since: datetime) -> ProfileSummary:
        """Return how many profiles came since then and how many are scored, at most `MOST_COUNTED` of each."""
        arguments = {"organization_id": self._organization, "namespaces": list(namespaces), "since": since, "most": MOST_COUNTED}
        row = await queries.summary(self._connection, **arguments)
        return ProfileSummary(row["recent"], row["scored"], MOST_COUNTED, row["last_added_at"])

    async def _keys(
        self, filters: ProfileFilters, words: list[str], sort: str, after: _After | None, namespaces: list[UUID], count: int
    ) -> list[dict[str, Any]]:
        """Return namespace, id and key of the next `count` that fit, in order."""
        asked = {
            "organization_id": self._organization,
            "namespaces": namespaces,
            "platform": filters.platform,
            "score_from": filters.score_from,
            "score_to": filters.score_to,
            "after_id": after.id if after else None,
            "count": count,
        }
        walk = {"newest": queries.walk_newest, "lead_score": queries.walk_lead_score, "email": queries.walk_email}[sort]
        reach = count if filters == ProfileFilters() else max(REACH, count)
        await queries.walk_by_indexes(self._connection)
        rows = walk(self._connection, **asked, words=words, after=after.key if after else None, reach=reach)
        found = [{"id": row["id"], sort: row["key"]} async for row in rows]
        await queries.plan_freely(self._connection)
        if len(found) >= count or filters == ProfileFilters():
            return found
        keys = {"newest": "after_time", "lead_score": "after_score", "email": "after_email"}
        given = {name: after.key if after and order == sort else None for order, name in keys.items()}
        first, second, *others = [*words, None, None]
        rest = [word for word in others if word is not None]
        rows = queries.gather(self._connection, **asked, **given, sort=sort, first=first, second=second, words=rest)
        columns = {"newest": "created_at", "lead_score": "lead_score", "email": "email"}
        return [{"id": row["id"], sort: row[columns[sort]]} async for row in rows]


async def all_pages(
    open_service: Callable[[], AbstractAsyncContextManager[ProfileService]], filters: ProfileFilters, namespace: str | None, count: int
) -> AsyncIterator[list[Profile]]:
    """Yield everyone who fits, latest first, `count` at a time with a transaction for each page. Raises as `ProfileService.page`."""
    cursor = None
    while True:
        async with open_service() as service:
            page = await service.some(filters, namespace=namespace, sort="newest", count=count, cursor=cursor)
        yield page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _words_of(q: str | None) -> list[str]:
    """Return what is looked for, longest first; a word too short for the index has to begin a word. Raises `InvalidInput`."""
    words = (q or "").split()
    if len(q or "") > LONGEST_QUERY or len(words) > MOST_WORDS:
        raise InvalidInput(f"q may have {LONGEST_QUERY} characters and {MOST_WORDS} words: look for less", field="q")
    distinct = sorted(dict.fromkeys(words), key=len, reverse=True)
    return [word if len(word) >= SHORTEST_INDEXED else f" {word}" for word in distinct]


def _check(filters: ProfileFilters) -> None:
    for field in ("q", "platform"):
        if "\x00" in (getattr(filters, field) or ""):
            raise InvalidInput(f"{field} holds a NUL character (\\u0000): take it out", field=field)
    for field in ("score_from", "score_to"):
        score = getattr(filters, field)
        if score is not None and not 0 <= score <= MOST_SCORE:
            raise InvalidInput(f"{field} is {score}; it must be a whole number from 0 to {MOST_SCORE}", field=field)
    if filters.score_from is not None and filters.score_to is not None and filters.score_from > filters.score_to:
        raise InvalidInput(f"score_from is {filters.score_from}, above score_to, {filters.score_to}", field="score_from")


def _text(key: datetime | int | str) -> str:
    return key.isoformat() if isinstance(key, datetime) else str(key)


def _after(sort: str, cursor: str | None) -> _After | None:
    found = decode_cursor(cursor, 3)
    if found is None:
        return None
    if found[0] != sort:
        raise InvalidInput("cursor is of a list in another order: ask for its first page without one", field="cursor")
    key, id = found[1] or "", found[2] or ""
    try:
        if sort == "newest":
            time = datetime.fromisoformat(key)
            if time.tzinfo is None:
                raise ValueError
            return _After(time, UUID(id))
        if sort == "lead_score":
            score = int(key)
            if abs(score) > MOST_SCORE:
                raise ValueError
            return _After(score, UUID(id))
        if "\x00" in key:
            raise ValueError
        return _After(key, UUID(id))
    except ValueError as error:
        raise foreign_cursor() from error
