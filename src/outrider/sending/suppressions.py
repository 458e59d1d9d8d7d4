"""Who is never written to again: addresses and domains, for everything or for one campaign. The claim asks; nobody can send past it.

Values are hashed with the installation's key, so that a suppression outlives the erasure of the address itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from outrider import ops
from outrider.kit.errors import InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import OrganizationId

from .keys import keyed
from .store import suppression_queries as queries

Reason = Literal["unsubscribe", "bounce", "complaint", "manual", "import", "erasure"]
REASONS: tuple[Reason, ...] = ("unsubscribe", "bounce", "complaint", "manual", "import", "erasure")
LONGEST = 254
MOST = 10_000
_DOMAIN = re.compile(r"[^\s@,;:<>\"'()/\\]+\.[^\s@,;:<>\"'()/\\]+")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One of them. `value` is None when the address was erased: only its hash is left. `campaign_id` None: for everything."""

    id: UUID
    kind: str
    value: str | None
    campaign_id: UUID | None
    reason: str
    note: str | None
    created_by: str
    created_at: datetime


async def suppress_many(
    connection: asyncpg.Connection,
    organization: OrganizationId,
    values: Sequence[str],
    reason: Reason,
    *,
    note: str | None = None,
    campaign_id: UUID | None = None,
) -> list[Suppression]:
    """Suppress addresses and domains in one statement and return those that are new; the rest is suppressed already.

    Raises `InvalidInput` naming the value that is neither, and `NotFound` for an unknown campaign; then none is kept.
    """
    for value in values:
        check(value)
    await keyed(connection)
    try:
        rows = [
            row async for row in queries.suppress_many(connection, values=list(values), reason=reason, note=note, campaign_id=campaign_id)
        ]
    except asyncpg.ForeignKeyViolationError as error:
        raise NotFound(f"there is no campaign {campaign_id}", field="campaign_id") from error
    return [Suppression(**dict(row)) for row in rows]


async def suppress(
    connection: asyncpg.Connection, organization: OrganizationId, value: str, kind: str, reason: Reason, campaign_id: UUID | None = None
) -> bool:
    """Suppress one address or domain (`kind`); False when it was already. Raises `InvalidInput` when it is not of that kind."""
    if (kind == "address") != ("@" in value):
        raise InvalidInput(f"{value!r} is no {kind}", field="value")
    return bool(await suppress_many(connection, organization, [value], reason, campaign_id=campaign_id))


async def suppressed(
    connection: asyncpg.Connection, organization: OrganizationId, emails: Sequence[str], campaign_id: UUID | None = None
) -> dict[str, str]:
    """Return {address: reason} for those of the addresses that may not be written to; in lower case, as they are kept."""
    await keyed(connection)
    rows = queries.suppressed_among(connection, values=list(emails), campaign_id=campaign_id)
    return {row["value"]: row["reason"] async for row in rows if row["reason"] is not None}


async def is_suppressed(connection: asyncpg.Connection, organization: OrganizationId, email: str, campaign_id: UUID | None = None) -> bool:
    """Whether an address may not be written to."""
    return bool(await suppressed(connection, organization, [email], campaign_id))


async def page_of_suppressions(
    connection: asyncpg.Connection,
    organization: OrganizationId,
    *,
    value: str | None = None,
    reason: str | None = None,
    campaign_id: UUID | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Suppression]:
    """Return a page, newest first. `value` finds an address or domain exactly. Raises `InvalidInput` for a bad limit, cursor or reason."""
    check_limit(limit)
    if reason is not None and reason not in REASONS:
        raise InvalidInput(f"reason is {reason!r}; it must be one of {', '.join(REASONS)}", field="reason")
    before = decode_id_cursor(cursor)
    await keyed(connection)
    rows = queries.suppressions(
        connection,
        organization_id=organization,
        value=value or None,
        reason=reason,
        campaign_id=campaign_id,
        before=before,
        count=limit + 1,
    )
    found = [Suppression(**dict(row)) async for row in rows]
    return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)


async def unsuppress(connection: asyncpg.Connection, organization: OrganizationId, id: UUID) -> Suppression:
    """Take a suppression away and return what it was; who did it stays in the event store. Raises `NotFound`."""
    row = await queries.unsuppress(connection, organization_id=organization, id=id)
    if row is None:
        raise NotFound(f"there is no suppression {id}", field="id")
    gone = Suppression(**dict(row))
    await ops.log_event(connection, "suppression", id, "suppression.removed", {"kind": gone.kind, "reason": gone.reason})
    return gone


def check(value: str) -> None:
    """Raise `InvalidInput` for what is neither an address nor a domain."""
    text = value.strip()
    name, at, domain = text.rpartition("@")
    if len(text) > LONGEST or not _DOMAIN.fullmatch(domain) or (at and (not name or re.search(r"[\s<>,;]", name))):
        raise InvalidInput(f"{text[:80]!r} is neither an address nor a domain, such as ana@example.org or example.org", field="values")
