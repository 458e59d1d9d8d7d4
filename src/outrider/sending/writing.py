"""What a worker writes into the ledger, many messages at once: who asks at the same time shares a transaction."""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Generic, TypeVar

import asyncpg

from outrider.kit.errors import Unavailable
from outrider.tenancy import OrganizationId

from . import ledger
from .preparing import Ready
from .types import Claimed, Told

log = logging.getLogger(__name__)
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable)
"""What a database that is away, or comes back, raises."""
MOST = 200
GATHER_SECONDS = 0.003  # less than a commit takes, and enough for the other connections of a quick server to ask too
SETTLE_SECONDS = 600.0
RETRY_SECONDS = 0.5

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Asked(Generic[Item, Answer]):
    """Items that wait to be written, each with whom to tell."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, item: Item) -> asyncio.Future[Answer]:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        return future

    def take(self) -> list[tuple[Item, asyncio.Future[Answer]]]:
        taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        return taken

    def give_back(self, taken: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        self._waiting[:0] = taken


class Writer:
    """Begins and finishes messages of one worker: what is asked for at the same time is one transaction, and one commit."""

    def __init__(self, organization: OrganizationId, worker: str) -> None:
        self._organization = organization
        self._worker = worker
        self._to_begin: _Asked[tuple[Claimed, Ready], bool] = _Asked()
        self._to_finish: _Asked[tuple[Claimed, Told], None] = _Asked()
        self._running: asyncio.Task[None] | None = None
        self._away_since: float | None = None

    async def begin(self, message: Claimed, ready: Ready) -> bool:
        """Return whether a message may be handed over now: the ledger says `sending`, committed. Raises what the database raises."""
        return await self._asked(self._to_begin.add((message, ready)))

    async def finish(self, message: Claimed, told: Told) -> None:
        """Write down what became of a message. A database that is away is waited for up to ten minutes: the answer is all that is known.

        Nothing is begun meanwhile, since it could not be written down either.
        """
        await self._asked(self._to_finish.add((message, told)))

    async def _asked(self, future: "asyncio.Future[Answer]") -> Answer:
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._to_begin or self._to_finish:
            await asyncio.sleep(GATHER_SECONDS)
            begun, told = self._to_begin.take(), self._to_finish.take()
            try:
                may = await ledger.write(self._organization, self._worker, [item for item, _ in begun], [item for item, _ in told])
            except Exception as error:
                _fail(begun, error)
                if self._is_given_up(error):
                    _fail(told, error)
                else:
                    self._to_finish.give_back(told)
                    if told:
                        log.warning("answers wait for the database: %s", type(error).__name__)
                        await asyncio.sleep(RETRY_SECONDS)
            else:
                self._away_since = None
                for (message, _), future in begun:
                    _answer(future, message.id in may)
                for _, future in told:
                    _answer(future, None)

    def _is_given_up(self, error: Exception) -> bool:
        if self._away_since is None:
            self._away_since = time.monotonic()
        return not isinstance(error, AWAY) or time.monotonic() > self._away_since + SETTLE_SECONDS


def _answer(future: "asyncio.Future[Answer]", answer: Answer) -> None:
    if not future.done():  # whoever asked was cancelled
        future.set_result(answer)


def _fail(asked: "Iterable[tuple[object, asyncio.Future[Answer]]]", error: Exception) -> None:
    for _, future in asked:
        if not future.done():
            future.set_exception(error)
