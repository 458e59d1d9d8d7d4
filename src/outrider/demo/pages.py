"""The demo's mails in the browser: what its mail server took, as mail programs would show it."""

import re
from html import unescape
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import NotFound
from outrider.tenancy import Visitor, visiting

from .mails import Mail, Mails

PAGE = 50
_LINK = re.compile(r'href="(https?://[^"]+)"')
Reader = Annotated[Visitor, Depends(visiting("mailboxes:read"))]


def make_router(mails: Mails, organization: UUID) -> APIRouter:
    """Return the pages of these mails, which only people of the demo's organization see."""
    router = APIRouter(include_in_schema=False)

    def find(visitor: Visitor, id: str) -> Mail:
        mail = mails.find(id) if visitor.organization_id == organization else None
        if mail is None:
            raise NotFound(f"there is no mail {id[:40]}", field="id")
        return mail

    @router.get("/demo/mails")
    async def index(request: Request, visitor: Reader, before: str | None = None) -> Response:
        """Show the mails, newest first."""
        found = mails.newest(PAGE + 1, before) if visitor.organization_id == organization else []
        older = found[PAGE - 1].id if len(found) > PAGE else None
        return ui.page(request, "demo/mails.html", mails=found[:PAGE], older=older, before=before)

    @router.get("/demo/mails/{id}")
    async def show(request: Request, visitor: Reader, id: str) -> Response:
        """Show one mail: how it looks, its text, its headers, and where its links lead."""
        mail = find(visitor, id)
        links = dict.fromkeys(unescape(link) for link in _LINK.findall(mail.part("html")))
        return ui.page(request, "demo/mail.html", mail=mail, message=mail.message, text=mail.part("plain"), links=list(links))

    @router.get("/demo/mails/{id}/html")
    async def html(visitor: Reader, id: str) -> Response:
        """Show the HTML of a mail alone, for a frame."""
        return ui.preview(find(visitor, id).part("html"))

    return router
