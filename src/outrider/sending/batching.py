"""Many small questions to the database as few large ones: who asks at the same time, or while one is under way, shares one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")
GATHER_SECONDS = 0.002
"""How long the first one waits for others: less than a commit takes, and enough for the other connections to a quick server."""


class Gatherer(Generic[Item, Answer]):
    """Hands what is asked at the same time to `work` as one list; `work` returns the answers in their order."""

    def __init__(self, work: Callable[[list[Item]], Awaitable[Sequence[Answer]]], most: int = 200) -> None:
        self._work = work
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._running: asyncio.Task[None] | None = None

    async def ask(self, item: Item) -> Answer:
        """Return the answer for an item; raises what `work` raises. An asker that is cancelled leaves the others their answers."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(GATHER_SECONDS)
            taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                answers = await self._work([item for item, _ in taken])
            except Exception as error:
                for _, future in taken:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), answer in zip(taken, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)
