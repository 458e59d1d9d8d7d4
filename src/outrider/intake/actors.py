"""Who did something, in words: 'user:0193…' is a name, 'job:0193…' the import that it worked on and who asked for it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from outrider.tenancy import OrganizationId, actor_in_words

from .store import audit_queries

LOOKED_UP = re.compile(r"(user|key|job):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
JOBS = {"intake.import": "the import of {}", "intake.revert": "taking back {}"}


@dataclass(frozen=True, slots=True)
class Who:
    """An actor in words. `import_id` is the import that a job was about, None for anything else."""

    actor: str
    name: str
    import_id: UUID | None = None


async def who_are(connection: asyncpg.Connection, organization: OrganizationId, actors: Iterable[str | None]) -> dict[str, Who]:
    """Return {actor: who that is} for all of them, in at most one statement; None is passed over, an unknown one named by its kind."""
    found = {actor: Who(actor, actor_in_words(actor)) for actor in actors if actor}
    if asked := sorted(actor for actor in found if LOOKED_UP.fullmatch(actor)):
        rows = audit_queries.actors(connection, organization_id=organization, actors=asked)
        found |= {row["actor"]: Who(row["actor"], _words(row), row["import_id"]) async for row in rows}
    return found


async def actor_names(connection: asyncpg.Connection, organization: OrganizationId, actors: Iterable[str | None]) -> dict[str, str]:
    """Return {actor: words} for all of them, in one statement; none for no actors."""
    return {actor: who.name for actor, who in (await who_are(connection, organization, actors)).items()}


def _words(row: asyncpg.Record) -> str:
    if row["name"]:
        return _named(row["actor"], row["name"])
    if row["job"]:
        work = JOBS[row["job"]].format(row["file_name"]) if row["file_name"] and row["job"] in JOBS else f"the job {row['job']}"
        asked = row["requested_by"] or "job:"
        if asked.startswith("job:"):
            return work
        return f"{work}, for {_named(asked, row['requester']) if row['requester'] else actor_in_words(asked)}"
    return actor_in_words(row["actor"])


def _named(actor: str, name: str) -> str:
    return f"API key “{name}”" if actor.startswith("key:") else name
