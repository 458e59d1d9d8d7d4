"""What is sent to an endpoint that takes nothing is refused: a caller must not believe that it was heard."""

from fastapi.routing import APIRoute
from starlette.requests import Request

from outrider.kit.errors import InvalidInput

NOTHING = (b"", b"{}", b"null")


async def refuse_stray_body(request: Request) -> None:
    """Raise `InvalidInput` for a body that nothing would read: the API's endpoint declares none and does not read the request itself.

    An app-wide dependency. Empty objects pass: some clients send one with every POST.
    """
    route = request.scope.get("route")
    if request.method in ("GET", "HEAD") or not isinstance(route, APIRoute) or not route.path.startswith("/api/"):
        return
    if route.body_field is None and route.dependant.request_param_name is None and (await request.body()).strip() not in NOTHING:
        raise InvalidInput(f"{request.method} {request.url.path} takes no body: nothing of it would be heeded", field="body")
