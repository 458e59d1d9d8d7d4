"""Who may look at these pages, and where a figure leads."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends

from outrider.kit import pages as ui
from outrider.tenancy import Visitor, visiting

Reader = Annotated[Visitor, Depends(visiting("campaigns:read"))]
Writer = Annotated[Visitor, Depends(visiting("campaigns:write"))]


def rows_address(campaign: UUID, figure: str, **asked: Any) -> str:
    """Return the page with the rows behind a figure."""
    given = {name: str(value) for name, value in asked.items() if value is not None}
    return ui.address(f"/campaigns/{campaign}/report/rows", {"figure": figure, **given})
