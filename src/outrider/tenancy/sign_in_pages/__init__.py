"""The pages of signing in and of one's own security."""

from fastapi import APIRouter

from outrider.kit import pages as ui

from . import code, entering, forgotten, provider, second_factor, security

router = APIRouter(include_in_schema=False)
for part in (entering, code, forgotten, provider, security, second_factor):
    router.include_router(part.router)

NAVIGATION: tuple[ui.NavItem, ...] = (
    ui.NavItem(
        "Security",
        "/account/security",
        "shield-check",
        None,
        "You",
        order=20,
        keywords="second factor two-factor 2fa sessions sign out devices recovery codes",
        about="Password, second factor, where you are signed in",
    ),
)
