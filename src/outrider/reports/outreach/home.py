"""Outreach at a glance, for the home page: how it stands, and what it needs of people."""

from collections.abc import Iterator

import asyncpg

from outrider.tenancy import OrganizationId

from ..types import Outreach, Step
from ..words import counted
from .store import home as queries

MOST = 1_000
"""What may be many is counted to here; more is told as more."""


async def read_outreach(connection: asyncpg.Connection, organization: OrganizationId) -> Outreach:
    """Return how outreach stands; the organization must be there."""
    return Outreach(**dict(await queries.at_a_glance(connection, organization_id=organization, most=MOST + 1)))


def outreach_steps(outreach: Outreach, scopes: frozenset[str], *, has_people: bool) -> Iterator[Step]:
    """Yield what outreach needs of somebody with these scopes; `has_people`: there is somebody to write to."""
    if "mailboxes:write" in scopes:
        yield from _sending(outreach)
    if outreach.tasks_due and "campaigns:write" in scopes:
        is_are = "is" if outreach.tasks_due == 1 else "are"
        yield Step(
            "tasks", "todo", f"{_counted(outreach.tasks_due, 'task')} of campaigns {is_are} due: calls, LinkedIn.", "Do them", "/tasks"
        )
    if has_people and not outreach.mailboxes and "mailboxes:write" in scopes:
        yield Step("mailbox", "todo", "No mailbox to send from yet.", "Connect a mailbox", "/mailboxes/new")
    elif has_people and not outreach.campaigns and "campaigns:write" in scopes:
        yield Step("campaign", "todo", "Nobody has been written to yet.", "Make a campaign", "/campaigns/new")


def _sending(outreach: Outreach) -> Iterator[Step]:
    if outreach.is_frozen:
        yield Step(
            "frozen", "wrong", f"Sending is frozen: {outreach.frozen_reason or 'nobody said why'}.", "Look and release it", "/sending"
        )
    if outreach.failing:
        cannot = f"{counted(outreach.failing, 'mailbox', 'mailboxes')} cannot send: the server did not let Outrider in."
        yield Step("failing", "wrong", cannot, "See why", "/mailboxes")
    if outreach.in_doubt:
        text = f"{_counted(outreach.in_doubt, 'message')} in doubt: nobody knows whether they went out."
        yield Step("in_doubt", "todo", text, "Settle by looking", "/messages?status=unknown")
    if outreach.needs_review:
        text = f"{_counted(outreach.needs_review, 'message')} cannot be written without you: a name is missing, for example."
        yield Step("needs_review", "todo", text, "Review", "/messages?status=needs_review")


def _counted(number: int, noun: str) -> str:
    return f"More than {MOST:,} {noun}s" if number > MOST else counted(number, noun)
