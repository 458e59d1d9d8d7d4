"""What was changed about users, keys and the organization, as the database wrote it down."""

from typing import Any

from outrider.kit.errors import InvalidInput
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor

from .store import queries
from .transaction import transaction
from .types import Caller, Change

SUBJECTS = ("user", "key", "organization")


async def page_of_changes(caller: Caller, *, subject: str | None = None, limit: int = 100, cursor: str | None = None) -> Page[Change]:
    """Return a page of changes, newest first, of one kind of subject (None: all). Raises `InvalidInput` for a bad
    subject, limit or cursor."""
    check_limit(limit)
    if subject is not None and subject not in SUBJECTS:
        raise InvalidInput(f"subject is {subject[:60]!r}; it must be one of {', '.join(SUBJECTS)}", field="subject")
    before = decode_id_cursor(cursor)
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        rows = queries.changes(connection, organization_id=caller.organization_id, subject=subject, before=before, count=limit + 1)
        found = [Change(**dict(row)) async for row in rows]
    return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)


def in_words(change: Change) -> str:
    """Return what was changed as a person reads it: 'role viewer → client, namespaces none → acme-corp'; '' where the
    action says it all."""
    parts = []
    for field in sorted(change.old_values.keys() | change.new_values.keys()):
        old, new, label = change.old_values.get(field), change.new_values.get(field), field.replace("_", " ")
        if change.action in ("added", "removed"):
            parts += [f"{label} {_shown(old or new)}"] if old or new else []
        else:
            parts.append(f"{label} {_shown(old)} → {_shown(new)}")
    return ", ".join(parts)


def _shown(value: Any) -> str:
    lines = value if isinstance(value, list) else str(value or "").splitlines()
    return ", ".join(lines) or "none"
