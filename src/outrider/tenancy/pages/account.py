"""The page `/account`: one's own name and time zone, and how pages look."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.tenancy import members
from outrider.tenancy.sessions import Visitor
from outrider.tenancy.time_zones import time_zones
from outrider.tenancy.visitors import visiting

from .shown import errors_of

PATH = "/account"
router = APIRouter(include_in_schema=False)
Anybody = Annotated[Visitor, Depends(visiting(None))]


@router.get(PATH)
async def show(request: Request, visitor: Anybody) -> Response:
    """Return the form with what is set now."""
    return _page(request, visitor, {"name": visitor.name, "time_zone": visitor.time_zone})


@router.post(PATH)
async def change(request: Request, visitor: Anybody) -> Response:
    """Keep name and time zone."""
    form = await ui.form(request)
    typed = {"name": str(form.get("name", "")), "time_zone": str(form.get("time_zone", ""))}
    try:
        await members.change_account(visitor, typed["name"], typed["time_zone"])
    except InvalidInput as error:
        return _page(request, visitor, typed, error)
    return ui.redirect(request, PATH, toast="Saved")


def _page(request: Request, visitor: Visitor, typed: Mapping[str, str | None], error: InvalidInput | None = None) -> Response:
    return ui.page(
        request,
        "tenancy/account.html",
        status_code=422 if error else 200,
        errors=errors_of(error, "name", "time_zone"),
        typed=typed,
        time_zones=time_zones(),
        visitor=visitor,
        now=datetime.now(UTC),
    )
