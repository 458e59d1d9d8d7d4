"""What an unsafe request must show, so that no other site can send one in a visitor's name.

First where it comes from, as the browser says, before a body is read; then the token of the visitor's session.
"""

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from outrider.kit import pages as ui
from outrider.kit.errors import Forbidden
from outrider.kit.http import uploads

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER, FIELD = "x-csrf-token", "csrf_token"


def check_origin(request: Request) -> None:
    """Raise `Forbidden` unless the browser says that a page of ours sends this. Reads no body.

    `Sec-Fetch-Site` is sent over https and to localhost; elsewhere `Origin` must name the host that is asked. The scheme
    is not compared: behind a proxy that speaks https we see http.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site == "same-origin":
            return
    else:
        host = urlsplit(request.headers.get("origin", "")).netloc
        if host and host == request.headers.get("host"):
            return
    raise Forbidden("this request does not come from a page of Outrider: open the page again and repeat it there")


def check_token(given: str | None, expected: str) -> None:
    """Raise `Forbidden` unless `given` is the session's token; takes the same time whatever it is."""
    if given is None or not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise Forbidden("this form is not of your present session: open the page again and repeat it there")


async def token_of(request: Request, files: int = 0) -> str | None:
    """Return the token of a request, from its header or else from its form, which may hold so many files; None without one.

    A form is read once, so what it may hold is decided here.
    """
    header = request.headers.get(HEADER)
    if header is not None:
        return header
    field = (await request.form(max_files=files, max_fields=uploads.MAX_FIELDS if files else ui.MAX_FIELDS)).get(FIELD)
    return field if isinstance(field, str) else None
