"""Takes jobs from PgQueuer and holds their locks, in a thread of its own: a task that keeps the process busy does not
stop the heartbeat. Never runs a task itself and never reads tenant data; it connects as role outrider_worker."""

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as Message
from pgqueuer.domain.settings import DBSettings

from outrider.kit.errors import Unavailable

from .store import dispatch

log = logging.getLogger(__name__)
ENTRYPOINT = "job"
POLL = timedelta(seconds=1)  # how often a worker looks for what it was not told of: delayed jobs and those of dead workers
HELD_ELSEWHERE = timedelta(seconds=3)  # when to look again after a job that somebody else runs
PATIENCE = (0.02, 0.05, 0.1, 0.2)  # seconds
TROUBLE = timedelta(seconds=2)
RECONNECT_SECONDS = 1.0
GOODBYE_SECONDS = 5.0
PURGE_SECONDS = 3600.0
OUTAGES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

Key = tuple[UUID, UUID]


class Dispatcher:
    """One worker's end of the queue. `run_job` is awaited on `home`, the loop that the tasks live in, with the job's
    lock held.
    """

    def __init__(
        self,
        url: str,
        run_job: Callable[[UUID, UUID], Awaitable[None]],
        when_lost: Callable[[], None],
        home: asyncio.AbstractEventLoop,
        *,
        concurrency: int,
        heartbeat: timedelta,
    ) -> None:
        self.id = uuid4()
        self.is_leader = False
        self._url = url
        self._run_job = run_job
        self._when_lost = when_lost
        self._home = home
        self._concurrency = concurrency
        self._heartbeat = heartbeat
        self._stopping = False
        self._was_up = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._shutdown: asyncio.Event | None = None
        self._running: set[Key] = set()
        self._slots = asyncio.Semaphore(concurrency)
        self._hold_lock = asyncio.Lock()

    def run(self) -> None:
        """Work until `stop`; to be called in a thread. Raises `Unavailable` when the database cannot be reached at the
        start.
        """
        asyncio.run(self._main())

    def stop(self) -> None:
        """Take no more jobs and end when those that run are over; from any thread."""
        self._stopping = True
        loop = self._loop
        if loop is not None and not loop.is_closed():
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._end_cycle)

    def _end_cycle(self) -> None:
        if self._shutdown is not None:
            self._shutdown.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not self._stopping:
            try:
                await self._cycle()
            except OUTAGES as error:
                if not self._was_up:
                    raise Unavailable(f"The worker cannot reach the job queue: {error}. Run: outrider doctor") from error
                log.warning("the worker lost the database (%s); it tries again", type(error).__name__)
            finally:
                self.is_leader = False
            if not self._stopping:
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _cycle(self) -> None:
        """Work for as long as both connections last: PgQueuer's, and the one that holds locks and says that we live."""
        async with contextlib.AsyncExitStack() as stack:
            queue = await stack.enter_async_context(_connected(self._url, "outrider-worker-queue"))
            hold = await stack.enter_async_context(_connected(self._url, "outrider-worker"))
            manager = _manager(queue)
            self._shutdown = manager.shutdown
            for connection in (queue, hold):
                connection.add_termination_listener(self._lost)
            manager.entrypoint(ENTRYPOINT)(self._handler(hold))
            if self._stopping:
                return
            await self._beat(hold)
            self._was_up = True
            ended = asyncio.Event()
            beats = asyncio.create_task(self._keep_beating(hold, manager, ended))
            try:
                most = max(2, self._concurrency)
                await manager.run(
                    dequeue_timeout=POLL,
                    batch_size=most // 2,
                    max_concurrent_tasks=most,
                    heartbeat_timeout=self._heartbeat,
                    log_aggregation_interval=timedelta(0),
                )
            finally:
                ended.set()  # not cancelled: a query cut short would leave the connection in between
                await asyncio.wait({beats}, timeout=GOODBYE_SECONDS)
                beats.cancel()
                with contextlib.suppress(*OUTAGES):
                    await asyncio.wait_for(self._ask(dispatch.leave, hold, id=self.id), GOODBYE_SECONDS)
                for connection in (queue, hold):
                    connection.remove_termination_listener(self._lost)

    def _lost(self, connection: object) -> None:
        """The locks went with their connection: what runs now may be run by another worker, so it stops."""
        self._end_cycle()
        with contextlib.suppress(RuntimeError):
            self._home.call_soon_threadsafe(self._when_lost)

    def _handler(self, hold: asyncpg.Connection) -> Callable[[Message], Awaitable[None]]:
        async def handle(message: Message) -> None:
            key = _key(message)
            if key is None:
                log.error("a message in the queue names no job; dropped")
                return
            async with self._slots:
                await self._handle(key, hold)

        return handle

    async def _handle(self, key: Key, hold: asyncpg.Connection) -> None:
        """Run the job with its lock held. Whatever goes wrong here, the message stays: only a job that was seen to is
        done with.
        """
        if self._stopping:
            raise RetryRequested(timedelta(0), "the worker stops")
        try:
            if not await self._take(key, hold):
                raise RetryRequested(HELD_ELSEWHERE, "somebody else runs it")
            try:
                await self._at_home(key)
            finally:
                await self._let_go(key, hold)
        except RetryRequested:
            raise
        except (Exception, concurrent.futures.CancelledError) as error:
            log.warning("a job could not be seen to (%s); it comes again", type(error).__name__)
            raise RetryRequested(TROUBLE, type(error).__name__) from None

    async def _take(self, key: Key, hold: asyncpg.Connection) -> bool:
        """Lock the job's running. Waits a moment for one that is just ending: its retry may be here before its lock is
        gone.
        """
        for pause in PATIENCE:
            if key not in self._running:  # a session could take its own lock twice
                self._running.add(key)
                try:
                    if await self._ask(dispatch.lock_job, hold, organization_id=key[0], id=key[1]):
                        return True
                except BaseException:
                    self._running.discard(key)
                    raise
                self._running.discard(key)
            await asyncio.sleep(pause)
        return False

    async def _let_go(self, key: Key, hold: asyncpg.Connection) -> None:
        try:
            with contextlib.suppress(*OUTAGES):  # without a connection there is no lock
                await self._ask(dispatch.unlock_job, hold, organization_id=key[0], id=key[1])
        finally:
            self._running.discard(key)

    async def _at_home(self, key: Key) -> None:
        async def run() -> None:
            await self._run_job(*key)

        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(run(), self._home))

    async def _ask(self, query: Callable[..., Awaitable[Any]], hold: asyncpg.Connection, **arguments: Any) -> Any:
        async with self._hold_lock:
            return await query(hold, **arguments)

    async def _keep_beating(self, hold: asyncpg.Connection, manager: QueueManager, ended: asyncio.Event) -> None:
        purged_at = -PURGE_SECONDS
        try:
            while not ended.is_set():
                await self._beat(hold)
                if not self.is_leader:
                    self.is_leader = bool(await self._ask(dispatch.lead, hold))
                if self.is_leader and time.monotonic() - purged_at >= PURGE_SECONDS:
                    purged_at = time.monotonic()
                    await self._ask(dispatch.forget_dead_workers, hold)
                    await self._ask(dispatch.purge_log, hold)
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(ended.wait(), self._heartbeat.total_seconds() / 2)
        except OUTAGES as error:
            log.warning("the worker could not say that it lives (%s)", type(error).__name__)
            manager.shutdown.set()

    async def _beat(self, hold: asyncpg.Connection) -> None:
        me = {"id": self.id, "host": socket.gethostname(), "pid": os.getpid(), "concurrency": self._concurrency}
        await self._ask(dispatch.beat, hold, **me, lease=self._heartbeat * 1.5)


@contextlib.asynccontextmanager
async def _connected(url: str, name: str) -> Any:
    connection = await asyncpg.connect(url, server_settings={"application_name": name}, timeout=15)
    try:
        yield connection
    finally:
        with contextlib.suppress(*OUTAGES):
            await connection.close(timeout=5)


def _manager(connection: asyncpg.Connection) -> QueueManager:
    settings = DBSettings(db_schema="queue")
    queries = Queries(
        AsyncpgDriver(connection),
        qbe=QueryBuilderEnvironment(settings),
        qbq=QueryQueueBuilder(settings),
        qbs=QuerySchedulerBuilder(settings),
    )
    return QueueManager(queries, settings.channel)


def _key(message: Message) -> Key | None:
    try:
        organization, job = orjson.loads(message.payload or b"")
        return UUID(organization), UUID(job)
    except (ValueError, TypeError, AttributeError):
        return None
