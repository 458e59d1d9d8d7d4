"""One raw load as it came: what the source said, what became of it, whom it led to."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.http import BigInt
from outrider.tenancy import Visitor, visiting

from .. import loads
from . import words
from .frame import or_missing

router = APIRouter(include_in_schema=False)
LoadReader = Annotated[Visitor, Depends(visiting("imports:read"))]


@router.get("/loads/{load_id}")
@or_missing
async def show(request: Request, visitor: LoadReader, load_id: BigInt) -> Response:
    """Return the load with its payload, cell by cell and as it is stored."""
    async with visitor.transaction(readonly=True) as connection:
        load = await loads.read(connection, visitor.organization_id, load_id)
    cells = list(load.payload.items()) if isinstance(load.payload, dict) else [("payload", load.payload)]
    text = orjson.dumps(load.payload, option=orjson.OPT_INDENT_2).decode()
    return ui.page(request, "people/load.html", load=load, cells=cells, text=text, words=words)
