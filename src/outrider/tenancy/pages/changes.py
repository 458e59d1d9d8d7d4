"""The page `/settings/changes`: who changed what about users, keys and the organization."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.http import Cursor
from outrider.tenancy import changes
from outrider.tenancy.sessions import Visitor
from outrider.tenancy.visitors import visiting

from .shown import entries

MOST = 50
PATH = "/settings/changes"
TABS = (("All", PATH), ("Users", f"{PATH}?of=user"), ("API keys", f"{PATH}?of=key"), ("Settings", f"{PATH}?of=organization"))
router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def index(
    request: Request,
    visitor: Annotated[Visitor, Depends(visiting("users:read"))],
    of: Annotated[Literal["user", "key", "organization"] | None, Query()] = None,
    cursor: Cursor = None,
) -> Response:
    """Return the changes, newest first, `MOST` a page."""
    page = await changes.page_of_changes(visitor.caller, subject=of, limit=MOST, cursor=cursor)
    here = f"{PATH}?of={of}" if of else PATH
    mark = "&" if of else "?"
    return ui.page(
        request,
        "tenancy/changes.html",
        entries=entries(page.items),
        tabs=TABS,
        here=here,
        first=here if cursor else None,
        next=f"{here}{mark}cursor={page.next_cursor}" if page.next_cursor else None,
    )
