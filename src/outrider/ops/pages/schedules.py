"""/schedules: the jobs that come back, and when."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.tenancy import Visitor, visiting

from ..schedules import list_schedules
from ..types import in_words
from .words import cron_words

router = APIRouter()


@router.get("/schedules")
async def index(request: Request, visitor: Annotated[Visitor, Depends(visiting("jobs:read"))]) -> Response:
    """Return the list."""
    found = await list_schedules(visitor.organization_id, visitor.actor)
    rows = [(one, in_words(one.job_name), cron_words(one.cron)) for one in found]
    return ui.page(request, "ops/schedules.html", rows=rows)
