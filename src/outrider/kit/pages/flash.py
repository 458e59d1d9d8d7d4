"""A message for the next page: what was done, and how to undo it. It travels in a cookie that the page takes away.

The cookie is signed and ends with its minute: nobody else puts words, or a button that undoes something, into our pages.
"""

import time
from dataclasses import asdict, dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import keyring

COOKIE = "outrider_flash"
SECONDS = 60
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message. `undo` is the path that a POST takes it back with."""

    text: str
    tone: str = "good"
    undo: str | None = None


def set_flash(answer: Response, toast: Toast) -> None:
    """Show the toast on the page that comes next."""
    value = keyring.signer().seal(
        COOKIE, orjson.dumps({**asdict(toast), "text": toast.text[:LONGEST], "until": int(time.time()) + SECONDS})
    )
    answer.set_cookie(COOKIE, value, max_age=SECONDS, httponly=True, samesite="lax")


def read(request: Request) -> Toast | None:
    """Return what the browser brought, None for nothing or for something that we did not write."""
    try:
        found = orjson.loads(keyring.signer().unseal(COOKIE, request.cookies[COOKIE]) or b"{}")
        toast = Toast(found["text"], found["tone"], found["undo"])
    except KeyError:
        return None
    return toast if found["until"] > time.time() else None


def clear(request: Request, answer: Response) -> None:
    """Take the message away once it is on a page."""
    if COOKIE in request.cookies:
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax")


def is_local_path(target: str) -> bool:
    """Whether an address stays with us: a path, without a host that it could lead to."""
    return target.startswith("/") and not target.startswith(("//", "/\\")) and not any(ord(letter) < 32 for letter in target)
