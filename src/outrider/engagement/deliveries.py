"""What webhooks brought: kept first, worked on by a job, and visible when that failed. Knows no HTTP and no terminal."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from outrider import ops
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import Actor, OrganizationId, transaction

from . import shapes, signatures
from .sources import read_token, unknown_address, unsealed
from .store import webhook_queries as queries

WORK = "engagement.webhook"
ACTOR = Actor("system", "webhook")
STATES = ("pending", "done", "failed")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One body that came. `events` None: not worked on yet. `ignored`: how many of its events were left out, by reason."""

    id: UUID
    source_id: UUID
    source: str
    kind: str
    state: str
    events: int | None
    new_events: int | None
    ignored: dict[str, int]
    repeats: int
    size: int
    error: str | None
    job_id: UUID | None
    received_at: datetime
    worked_at: datetime | None


@dataclass(frozen=True, slots=True)
class FullDelivery:
    """A delivery with its body, as it came but for shared secrets."""

    delivery: Delivery
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is answered to who brought something; `is_new` False: the same came before."""

    delivery_id: UUID
    is_new: bool


async def check_address(token: str) -> None:
    """Raise `NotFound` for an address that is nobody's, so that nobody reads megabytes from a stranger."""
    address = read_token(token)
    async with transaction(address.organization, ACTOR, readonly=True) as connection:
        if await queries.source_of_token(connection, organization_id=address.organization, token_hash=address.token_hash) is None:
            raise unknown_address()


async def receive(token: str, headers: Mapping[str, str], body: bytes) -> Receipt:
    """Keep what came at an address, and ask for the job that works on it, in one transaction.

    Raises `NotFound` for an unknown address, `Conflict` for a paused source, `Unauthorized` for a signature that is missing or does not
    fit, `InvalidInput` for a body that is not JSON; then nothing is kept.
    """
    address = read_token(token)
    organization = address.organization
    async with transaction(organization, ACTOR) as connection:
        source = await queries.source_of_token(connection, organization_id=organization, token_hash=address.token_hash)
        if source is None:
            raise unknown_address()
        if not source["is_active"]:
            raise Conflict("this webhook is paused: resume it in Outrider, and send again")
        held = unsealed(organization, address.token_hash, [source["secret_encrypted"], source["old_secret_encrypted"]])
        said, wrong = _parsed(body)
        signatures.check(source["kind"], held, headers, body, said)
        if wrong is not None:
            raise InvalidInput(str(wrong), field="body")
        kept = await queries.keep_delivery(
            connection,
            organization_id=organization,
            source_id=source["id"],
            body_hash=hashlib.sha256(body).digest(),
            body=signatures.without_secrets(body, held),
        )
        if kept["is_new"]:
            await _ask_for_work(connection, kept["id"], source["name"])
    return Receipt(kept["id"], kept["is_new"])


def _parsed(body: bytes) -> tuple[Any, shapes.Unreadable | None]:
    try:
        return shapes.parse(body), None
    except shapes.Unreadable as error:
        return None, error


async def _ask_for_work(connection: asyncpg.Connection, delivery: UUID, source: str) -> None:
    data, link = {"delivery_id": str(delivery)}, f"/webhooks/deliveries/{delivery}"
    await ops.enqueue(connection, WORK, data, singleton_key=str(delivery), title=f"Webhook {source}", link=link)


class Deliveries:
    """The organization's deliveries, in the caller's transaction."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def page(
        self, *, source_id: UUID | None = None, state: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Delivery]:
        """Return a page, newest first. Raises `InvalidInput` for a bad limit, cursor or state."""
        check_limit(limit)
        if state is not None and state not in STATES:
            raise InvalidInput(f"state is {state[:40]!r}; it must be one of {', '.join(STATES)}", field="state")
        rows = queries.deliveries(
            self._connection,
            organization_id=self._organization,
            source_id=source_id,
            state=state,
            before=decode_id_cursor(cursor),
            count=limit + 1,
        )
        found = [Delivery(**dict(row)) async for row in rows]
        return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)

    async def get(self, id: UUID) -> FullDelivery:
        """Return one. Raises `NotFound`."""
        row = await queries.delivery(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise NotFound(f"there is no delivery {id}", field="id")
        values = dict(row)
        body = values.pop("body")
        return FullDelivery(Delivery(**values), body)

    async def retry(self, id: UUID) -> Delivery:
        """Have a delivery worked on that failed, or whose job was cancelled, and return it.

        Raises `NotFound`, and `Conflict` for one that is done.
        """
        found = (await self.get(id)).delivery
        if await queries.reopen_delivery(self._connection, organization_id=self._organization, id=id) is None:
            raise Conflict("this delivery is done; only one that failed or waits can be worked on")
        await _ask_for_work(self._connection, id, found.source)
        return (await self.get(id)).delivery
