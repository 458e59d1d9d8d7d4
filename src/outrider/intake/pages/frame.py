"""What the pages of one import share: who may see and change it, and how it stands."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request

from outrider.kit.errors import NotFound
from outrider.tenancy import Visitor, visiting

from ..actors import actor_names
from ..imports import columns_of, get_import
from ..progress import ImportLine, lines_of
from ..types import Import
from . import words

Reader = Annotated[Visitor, Depends(visiting("imports:read"))]
Writer = Annotated[Visitor, Depends(visiting("imports:write"))]


async def framed(visitor: Visitor, number: UUID) -> dict[str, Any]:
    """Return what the templates of an import's pages need. Raises `NotFound`."""
    found = await get_import(visitor.organization_id, visitor.actor, number)
    async with visitor.transaction(readonly=True) as connection:
        lines = await lines_of(connection, visitor.organization_id, [number])
        names = await actor_names(connection, visitor.organization_id, [found.created_by])
    if not lines:
        raise NotFound(f"there is no import {number}", field="id")
    return {
        "found": found,
        "line": lines[0],
        "columns": columns_of(found),
        "by": names.get(found.created_by, found.created_by),
        "may_write": visitor.may("imports:write"),
        "words": words,
        "step": step_of(found, lines[0]),
    }


def step_of(found: Import, line: ImportLine) -> str:
    """Return where an import stands: `map` before it runs, `run` while it works or is taken back, `report` after."""
    if found.state == "uploaded":
        return "map"
    if found.state in ("queued", "running", "reverting"):
        return "run"
    return "report"


def base(request: Request) -> str:
    """Return the address of the import that a page is about."""
    return f"/imports/{request.path_params['number']}"
