"""Who did something, in words: 'user:0193…' is a name, 'job:0193…' the import that it ran and who asked for it."""

from collections.abc import Iterable

import asyncpg

from outrider.tenancy import OrganizationId

from .store import audit_queries

JOBS = {"intake.import": "import of {}", "intake.revert": "taking back of {}"}
KINDS = {
    "user": "a former member",
    "key": "an API key that is gone",
    "job": "a job of some time ago",
    "cli": "{}, on the command line",
    "schedule": "the schedule {}",
    "sql": "{}, in SQL",
    "system": "Outrider",
}


async def actor_names(connection: asyncpg.Connection, organization: OrganizationId, actors: Iterable[str | None]) -> dict[str, str]:
    """Return {actor: words} for all of them, in one statement; none for no actors."""
    given = sorted({actor for actor in actors if actor})
    if not given:
        return {}
    rows = audit_queries.actors(connection, organization_id=organization, actors=given)
    return {row["actor"]: _words(row) async for row in rows}


def _words(row: asyncpg.Record) -> str:
    kind, _, who = row["actor"].partition(":")
    if row["name"]:
        return f"API key {row['name']}" if kind == "key" else str(row["name"])
    if row["job"] or row["import_id"]:
        work = JOBS[row["job"] or "intake.import"].format(row["file_name"]) if row["file_name"] and _is_ours(row) else f"job {row['job']}"
        return f"{work}, for {_requester(row)}"
    return KINDS.get(kind, "{}").format(who or row["actor"])


def _is_ours(row: asyncpg.Record) -> bool:
    return row["job"] is None or row["job"] in JOBS


def _requester(row: asyncpg.Record) -> str:
    kind, _, who = (row["requested_by"] or "system:").partition(":")
    if row["requester"]:
        return f"API key {row['requester']}" if kind == "key" else str(row["requester"])
    return KINDS.get(kind, "{}").format(who)
