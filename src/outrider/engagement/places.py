"""Places in lists that are sorted by time and id, newest first: what their cursors hold."""

from datetime import datetime
from uuid import UUID

from outrider.kit.paging import decode_cursor, encode_cursor, foreign_cursor


def read_place(cursor: str | None) -> tuple[datetime | None, UUID | None]:
    """Return the time and id in a cursor; Nones for no cursor. Raises `InvalidInput` for one that we did not make."""
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


def place_after(at: datetime, id: UUID) -> str:
    """Return the cursor of what comes after a row."""
    return encode_cursor(at.isoformat(), id)
