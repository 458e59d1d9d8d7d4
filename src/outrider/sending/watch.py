"""Whether the database is the one that we sent from, or a copy of it that must not send what the original sent (docs/sending.md).

Each host keeps beside the database how far it saw it come. One that came less far is older; one that this host never saw, and that nobody
else sends from at this moment, may be a copy. Both are frozen.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Self
from uuid import UUID

import asyncpg

from outrider.kit import database

from .marks import Mark, Marks
from .store import queries

log = logging.getLogger(__name__)
BEAT_SECONDS = 5.0
PATIENCE_SECONDS = 3 * BEAT_SECONDS
LOOK_SECONDS = 0.5


class Verdict(Enum):
    """What a host's mark says of a database."""

    SAME = "same"
    OLDER = "older"
    STRANGER = "stranger"


REASONS = {
    Verdict.OLDER: "this database is older than what was sent from it: it was put back from a backup",
    Verdict.STRANGER: "this host did not send from this database, and nobody else does now: it may be a copy, whose original has sent",
}


@dataclass(frozen=True, slots=True)
class Lineage:
    """A database: where it is, the line of life that it lives, how far it came, and all of its lines."""

    server: str
    token: UUID
    beat: int
    tokens: tuple[UUID, ...]

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """Return what the ledger's functions say."""
        return cls(row["server"], row["token"], row["beat"], tuple(row["tokens"]))

    def judge(self, mark: Mark | None) -> Verdict:
        """Return what a mark says of it; None: there is no mark. Nobody is a stranger to a database that was never sent from."""
        if mark is None:
            return Verdict.STRANGER if self.beat or len(self.tokens) > 1 else Verdict.SAME
        if mark.token not in self.tokens or (mark.token == self.token and mark.beat > self.beat):
            return Verdict.OLDER
        return Verdict.SAME if mark.token == self.token and mark.is_original else Verdict.STRANGER


class Watch:
    """What a process that sends asks before it claims anything. `home` is OUTRIDER_HOME.

    `is_shared`: workers of other hosts may send from the database too, so a host that never saw it looks first whether one does.
    """

    def __init__(self, home: Path, *, is_shared: bool) -> None:
        self._marks = Marks(home / "sending")
        self._patience = PATIENCE_SECONDS if is_shared else 0.0
        self._known: Mark | None = None
        self._kept_at = 0.0
        self._is_sure = False

    @property
    def is_sure(self) -> bool:
        """Whether this is the database that we know, or one that is frozen by now; nothing may be claimed before."""
        return self._is_sure

    def doubt(self) -> None:
        """Say that the database was away: what answers next may be another one."""
        self._is_sure = False

    async def keep(self, stop: asyncio.Event) -> None:
        """Look whether the database is ours and write down how far it came: every few seconds, and at once after a doubt.

        A copy is frozen. Returns early when `stop` is set. Raises what the database raises, and `OSError` when nothing can be written.
        """
        if self._is_sure and time.monotonic() < self._kept_at + BEAT_SECONDS:
            return
        if self._known is None:
            async with self._marks.locked():
                await self._meet(stop)
        else:
            async with self._marks.locked():
                await self._beat(self._known)

    async def close(self) -> None:
        """Write down how far the database came, at the end. Raises as `keep` does."""
        if self._is_sure and self._known is not None:
            async with self._marks.locked():
                await self._beat(self._known)

    async def _meet(self, stop: asyncio.Event) -> None:
        here = await _now()
        mark = self._marks.read(here.server)
        verdict = here.judge(mark)
        if verdict is Verdict.STRANGER and await self._somebody_sends(here, stop):
            verdict = Verdict.SAME
        if stop.is_set():
            return
        await self._freeze(here, verdict)
        await self._beat(None)

    async def _beat(self, known: Mark | None) -> None:
        async with database.acquired() as connection, connection.transaction():
            here = Lineage.of(await queries.beat(connection))
        if known is not None and here.judge(Mark(known.token, known.beat + 1)) is Verdict.OLDER:
            await self._freeze(here, Verdict.OLDER)
            here = await _now()
        self._known = Mark(here.token, here.beat)
        await asyncio.to_thread(self._marks.write, here.server, self._known)
        self._kept_at, self._is_sure = time.monotonic(), True

    async def _freeze(self, here: Lineage, verdict: Verdict) -> None:
        """Begin another line of life, unless all is well: every organization that has sent finds itself frozen."""
        if verdict is Verdict.SAME:
            return
        log.error("sending is frozen: %s", REASONS[verdict])
        async with database.acquired() as connection, connection.transaction():
            await queries.disown(connection, token=here.token, reason=REASONS[verdict])

    async def _somebody_sends(self, here: Lineage, stop: asyncio.Event) -> bool:
        """Whether the database comes further while we look on: a copy, which nobody sends from, does not."""
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline and not stop.is_set():
            await asyncio.sleep(LOOK_SECONDS)
            now = await _now()
            if (now.token, now.beat) != (here.token, here.beat):
                return True
        return False


async def _now() -> Lineage:
    async with database.acquired() as connection, connection.transaction(readonly=True):
        return Lineage.of(await queries.lineage(connection))
