"""One's own security: the password, the second factor, where one is signed in."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput, OutriderError, TooManyRequests

from .. import cookies, second_factor, sessions, visitors
from ..browsers import browser_of, is_phone
from ..sessions import Visitor
from ..sign_in import change_password, confirm_password
from .shared import client_of, refusing, text

router = APIRouter(include_in_schema=False)
PAGE = "/account/security"
Anybody = Annotated[Visitor, Depends(visitors.visiting(None))]


@router.get(PAGE)
async def show(request: Request, visitor: Anybody) -> Response:
    """Show it all."""
    return await _page(request, visitor)


@router.post(f"{PAGE}/password")
async def set_password(request: Request, visitor: Anybody) -> Response:
    """Change the password; every other session ends."""
    form = await ui.form(request)
    try:
        secret = await change_password(visitor, client_of(request), text(form, "current"), text(form, "password"))
    except (InvalidInput, TooManyRequests) as error:
        return await _page(request, visitor, error)
    answer = ui.redirect(request, PAGE, toast="Your password is changed. Everywhere else you are signed out.")
    cookies.keep(request, answer, secret)
    return answer


@router.post(f"{PAGE}/sessions/{{id}}/end")
async def end_session(request: Request, visitor: Anybody, id: UUID) -> Response:
    """End one of the visitor's sessions, maybe this one."""
    await sessions.end_session(visitor.caller, visitor.user_id, id)
    return ui.redirect(request, PAGE, toast="That session is over.")


@router.post(f"{PAGE}/sign-out-everywhere")
async def sign_out_everywhere(request: Request, visitor: Anybody) -> Response:
    """End the visitor's sessions in all their organizations; with `keep`, all but this one."""
    keeps = bool(text(await ui.form(request), "keep"))
    ended = await sessions.end_all_sessions(visitor.caller, visitor.user_id, keep=visitor.session_id if keeps else None)
    if keeps:
        return ui.redirect(request, PAGE, toast=f"{ui.plural(ended, 'other session')} ended." if ended else "There was no other session.")
    answer = ui.redirect(request, visitors.SIGN_IN, toast="You are signed out everywhere.")
    cookies.drop(request, answer)
    return answer


@router.post(f"{PAGE}/second-factor/remove")
async def remove_second_factor(request: Request, visitor: Anybody) -> Response:
    """Turn the second factor off, for who knows the password."""
    try:
        await confirm_password(visitor, text(await ui.form(request), "current"))
    except (InvalidInput, TooManyRequests) as error:
        return await _page(request, visitor, error, "factor")
    await second_factor.remove(visitor.user_id)
    return ui.redirect(request, PAGE, toast="Your second factor is off.")


@router.post(f"{PAGE}/recovery-codes")
async def new_recovery_codes(request: Request, visitor: Anybody) -> Response:
    """Show new recovery codes, once, to who knows the password."""
    try:
        await confirm_password(visitor, text(await ui.form(request), "current"))
    except (InvalidInput, TooManyRequests) as error:
        return await _page(request, visitor, error, "codes")
    codes = await second_factor.new_recovery_codes(visitor.user_id)
    return ui.page(request, "tenancy/recovery_codes.html", codes=codes, next=PAGE, is_first=False)


async def _page(request: Request, visitor: Visitor, error: OutriderError | None = None, form: str = "password") -> Response:
    context: dict[str, Any] = {
        "visitor": visitor,
        "sessions": await sessions.list_sessions(visitor.caller, visitor.user_id),
        "factor": await second_factor.find(visitor.user_id) if visitor.second_factor else None,
        "browser_of": browser_of,
        "is_phone": is_phone,
        "wrong": (form, error.field or "current", error.message) if error else None,
    }
    return refusing(ui.page(request, "tenancy/security.html", **context), error)
