"""What a person sees instead of a problem document: a page that says what is wrong and what to do, or a toast where htmx asked."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from . import answers, rendering
from .filters import sentence
from .viewer import viewer_of

TITLES = {
    400: "That request cannot be read",
    403: "You may not do this",
    404: "There is nothing here",
    409: "That does not fit what is there",
    413: "That is too large",
    422: "Something in it cannot be used",
    429: "Too many requests",
    503: "Not at this moment",
}


def problem_page(scope: Scope, status: int, detail: str, request_id: str | None) -> Response | None:
    """Return the answer for a browser, None where a problem document is wanted: for the API, and for what does not ask for HTML."""
    request = Request(scope)
    if scope["path"].startswith(("/api/", "/assets/")):
        return None
    if answers.is_htmx(request):
        answer = Response(status_code=status, headers={"HX-Reswap": "none"})
        return answers.toast(answer, sentence(detail), tone="bad")
    if "text/html" not in request.headers.get("accept", ""):
        return None
    layout = "shell.html" if viewer_of(scope) else "bare.html"
    title = TITLES.get(status, "Something went wrong" if status >= 500 else "That did not work")
    return rendering.page(
        request, "problem.html", status, layout=layout, title=title, status=status, detail=sentence(detail), request_id=request_id
    )
