"""The pages of tenancy: users, API keys, the organization, one's own account."""

from fastapi import APIRouter

from outrider.kit import pages as ui

from . import account, changes, keys, organization, users

router = APIRouter(include_in_schema=False)
for part in (account, organization, users, keys, changes):
    router.include_router(part.router)

NAVIGATION = (
    ui.NavItem(
        "Organization",
        "/settings/organization",
        "building-2",
        "organization:write",
        "Organization",
        order=10,
        keywords="settings address",
        about="Name, postal address, time zone, whether everybody needs a second factor",
    ),
    ui.NavItem(
        "Users",
        "/settings/users",
        "users",
        "users:read",
        "Organization",
        order=20,
        keywords="people team roles clients invite password",
        about="Who may sign in, and their roles",
    ),
    ui.NavItem(
        "Changes of settings",
        "/settings/changes",
        "history",
        "users:read",
        "System",
        order=40,
        keywords="who did what when log users keys",
        about="Who changed users, keys and the organization",
    ),
    ui.NavItem(
        "API keys",
        "/settings/keys",
        "key-round",
        "keys:read",
        "Organization",
        order=30,
        keywords="tokens secrets access",
        about="Keys that programs sign in with",
    ),
    ui.NavItem("Your account", "/account", "user-round", None, "You", order=10, keywords="name time zone", about="Your name and time zone"),
)
