"""A mailbox's lane: its connections to its server, and the messages that wait for one of them."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from outrider.kit.errors import OutriderError
from outrider.tenancy import OrganizationId, transaction

from . import credentials, smtp
from .ahead import Ahead, Made
from .ledger import SENDER
from .preparing import Batch, NeedsReview, Ready
from .renewal import renew
from .smtp import Connection, Unreachable
from .store import queries
from .types import Account, Claimed, SendingMailbox, Told

log = logging.getLogger(__name__)
IDLE_SECONDS = 20.0
MOST_ATTEMPTS = 8
LONGEST_WAIT = 4 * 3600.0
MESSAGES_PER_CONNECTION = 500

Begin = Callable[[tuple[Claimed, Ready]], Awaitable[bool]]
Finish = Callable[[tuple[Claimed, Told]], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Pace:
    """How the sender goes about it. `retry_seconds` is the first wait after a 4xx; each further one is three times as long."""

    connections: int = 5
    retry_seconds: float = 300.0


class Lane:
    """Sends the messages of one mailbox over at most `pace.connections` connections, which stay open while there is something to do."""

    def __init__(self, organization: OrganizationId, mailbox_id: UUID, begin: Begin, finish: Finish, pace: Pace) -> None:
        self._organization = organization
        self._mailbox_id = mailbox_id
        self._begin = begin
        self._finish = finish
        self._pace = pace
        self._ahead = Ahead()
        self._workers: set[asyncio.Task[None]] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self._secret: tuple[str | None, credentials.Credentials] | None = None
        self._not_before = 0.0
        self._failures = 0
        self.in_flight = 0

    @property
    def load(self) -> int:
        """How many messages wait or are on their way."""
        return len(self._ahead) + self.in_flight

    def put(self, messages: Sequence[Claimed], batch: Batch) -> None:
        """Take messages over; each will be finished one way or another."""
        self._ahead.put(messages, batch)
        for _ in range(len(self._workers), min(self._pace.connections, self.load)):
            self._workers.add(asyncio.create_task(self._work()))

    def take_back(self) -> list[Claimed]:
        """Return the messages that nobody has begun with, which are no longer waiting."""
        return self._ahead.take_back()

    async def close(self) -> None:
        """End the connections; what is on its way is given up."""
        self._ahead.close()
        for worker in list(self._workers):
            worker.cancel()
        await asyncio.gather(*self._workers, *self._telling, return_exceptions=True)

    async def _work(self) -> None:
        connection: Connection | None = None
        sent = 0
        try:
            while True:
                try:
                    made = await self._ahead.next(IDLE_SECONDS)
                except TimeoutError:
                    if self._ahead:
                        continue
                    return
                self.in_flight += 1
                try:
                    if connection is not None and (not connection.is_open or sent >= MESSAGES_PER_CONNECTION):
                        await connection.close()
                        connection = None
                    if connection is None:
                        sent = 0
                    connection = await self._one(made, connection)
                    sent += 1
                finally:
                    self.in_flight -= 1
        finally:
            self._leave()
            if connection is not None:
                await connection.close()

    def _leave(self) -> None:
        """Count the worker that calls no more, so that the next message gets another one."""
        worker = asyncio.current_task()
        assert worker is not None
        self._workers.discard(worker)

    async def _one(self, made: Made, connection: Connection | None) -> Connection | None:
        """Bring one message to its end, whatever that is; returns the connection for the next one."""
        message, mailbox = made.message, made.batch.mailboxes[made.message.mailbox_id]
        begun = False

        async def may_send() -> bool:
            nonlocal begun
            begun = True  # from here on the ledger may say `sending`, even when we do not hear so
            return await self._begin((message, ready))

        try:
            ready = made.ready()
            if connection is None:
                connection = await self._connect(mailbox)
            told = await connection.send(mailbox.email, message.recipient, ready.data, may_send)
        except NeedsReview as review:
            told = Told("needs_review", reason=str(review))
        except Unreachable as trouble:
            told = await self._unreachable(trouble)
        except asyncio.CancelledError:
            outcome = Told("unknown", answer="the worker was stopped while the server had the message") if begun else Told("not_started")
            await asyncio.shield(self._finish((message, outcome)))
            raise
        except Exception as error:  # the database was away at the begin, or a fault of ours: nothing was sent
            log.exception("a message could not be sent") if not isinstance(error, (OSError, OutriderError)) else None
            told = Told("postponed", answer=f"{type(error).__name__}: {error}"[:500], retry_after=60.0)
        if told is not None:
            self._tell(message, self._patient(message, told))
        return connection if connection is not None and connection.is_open else None

    def _tell(self, message: Claimed, told: Told) -> None:
        """Have an answer written down while the connection goes on; the message is in flight until it is."""
        self.in_flight += 1
        telling = asyncio.create_task(self._finish((message, told)))
        self._telling.add(telling)
        telling.add_done_callback(self._told)

    def _told(self, telling: asyncio.Task[None]) -> None:
        self._telling.discard(telling)
        self.in_flight -= 1
        if not telling.cancelled() and (error := telling.exception()) is not None:
            log.error("an answer was not written down: %s", type(error).__name__)

    def _patient(self, message: Claimed, told: Told) -> Told:
        """Say when a postponed message comes again, and when it has been postponed often enough."""
        if told.outcome != "postponed" or told.retry_after is not None:
            return told
        if message.attempts + 1 >= MOST_ATTEMPTS:
            return Told("refused", told.code, told.answer, "gave_up")
        wait = min(LONGEST_WAIT, self._pace.retry_seconds * 3.0**message.attempts)
        return Told("postponed", told.code, told.answer, None, wait * random.uniform(0.9, 1.3), told.is_throttled)  # noqa: S311  (jitter)

    async def _unreachable(self, trouble: Unreachable) -> Told:
        """The mailbox's trouble, not the message's: it goes back unsent, and does not count as an attempt."""
        if trouble.is_permanent:
            async with transaction(self._organization, SENDER) as connection:
                await queries.mailbox_fails(connection, organization_id=self._organization, id=self._mailbox_id, reason=trouble.answer)
            return Told("not_started", trouble.code, trouble.answer)
        if (wait := self._not_before - time.monotonic()) <= 0:
            self._failures += 1
            wait = min(900.0, self._pace.retry_seconds / 20 * 2.0 ** min(self._failures, 6))
            self._not_before = time.monotonic() + wait
        return Told("not_started", trouble.code, trouble.answer, retry_after=wait)

    async def _connect(self, mailbox: SendingMailbox) -> Connection:
        if time.monotonic() < self._not_before:
            raise Unreachable("the server did not answer a moment ago")
        account = await self._account(mailbox)
        connection = await smtp.connect(account, local_hostname=mailbox.email.partition("@")[2])
        self._failures = 0
        return connection

    async def _account(self, mailbox: SendingMailbox) -> Account:
        """Open the mailbox's credentials, and renew its token when it ends soon."""
        if self._secret is None or self._secret[0] != mailbox.credentials_encrypted:
            self._secret = mailbox.credentials_encrypted, credentials.opened(mailbox.credentials_encrypted, self._organization, mailbox.id)
        found = self._secret[1]
        if mailbox.authentication == "oauth2" and found.is_stale:
            found = await renew(self._organization, mailbox, found)
            self._secret = mailbox.credentials_encrypted, found
        return account_of(mailbox, found)


def imap_account_of(mailbox: SendingMailbox, found: credentials.Credentials) -> Account:
    """Return how a mailbox's folders are read. Raises `Unreachable` when it does not say where."""
    if not mailbox.imap_host:
        raise Unreachable("the mailbox names no IMAP server", is_permanent=True)
    secret = found.access_token if mailbox.authentication == "oauth2" else found.password
    return Account(
        mailbox.imap_host, mailbox.imap_port, mailbox.imap_security, mailbox.authentication, mailbox.username or mailbox.email, secret
    )


def account_of(mailbox: SendingMailbox, found: credentials.Credentials) -> Account:
    """Return how a mailbox reaches its server. Raises `Unreachable` when it does not say which."""
    if not mailbox.smtp_host:
        raise Unreachable("the mailbox names no server", is_permanent=True)
    secret = found.access_token if mailbox.authentication == "oauth2" else found.password
    return Account(
        mailbox.smtp_host, mailbox.smtp_port, mailbox.smtp_security, mailbox.authentication, mailbox.username or mailbox.email, secret
    )
