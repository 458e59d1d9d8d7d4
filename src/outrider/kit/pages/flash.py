"""A message for the next page: what was done, and how to undo it. It travels in a cookie that the page takes away."""

import base64
from dataclasses import asdict, dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

COOKIE = "outrider_flash"
SECONDS = 60
TONES = ("good", "bad", "info")
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message. `undo` is the path that a POST takes it back with."""

    text: str
    tone: str = "good"
    undo: str | None = None


def set_flash(answer: Response, toast: Toast) -> None:
    """Show the toast on the page that comes next."""
    value = base64.urlsafe_b64encode(orjson.dumps(asdict(toast))).decode()
    answer.set_cookie(COOKIE, value, max_age=SECONDS, httponly=True, samesite="lax")


def read(request: Request) -> Toast | None:
    """Return what the browser brought, None for nothing or for something that we did not write."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(request.cookies[COOKIE]))
        toast = Toast(str(found["text"])[:LONGEST], str(found["tone"]), found["undo"])
    except (KeyError, ValueError, TypeError):
        return None
    is_local = toast.undo is None or (isinstance(toast.undo, str) and is_local_path(toast.undo))
    return toast if toast.tone in TONES and is_local else None


def clear(request: Request, answer: Response) -> None:
    """Take the message away once it is on a page."""
    if COOKIE in request.cookies:
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax")


def is_local_path(target: str) -> bool:
    """Whether an address stays with us: a path, without a host that it could lead to."""
    return target.startswith("/") and not target.startswith(("//", "/\\")) and not any(ord(letter) < 32 for letter in target)
