"""/campaigns/{id}/report: what became of a campaign, each figure with the way to its rows."""

from datetime import date, timedelta
from functools import partial
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.marketing import campaign_head, outline
from outrider.tenancy import Visitor

from ...words import counted, portion
from .. import feedback
from ..campaign_report import read_report
from ..types import CampaignReport, DayPart, Figures
from .frame import CampaignReader, Writer, find_campaign, rows_address

router = APIRouter(include_in_schema=False)
LAST_DAYS = 14
"""Days of feedback on the page."""
MOST_DAYS = 120
"""Days that the plot has room for: the last ones."""


@router.get("/campaigns/{id}/report")
async def show(request: Request, visitor: CampaignReader, id: UUID) -> Response:
    """Return the report."""
    async with visitor.transaction(readonly=True) as connection:
        campaign = await find_campaign(connection, visitor, id)
        report = await read_report(connection, visitor.organization_id, id)
        taught = await feedback.read_feedback(connection, visitor.organization_id, id, limit=LAST_DAYS)
    days = _every_day(report.days)
    return ui.page(
        request,
        "reports/outreach/report.html",
        **campaign_head(campaign, may_write=visitor.may("campaigns:write"), is_client=visitor.caller.namespaces is not None),
        report=report,
        funnel=_funnel(report),
        days=[f"{part.day.day} {part.day:%b}" for part in days],
        series=_series(report, days),
        feedback=taught.items,
        portion=portion,
        rows_at=partial(rows_address, id),
        outline=outline,
    )


@router.post("/campaigns/{id}/feedback")
async def rewrite(request: Request, visitor: Writer, id: UUID) -> Response:
    """Work out what the campaign's days taught, and show the report."""
    days = await _rewrite(visitor, id)
    return ui.redirect(request, f"/campaigns/{id}/report", toast=f"Worked out: {counted(days, 'day')}")


async def _rewrite(visitor: Visitor, id: UUID) -> int:
    async with visitor.transaction() as connection:
        return await feedback.rewrite_feedback(connection, visitor.organization_id, id)


def _funnel(report: CampaignReport) -> list[tuple[str, int | None, str | None, str]]:
    total = report.total
    steps = [("Sent", "sent"), ("Delivered", "delivered"), ("Opened", "opened"), ("Clicked", "clicked"), ("Replied", "replied")]
    counts = [(label, figure, getattr(total, figure)) for label, figure in steps]
    return [
        (label, count, "not tracked" if count is None else portion(count, total.sent), rows_address(report.campaign_id, figure))
        for label, figure, count in counts
    ]


def _series(report: CampaignReport, days: list[DayPart]) -> list[tuple[str, list[int]]]:
    """Return what the plot draws, by its name: what is tracked."""
    steps = [("Sent", "sent"), ("Opened", "opened"), ("Clicked", "clicked"), ("Replied", "replied")]
    tracked = [(label, figure) for label, figure in steps if getattr(report.total, figure) is not None]
    return [(label, [getattr(part.figures, figure) for part in days]) for label, figure in tracked]


def _every_day(days: tuple[DayPart, ...]) -> list[DayPart]:
    """Return the days from the first to the last without a gap, `MOST_DAYS` of them at most; empty when nothing happened."""
    if not days:
        return []
    known = {part.day: part for part in days}
    last: date = days[-1].day
    first = max(days[0].day, last - timedelta(days=MOST_DAYS - 1))
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [known.get(day) or DayPart(day, Figures()) for day in every]
