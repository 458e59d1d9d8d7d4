"""The pages of tenancy: users, API keys, the organization, one's own account."""

from fastapi import APIRouter

from outrider.kit import pages as ui

from . import account, changes, keys, organization, users

router = APIRouter(include_in_schema=False)
for part in (account, organization, users, keys, changes):
    router.include_router(part.router)

NAVIGATION = (
    ui.NavItem("Organization", "/settings/organization", "settings", "organization:write", "Settings", 10, "address time zone"),
    ui.NavItem("Users", "/settings/users", "users", "users:read", "Settings", 20, "people team roles clients invite password"),
    ui.NavItem("API keys", "/settings/keys", "key-round", "keys:read", "Settings", 30, "tokens secrets access"),
)
