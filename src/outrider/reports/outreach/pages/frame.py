"""Who may look at these pages, and where a figure leads."""

from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends

from outrider.kit import pages as ui
from outrider.marketing import Campaigns
from outrider.tenancy import Visitor, visiting

Reader = Annotated[Visitor, Depends(visiting("campaigns:read"))]
ReportReader = Annotated[Visitor, Depends(visiting("campaigns:read", takes_clients=True))]
Writer = Annotated[Visitor, Depends(visiting("campaigns:write"))]


async def check_sees(connection: asyncpg.Connection, visitor: Visitor, campaign: UUID) -> None:
    """Raise `NotFound` for a campaign that is not there, or is of a namespace that a client does not see."""
    await Campaigns(connection, visitor.organization_id, visitor.caller.namespaces).find(campaign)


def rows_address(campaign: UUID, figure: str, **asked: Any) -> str:
    """Return the page with the rows behind a figure."""
    given = {name: str(value) for name, value in asked.items() if value is not None}
    return ui.address(f"/campaigns/{campaign}/report/rows", {"figure": figure, **given})
