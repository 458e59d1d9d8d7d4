"""Who comes to the pages of lists, segments and templates, and what is opened for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import OutriderError
from outrider.tenancy import Visitor, visiting

from ..lists import PeopleLists
from ..segments import Segments
from ..templates import Templates

Reader = Annotated[Visitor, Depends(visiting("campaigns:read"))]
Writer = Annotated[Visitor, Depends(visiting("campaigns:write"))]
PAGE = 50


@asynccontextmanager
async def lists_of(visitor: Visitor, *, readonly: bool = False) -> AsyncIterator[PeopleLists]:
    """Open the visitor's lists."""
    async with visitor.transaction(readonly=readonly) as connection:
        yield PeopleLists(connection, visitor.organization_id)


@asynccontextmanager
async def segments_of(visitor: Visitor, *, readonly: bool = False) -> AsyncIterator[Segments]:
    """Open the visitor's segments."""
    async with visitor.transaction(readonly=readonly) as connection:
        yield Segments(connection, visitor.organization_id)


@asynccontextmanager
async def templates_of(visitor: Visitor, *, readonly: bool = False) -> AsyncIterator[Templates]:
    """Open the visitor's templates."""
    async with visitor.transaction(readonly=readonly) as connection:
        yield Templates(connection, visitor.organization_id)


def problems(error: OutriderError) -> dict[str, str]:
    """Return {field: sentence}, for a form to say it beside the field."""
    return {error.field or "form": ui.sentence(error.message)}


def refused(request: Request, location: str, error: OutriderError) -> Response:
    """Go back and say why it was not done."""
    return ui.redirect(request, location, toast=ui.sentence(error.message), tone="bad")
