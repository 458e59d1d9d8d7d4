"""Who may look at these pages, which campaign they are about, and where a figure leads."""

from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends

from outrider.kit import pages as ui
from outrider.marketing import Campaign, Campaigns
from outrider.tenancy import Visitor, visiting

Reader = Annotated[Visitor, Depends(visiting("campaigns:read"))]
CampaignReader = Annotated[Visitor, Depends(visiting("campaigns:read", takes_clients=True))]
Writer = Annotated[Visitor, Depends(visiting("campaigns:write"))]


async def find_campaign(connection: asyncpg.Connection, visitor: Visitor, campaign: UUID) -> Campaign:
    """Return a campaign. Raises `NotFound` for one that is not there, or not in the namespaces that a client is bound to."""
    return await Campaigns(connection, visitor.organization_id, visitor.caller.namespaces).find(campaign)


def rows_address(campaign: UUID, figure: str, **asked: Any) -> str:
    """Return the page with the rows behind a figure."""
    given = {name: str(value) for name, value in asked.items() if value is not None}
    return ui.address(f"/campaigns/{campaign}/report/rows", {"figure": figure, **given})
