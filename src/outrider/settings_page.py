"""/settings: what is set up once and looked at rarely, in one place. Composition: the slices say what belongs there (`NavItem.about`)."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.tenancy import Visitor, visiting

NAVIGATION = (
    ui.NavItem("Settings", "/settings", "settings", None, "Settings", keywords="preferences options administration", takes_clients=True),
)
router = APIRouter(include_in_schema=False)


@router.get("/settings")
async def index(request: Request, visitor: Annotated[Visitor, Depends(visiting(None))]) -> Response:
    """Return the settings that the visitor may see."""
    viewer = ui.viewer_of(request.scope)
    groups = ui.settings_for(viewer, request.app.state.navigation) if viewer is not None else []
    return ui.page(request, "settings.html", groups=groups)
