"""How many bytes a request may bring, counted while they come: a false or missing Content-Length changes nothing."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outrider.kit.errors import TooLarge


class SizeLimit:
    """ASGI layer that refuses a body over `limit` bytes, or over the limit in `exceptions` for that (method, path); a path there that ends
    with a slash means all that begin with it.

    The refusal is a `TooLarge` raised out of `receive`. Whatever is made of it inside (FastAPI makes a 400) is dropped,
    and it is raised again from here.
    """

    def __init__(self, app: ASGIApp, limit: int, exceptions: Mapping[tuple[str, str], int] | None = None) -> None:
        self.app = app
        self.limit = limit
        self.exceptions = dict(exceptions or {})
        self.prefixes = {key: limit for key, limit in self.exceptions.items() if key[1].endswith("/")}

    def _limit(self, method: str, path: str) -> int:
        found = self.exceptions.get((method, path))
        if found is None:
            found = next((limit for (verb, prefix), limit in self.prefixes.items() if verb == method and path.startswith(prefix)), None)
        return self.limit if found is None else found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises `TooLarge` before the body is read when its Content-Length already says so."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope["method"], scope["path"])
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)
        came = 0
        refused: TooLarge | None = None
        started = False

        async def counted() -> Message:
            nonlocal came, refused
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:
                refused = _too_large(limit)
                raise refused
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            if refused is None or started:
                started = True
                await send(message)

        try:
            await self.app(scope, counted, watched)
        except Exception:
            if refused is None or started:
                raise
        if refused is not None and not started:
            raise refused


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than the {limit} bytes taken here: send it in parts", field="body", limit=limit)
