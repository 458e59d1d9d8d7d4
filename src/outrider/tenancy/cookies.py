"""The cookies of signing in: HttpOnly, SameSite=Lax, and over https bound to this host and to https (`__Host-`)."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from .entrance import entrance_of
from .sessions import LASTS

NAME = "outrider_session"
ATTEMPT = "outrider_attempt"
"""A sign-in that is on its way at a provider."""


def is_https(request: Request) -> bool:
    """Whether the browser speaks https: with us, or with a proxy at the public address that speaks http with us."""
    public = urlsplit(entrance_of(request).public_url or "")
    return request.url.scheme == "https" or (public.scheme == "https" and request.headers.get("host") == public.netloc)


def name_of(request: Request, name: str = NAME) -> str:
    """Return a cookie's name, which differs with the scheme: one that was planted over http is never read over https."""
    return f"__Host-{name}" if is_https(request) else name


def read(request: Request, name: str = NAME) -> str | None:
    """Return what a cookie says, None without it."""
    return request.cookies.get(name_of(request, name))


def keep(request: Request, response: Response, value: str, name: str = NAME, seconds: float = LASTS.total_seconds()) -> None:
    """Give the browser a cookie."""
    secure = is_https(request)
    response.set_cookie(name_of(request, name), value, max_age=int(seconds), path="/", secure=secure, httponly=True, samesite="lax")


def drop(request: Request, response: Response, name: str = NAME) -> None:
    """Take a cookie from the browser."""
    response.delete_cookie(name_of(request, name), path="/", secure=is_https(request), httponly=True, samesite="lax")
