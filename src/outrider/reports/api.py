"""The home page's and the database page's figures over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from outrider.tenancy import Caller, require, transaction

from .health import read_health
from .overview import ask_for_count, read_overview
from .views import HealthView, OverviewView

router = APIRouter(prefix="/api", tags=["overview"])
Anybody = Annotated[Caller, Depends(require())]
Operator = Annotated[Caller, Depends(require("database:read"))]


@router.get("/overview", summary="Show the organization at a glance")
async def get_overview(caller: Anybody) -> OverviewView:
    """How much there is, what runs and what to do next. Any key may ask; what its scopes do not reach is null or left out.

    Up to 10,000 of a kind are counted now. A larger organization is counted by a job, some minutes apart:
    `figures.counted_at` says when, and asking has a new count made if one is due.
    """
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        overview = await read_overview(connection, caller)
    if overview.is_stale:
        await ask_for_count(caller)
    return OverviewView.model_validate(overview)


@router.get("/database", summary="Show how the database does")
async def get_database(caller: Operator) -> HealthView:
    """The server's figures and what they mean: times of queries, indexes, connections, sizes and growth, upkeep.

    For the operator: owners and admins of the default organization. No row of any table is shown; statements come with
    their values taken out. Bytes are bytes, lengths of time are in seconds or, where the name ends in `_ms`, milliseconds.
    """
    return HealthView.model_validate(await read_health(caller.organization_id, caller.actor))
