"""The slice's pages: mailboxes, the domains that sign, the ledger, sending as a whole, suppressions."""

from fastapi import APIRouter

from outrider.kit import pages as ui

from . import domains, mailbox, mailbox_form, mailboxes, message, messages, state, suppressions

router = APIRouter(include_in_schema=False)
for part in (mailboxes, mailbox_form, mailbox, domains, messages, message, state, suppressions):
    router.include_router(part.router)

NAVIGATION = (
    ui.NavItem(
        "Mailboxes", "/mailboxes", "mail", "mailboxes:read", "Sending", order=10, keywords="senders smtp warm-up health dkim domains"
    ),
    ui.NavItem(
        "Messages", "/messages", "send", "mailboxes:read", "Sending", order=20, keywords="sent queue ledger outbox sending freeze emails"
    ),
    ui.NavItem(
        "Suppressions",
        "/suppressions",
        "ban",
        "mailboxes:read",
        "Sending",
        order=30,
        keywords="unsubscribed do not contact blocklist bounced",
    ),
)

__all__ = ["NAVIGATION", "router"]
