"""The worker: takes jobs while it may, runs them on this loop, gives back at its end what it could not finish."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from outrider.kit.errors import InvalidInput
from outrider.tenancy import OrganizationId

from . import tasks as upkeep
from .runner import Attempt
from .types import Task

if TYPE_CHECKING:
    from .dispatcher import Dispatcher

log = logging.getLogger(__name__)
HEARTBEAT = timedelta(seconds=5)
GRACE = timedelta(seconds=10)
MINUTE = 60.0
HOUR = 3600.0
LOOK_SECONDS = 1.0


async def run_worker(
    worker_url: str,
    tasks: Mapping[str, Task],
    *,
    stop: asyncio.Event,
    concurrency: int = 4,
    heartbeat: timedelta = HEARTBEAT,
    grace: timedelta = GRACE,
) -> None:
    """Run jobs until `stop` is set, at most `concurrency` at a time, and keep the clock if no other worker does.

    `worker_url` connects as role outrider_worker, directly (no PgBouncer); tenant work goes through the process's
    pool, which should hold two connections per running job. A worker that is gone for `heartbeat` has its jobs run by
    others. At the end running jobs get `grace` to finish, then they are given back without counting the attempt.
    Raises `Unavailable` when the database cannot be reached at the start; later outages are waited out.
    """
    from .dispatcher import Dispatcher  # PgQueuer takes half a second to load: no command should wait for it but the one that works

    if concurrency < 1:
        raise InvalidInput(f"concurrency is {concurrency}; it must be at least 1", field="concurrency")
    running: set[Attempt] = set()

    async def run_job(organization: UUID, job_id: UUID) -> None:
        attempt = Attempt(OrganizationId(organization), job_id, tasks)
        running.add(attempt)
        try:
            await attempt.run()
        finally:
            running.discard(attempt)

    def interrupt_all() -> None:
        for attempt in running:
            attempt.interrupt("lost")

    loop = asyncio.get_running_loop()
    dispatcher = Dispatcher(worker_url, run_job, interrupt_all, loop, concurrency=concurrency, heartbeat=heartbeat)
    with ThreadPoolExecutor(1, "outrider-dispatcher") as executor:
        thread: asyncio.Future[None] = loop.run_in_executor(executor, dispatcher.run)
        clock = asyncio.create_task(_keep_clock(dispatcher))
        asked: asyncio.Future[bool] = asyncio.create_task(stop.wait())
        either: list[asyncio.Future[Any]] = [asked, thread]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            clock.cancel()
            dispatcher.stop()
            await asyncio.wait({thread}, timeout=grace.total_seconds())
            while not thread.done():
                for attempt in running:
                    attempt.interrupt("stopping")
                await asyncio.wait({thread}, timeout=LOOK_SECONDS)
            await asyncio.wait({clock})
        thread.result()


async def _keep_clock(dispatcher: "Dispatcher") -> None:
    """While this worker is the one that keeps the clock: the minute's round at every full minute, the hour's every
    hour.
    """
    last_minute = -1
    last_hour = -HOUR
    while True:
        if dispatcher.is_leader:
            minute = int(time.time() // MINUTE)
            if minute != last_minute:
                last_minute = minute
                await _guarded(upkeep.every_minute)
            if time.monotonic() - last_hour >= HOUR:
                last_hour = time.monotonic()
                await _guarded(upkeep.every_hour)
        await asyncio.sleep(LOOK_SECONDS)


async def _guarded(round_: Callable[[], Awaitable[None]]) -> None:
    try:
        await round_()
    except Exception as error:  # the database is away: the next round sees to it
        log.warning("%s was left out: %s", getattr(round_, "__name__", "a round"), type(error).__name__)
