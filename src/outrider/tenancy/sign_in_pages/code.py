"""The second step of signing in: a code of the app, or a recovery code."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput, OutriderError, TooManyRequests

from .. import cookies, second_factor, visitors
from ..entrance import entrance_of
from ..sessions import Visit, renew_session
from .shared import client_of, next_of, refusing, text

router = APIRouter(include_in_schema=False)
Arriving = Annotated[Visit, Depends(visitors.arriving)]


@router.get("/sign-in/code")
async def show(request: Request, visit: Arriving) -> Response:
    """Ask for a code; who lacks none goes on at once."""
    next = next_of(request.query_params.get("next"))
    return _page(request, visit, next) if visit.lacks == "code" else ui.redirect(request, next)


@router.post("/sign-in/code")
async def submit(request: Request, visit: Arriving) -> Response:
    """Take a code and go on with a new session."""
    form = await ui.form(request)
    next = next_of(form.get("next"))
    if visit.lacks != "code":
        return ui.redirect(request, next)
    try:
        await second_factor.check(visit.visitor.user_id, text(form, "code"), entrance_of(request).cipher)
    except (InvalidInput, TooManyRequests) as error:
        return _page(request, visit, next, error)
    answer = ui.redirect(request, next)
    cookies.keep(request, answer, await renew_session(visit.visitor, client_of(request), second_factor=True))
    return answer


def _page(request: Request, visit: Visit, next: str, error: OutriderError | None = None) -> Response:
    context: dict[str, Any] = {
        "next": next,
        "email": visit.visitor.email,
        "token": visit.visitor.csrf,
        "error": error.message if error else None,
    }
    return refusing(ui.page(request, "tenancy/sign_in_code.html", **context), error)
