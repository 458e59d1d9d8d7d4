"""The pages of the intake slice: imports from the file to the report, rows that could not be used, the audit log."""

from fastapi import APIRouter

from outrider.kit import pages as ui

from . import audit, listing, rejects, steps, upload

NAVIGATION: tuple[ui.NavItem, ...] = (
    ui.NavItem("Imports", "/imports", "file-up", "imports:read", "Audience", order=50, keywords="upload file csv excel leads"),
    ui.NavItem(
        "Audit log",
        "/audit",
        "history",
        "imports:read",
        "System",
        order=30,
        keywords="who did what when log",
        about="What was done to contacts and the rows they come from",
    ),
)
router = APIRouter(include_in_schema=False)
for part in (upload, listing, steps, rejects, audit):
    router.include_router(part.router)

__all__ = ["NAVIGATION", "router"]
