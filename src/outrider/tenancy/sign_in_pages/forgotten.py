"""A forgotten password: asking for a link by mail, and choosing a new one with it."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput, NotFound, OutriderError, TooManyRequests

from .. import csrf, resets, visitors
from ..entrance import entrance_of
from ..members import EMAIL
from .shared import client_of, refusing, text

router = APIRouter(include_in_schema=False)


@router.get("/sign-in/forgotten")
async def show(request: Request) -> Response:
    """Ask for the address; without a mail server, say who can help."""
    return _page(request)


@router.post("/sign-in/forgotten")
async def submit(request: Request) -> Response:
    """Send a link, after the answer: it says the same, at the same speed, whether anybody has the address."""
    csrf.check_origin(request)
    entrance = entrance_of(request)
    if entrance.mailer is None or entrance.public_url is None:
        raise NotFound("there is no mail server here: ask who runs Outrider for a new password")
    email = text(await ui.form(request), "email").strip()
    try:
        if not EMAIL.fullmatch(email) or len(email) > 254:
            raise InvalidInput("This is no address such as ana@example.org.", field="email")
        await resets.count_request(email, client_of(request).address)
    except (InvalidInput, TooManyRequests) as error:
        return _page(request, email=email, error=error)
    answer = ui.page(request, "tenancy/sign_in_sent.html", email=email)
    answer.background = BackgroundTask(resets.send_link, email, entrance.mailer, entrance.public_url)
    return answer


@router.get("/sign-in/reset")
async def show_reset(request: Request) -> Response:
    """Ask for a new password, for who has a link that holds."""
    token = request.query_params.get("token", "")
    try:
        return _reset_page(request, token, await resets.address_of(token))
    except NotFound as error:
        return _stale_page(request, error)


@router.post("/sign-in/reset")
async def submit_reset(request: Request) -> Response:
    """Set the new password; the next step is to sign in with it."""
    csrf.check_origin(request)
    form = await ui.form(request)
    token = text(form, "token")
    try:
        email = await resets.address_of(token)
        await resets.use(token, text(form, "password"))
    except NotFound as error:
        return _stale_page(request, error)
    except InvalidInput as error:
        return _reset_page(request, token, email, error)
    return ui.redirect(request, visitors.SIGN_IN, toast="Your password is changed. Sign in with it.")


def _page(request: Request, *, email: str = "", error: OutriderError | None = None) -> Response:
    context: dict[str, Any] = {"has_mail": entrance_of(request).mailer is not None, "email": email}
    wrong = error.message if isinstance(error, InvalidInput) else None
    waiting = error.message if isinstance(error, TooManyRequests) else None
    return refusing(ui.page(request, "tenancy/sign_in_forgotten.html", wrong=wrong, waiting=waiting, **context), error)


def _reset_page(request: Request, token: str, email: str, error: OutriderError | None = None) -> Response:
    context: dict[str, Any] = {"token": token, "email": email, "error": error.message if error else None}
    return refusing(ui.page(request, "tenancy/sign_in_reset.html", **context), error)


def _stale_page(request: Request, error: OutriderError) -> Response:
    return refusing(ui.page(request, "tenancy/sign_in_stale.html", error=error.message), error)
