"""Rows that come in over the API, and their promotion. Does not know HTTP or the terminal."""

from typing import Any
from uuid import UUID

from outrider.kit import database
from outrider.kit.errors import InvalidInput, NotFound
from outrider.namespaces import NamespaceService
from outrider.tenancy import Actor, OrganizationId, transaction

from .chunks import to_json
from .store import queries
from .types import LOCK_WAIT, Promotion, StoredRow

MAX_ROWS = 10_000


async def ingest(
    organization: OrganizationId,
    actor: Actor,
    rows: list[Any],
    source: str,
    batch_id: str,
    *,
    namespace: str | None = None,
    campaign: str | None = None,
) -> list[StoredRow]:
    """Store rows as raw loads, every one of them, and return what became of each, a summary last (BEHAVIOUR 2).

    Raises `InvalidInput` for no rows, more than 10,000 or a blank source or batch, `NotFound` for an unknown namespace.
    """
    if not 1 <= len(rows) <= MAX_ROWS:
        raise InvalidInput(f"rows has {len(rows)} entries; one call takes 1 to {MAX_ROWS:,}", field="rows")
    for field, value in (("source", source), ("batch_id", batch_id)):
        if not 1 <= len(value.strip()) <= 200:
            raise InvalidInput(f"{field} must have 1 to 200 characters that are not blank", field=field)
    if namespace and campaign:
        raise InvalidInput("give a namespace or a campaign that is routed to one, not both", field="campaign")
    texts = [_text(row) for row in rows]
    async with transaction(organization, actor) as connection:
        await queries.limit_lock_wait(connection, milliseconds=LOCK_WAIT)
        namespaces = NamespaceService(connection, organization)
        namespace_id: UUID | None = None
        if namespace:
            namespace_id = (await namespaces.find(namespace)).id
        elif campaign:
            namespace_id = (await namespaces.route(campaign)).namespace_id
        stored = queries.ingest(
            connection,
            rows=texts,
            source=source,
            batch_id=batch_id,
            metadata={"campaign": campaign} if campaign else {},
            namespace_id=namespace_id,
        )
        return [StoredRow(**dict(row)) async for row in stored]


async def promote(organization: OrganizationId, actor: Actor, load_ids: list[int] | None) -> Promotion:
    """Make golden records of pending loads; None takes all of them. Counts are loads (BEHAVIOUR 2)."""
    async with transaction(organization, actor) as connection:
        await database.allow_long(connection)
        await queries.limit_lock_wait(connection, milliseconds=LOCK_WAIT)
        return Promotion(**dict(await queries.promote(connection, load_ids=load_ids)))


async def get_raw_load(organization: OrganizationId, actor: Actor, load_id: int) -> dict[str, Any]:
    """Return a load as it came, with what became of it. Raises `NotFound`."""
    async with transaction(organization, actor, readonly=True) as connection:
        row = await queries.raw_load(connection, organization_id=organization, load_id=load_id)
    if row is None:
        raise NotFound(f"there is no load {load_id}", field="load_id")
    return dict(row)


def _text(row: Any) -> str:
    try:
        return to_json(row)[0]
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"a row cannot be stored: {error}", field="rows") from error
