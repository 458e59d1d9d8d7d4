"""A campaign made after another one: the same words to the same people from the same mailboxes, and nobody enrolled yet."""

from dataclasses import replace
from uuid import UUID

import asyncpg

from outrider.tenancy import Actor, OrganizationId

from . import checks, steps
from .campaigns import SETTINGS, Campaigns
from .types import Campaign

OF_THE_FIRST_ONE = ("name", "starts_at", "owner_user_id")
"""Settings that a copy does not take over."""


async def duplicate(connection: asyncpg.Connection, organization: OrganizationId, actor: Actor, id: UUID) -> Campaign:
    """Make a draft like a campaign, whatever state that is in, and return it; its owner is who makes it. Raises `NotFound`."""
    campaigns = Campaigns(connection, organization)
    there = await campaigns.whole(id)
    settings = {name: getattr(there.campaign, name) for name in SETTINGS if name not in OF_THE_FIRST_ONE}
    name = f"Copy of {there.campaign.name}"[: checks.LONGEST_TITLE]
    mailboxes = [one.id for one in there.mailboxes]
    made = await campaigns.add(actor, {**settings, "name": name, "lists": there.lists, "segments": there.segments, "mailboxes": mailboxes})
    await steps.write(connection, organization, made.campaign_id, [replace(step, id=None) for step in there.steps])
    return made
