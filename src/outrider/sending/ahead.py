"""A lane's messages, put together a few ahead of its connections, in a thread: the signature, most of it, holds up no other message."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from .preparing import Batch, Ready
from .types import Claimed

AT_ONCE = 10
"""Messages for one trip to a thread, and how many may stand ready: few, since each is held whole."""


@dataclass(frozen=True, slots=True)
class Made:
    """A message whose turn it is. `outcome` is what it became, or why it could not be put together."""

    message: Claimed
    batch: Batch
    outcome: Ready | Exception

    def ready(self) -> Ready:
        """Return it as it goes out. Raises what putting it together raised."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class Ahead:
    """Takes claimed messages and hands them out ready, first come, first served."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Claimed, Batch]] = deque()
        self._made: asyncio.Queue[Made] = asyncio.Queue(AT_ONCE)
        self._in_hand = 0
        self._making: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting) + self._in_hand + self._made.qsize()

    def put(self, messages: Sequence[Claimed], batch: Batch) -> None:
        """Take messages over."""
        self._waiting.extend((message, batch) for message in messages)
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make())

    async def next(self, seconds: float) -> Made:
        """Return the next message. Raises `TimeoutError` when none came for so many seconds."""
        if not self._made.empty():
            return self._made.get_nowait()
        return await asyncio.wait_for(self._made.get(), seconds)

    def take_back(self) -> list[Claimed]:
        """Return the messages that nobody asked for yet, and forget them; those in hand just now are still handed out."""
        taken = [message for message, _ in self._waiting]
        self._waiting.clear()
        while not self._made.empty():
            taken.append(self._made.get_nowait().message)
        return taken

    def close(self) -> None:
        """Put nothing together any more."""
        if self._making is not None:
            self._making.cancel()

    async def _make(self) -> None:
        try:
            while self._waiting:
                taken = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
                self._in_hand = len(taken)
                for made in await asyncio.to_thread(_together, taken):
                    await self._made.put(made)
                    self._in_hand -= 1
        finally:
            self._in_hand = 0


def _together(taken: list[tuple[Claimed, Batch]]) -> list[Made]:
    made = []
    for message, batch in taken:
        try:
            outcome: Ready | Exception = batch.prepare(message)
        except Exception as error:  # each message's own trouble, told where it would have been sent
            outcome = error
        made.append(Made(message, batch, outcome))
    return made
