"""How a page knows who looks at it: the dependency `visiting`, as `require` is for the API.

Nothing found out about a visitor outlives its request: who is removed or has another role is so from the next one on.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from outrider.kit import pages as ui
from outrider.kit.errors import Forbidden
from outrider.kit.http import log_fields

from . import cookies, csrf
from .http import Door
from .needs import needing
from .roles import SCOPES
from .sessions import Visit, Visitor, find_visit

SIGN_IN = "/sign-in"
ELSEWHERE = {"code": "/sign-in/code", "set-up": "/account/security/second-factor"}
"""Where a session goes that lacks something (`Visit.lacks`)."""


class Elsewhere(Exception):  # noqa: N818  (not an error: an answer)
    """The visitor must go somewhere else first."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def visiting(scope: str | None, *, takes_clients: bool = False, streams: bool = False, files: int = 0) -> Callable[..., Awaitable[Visitor]]:
    """Return a dependency that answers the `Visitor`, who has `scope`; None: anybody who is signed in.

    Sends who is not to the sign-in, raises `Forbidden` (403) without the scope or when an unsafe request is not from a
    page of ours. Who is bound to namespaces, a client, is let in by a scope only where `takes_clients`: there the route keeps to
    `caller.namespaces`. `streams`: the route reads the body itself, as it comes, and passes the form's `csrf_token` to
    `csrf.check_token` before it does anything with the rest; a request with the header is checked here all the same.
    `files`: so many may come with the form.
    """
    if scope is not None and scope not in SCOPES:
        raise ValueError(f"unknown scope {scope!r}")

    async def visitor(request: Request) -> Visitor:
        visit = await _known(request)
        if visit.lacks is not None:
            raise Elsewhere(_with_next(request, ELSEWHERE[visit.lacks]))
        if scope is not None and not visit.visitor.may(scope):
            role, place = visit.visitor.caller.role, visit.visitor.organization_name
            raise Forbidden(f"your role in {place}, {role}, does not allow this: ask an owner or admin", scope=scope)
        if scope is not None and visit.visitor.caller.namespaces is not None and not takes_clients:
            raise Forbidden("this is the organization's own, and you see what belongs to your namespaces: ask an owner or admin")
        if not (streams and csrf.HEADER not in request.headers):
            await _check_form(request, visit, files)
        return visit.visitor

    return needing(scope, visitor, takes_clients=takes_clients or scope is None)


async def arriving(request: Request) -> Visit:
    """A dependency that answers the session that comes, even one that lacks something: for what leads on from there.

    Raises `Elsewhere` for who is not signed in, `Forbidden` for what another site sent.
    """
    visit = await _known(request)
    await _check_form(request, visit)
    return visit


needing(None, arriving)


async def _known(request: Request) -> Visit:
    """Return the session that comes. Reads no body: who may not send one has none read."""
    if request.method not in csrf.SAFE:
        csrf.check_origin(request)
    visit = await present(request)
    if visit is None:
        raise Elsewhere(_with_next(request, SIGN_IN))
    door: Door = request.app.state.door
    door.count(request.scope, visit.visitor.caller)
    return visit


async def _check_form(request: Request, visit: Visit, files: int = 0) -> None:
    if request.method not in csrf.SAFE:
        csrf.check_token(await csrf.token_of(request, files), visit.visitor.csrf)


async def present(request: Request) -> Visit | None:
    """Return the session that comes, None without one that holds."""
    secret = cookies.read(request)
    visit = await find_visit(secret) if secret else None
    if visit is not None:
        log_fields(request.scope, organization_id=str(visit.visitor.organization_id), user_id=str(visit.visitor.user_id))
        if visit.lacks is None:
            ui.set_viewer(request.scope, viewer_of(visit.visitor))
    return visit


async def still_visiting(request: Request, scope: str) -> bool:
    """Whether who was let in may be shown more now: for streams, which go on when somebody was removed meanwhile."""
    visit = await present(request)
    return visit is not None and visit.lacks is None and visit.visitor.may(scope)


def viewer_of(visitor: Visitor) -> ui.Viewer:
    """Return what the shell round the page needs of the visitor."""
    return ui.Viewer(
        name=visitor.name or visitor.email,
        email=visitor.email,
        place=visitor.organization_name,
        place_id=str(visitor.organization_id),
        places=tuple((str(id), name) for id, name in visitor.organizations),
        role=visitor.caller.role,
        may=visitor.caller.scopes,
        csrf=visitor.csrf,
        time_zone=visitor.time_zone,
        is_client=visitor.caller.namespaces is not None,
    )


def local_path(text: str | None) -> str:
    """Return a path of this site that may be gone on to, as a header may say it; `/` for anything else."""
    return quote(text, safe="/?&=%+-._~:,;@!$'()*") if text and ui.is_local_path(text) else "/"


def _with_next(request: Request, location: str) -> str:
    if "hx-request" in request.headers:
        address = urlsplit(request.headers.get("hx-current-url", ""))
        wanted = address.path + (f"?{address.query}" if address.query else "")
    elif request.method in csrf.SAFE:
        query = request.scope.get("query_string", b"").decode("latin-1")
        wanted = quote(request.scope["path"], safe="/") + (f"?{query}" if query else "")
    else:
        wanted = "/"
    path = local_path(wanted)
    return location if path == "/" else f"{location}?next={quote(path, safe='/')}"


def install(app: FastAPI) -> None:
    """Send who must go elsewhere there: a redirect for a page, a header that htmx follows for a part of one."""

    async def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, Elsewhere)
        if "hx-request" in request.headers:
            return Response(status_code=401, headers={"HX-Redirect": error.location})
        return RedirectResponse(error.location, status_code=303)

    app.add_exception_handler(Elsewhere, handle)
