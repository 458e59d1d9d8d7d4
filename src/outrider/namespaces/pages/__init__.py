"""The slice's pages: namespaces with their routing, and profiles as their client sees them."""

from fastapi import APIRouter

from outrider.kit import pages as ui

from . import listing, profiles, reroute, single

router = APIRouter(include_in_schema=False)
for part in (listing.router, reroute.router, single.router, profiles.router):
    router.include_router(part)

NAVIGATION = (
    ui.NavItem("Namespaces", "/namespaces", "layers", "namespaces:read", "Data", order=30, keywords="clients routing keywords segments"),
    ui.NavItem(
        "Profiles", "/profiles", "contact", "profiles:read", "Data", order=20, keywords="clients leads scores people", takes_clients=True
    ),
)

__all__ = ["NAVIGATION", "router"]
