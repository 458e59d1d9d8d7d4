"""Signing in with address and password, going to another organization, signing out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput, NotFound, TooManyRequests, Unauthorized, Unavailable

from .. import cookies, csrf, visitors
from ..sessions import Visit, Visitor, end_session, open_session
from ..sign_in import sign_in
from ..types import OrganizationId
from .shared import client_of, enter, next_of, sign_in_page, text

router = APIRouter(include_in_schema=False)
Anybody = Annotated[Visitor, Depends(visitors.visiting(None))]


@router.get("/sign-in")
async def show(request: Request) -> Response:
    """Show the sign-in; who is signed in goes on at once."""
    next = next_of(request.query_params.get("next"))
    visit = await visitors.present(request)
    if visit is not None and visit.lacks is None:
        return ui.redirect(request, next)
    return sign_in_page(request, next=next)


@router.post("/sign-in")
async def submit(request: Request) -> Response:
    """Sign in. There is no session to take a token from yet: where the form comes from is what is checked."""
    csrf.check_origin(request)
    form = await ui.form(request)
    next, email = next_of(form.get("next")), text(form, "email")
    try:
        secret = await sign_in(email, text(form, "password"), client_of(request))
    except (Unauthorized, TooManyRequests, Unavailable) as error:
        return sign_in_page(request, next=next, email=email, error=error)
    return await enter(request, secret, next)


@router.post("/sign-out")
async def sign_out(request: Request, visit: Annotated[Visit, Depends(visitors.arriving)]) -> Response:
    """End this session."""
    visitor = visit.visitor
    await end_session(visitor.caller, visitor.user_id, visitor.session_id)
    answer = ui.redirect(request, visitors.SIGN_IN, toast="You are signed out.")
    cookies.drop(request, answer)
    return answer


@router.post("/organizations/switch")
async def switch(request: Request, visitor: Anybody) -> Response:
    """Go on in another organization that the visitor is in, with a session of its own there."""
    wanted = text(await ui.form(request), "organization")
    try:
        organization = OrganizationId(UUID(wanted))
    except ValueError:
        raise InvalidInput(f"organization is {wanted[:60]!r}, which is no organization", field="organization") from None
    if organization not in {id for id, _ in visitor.organizations}:
        raise NotFound("you are no member of that organization")
    secret = await open_session(
        organization,
        visitor.user_id,
        client_of(request),
        second_factor=visitor.second_factor,
        signed_in_at=visitor.signed_in_at,
    )
    return await enter(request, secret, "/")
