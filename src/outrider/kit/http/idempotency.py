"""Idempotency-Key on POST: the same request with the same key is done once, and answered the same every time.

How it works, and what it promises:

- A key belongs to one tenant; the caller is part of the request, so nobody is shown an answer that somebody else was
  given.
- The first request claims the key. While it runs, another with the key gets 409. A claim is renewed every
  `RENEW_SECONDS`, so one whose process was killed is free again after the minute that `Answers.claim` grants, and a
  long upload keeps its own.
- What "the same request" is: method, path, query, media type, caller and the SHA-256 of the body, which is counted
  while the body passes by, so that an upload of any size is compared without being held. The boundary of a multipart
  body, which clients draw by lot, is left out. Something else with the same key: 422.
- Kept: answers with 2xx and 4xx, not 5xx, and none that may differ the next time though the request is the same: 401 and
  403 (who was refused may be let in), 413 (the body was never read to the end), 429.
- An answer over `MOST_KEPT` bytes is passed on and only its status kept; a repetition then gets 409, and is not done
  again.
- The work and the keeping of its answer are two transactions: if the process dies between them, a repetition after the
  lease does the work again. What must hold even then has a unique key of its own in the database.
"""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outrider.kit.errors import Conflict, InvalidInput

from .state import state

HEADER = b"idempotency-key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
MOST_KEPT = 8 * 2**20
RENEW_SECONDS = 20.0
NEVER_KEPT = (401, 403, 413, 429)
KEPT_HEADERS = (b"content-type", b"location", b"content-disposition", b"link")


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it is kept; `body` is None when it was too large."""

    status: int
    headers: dict[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What became of a claim: ours, in somebody else's hands, or answered before (`request_hash` of what, and how)."""

    ours: bool
    request_hash: bytes = b""
    answer: KeptAnswer | None = None


class Answers(Protocol):
    """Where answers are kept, for the tenant of one caller."""

    async def claim(self, key: str, request_hash: bytes) -> Claim:
        """Claim a key that is free, expired, or whose holder is gone."""

    async def renew(self, key: str) -> None:
        """Say that the holder lives."""

    async def keep(self, key: str, request_hash: bytes, answer: KeptAnswer) -> None:
        """Keep the answer for a day."""

    async def release(self, key: str) -> None:
        """Let go of a claim without an answer."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who asks: a text that differs from caller to caller, and the answers of their tenant."""

    caller: str
    answers: Answers


class Idempotency:
    """ASGI layer; `identify` says who asks (None: nobody that answers are kept for), raising the errors of one that may
    not come in."""

    def __init__(self, app: ASGIApp, identify: Callable[[Request], Awaitable[Holder | None]]) -> None:
        self.app = app
        self.identify = identify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; all but a POST with the header passes through."""
        key = _key(scope) if scope["type"] == "http" and scope["method"] == "POST" else None
        if key is None:
            await self.app(scope, receive, send)
            return
        holder = await self.identify(Request(scope))
        if holder is None:
            await self.app(scope, receive, send)
            return
        body = BodyHash(scope, receive)
        head = _head(scope, holder.caller)
        claim = await holder.answers.claim(key, head)
        if claim.ours:
            await self._perform(_Exchange(scope, send, holder.answers, key, head, body))
        elif claim.answer is None:
            raise Conflict("a request with this Idempotency-Key is being done: ask again in a moment", field="Idempotency-Key")
        else:
            await body.drain()
            if claim.request_hash != body.digest(head):
                message = "this Idempotency-Key was used for another request: take a new one for each request"
                raise InvalidInput(message, field="Idempotency-Key")
            await _replay(claim.answer)(scope, receive, send)

    async def _perform(self, exchange: "_Exchange") -> None:
        renewal = asyncio.create_task(_renew(exchange.answers, exchange.key))
        try:
            await self.app(exchange.scope, exchange.body.receive, exchange.send)
            await exchange.finish()
        finally:
            renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewal
            if not exchange.finished:
                await exchange.answers.release(exchange.key)


async def _renew(answers: Answers, key: str) -> None:
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        with contextlib.suppress(Exception):
            await answers.renew(key)  # the next one is in time if this one failed


class BodyHash:
    """The body's SHA-256, counted while somebody else reads it."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._hash = hashlib.sha256()
        self._boundary = _boundary(scope)
        self._tail = b""
        self.complete = False

    async def receive(self) -> Message:
        """Pass on a message."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._add(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Read what nobody read. Raises what `receive` raises, such as `TooLarge`."""
        while not self.complete and (await self.receive())["type"] == "http.request":
            pass

    def digest(self, head: bytes) -> bytes:
        """Return the hash of head and body."""
        whole = self._hash.copy()
        whole.update(self._tail)
        return hashlib.sha256(head + whole.digest()).digest()

    def _add(self, chunk: bytes) -> None:
        if not self._boundary:
            self._hash.update(chunk)
            return
        text = (self._tail + chunk).replace(self._boundary, b"")
        settled = max(0, len(text) - len(self._boundary) + 1)  # the rest may be the beginning of a boundary
        self._hash.update(text[:settled])
        self._tail = text[settled:]


