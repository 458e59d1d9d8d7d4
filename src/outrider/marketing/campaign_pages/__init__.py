"""The pages of campaigns, from writing to what became of everyone in them."""

from fastapi import APIRouter

from outrider.kit import pages as ui

from . import (
    check,
    listing,
    overview,
    people,
    preview,
    recipients,
    settings,
    states,
    steps,
)

router = APIRouter(include_in_schema=False)
for part in (
    listing.router,  # before what shows one campaign: new is nobody's id
    overview.router,
    steps.router,
    preview.router,
    people.router,
    settings.router,
    check.router,
    states.router,
    recipients.router,
):
    router.include_router(part)

NAVIGATION = (
    ui.NavItem(
        "Campaigns",
        "/campaigns",
        "send",
        "campaigns:read",
        "Outreach",
        order=10,
        keywords="outreach sequences emails",
        takes_clients=True,
    ),
)

__all__ = ["NAVIGATION", "router"]
