"""Field and parameter types for endpoints, so that every slice's values are checked, named and documented alike."""

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, Field

from outrider.kit.paging import MAX_LIMIT


def _storable(value: str) -> str:
    if "\x00" in value:
        raise ValueError("the text holds a NUL character (\\u0000), which cannot be stored: take it out")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("the text holds half a surrogate pair (\\ud800 to \\udfff), which is no character") from None
    return value


Text = Annotated[str, AfterValidator(_storable)]
"""A string that PostgreSQL can hold: no NUL, no half of a surrogate pair. For every text that a request brings."""

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
