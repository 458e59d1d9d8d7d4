"""Who may look at these pages, which campaign they are about, and where a figure leads."""

from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends

from outrider.kit import pages as ui
from outrider.marketing import Campaigns
from outrider.tenancy import Visitor, visiting

Reader = Annotated[Visitor, Depends(visiting("campaigns:read"))]
CampaignReader = Annotated[Visitor, Depends(visiting("campaigns:read", takes_clients=True))]
Writer = Annotated[Visitor, Depends(visiting("campaigns:write"))]


async def check_campaign(connection: asyncpg.Connection, visitor: Visitor, campaign: UUID) -> None:
    """Raise `NotFound` for a campaign that is not there, or not in the namespaces that a client is bound to."""
    await Campaigns(connection, visitor.organization_id, visitor.caller.namespaces).find(campaign)


def campaign_tabs(visitor: Visitor, campaign: UUID) -> list[tuple[str, str]]:
    """Return the tabs of a campaign's pages; the report is one of them."""
    base = f"/campaigns/{campaign}"
    is_client = visitor.caller.namespaces is not None
    own = (("Steps", "steps"),) if is_client else (("Write", "steps"), ("People", "people"), ("Settings", "settings"), ("Check", "check"))
    parts = (*own, ("Recipients", "recipients"), ("Report", "report"))
    return [("Overview", base), *((label, f"{base}/{part}") for label, part in parts)]


def rows_address(campaign: UUID, figure: str, **asked: Any) -> str:
    """Return the page with the rows behind a figure."""
    given = {name: str(value) for name, value in asked.items() if value is not None}
    return ui.address(f"/campaigns/{campaign}/report/rows", {"figure": figure, **given})
