"""The pages about outreach: the report of a campaign with the rows behind its figures, attribution, conversions."""

from fastapi import APIRouter

from outrider.kit import pages as ui

from . import attribution, conversions, report, report_rows

NAVIGATION: tuple[ui.NavItem, ...] = (
    ui.NavItem(
        "Attribution",
        "/attribution",
        "chart-column",
        "campaigns:read",
        "Outreach",
        order=40,
        keywords="conversions revenue touch roi sales meetings",
    ),
)
router = APIRouter(include_in_schema=False)
for part in (report_rows, report, conversions, attribution):
    router.include_router(part.router)

__all__ = ["NAVIGATION", "router"]
