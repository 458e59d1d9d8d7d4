"""The slice's pages: jobs, schedules, events."""

from fastapi import APIRouter

from outrider.kit import pages as ui

from . import events, jobs, schedules

router = APIRouter(include_in_schema=False)
for part in (jobs.router, schedules.router, events.router):
    router.include_router(part)

NAVIGATION = (
    ui.NavItem("Jobs", "/jobs", "list-checks", "jobs:read", "Data", order=30, keywords="background work queue worker progress schedules"),
    ui.NavItem("Events", "/events", "activity", "jobs:read", "Data", order=40, keywords="event store what happened webhooks"),
)

__all__ = ["NAVIGATION", "router"]
