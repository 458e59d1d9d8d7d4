"""The sender: goes round the organizations that have something to send; plans, claims, sends. Any number may run, on any hosts."""

import asyncio
import logging
import os
import socket
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import asyncpg

from outrider.kit.errors import Unavailable
from outrider.tenancy import OrganizationId, transaction

from . import ledger
from .batching import Gatherer
from .dkim import Signer
from .lanes import Lane, Pace
from .ledger import SENDER
from .preparing import Ready, read_batch
from .types import Claimed, Told
from .watch import Watch

log = logging.getLogger(__name__)
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable)
"""What a database that is away, or comes back, raises."""
SETTLE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Habits:
    """How a sender works. Times are in seconds; `claim` is how many messages it takes at once."""

    claim: int = 100
    look_every: float = 0.5
    plan_every: float = 2.0
    renew_every: float = 30.0
    grace: float = 8.0
    pace: Pace = field(default_factory=Pace)


async def run_sender(habits: Habits, watch: Watch, *, stop: asyncio.Event) -> None:
    """Send until `stop` is set; what is on its way then gets `habits.grace` to finish, the rest goes back into the queue.

    A database that is away is waited for, and one that is a copy is frozen by `watch`.
    """
    worker = f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:8]}"
    rounds: dict[OrganizationId, asyncio.Task[None]] = {}
    while not stop.is_set():
        try:
            await watch.keep(stop)
            for organization in await ledger.organizations_with_work():
                if organization not in rounds or rounds[organization].done():
                    rounds[organization] = asyncio.create_task(_Round(organization, worker, habits, watch, stop).run())
        except AWAY as error:
            watch.doubt()
            log.warning("the sender waits for the database: %s", type(error).__name__)
        rounds = {organization: task for organization, task in rounds.items() if not task.done()}
        await _sleep(stop, habits.look_every)
    await asyncio.gather(*rounds.values(), return_exceptions=True)
    with suppress(*AWAY):
        await watch.close()


class _Round:
    """One organization's sending in this process, until there is nothing to do."""

    def __init__(self, organization: OrganizationId, worker: str, habits: Habits, watch: Watch, stop: asyncio.Event) -> None:
        self._organization = organization
        self._worker = worker
        self._habits = habits
        self._watch = watch
        self._stop = stop
        self._lanes: dict[UUID, Lane] = {}
        self._signers: dict[UUID, Signer] = {}
        self._begin: Gatherer[tuple[Claimed, Ready], bool] = Gatherer(self._begin_all)
        self._finish: Gatherer[tuple[Claimed, Told], None] = Gatherer(self._finish_all)

    async def run(self) -> None:
        """Plan, claim and send until nothing is due and nothing is on its way. Never raises."""
        renewing = asyncio.create_task(self._renew())
        planned_at = -self._habits.plan_every
        idle = 0
        try:
            while not self._stop.is_set() and idle < 4:
                if not self._watch.is_sure:
                    await _sleep(self._stop, 0.1)
                    continue
                try:
                    if time.monotonic() - planned_at >= self._habits.plan_every:
                        planned_at = time.monotonic()
                        async with transaction(self._organization, SENDER) as connection:
                            await ledger.plan(connection, self._organization)
                    claimed = await self._claim() if self._load < self._habits.claim else 0
                except AWAY as error:
                    self._watch.doubt()
                    log.warning("the sender waits for the database: %s", type(error).__name__)
                    await _sleep(self._stop, 1.0)
                    continue
                idle = 0 if claimed or self._load else idle + 1
                if not claimed:
                    await _sleep(self._stop, 0.02 if self._load >= self._habits.claim else self._habits.look_every)
        except Exception:
            log.exception("sending stopped for organization %s", self._organization)
        finally:
            await self._end()
            renewing.cancel()

    @property
    def _load(self) -> int:
        return sum(lane.load for lane in self._lanes.values())

    async def _claim(self) -> int:
        async with transaction(self._organization, SENDER) as connection:
            messages = await ledger.claim(connection, self._worker, self._habits.claim)
        if not messages:
            return 0
        async with transaction(self._organization, SENDER, readonly=True) as connection:
            batch = await read_batch(connection, self._organization, messages, self._signers)
        by_mailbox: dict[UUID, list[Claimed]] = defaultdict(list)
        for message in messages:
            by_mailbox[message.mailbox_id].append(message)
        for mailbox, its in by_mailbox.items():
            if mailbox not in self._lanes:
                self._lanes[mailbox] = Lane(self._organization, mailbox, self._begin.ask, self._finish.ask, self._habits.pace)
            self._lanes[mailbox].put(its, batch)
        return len(messages)

    async def _begin_all(self, asked: list[tuple[Claimed, Ready]]) -> Sequence[bool]:
        may = await ledger.begin(self._organization, self._worker, asked)
        return [message.id in may for message, _ in asked]

    async def _finish_all(self, told: list[tuple[Claimed, Told]]) -> Sequence[None]:
        """Write answers down, however long the database is away: they are all that is known of the messages."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            try:
                await ledger.finish(self._organization, self._worker, told)
            except AWAY as error:
                if time.monotonic() > deadline:
                    raise
                log.warning("answers wait for the database: %s", type(error).__name__)
                await asyncio.sleep(0.5)
            else:
                return [None] * len(told)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._habits.renew_every)
            try:
                await ledger.renew(self._organization, self._worker)
                await ledger.refresh_health(self._organization)
            except AWAY as error:
                log.warning("leases were not renewed: %s", type(error).__name__)

    async def _end(self) -> None:
        """Give back what was not begun, let the rest finish."""
        back = [message for lane in self._lanes.values() for message in lane.take_back()]
        if back:
            try:
                await self._finish_all([(message, Told("not_started")) for message in back])
            except AWAY:
                log.warning("%d messages go back when their leases end", len(back))
        deadline = time.monotonic() + self._habits.grace
        while self._load and time.monotonic() < deadline:  # noqa: ASYNC110  (a few lanes, once)
            await asyncio.sleep(0.02)
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
