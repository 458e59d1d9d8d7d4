"""The outermost layer of every request: its id, its log line, its security headers, HEAD, and the answer to what
nothing else caught.

Logs the route's template, never the path or the query as sent: addresses of people live there.
"""

import re
import time
import uuid
from urllib.parse import parse_qsl

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outrider.kit import logs
from outrider.kit.errors import InvalidInput, OutriderError

from .problems import respond
from .state import state

REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
log = logs.logger("outrider.http")


class Frame:
    """ASGI layer round everything else. The headers it sets give way to the endpoint's own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is no HTTP request passes through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        state(scope)["outrider.request_id"] = request_id
        asked = state(scope)["outrider.method"] = scope["method"]
        answer = _Answer(scope, send, request_id, bodiless=asked == "HEAD")
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                _refuse_nul(scope)
                if asked == "HEAD":
                    scope["method"] = "GET"
                await self.app(scope, receive, answer.send)
            except Exception as error:
                answer.error = error
                if not answer.started:
                    await respond(scope, error)(scope, receive, answer.send)
            finally:
                _log(scope, asked, answer, (time.perf_counter() - began) * 1000)


class _Answer:
    """The way out: adds the headers, remembers the status, leaves out the body of an answer to HEAD."""

    def __init__(self, scope: Scope, send: Send, request_id: str, *, bodiless: bool) -> None:
        self._scope, self._send, self._request_id, self._bodiless = scope, send, request_id, bodiless
        self.status = 500
        self.started = False
        self.error: Exception | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            headers = list(message.get("headers", ()))
            present = {name.lower() for name, _ in headers}
            headers += [pair for pair in HEADERS if pair[0] not in present]
            headers += [pair for pair in state(self._scope).get("outrider.headers", ()) if pair[0] not in present]
            headers.append((b"x-request-id", self._request_id.encode()))
            message = {**message, "headers": headers}
        elif self._bodiless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


def _request_id(scope: Scope) -> str:
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _refuse_nul(scope: Scope) -> None:
    """No parameter of an address may hold a NUL: PostgreSQL cannot take it. Raises `InvalidInput` with its name."""
    if "\x00" in scope["path"]:
        raise InvalidInput("the address holds a NUL character (%00): take it out", field="path")
    query = scope.get("query_string", b"")
    if b"%00" in query or b"\x00" in query:
        name = next((n for n, v in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if "\x00" in n + v), "query")
        raise InvalidInput(
            f"{name.replace(chr(0), '')} holds a NUL character (%00): take it out",
            field=name.replace("\x00", "") or "query",
        )


def _log(scope: Scope, method: str, answer: _Answer, milliseconds: float) -> None:
    fields = {
        "method": method if method in _METHODS else "other",
        "route": getattr(scope.get("route"), "path", None) or "none",
        "status": answer.status,
        "ms": round(milliseconds, 1),
        **state(scope).get("outrider.log", {}),
    }
    error = answer.error
    if error is None or (isinstance(error, OutriderError) and answer.status < 500):
        log.info("request", **fields)
    else:
        log.error("request", **fields, exc_info=error)
