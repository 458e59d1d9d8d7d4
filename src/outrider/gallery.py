"""The page `/components`: every component in every state, for who makes pages and for the tests that look at them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.tenancy import Visitor, visiting

SAMPLE = {
    "employee_count": 11502,
    "isHiring": True,
    "headquarters": {"city": "Madrid", "site": "https://acme.example"},
    "tools": ["SAP", "HubSpot"],
}
router = APIRouter(include_in_schema=False)


@router.get("/components")
async def gallery(request: Request, _visitor: Annotated[Visitor, Depends(visiting(None))]) -> Response:
    """Return the page with every component."""
    now = datetime.now(UTC)
    ages = (timedelta(seconds=3), timedelta(minutes=12), timedelta(days=3), timedelta(days=90), timedelta(days=800))
    return ui.page(request, "gallery.html", times=[now - age for age in ages], sample=ui.readable(SAMPLE))
