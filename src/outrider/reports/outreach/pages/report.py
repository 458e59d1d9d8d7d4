"""/campaigns/{id}/report: what became of a campaign, each figure with the way to its rows."""

from datetime import date, timedelta
from functools import partial
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.tenancy import Visitor

from ...words import counted, portion
from .. import feedback
from ..campaign_report import read_report
from ..types import CampaignReport, DayPart, Figures
from .frame import CampaignReader, Writer, campaign_tabs, check_campaign, rows_address

router = APIRouter(include_in_schema=False)
LAST_DAYS = 14
"""Days of feedback on the page."""
MOST_DAYS = 120
"""Days that the plot has room for: the last ones."""


@router.get("/campaigns/{id}/report")
async def show(request: Request, visitor: CampaignReader, id: UUID) -> Response:
    """Return the report."""
    async with visitor.transaction(readonly=True) as connection:
        await check_campaign(connection, visitor, id)
        report = await read_report(connection, visitor.organization_id, id)
        days = await feedback.read_feedback(connection, visitor.organization_id, id, limit=LAST_DAYS)
    return ui.page(
        request,
        "reports/outreach/report.html",
        report=report,
        tabs=campaign_tabs(visitor, id),
        funnel=_funnel(report),
        days=_every_day(report.days),
        feedback=days.items,
        portion=portion,
        rows_at=partial(rows_address, id),
        may_write=visitor.may("campaigns:write"),
    )


@router.post("/campaigns/{id}/feedback")
async def rewrite(request: Request, visitor: Writer, id: UUID) -> Response:
    """Work out what the campaign's days taught, and show the report."""
    days = await _rewrite(visitor, id)
    return ui.redirect(request, f"/campaigns/{id}/report", toast=f"Worked out: {counted(days, 'day')}")


async def _rewrite(visitor: Visitor, id: UUID) -> int:
    async with visitor.transaction() as connection:
        return await feedback.rewrite_feedback(connection, visitor.organization_id, id)


def _funnel(report: CampaignReport) -> list[tuple[str, int, str | None, str]]:
    total = report.total
    steps = [("Sent", "sent"), ("Delivered", "delivered"), ("Opened", "opened"), ("Clicked", "clicked"), ("Replied", "replied")]
    return [
        (label, getattr(total, figure), portion(getattr(total, figure), total.sent), rows_address(report.campaign_id, figure))
        for label, figure in steps
    ]


def _every_day(days: tuple[DayPart, ...]) -> list[DayPart]:
    """Return the days from the first to the last without a gap, `MOST_DAYS` of them at most; empty when nothing happened."""
    if not days:
        return []
    known = {part.day: part for part in days}
    last: date = days[-1].day
    first = max(days[0].day, last - timedelta(days=MOST_DAYS - 1))
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [known.get(day) or DayPart(day, Figures()) for day in every]
