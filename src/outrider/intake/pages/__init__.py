"""The pages of the intake slice: imports from the file to the report, and rows that could not be used."""

from fastapi import APIRouter

from outrider.kit import pages as ui

from . import listing, rejects, steps, upload

NAVIGATION: tuple[ui.NavItem, ...] = (
    ui.NavItem("Imports", "/imports", "file-up", "imports:read", "Work", order=20, keywords="upload file csv excel leads"),
)
router = APIRouter(include_in_schema=False)
for part in (upload, listing, steps, rejects):
    router.include_router(part.router)

__all__ = ["NAVIGATION", "router"]
