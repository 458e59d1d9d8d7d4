"""Field and parameter types for endpoints, so that every slice's values are checked, named and documented alike."""

from typing import Annotated

from fastapi import Query
from pydantic import Field

from outrider.kit.paging import MAX_LIMIT
from outrider.kit.texts import Text

__all__ = ["BigInt", "Cursor", "Limit", "Text"]


BigInt = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""An integer that fits PostgreSQL's bigint."""

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most items on the page.", examples=[50])]
"""The parameter `limit` of a list."""

Cursor = Annotated[
    str | None,
    Query(
        max_length=2000,
        description="`next_cursor` of the page before; none: the first page.",
        examples=["WyIwMTkzYTUxMi03YzE0LTdlMGMiXQ"],
    ),
]
"""The parameter `cursor` of a list."""
