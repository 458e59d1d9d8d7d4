"""Who is meant by an actor that history, jobs or the audit log name, as a person says it."""

from collections.abc import Iterable

import asyncpg

from .store import queries
from .types import OrganizationId

KINDS = {
    "cli": "{id} (command line)",
    "job": "a job",
    "key": "a key that is no more",
    "schedule": "the schedule {id}",
    "sql": "{id} (SQL)",
    "system": "Outrider itself",
    "user": "somebody who left",
}


async def actor_names(connection: asyncpg.Connection, organization: OrganizationId, actors: Iterable[str]) -> dict[str, str]:
    """Return {actor: name} for every one of the actors; users and keys are looked up in the organization, in one
    statement."""
    wanted = sorted(set(actors))
    found = {row["actor"]: row["name"] async for row in queries.actor_names(connection, organization_id=organization, actors=wanted)}
    return {actor: found.get(actor) or actor_in_words(actor) for actor in wanted}


def actor_in_words(actor: str) -> str:
    """Return what is known of an actor from its text alone: 'root (command line)' for `cli:root`."""
    kind, _, id = actor.partition(":")
    return KINDS.get(kind, actor).replace("{id}", id)