@dataclass(slots=True)
class _Exchange:
    """One request being done for the first time: holds the answer back until it is kept."""

    scope: Scope
    client: Send
    answers: Answers
    key: str
    head: bytes
    body: BodyHash
    start: Message | None = None
    chunks: list[bytes] = field(default_factory=list)
    size: int = 0
    passing: bool = False
    finished: bool = False

    async def send(self, message: Message) -> None:
        """Take a message of the answer; one that grows too large is passed on from there."""
        if message["type"] == "http.response.start":
            self.start = message
            return
        if self.passing or message["type"] != "http.response.body":
            await self.client(message)
            return
        self.chunks.append(message.get("body", b""))
        self.size += len(self.chunks[-1])
        if self.size > MOST_KEPT:
            self.passing = True
            await self._send_on(more=message.get("more_body", False))

    async def finish(self) -> None:
        """Keep the answer or let the key go, then answer."""
        if self.start is None:  # the client went away before there was an answer
            return
        status = self.start["status"]
        if (200 <= status < 300 or 400 <= status < 500) and status not in NEVER_KEPT:
            await self.body.drain()
            if not self.body.complete:  # the client went away in the middle: nobody knows what it meant to send
                return
            await self.answers.keep(self.key, self.body.digest(self.head), self._kept(status))
            self.finished = True
        if not self.passing:
            await self._send_on(more=False)

    def _kept(self, status: int) -> KeptAnswer:
        assert self.start is not None
        headers = {n.decode(): v.decode("latin-1") for n, v in self.start.get("headers", ()) if n.lower() in KEPT_HEADERS}
        instead: bytes | None = state(self.scope).get("outrider.replay")
        return KeptAnswer(status, headers, None if self.passing else instead if instead is not None else b"".join(self.chunks))

    async def _send_on(self, *, more: bool) -> None:
        assert self.start is not None
        await self.client(self.start)
        await self.client({"type": "http.response.body", "body": b"".join(self.chunks), "more_body": more})
        self.chunks.clear()


def _key(scope: Scope) -> str | None:
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == HEADER), None)
    if given is not None and not KEY.fullmatch(given):
        raise InvalidInput("Idempotency-Key must be 1 to 255 visible ASCII characters; a UUID will do", field="Idempotency-Key")
    return given


def _media_type(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"content-type"), "")


def _boundary(scope: Scope) -> bytes:
    found = re.search(r'boundary="?([^";]{1,70})', _media_type(scope))
    return found.group(1).encode("latin-1") if found and _media_type(scope).lower().startswith("multipart/") else b""


def _head(scope: Scope, caller: str) -> bytes:
    parts = (scope["method"], scope["path"], scope.get("query_string", b"").decode("latin-1"))
    kind = _media_type(scope).partition(";")[0].strip().lower()
    return hashlib.sha256("\x00".join((*parts, kind, caller)).encode("utf-8", "surrogatepass")).digest()


def _replay(answer: KeptAnswer) -> Response:
    if answer.body is None:
        raise Conflict(
            f"this request was done before, with status {answer.status}; its answer was too large to keep: read what it made instead",
            field="Idempotency-Key",
        )
    return Response(answer.body, status_code=answer.status, headers={**answer.headers, "Idempotency-Replayed": "true"})
