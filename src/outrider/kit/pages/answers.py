"""What a page route answers besides pages: redirects, toasts, streams; and the form that it was asked with."""

import json
from collections.abc import AsyncIterator

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from outrider.kit.errors import InvalidInput

from .flash import Toast, set_flash

MAX_FIELDS = 2_000
CLOSE = "close"
"""The event that ends a stream: `hx-sse:close="close"`."""


def is_htmx(request: Request) -> bool:
    """Whether htmx asks, for a piece of a page."""
    return request.headers.get("hx-request") == "true"


def redirect(request: Request, to: str, *, toast: str | None = None, undo: str | None = None, tone: str = "good") -> Response:
    """Send the browser to another page of ours, with a message there if `toast` is given."""
    answer = Response(headers={"HX-Redirect": to}) if is_htmx(request) else Response(status_code=303, headers={"Location": to})
    if toast is not None:
        set_flash(answer, Toast(toast, tone, undo))
    return answer


def toast(answer: Response, text: str, *, tone: str = "good", undo: str | None = None) -> Response:
    """Add a message to an answer that htmx puts into the page, and return the answer."""
    answer.headers["HX-Trigger"] = json.dumps({"outrider:toast": {"text": text, "tone": tone, "undo": undo}})  # ASCII, as headers are
    return answer


def stream(source: AsyncIterator[str]) -> Response:
    """Return server-sent events: each text is HTML that replaces the target of the element with `hx-sse:connect`.

    When `source` ends, the stream says so and the browser does not come back.
    """

    async def events() -> AsyncIterator[str]:
        async for text in source:
            yield "".join(f"data: {line}\n" for line in text.splitlines()) + "\n"
        yield f"event: {CLOSE}\ndata:\n\n"

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def form(request: Request) -> FormData:
    """Return the texts of the form that was sent. Raises `InvalidInput` for a file where there is none to be, and for NUL characters."""
    found = await request.form(max_files=0, max_fields=MAX_FIELDS)
    for name, value in found.multi_items():
        if isinstance(value, UploadFile):
            raise InvalidInput(f"{name} must be text", field=name)
        if "\x00" in value or "\x00" in name:
            raise InvalidInput(f"{name.replace(chr(0), '')} holds a character that cannot be stored: take it out", field=name)
    return found
