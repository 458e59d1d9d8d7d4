"""The type of every text that comes in from outside. Knows no HTTP, so that a command may check values too."""

from typing import Annotated

from pydantic import AfterValidator


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
