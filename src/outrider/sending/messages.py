"""The ledger as people see it and decide about it: what waits, what is in doubt, whether sending is frozen."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg

from outrider import ops
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import OrganizationId

from .store import message_queries as queries
from .waiting import Hold, find_holds

STATUSES = ("queued", "claimed", "sending", "sent", "failed", "skipped", "needs_review", "unknown")
COUNTED_TO = 10_000
GATHERED = 10_000
"""Words that fit no more messages than this are rare: all of theirs are found by index, whatever their age."""
SEARCHED = 50_000
"""How many messages a page of a search for other words looks through at most, one after the other: the ledger holds millions."""
_TRIGRAM = re.compile(r"\w{3}")


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the ledger in a list. `mailbox` is the sender's address."""

    id: UUID
    campaign_id: UUID
    campaign: str
    enrollment_id: UUID
    sequence_step: int
    mailbox_id: UUID
    mailbox: str
    person_id: UUID
    recipient: str
    message_id: str
    subject: str | None
    status: str
    reason: str | None
    attempts: int
    scheduled_at: datetime
    last_attempt_at: datetime | None
    error_message: str | None
    sent_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a message; `outcome` None: under way. `answer` is the server's own."""

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    code: int | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class FullMessage(Message):
    """A message as it went out, or waits, with every attempt at it."""

    in_reply_to: str | None
    body: str | None
    body_text: str | None
    headers: dict[str, Any] | None
    edited_by: str | None
    history: tuple[Attempt, ...]
    waits_for: Hold | None


@dataclass(frozen=True, slots=True)
class Happening:
    """What became of a message. `verdict` is human or automatic: a machine did it, for `verdict_reason`."""

    type: str
    occurred_at: datetime
    url: str | None
    verdict: str
    verdict_reason: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """Sending as a whole. Counts stop at 10,000. `people_due` have a step that is due and no message yet."""

    is_frozen: bool
    frozen_at: datetime | None
    frozen_reason: str | None
    daily_limit: int | None
    domain_hourly_limit: int | None
    queued: int
    claimed: int
    sending: int
    needs_review: int
    unknown: int
    messages_due: int
    people_due: int
    last_sent_at: datetime | None


