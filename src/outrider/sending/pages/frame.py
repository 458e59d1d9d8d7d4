"""What every page of the slice shares: who may come, the freeze that it tells of, what is said beside a field."""

from typing import Annotated

import asyncpg
from fastapi import Depends, Query

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Text
from outrider.tenancy import Visitor, visiting

from ..throttles import Freeze, find_freeze

Reader = Annotated[Visitor, Depends(visiting("mailboxes:read"))]
Writer = Annotated[Visitor, Depends(visiting("mailboxes:write"))]
Word = Annotated[Text, Query(max_length=254)]


async def freeze_of(connection: asyncpg.Connection, visitor: Visitor) -> Freeze | None:
    """Return the freeze that each of the pages tells of, None when sending goes on."""
    return await find_freeze(connection, visitor.organization_id)


def problems(error: InvalidInput | Conflict) -> dict[str, str]:
    """Return {field: sentence}; what names no field is said at the head of the form."""
    return {error.field or "form": ui.sentence(error.message)}
