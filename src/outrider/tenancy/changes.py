"""What was changed about users, keys and the organization, as the database wrote it down."""

from datetime import datetime
from typing import Any
from uuid import UUID

from outrider.kit.errors import InvalidInput
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor

from .store import queries
from .transaction import transaction
from .types import Caller, Change

MOST_SCOPES = 3
SUBJECTS = ("user", "key", "organization")
LABELS = {
    "role": "role",
    "namespaces": "namespaces",
    "name": "name",
    "second_factor": "second factor",
    "physical_address": "address",
    "time_zone": "time zone",
    "require_second_factor": "second factor for everybody",
    "expires_at": "until",
    "scopes": "scopes",
}
"""{what is written down: what it is called}, in the order in which it is told."""


async def page_of_changes(
    caller: Caller, *, subject: str | None = None, subject_id: UUID | None = None, limit: int = 100, cursor: str | None = None
) -> Page[Change]:
    """Return a page of changes, newest first, of one kind of subject or of one (None: all). Raises `InvalidInput` for a
    bad subject, limit or cursor."""
    check_limit(limit)
    if subject is not None and subject not in SUBJECTS:
        raise InvalidInput(f"subject is {subject[:60]!r}; it must be one of {', '.join(SUBJECTS)}", field="subject")
    before = decode_id_cursor(cursor)
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        rows = queries.changes(
            connection, organization_id=caller.organization_id, subject=subject, subject_id=subject_id, before=before, count=limit + 1
        )
        found = [Change(**dict(row)) async for row in rows]
    return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)


def in_words(change: Change) -> str:
    """Return what was changed as a person reads it: 'role viewer → client, namespaces none → acme-corp'; '' where the
    action says it all."""
    parts = []
    for field, label in LABELS.items():
        old, new = change.old_values.get(field), change.new_values.get(field)
        if change.action in ("added", "removed"):
            parts += [f"{label} {_shown(field, old or new)}"] if old or new else []
        elif old != new:
            parts.append(f"{label} {_shown(field, old)} → {_shown(field, new)}")
    return ", ".join(parts)


def _shown(field: str, value: Any) -> str:
    if field == "expires_at" and value:
        return f"{datetime.fromisoformat(value):%-d %b %Y}"
    if field == "scopes" and len(value) > MOST_SCOPES:
        return str(len(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return ", ".join(str(value or "none").splitlines())