class MessageService:
    """The organization's ledger, in the caller's transaction."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def status(self) -> Status:
        """Return how sending stands. Not for a read-only transaction: a restored copy is found out here, too, and freezes."""
        is_frozen = bool(await queries.is_frozen(self._connection))  # first: it may write what is read next
        control = dict(await queries.control(self._connection, organization_id=self._organization))
        rows = queries.counts(self._connection, organization_id=self._organization, most=COUNTED_TO)
        counts = {row["status"]: row["messages"] async for row in rows}
        due = await queries.due(self._connection, organization_id=self._organization, moment=datetime.now(UTC), most=COUNTED_TO)
        return Status(
            **{**control, **counts},
            is_frozen=is_frozen,
            messages_due=due["messages"],
            people_due=due["people"],
            last_sent_at=due["last_sent_at"],
        )

    async def page(
        self,
        *,
        status: str | None = None,
        campaign_id: UUID | None = None,
        mailbox_id: UUID | None = None,
        q: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Message]:
        """Return a page of messages, newest first. `q` is in the recipient's name, address or company, or in the subject.

        All that rare words fit is found. For common ones a page may be short, or empty, and still have a next one: each looks
        through the next 50,000 messages. Raises `InvalidInput` for a bad status, limit or cursor.
        """
        check_limit(limit)
        if status is not None and status not in STATUSES:
            raise InvalidInput(f"status is {status!r}; it must be one of {', '.join(STATUSES)}", field="status")
        asked: dict[str, Any] = {
            "organization_id": self._organization, "status": status, "campaign_id": campaign_id, "mailbox_id": mailbox_id,
            "before": decode_id_cursor(cursor), "count": limit + 1,
        }  # fmt: skip
        await queries.plan_for_values(self._connection)
        words, until, gathered = (q or "").strip(), None, None
        if words and (gathered := await self._gather(words)) is None:
            until = await queries.last_within(
                self._connection, organization_id=self._organization, before=asked["before"], within=SEARCHED - 1
            )
            rows = queries.walk(self._connection, pattern=_pattern(words), until=until, **asked)
        else:
            rows = queries.page(self._connection, ids=gathered, **asked)
        ids = [row["id"] async for row in rows]
        last = ids[limit - 1] if len(ids) > limit else until
        return Page(await self._messages(ids[:limit]), encode_cursor(last) if last else None)

    async def _gather(self, words: str) -> list[UUID] | None:
        """Return all messages that the words fit; None when these are too many, or the words too short for an index."""
        if not _TRIGRAM.search(words):
            return None
        rows = queries.gather(self._connection, organization_id=self._organization, pattern=_pattern(words), most=GATHERED)
        ids = [row["id"] async for row in rows]
        return list(set(ids)) if len(ids) < GATHERED else None

    async def _messages(self, ids: Sequence[UUID]) -> list[Message]:
        rows = queries.messages(self._connection, organization_id=self._organization, ids=ids)
        return [Message(**dict(row)) async for row in rows]

    async def choices(self) -> tuple[list[tuple[UUID, str]], list[tuple[UUID, str]]]:
        """Return campaigns that were started and mailboxes by name, which messages may be asked for by; the latest 200 of each."""
        rows = [dict(row) async for row in queries.choices(self._connection, organization_id=self._organization)]
        campaigns, mailboxes = ([(row["id"], row["name"]) for row in rows if row["kind"] == kind] for kind in ("campaign", "mailbox"))
        return campaigns, mailboxes

    async def latest_of(self, mailbox_id: UUID, count: int = 6) -> list[Message]:
        """Return what a mailbox sent last, or is sending."""
        rows = queries.latest_of_mailbox(self._connection, organization_id=self._organization, mailbox_id=mailbox_id, count=count)
        return await self._messages([row["id"] async for row in rows])

    async def get(self, id: UUID) -> FullMessage:
        """Return one message with its attempts and what holds it back. Raises `NotFound`."""
        texts = await queries.texts(self._connection, organization_id=self._organization, id=id)
        if texts is None:
            raise NotFound(f"there is no message {id}", field="id")
        (message,) = await self._messages([id])
        attempts = queries.attempts(self._connection, organization_id=self._organization, message_id=id)
        history = tuple([Attempt(**dict(one)) async for one in attempts])
        holds = await self.holds([id]) if message.status == "queued" else {}
        return FullMessage(**asdict(message), **dict(texts), history=history, waits_for=holds.get(id))

    async def holds(self, ids: Sequence[UUID]) -> dict[UUID, Hold]:
        """Return {message: what holds it back} of those of these that are queued and held; one statement for all."""
        return await find_holds(self._connection, self._organization, ids)

    async def happenings(self, id: UUID) -> list[Happening]:
        """Return what became of a message, newest first; the latest hundred."""
        rows = queries.happenings(self._connection, organization_id=self._organization, message_id=id)
        return [Happening(**dict(row)) async for row in rows]

    async def settle(self, id: UUID, outcome: Literal["sent", "not_sent"], evidence: str) -> FullMessage:
        """Settle a doubtful message by evidence, which is kept with the attempt. not_sent: it is queued again.

        Raises `NotFound`, `Conflict` when it is not in doubt, `InvalidInput` without evidence.
        """
        if not evidence.strip():
            raise InvalidInput("evidence is missing: say where you looked and what you found", field="evidence")
        before = await self.get(id)
        if await queries.settle(self._connection, id=id, outcome=outcome, evidence=evidence.strip()) is None:
            raise Conflict(f"the message is {before.status}: only what is unknown is settled", field="id")
        await ops.log_event(self._connection, "message", id, "message.settled", {"outcome": outcome, "evidence": evidence.strip()})
        return await self.get(id)

    async def release(self, id: UUID, subject: str | None = None, body: str | None = None) -> FullMessage:
        """Let a message that waits for a look go on, with texts of its own if they are given (both, or none).

        Raises `NotFound`, `Conflict` when it does not wait, `InvalidInput` for half a text.
        """
        if (subject is None) != (body is None):
            raise InvalidInput("give subject and body, or neither", field="subject" if subject is None else "body")
        if subject is not None and not subject.strip():
            raise InvalidInput("the subject is empty", field="subject")
        before = await self.get(id)
        if not await queries.release(self._connection, ids=[id], subject=subject, body=body):
            raise Conflict(f"the message is {before.status}: only what needs a review is released", field="id")
        return await self.get(id)

    async def release_all(self, campaign_id: UUID | None = None, mailbox_id: UUID | None = None) -> int:
        """Let what waits for a look go on, rendered anew, at most 10,000; returns how many. What still lacks something comes back."""
        released = await queries.release_all(
            self._connection, organization_id=self._organization, campaign_id=campaign_id, mailbox_id=mailbox_id, most=COUNTED_TO
        )
        return int(released)

    async def skip(self, id: UUID) -> FullMessage:
        """Leave a message out that was not sent; its person goes on with the next step. Raises `NotFound`, `Conflict`."""
        before = await self.get(id)
        if not await queries.skip(self._connection, ids=[id]):
            raise Conflict(f"the message is {before.status}: only what is queued or needs a review is skipped", field="id")
        return await self.get(id)

    async def retry(self, id: UUID) -> FullMessage:
        """Queue a message again that the server refused, or put off too often; its person goes on from there.

        Raises `NotFound`, and `Conflict` when its address bounced, or its campaign or person has come to another end.
        """
        before = await self.get(id)
        if not await queries.retry(self._connection, ids=[id]):
            why = {"failed": "its address bounced, or its campaign or person has come to another end"}.get(before.status)
            raise Conflict(f"the message is not tried again: {why or f'it is {before.status}, not failed'}", field="id")
        await ops.log_event(self._connection, "message", id, "message.retried", {"reason": before.reason})
        return await self.get(id)

    async def freeze(self, reason: str) -> Status:
        """Stop all sending at once. Raises `InvalidInput` without a reason."""
        if not reason.strip():
            raise InvalidInput("reason is missing: whoever finds sending frozen will want to know", field="reason")
        await queries.freeze(self._connection, reason=reason.strip())
        await ops.log_event(self._connection, "sending", self._organization, "sending.frozen", {"reason": reason.strip()})
        return await self.status()

    async def thaw(self, skip_until: datetime | None = None) -> tuple[int, Status]:
        """Let sending go on, and return how many messages and steps were left out: those due by `skip_until` (None: none)."""
        skipped = int(await queries.thaw(self._connection, skip_until=skip_until))
        await ops.log_event(self._connection, "sending", self._organization, "sending.released", {"skipped": skipped})
        return skipped, await self.status()

    async def set_limits(self, daily: int | None, domain_hourly: int | None) -> Status:
        """Set how many messages the organization sends in a day, and in an hour to one recipient domain; None: no limit."""
        for value, field in ((daily, "daily_limit"), (domain_hourly, "domain_hourly_limit")):
            if value is not None and not 1 <= value <= 2**31 - 1:
                raise InvalidInput(f"{field} is {value}; it must be at least 1, or empty for no limit", field=field)
        await queries.set_limits(self._connection, organization_id=self._organization, daily_limit=daily, domain_hourly_limit=domain_hourly)
        return await self.status()


def _pattern(words: str) -> str:
    """Return words as LIKE looks for them anywhere."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", words) + "%"
