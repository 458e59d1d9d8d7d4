"""The frame round every page of one campaign: which it is, its tabs, and what may be done with it now."""

from typing import Annotated, Any

import asyncpg
from fastapi import Depends

from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import Visitor, visiting

from ..campaign_tabs import campaign_head
from ..campaigns import OVER, Campaigns
from ..types import Campaign
from . import words

Reader = Annotated[Visitor, Depends(visiting("campaigns:read", takes_clients=True))]
Insider = Annotated[Visitor, Depends(visiting("campaigns:read"))]
Writer = Annotated[Visitor, Depends(visiting("campaigns:write"))]
MOVING = ("scheduled", "sending")
"""The states in which figures change by themselves."""
RUNS = ("scheduled", "sending", "paused")
"""The states of a campaign that was started: what is changed now changes it for people on their way."""


def campaigns_of(connection: asyncpg.Connection, visitor: Visitor) -> Campaigns:
    """Return the campaigns that the visitor may see."""
    return Campaigns(connection, visitor.organization_id, visitor.caller.namespaces)


def frame(visitor: Visitor, campaign: Campaign) -> dict[str, Any]:
    """Return what the template round a campaign's pages needs."""
    may_write = visitor.may("campaigns:write")
    is_insider = visitor.caller.namespaces is None
    return {
        **campaign_head(campaign, may_write=may_write, is_client=not is_insider),
        "words": words,
        "may_change": may_write and campaign.state not in OVER,
        "is_insider": is_insider,
        "runs": campaign.state in RUNS,
    }


def problems(error: InvalidInput | Conflict) -> dict[str, str]:
    """Return {field: message}; what names no field is said at the head of the form."""
    field = (error.field or "form").partition(".")[0]
    message = error.message[:1].upper() + error.message[1:]
    return {field: message if message.endswith((".", "?", "!")) else f"{message}."}
