"""The page behind the unsubscribe link of a message. It asks on GET and acts on POST: a scanner that follows links unsubscribes nobody."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from outrider.kit import pages as ui

from .unsubscribing import check_link, find_recipient, unsubscribe

ONE_CLICK = "One-Click"
"""What a mail program sends in `List-Unsubscribe` when its own button was pressed (RFC 8058)."""
LONGEST = 500
Token = Annotated[str, Path(max_length=LONGEST)]
router = APIRouter(include_in_schema=False)


@router.get("/u/{token}")
async def ask(request: Request, token: Token) -> Response:
    """Ask whether they want no more; changes nothing."""
    return ui.page(request, "engagement/unsubscribe.html", recipient=await find_recipient(token), token=token, done=None)


@router.post("/u/{token}")
async def act(request: Request, token: Token) -> Response:
    """Unsubscribe: by the page's buttons, or by the button of a mail program. Needs no sign-in: the link itself is the right."""
    check_link(token)  # before the body is read
    form = await ui.form(request)
    if form.get("List-Unsubscribe") == ONE_CLICK:
        await unsubscribe(token)
        return PlainTextResponse("You are unsubscribed.\n")
    scope = "campaign" if form.get("scope") == "campaign" else "all"
    recipient = await unsubscribe(token, "campaign" if scope == "campaign" else "all")
    return ui.page(request, "engagement/unsubscribe.html", recipient=recipient, token=token, done=scope)
