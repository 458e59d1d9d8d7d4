"""The home page and the database page."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.tenancy import Visitor, visiting

from . import words
from .health import read_health
from .overview import ask_for_count, read_overview
from .types import Overview

DEMO = "Demo"
"""The organization that `outrider up` fills with sample files."""

LARGE = 10
"""Queries and tables that are shown at once; the smaller ones are folded away."""

NAVIGATION = (
    ui.NavItem("Home", "/", "house", "people:read", "Work", order=0, keywords="overview start dashboard"),
    ui.NavItem(
        "Database",
        "/database",
        "database",
        "database:read",
        "System",
        order=50,
        keywords="server health postgres performance",
        about="How the database does, and what fills it",
    ),
)

router = APIRouter(include_in_schema=False)
Anybody = Annotated[Visitor, Depends(visiting(None))]
Reader = Annotated[Visitor, Depends(visiting("people:read"))]
Operator = Annotated[Visitor, Depends(visiting("database:read"))]


@router.get("/")
async def home(request: Request, visitor: Anybody) -> Response:
    """Show how much there is, what runs and what to do next; a client, who sees profiles only, goes there."""
    if not visitor.may("people:read"):
        return ui.redirect(request, "/profiles")
    overview = await _read(visitor)
    if overview.is_stale:
        await ask_for_count(visitor.caller)
    return ui.page(request, "reports/home.html", overview=overview, demo=_demo(visitor))


@router.get("/home/running")
async def running(request: Request, visitor: Reader) -> Response:
    """Return the list of what runs, for htmx, which asks again and again."""
    return ui.fragment(request, "reports/home.html", "running", overview=await _read(visitor, with_figures=False))


@router.get("/database")
async def database(request: Request, visitor: Operator) -> Response:
    """Show how the database does, in words and in numbers."""
    health = await read_health(visitor.organization_id, visitor.actor)
    pressing = [finding for finding in health.findings if finding.severity != "good"]
    return ui.page(
        request,
        "reports/database.html",
        health=health,
        pressing=pressing,
        good=[finding for finding in health.findings if finding.severity == "good"],
        now=datetime.now(UTC),
        verdict=_verdict([finding.severity for finding in pressing]),
        large=LARGE,
        span=words.duration,
        share=words.share,
    )


async def _read(visitor: Visitor, *, with_figures: bool = True) -> Overview:
    async with visitor.transaction(readonly=True) as connection:
        has_second_factor = visitor.second_factor
        return await read_overview(connection, visitor.caller, has_second_factor=has_second_factor, with_figures=with_figures)


def _demo(visitor: Visitor) -> str | None:
    """Return the id of the organization with the samples, if the visitor is in it and elsewhere now."""
    return next((str(id) for id, name in visitor.organizations if name == DEMO and id != visitor.organization_id), None)


def _verdict(severities: Sequence[str]) -> str:
    if "act" in severities:
        return "Something needs you now."
    return f"{words.counted(len(severities), 'thing')} to look at when there is time." if severities else "All is well."
