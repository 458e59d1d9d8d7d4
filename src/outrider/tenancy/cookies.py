"""The session's cookie: HttpOnly, SameSite=Lax, and over https bound to this host and to https (`__Host-`)."""

from starlette.requests import Request
from starlette.responses import Response

from .sessions import LASTS

NAME = "outrider_session"


def is_https(request: Request) -> bool:
    """Whether the browser speaks https with us."""
    return request.url.scheme == "https"


def name_of(request: Request) -> str:
    """Return the cookie's name, which differs with the scheme: a cookie planted over http is never read over https."""
    return f"__Host-{NAME}" if is_https(request) else NAME


def session_secret(request: Request) -> str | None:
    """Return what the session's cookie says, None without one."""
    return request.cookies.get(name_of(request))


def keep_session(request: Request, response: Response, secret: str) -> None:
    """Give the browser a session."""
    response.set_cookie(
        name_of(request),
        secret,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def drop_session(request: Request, response: Response) -> None:
    """Take the session's cookie from the browser."""
    response.delete_cookie(name_of(request), path="/", secure=is_https(request), httponly=True, samesite="lax")
