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
KINDS = ("address", "domain")
THEIR_OWN = frozenset({"unsubscribe", "complaint"})
"""What people said themselves: taken away only by who says why."""
LONGEST = 254
MOST = 10_000
_DOMAIN = re.compile(r"[^\s@,;:<>\"'()/\\]+\.[^\s@,;:<>\"'()/\\]+")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One of them. `value` is None when the address was erased: only its hash is left. `campaign_id` None: for everything.

    `campaign` is its name where suppressions are read, and None where they are made or taken away.
    """

    id: UUID
    kind: str
    value: str | None
    campaign_id: UUID | None
    campaign: str | None
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
    q: str | None = None,
    kind: str | None = None,
    reason: str | None = None,
    campaign_id: UUID | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Suppression]:
    """Return a page, newest first. `value` finds an address or domain exactly, even when only its hash is left.

    `q` does so for a whole address, and else finds what holds it, too. Raises `InvalidInput` for a bad limit, cursor, kind or reason.
    """
    check_limit(limit)
    for name, given, allowed in (("reason", reason, REASONS), ("kind", kind, KINDS)):
        if given is not None and given not in allowed:
            raise InvalidInput(f"{name} is {given!r}; it must be one of {', '.join(allowed)}", field=name)
    before = decode_id_cursor(cursor)
    words: str | None = (q or "").strip()
    if words and is_one(words) and "@" in words:
        value, words = value or words, None
    await keyed(connection)
    rows = queries.suppressions(
        connection,
        organization_id=organization,
        value=value or None,
        words=words or None,
        kind=kind,
        reason=reason,
        campaign_id=campaign_id,
        before=before,
        count=limit + 1,
    )
    found = [Suppression(**dict(row)) async for row in rows]
    return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)


async def find_suppression(connection: asyncpg.Connection, organization: OrganizationId, id: UUID) -> Suppression:
    """Return one. Raises `NotFound`."""
    row = await queries.suppression(connection, organization_id=organization, id=id)
    if row is None:
        raise NotFound(f"there is no suppression {id}", field="id")
    return Suppression(**dict(row))


async def unsuppress(connection: asyncpg.Connection, organization: OrganizationId, id: UUID, why: str | None = None) -> Suppression:
    """Take a suppression away and return what it was; who did it, and why, stays in the event store. An address that was unsubscribed or
    bounced by it is active again.

    Raises `NotFound`, and `InvalidInput` when no reason is given for lifting what somebody said themselves.
    """
    gone = await find_suppression(connection, organization, id)
    why = (why or "").strip() or None
    if gone.reason in THEIR_OWN and why is None:
        what = "unsubscribed" if gone.reason == "unsubscribe" else "complained"
        raise InvalidInput(f"they {what} themselves: say why they may be written to again, such as that they asked to be", field="why")
    await queries.unsuppress(connection, id=id)
    told = {"kind": gone.kind, "reason": gone.reason, "campaign_id": str(gone.campaign_id) if gone.campaign_id else None, "why": why}
    await ops.log_event(connection, "suppression", id, "suppression.removed", told)
    return gone


def is_one(value: str) -> bool:
    """Whether a text is an address or a domain."""
    text = value.strip()
    name, at, domain = text.rpartition("@")
    return (
        len(text) <= LONGEST
        and text.isprintable()
        and bool(_DOMAIN.fullmatch(domain))
        and not (at and (not name or re.search(r"[\s<>,;]", name)))
    )


def check(value: str) -> None:
    """Raise `InvalidInput` for what is neither an address nor a domain."""
    if not is_one(value):
        shown = value.strip()[:80]
        raise InvalidInput(f"{shown!r} is neither an address nor a domain, such as ana@example.org or example.org", field="values")
