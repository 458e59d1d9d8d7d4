"""The slice's pages: jobs, schedules, events."""

from fastapi import APIRouter

from outrider.kit import pages as ui

from . import events, jobs, schedules

router = APIRouter(include_in_schema=False)
for part in (jobs.router, schedules.router, events.router):
    router.include_router(part)

NAVIGATION = (
    ui.NavItem(
        "Jobs",
        "/jobs",
        "list-checks",
        "jobs:read",
        "System",
        order=10,
        keywords="background work queue worker progress schedules",
        about="Work in the background: what runs, what failed, what comes back by itself",
    ),
    ui.NavItem(
        "Events",
        "/events",
        "activity",
        "jobs:read",
        "System",
        order=20,
        keywords="event store what happened webhooks",
        about="Everything that happened, as it was recorded",
    ),
)

__all__ = ["NAVIGATION", "router"]
