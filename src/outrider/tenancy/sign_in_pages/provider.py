"""Signing in at a provider of OpenID Connect: there, and back."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from outrider.kit.errors import NotFound, OutriderError

from .. import cookies, oidc
from ..entrance import Entrance, entrance_of
from ..oidc_provider import Provider
from .shared import client_of, enter, next_of, sign_in_page

router = APIRouter(include_in_schema=False)


@router.get("/sign-in/oidc")
async def start(request: Request) -> Response:
    """Send the browser to the provider."""
    entrance, provider = _provider(request)
    next = next_of(request.query_params.get("next"))
    try:
        started = await oidc.start(provider, entrance.cipher, entrance.redirect_uri, next)
    except OutriderError as error:
        return sign_in_page(request, next=next, error=error)
    answer = RedirectResponse(started.location, 303)
    cookies.keep(request, answer, started.cookie, cookies.ATTEMPT, oidc.LASTS_SECONDS)
    return answer


@router.get("/sign-in/oidc/callback")
async def finish(request: Request) -> Response:
    """Let in who comes back from the provider."""
    entrance, provider = _provider(request)
    cookie = cookies.read(request, cookies.ATTEMPT)
    try:
        arrived = await oidc.finish(provider, entrance.cipher, entrance.redirect_uri, request.query_params, cookie, client_of(request))
    except OutriderError as error:
        answer = sign_in_page(request, error=error)
    else:
        answer = await enter(request, arrived.secret, arrived.next)
    cookies.drop(request, answer, cookies.ATTEMPT)
    return answer


def _provider(request: Request) -> tuple[Entrance, Provider]:
    entrance = entrance_of(request)
    if entrance.provider is None:
        raise NotFound("there is no other way to sign in here: use your password")
    return entrance, entrance.provider
