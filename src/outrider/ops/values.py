"""Checks of what callers pass, with an answer that names the field. Touches neither database nor job."""

from datetime import datetime
from typing import Any

import orjson

from outrider.kit.errors import InvalidInput

MAX_INT = 2**31 - 1
MAX_DATA_BYTES = 1_000_000


def text(value: str, field: str, longest: int) -> str:
    """Return a text of 1 to `longest` characters; raises `InvalidInput` otherwise."""
    if not isinstance(value, str) or not 1 <= len(value) <= longest or "\0" in value:
        raise InvalidInput(f"{field} must be a text of 1 to {longest} characters", field=field)
    return value


def local_path(value: str, field: str) -> str:
    """Return a path of ours, such as /imports/1; raises `InvalidInput` for anything that could lead elsewhere."""
    if not text(value, field, 300).startswith("/") or value.startswith(("//", "/\\")) or any(ord(letter) < 33 for letter in value):
        raise InvalidInput(f"{field} is {value!r}; it must be a path of ours, such as /imports", field=field)
    return value


def number(value: int, field: str, least: int = 0) -> int:
    """Return a whole number from `least` to 2147483647; raises `InvalidInput` otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MAX_INT:
        raise InvalidInput(f"{field} is {value!r}; it must be a whole number from {least} to {MAX_INT}", field=field)
    return value


def moment(value: datetime | None, field: str) -> datetime | None:
    """Return a time that names its zone; raises `InvalidInput` for one that does not."""
    if value is not None and value.tzinfo is None:
        raise InvalidInput(f"{field} is {value}; it must name its time zone", field=field)
    return value


def json_object(value: Any, field: str) -> str:
    """Return an object as JSON text that jsonb can hold, at most 1 MB; raises `InvalidInput` otherwise."""
    if not isinstance(value, dict):
        raise InvalidInput(f"{field} must be an object", field=field)
    try:
        encoded = orjson.dumps(value)
    except TypeError as error:
        raise InvalidInput(f"{field} cannot be written as JSON: {error}", field=field) from error
    if b"\\u0000" in encoded:
        raise InvalidInput(f"{field} contains a NUL character, which PostgreSQL cannot hold", field=field)
    if len(encoded) > MAX_DATA_BYTES:
        raise InvalidInput(f"{field} has {len(encoded)} bytes; at most {MAX_DATA_BYTES} are taken", field=field)
    return encoded.decode()
