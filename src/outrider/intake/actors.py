"""Who did something, in words. Users, keys and the rest are named by tenancy; a job is named by what it was for and who asked for it."""

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from outrider import tenancy
from outrider.tenancy import OrganizationId

from .store import audit_queries


async def actor_names(connection: asyncpg.Connection, organization: OrganizationId, actors: Iterable[str | None]) -> dict[str, str]:
    """Return {actor: words} for all of them, in two statements at most; none for no actors."""
    given = {actor for actor in actors if actor}
    jobs = await _jobs(connection, organization, given)
    others = (given | {row["requested_by"] for row in jobs.values()}) - {"", *jobs}
    names = await tenancy.actor_names(connection, organization, others) if others else {}
    worded = {actor: f"{row['title']}, for {names[row['requested_by']]}" for actor, row in jobs.items()}
    return {actor: worded.get(actor) or names[actor] for actor in given}


async def _jobs(connection: asyncpg.Connection, organization: OrganizationId, actors: set[str]) -> dict[str, asyncpg.Record]:
    """What is known of the jobs among the actors: title and who asked for them. One that is forgotten is left out."""
    ids = [number for number in map(_job_id, actors) if number is not None]
    if not ids:
        return {}
    rows = audit_queries.jobs_by_id(connection, organization_id=organization, ids=ids)
    return {f"job:{row['id']}": row async for row in rows}


def _job_id(actor: str) -> UUID | None:
    kind, _, number = actor.partition(":")
    try:
        return UUID(number) if kind == "job" else None
    except ValueError:
        return None
