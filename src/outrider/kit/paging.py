"""Keyset paging: pages that cost the same however far one goes. Never counts and never skips rows."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson

from .errors import InvalidInput

Item = TypeVar("Item")
MAX_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page; `next_cursor` is None on the last one."""

    items: list[Item]
    next_cursor: str | None


def encode_cursor(*key: Any) -> str:
    """Return the opaque cursor of a row's sort key."""
    return base64.urlsafe_b64encode(orjson.dumps([str(part) if part is not None else None for part in key])).decode().rstrip("=")


def decode_cursor(cursor: str | None, parts: int) -> list[str | None] | None:
    """Return the sort key in a cursor, None for no cursor. Raises `InvalidInput` for one that we did not make."""
    if cursor is None:
        return None
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        key = None
    if not isinstance(key, list) or len(key) != parts or not all(part is None or isinstance(part, str) for part in key):
        raise foreign_cursor()
    return key


def foreign_cursor() -> InvalidInput:
    """Return the error for a cursor that we did not make, for who reads more than texts out of one."""
    return InvalidInput("cursor is not one of ours: pass the next_cursor of the page before, as it is", field="cursor")


def decode_id_cursor(cursor: str | None) -> UUID | None:
    """Return the id in the cursor of rows sorted by it, None for no cursor. Raises `InvalidInput` as `decode_cursor`
    does."""
    key = decode_cursor(cursor, 1)
    try:
        return UUID(key[0] or "") if key else None
    except ValueError as error:
        raise foreign_cursor() from error


def decode_time_cursor(cursor: str | None) -> tuple[datetime, UUID] | tuple[None, None]:
    """Return the time, with its zone, and the id in the cursor of rows sorted by both; Nones for no cursor.

    Raises `InvalidInput` as `decode_cursor` does.
    """
    key = decode_cursor(cursor, 2)
    if key is None:
        return None, None
    try:
        at, id = datetime.fromisoformat(key[0] or ""), UUID(key[1] or "")
    except ValueError as error:
        raise foreign_cursor() from error
    if at.tzinfo is None:
        raise foreign_cursor()
    return at, id


def check_limit(limit: int) -> int:
    """Return `limit` if it is between 1 and 500; raises `InvalidInput` otherwise."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput(f"limit is {limit}; it must be between 1 and {MAX_LIMIT}", field="limit")
    return limit
