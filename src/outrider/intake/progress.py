"""How imports are doing: a line of each for lists, and a stream of those lines for pages that look on.

A stream holds no connection between its looks, and ends when there is nothing more to see.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import asyncpg

from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import Actor, OrganizationId, transaction

from .store import queries

LOOK_SECONDS = 0.5
CALM_SECONDS = 2.0  # between looks at what has not changed for a while
WINDOW_SECONDS = 12.0  # over which the rate is measured: rows are committed by the ten thousand
LONGEST_SECONDS = 6 * 3600.0
LIVE = frozenset({"created", "retry", "active"})


@dataclass(frozen=True, slots=True)
class ImportLine:
    """An import in short, with the job at work on it, if any: work is the job's name, done and total are rows as that job counts them.

    has_address: whether a column is mapped to email. is_given_up: its job is over without a word to it (`settle`). rate (rows a second) and
    seconds_left are known after some looks only.
    """

    id: UUID
    file_name: str
    file_bytes: int
    rows_expected: int | None
    source: str
    namespace: str | None
    promote: bool
    has_address: bool
    has_preview: bool
    parent_import_id: UUID | None
    state: str
    error: str | None
    rows_read: int
    rows_promoted: int
    rows_pending: int
    rows_duplicate: int
    rows_failed: int
    contacts_created: int
    contacts_updated: int
    people_created: int
    people_updated: int
    companies_created: int
    companies_updated: int
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    work: str | None
    work_state: str | None
    work_error: str | None
    done: int
    total: int | None
    is_stopping: bool
    is_given_up: bool
    rate: float | None = None
    seconds_left: float | None = None

    @property
    def is_live(self) -> bool:
        """Whether a job is at work on it, or will be."""
        return self.work_state in LIVE

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None when nobody knows of how much."""
        return min(1.0, self.done / self.total) if self.total else None


async def list_lines(
    connection: asyncpg.Connection,
    organization: OrganizationId,
    *,
    states: Sequence[str] | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[ImportLine]:
    """Return a page of imports in short, newest first, within the caller's transaction: one statement. None: in any state.

    Raises `InvalidInput` for a bad limit or cursor.
    """
    asked = {"states": list(states) if states else None, "before": decode_id_cursor(cursor), "limit": check_limit(limit) + 1}
    rows = queries.import_lines(connection, organization_id=organization, **asked)
    found = [ImportLine(**dict(row)) async for row in rows]
    return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)


async def settle(connection: asyncpg.Connection, organization: OrganizationId) -> None:
    """End the imports whose jobs were given up without a word to them, within the caller's transaction."""
    await queries.settle_imports(connection, organization_id=organization)


async def lines_of(connection: asyncpg.Connection, organization: OrganizationId, numbers: Sequence[UUID]) -> list[ImportLine]:
    """Return some imports in short, oldest first, within the caller's transaction: one statement. Unknown ones are left out."""
    rows = queries.import_lines_by_id(connection, organization_id=organization, ids=list(numbers))
    return [ImportLine(**dict(row)) async for row in rows]


async def follow(
    organization: OrganizationId, actor: Actor, numbers: Sequence[UUID], *, longest: float = LONGEST_SECONDS
) -> AsyncIterator[list[ImportLine]]:
    """Yield the imports whose lines changed since the look before, all of them first; ends when no job is at work on any of them.

    One short transaction of one statement every half second, every two seconds while nothing changes. Ends after `longest` seconds too.
    """
    paces: dict[UUID, Pace] = {}
    told: dict[UUID, ImportLine] = {}
    ends, wait = time.monotonic() + longest, LOOK_SECONDS
    while True:
        async with transaction(organization, actor, readonly=True) as connection:
            found = await lines_of(connection, organization, numbers)
        lines = [paces.setdefault(line.id, Pace()).measured(line, time.monotonic()) for line in found]
        changed = [line for line in lines if told.get(line.id) != line]
        told = {line.id: line for line in lines}
        wait = LOOK_SECONDS if changed else min(wait * 1.25, CALM_SECONDS)
        if changed:
            yield changed
        if time.monotonic() >= ends or not any(line.is_live for line in lines):
            return
        await asyncio.sleep(wait)


class Pace:
    """Measures how fast a job goes by what it had done at the last looks."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque()
        self._work: str | None = None

    def measured(self, line: ImportLine, now: float) -> ImportLine:
        """Return the line with rate and seconds_left, as far as they are known at `now` (seconds on any clock)."""
        if line.work != self._work or not line.is_live:
            self._looks.clear()
            self._work = line.work
        if not line.is_live:
            return line
        if not self._looks or self._looks[-1][1] != line.done:
            self._looks.append((now, line.done))
        while len(self._looks) > 2 and now - self._looks[0][0] > WINDOW_SECONDS:
            self._looks.popleft()
        (first, before), (last, done) = self._looks[0], self._looks[-1]
        if last == first or done <= before:
            return line
        rate = (done - before) / (last - first)
        left = max(0.0, (line.total - done) / rate) if line.total else None
        return replace(line, rate=round(rate), seconds_left=round(left) if left is not None else None)
