"""What the pages of signing in share: who asks from where, the form itself, and the way in."""

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import OutriderError, TooManyRequests

from .. import cookies, visitors
from ..entrance import entrance_of
from ..sessions import Client, client_address, end_session, find_visit

MOST = 1000
"""Characters of a field that are looked at."""


def client_of(request: Request) -> Client:
    """Return where a request comes from."""
    return Client(request.headers.get("user-agent"), client_address(request.client.host if request.client else None))


def next_of(given: object) -> str:
    """Return where a sign-in leads."""
    return visitors.local_path(given if isinstance(given, str) else None)


def with_next(path: str, next: str) -> str:
    """Return a path that remembers where a sign-in leads."""
    return path if next == "/" else f"{path}?next={quote(next, safe='/')}"


def sign_in_page(request: Request, *, next: str = "/", email: str = "", error: OutriderError | None = None) -> Response:
    """Return the sign-in, with what went wrong if anything did."""
    provider = entrance_of(request).provider
    context: dict[str, Any] = {"next": next, "email": email, "error": error.message if error else None}
    return refusing(
        ui.page(request, "tenancy/sign_in.html", provider=provider.name if provider else None, with_next=with_next, **context), error
    )


def refusing(answer: Response, error: OutriderError | None) -> Response:
    """Give a page the status of what it refuses, 422 for what was typed; without an error it stays as it is."""
    if error is not None:
        answer.status_code = 422 if error.status == 401 else error.status
    if isinstance(error, TooManyRequests):
        answer.headers["Retry-After"] = str(error.extra["retry_after"])
    return answer


async def enter(request: Request, secret: str, next: str) -> Response:
    """Let somebody in with a new session: the browser's old one ends, and what is still lacking is asked for first."""
    before = await visitors.present(request)
    if before is not None:
        await end_session(before.visitor.caller, before.visitor.user_id, before.visitor.session_id)
    visit = await find_visit(secret)
    lacks = visit.lacks if visit else None
    answer = ui.redirect(request, with_next(visitors.ELSEWHERE[lacks], next) if lacks else next)
    cookies.keep(request, answer, secret)
    return answer


def text(form: Any, name: str) -> str:
    """Return a field of a form as text; '' without it."""
    return str(form.get(name, ""))[:MOST]
