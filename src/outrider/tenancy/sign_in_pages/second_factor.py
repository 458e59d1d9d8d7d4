"""Setting up a second factor: scan, enter a first code, keep the recovery codes. Who must have one comes here first.

Who did not sign in just now gives the password too: else whoever finds an open browser could lock its owner out.
"""

from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput, OutriderError, TooManyRequests

from .. import cookies, second_factor, visitors
from ..entrance import entrance_of
from ..sessions import Visit, renew_session
from ..sign_in import confirm_password
from .security import PAGE
from .shared import client_of, next_of, refusing, text, with_next

router = APIRouter(include_in_schema=False)


async def _setting_up(visit: Annotated[Visit, Depends(visitors.arriving)]) -> Visit:
    if visit.lacks == "code":
        raise visitors.Elsewhere(with_next(visitors.ELSEWHERE["code"], f"{PAGE}/second-factor"))
    return visit


SettingUp = Annotated[Visit, Depends(_setting_up)]


@router.get(f"{PAGE}/second-factor")
async def show(request: Request, visit: SettingUp) -> Response:
    """Show what the app is to scan."""
    return await _page(request, visit, next_of(request.query_params.get("next")))


@router.post(f"{PAGE}/second-factor")
async def submit(request: Request, visit: SettingUp) -> Response:
    """Take the first code, and show the recovery codes once; the session is renewed."""
    form = await ui.form(request)
    next = next_of(form.get("next"))
    try:
        if not visit.visitor.is_fresh:
            await confirm_password(visit.visitor, text(form, "current"))
        codes = await second_factor.confirm(visit.visitor.user_id, text(form, "code"), entrance_of(request).cipher)
    except (InvalidInput, TooManyRequests) as error:
        return await _page(request, visit, next, error)
    answer = ui.page(request, "tenancy/recovery_codes.html", codes=codes, next=PAGE if next == "/" else next, is_first=True)
    cookies.keep(request, answer, await renew_session(visit.visitor, client_of(request), second_factor=True))
    return answer


async def _page(request: Request, visit: Visit, next: str, error: OutriderError | None = None) -> Response:
    visitor = visit.visitor
    set_up = await second_factor.begin(visitor.user_id, visitor.email, entrance_of(request).cipher)
    context: dict[str, Any] = {
        "visitor": visitor,
        "is_required": visit.lacks is not None,
        "set_up": set_up,
        "picture": _picture(set_up.address),
        "next": next,
        "error": error.message if error and error.field != "current" else None,
        "wrong": error.message if error and error.field == "current" else None,
    }
    return refusing(ui.page(request, "tenancy/second_factor.html", **context), error)


def _picture(address: str) -> Markup:
    """Return a QR code as SVG markup: in the page itself, so that the secret has no address of its own."""
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(omitsize=True, border=2, svgclass="qr", lineclass=None, dark="#000", light="#fff"))  # noqa: S704
