"""The addresses that our messages' pictures and links lead to. Anybody may come; nothing is shown."""

import base64
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from outrider.kit.http import asked_method
from outrider.kit.signing import LONGEST

from . import tracking

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of one pixel."""
FRESH = {"Cache-Control": "no-store, max-age=0", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
Token = Annotated[str, Path(max_length=LONGEST)]
router = APIRouter(include_in_schema=False)


@router.get("/t/o/{token}.gif")
async def opened(request: Request, token: Token) -> Response:
    """Answer with a picture of one pixel, and write down that it was fetched."""
    signed = tracking.read("open", token)
    if signed is None:
        return Response(PIXEL, 404, FRESH, "image/gif")
    await tracking.note("open", signed, method=asked_method(request.scope), address=_address(request), headers=request.headers)
    return Response(PIXEL, media_type="image/gif", headers=FRESH)


@router.get("/t/c/{token}")
async def clicked(request: Request, token: Token) -> Response:
    """Lead to where the message's link leads, and write down that somebody went. A link that is not ours leads nowhere."""
    signed = tracking.read("click", token)
    if signed is None or not signed.url.startswith(("https://", "http://")):
        return PlainTextResponse("This link is not one of ours, or it was cut: copy it whole from the message.\n", 404, FRESH)
    await tracking.note("click", signed, method=asked_method(request.scope), address=_address(request), headers=request.headers)
    return RedirectResponse(signed.url, 302, FRESH)


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None
