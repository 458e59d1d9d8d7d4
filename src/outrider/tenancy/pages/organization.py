"""The page `/settings/organization`: name, address, time zone, whether a second factor is asked of everybody."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.tenancy import organizations
from outrider.tenancy.sessions import Visitor
from outrider.tenancy.time_zones import time_zones
from outrider.tenancy.visitors import visiting

from .shown import errors_of, latest

PATH = "/settings/organization"
router = APIRouter(include_in_schema=False)
Writer = Annotated[Visitor, Depends(visiting("organization:write"))]


@router.get(PATH)
async def show(request: Request, visitor: Writer) -> Response:
    """Return the form with what is set now, and what was changed last."""
    found = await organizations.current_organization(visitor.organization_id, visitor.actor)
    typed = {name: getattr(found, name) for name in ("name", "physical_address", "time_zone", "require_second_factor")}
    return await _page(request, visitor, typed)


@router.post(PATH)
async def change(request: Request, visitor: Writer) -> Response:
    """Keep the settings."""
    form = await ui.form(request)
    typed: dict[str, Any] = {name: str(form.get(name, "")) for name in ("name", "physical_address", "time_zone")}
    typed["require_second_factor"] = "require_second_factor" in form
    try:
        await organizations.change_organization(visitor.caller, **typed)
    except InvalidInput as error:
        return await _page(request, visitor, typed, error)
    return ui.redirect(request, PATH, toast="Settings saved")


async def _page(request: Request, visitor: Visitor, typed: dict[str, Any], error: InvalidInput | None = None) -> Response:
    return ui.page(
        request,
        "tenancy/organization.html",
        status_code=422 if error else 200,
        errors=errors_of(error, "name", "physical_address", "time_zone"),
        typed=typed,
        time_zones=time_zones(),
        entries=await latest(visitor, "organization"),
    )
