"""Who did something, in words: `user:…`, `key:…`, `job:…` and the other actors that history and notes name, looked up as a set."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

from outrider.kit import sql
from outrider.tenancy import OrganizationId

queries = sql.load(Path(__file__).parent / "actors.sql")

JOBS = {"intake.import": "the import of {}", "intake.revert": "taking back {}", "namespaces.reroute": "the re-routing of profiles"}
UNKNOWN = {"user": "somebody who has left", "key": "an API key", "job": "a job"}


@dataclass(frozen=True, slots=True)
class Who:
    """An actor in words. `import_id` is the import that a job was about, None for anything else."""

    actor: str
    name: str
    import_id: UUID | None = None


async def name(connection: asyncpg.Connection, organization: OrganizationId, actors: Iterable[str | None]) -> dict[str, Who]:
    """Return {actor: who they are} for every actor given, in at most one statement; None is passed over. Never raises for unknown ones."""
    found = {actor: Who(actor, _in_words(actor)) for actor in actors if actor}
    ids = {kind: [id for actor in found if (id := _id(actor, kind))] for kind in UNKNOWN}
    if not any(ids.values()):
        return found
    async for row in queries.actors(connection, organization_id=organization, users=ids["user"], keys=ids["key"], jobs=ids["job"]):
        actor = f"{row['kind']}:{row['id']}"
        found[actor] = Who(actor, _known(row), row["import_id"])
    return found


def _id(actor: str, kind: str) -> UUID | None:
    of, _, id = actor.partition(":")
    try:
        return UUID(id) if of == kind else None
    except ValueError:
        return None


def _known(row: asyncpg.Record) -> str:
    if row["kind"] == "key":
        return f"API key “{row['name']}”"
    if row["kind"] == "job":
        return JOBS.get(row["name"], f"the job {row['name']}").format(row["file_name"] or "a file")
    return str(row["name"])


def _in_words(actor: str) -> str:
    kind, _, id = actor.partition(":")
    if _id(actor, kind):
        return UNKNOWN.get(kind, actor)
    words = {"cli": "{} (command line)", "sql": "{} (SQL)", "schedule": "the schedule {}", "system": "Outrider itself", "job": "the job {}"}
    return words.get(kind, "{}").format(id or kind)
