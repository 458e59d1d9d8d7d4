"""Machines that open and click by themselves: an organization's own rules about them, and judging events anew when rules change."""

import ipaddress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from outrider import ops
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.ops import JobContext
from outrider.tenancy import OrganizationId, transaction

from .store import events as queries
from .types import VERDICTS, VerdictRule

JUDGE = "engagement.judge"
FEEDBACK = "reports.feedback"
"""The job of the reports that works out what follows from verdicts there: asked for by name, since a slice never calls a later one."""
KINDS = ("user_agent", "network", "seconds")
MOST_SECONDS = 3600
BATCH = 2_000
FIRST = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


class VerdictRules:
    """The rules of one organization, inside the caller's `tenancy.transaction`. Each change has all events judged anew, as a job."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def all(self) -> list[VerdictRule]:
        """Return the rules by kind and pattern; what is built in is not among them."""
        return [VerdictRule(**dict(row)) async for row in queries.rules(self._connection, organization_id=self._organization)]

    async def add(self, kind: str, pattern: str, verdict: str = "automatic", note: str | None = None) -> VerdictRule:
        """Keep a rule. Raises `InvalidInput` for a pattern that is none of its kind, `Conflict` when there is one for it."""
        kept = {"kind": kind, "pattern": _checked(kind, pattern, verdict), "verdict": verdict, "note": note}
        row = await queries.add_rule(self._connection, organization_id=self._organization, **kept)
        if row is None:
            raise Conflict(f"there is a rule for {pattern!r} already", field="pattern")
        await judge_anew(self._connection)
        return VerdictRule(**dict(row))

    async def remove(self, id: UUID) -> None:
        """Take a rule away. Raises `NotFound`."""
        if await queries.remove_rule(self._connection, organization_id=self._organization, id=id) is None:
            raise NotFound(f"there is no rule {id}", field="id")
        await judge_anew(self._connection)


async def judge_anew(connection: asyncpg.Connection) -> UUID:
    """Ask for a job that judges every open, click and reply of the organization anew; returns its id."""
    return await ops.enqueue(connection, JUDGE, {}, singleton_key="judge", title="Judging opens and clicks anew")


async def judge(context: JobContext) -> dict[str, Any]:
    """Judge every open, click and reply anew, `BATCH` a transaction; returns how many there were and how many verdicts changed.

    What days of the campaigns taught is then worked out anew, too.
    """
    place, looked_at, changed, campaigns = FIRST, 0, 0, set[UUID]()
    while True:
        async with transaction(context.organization_id, context.actor) as connection:
            rows = [
                row async for row in queries.to_judge(
                    connection, organization_id=context.organization_id, after_at=place[0], after_id=place[1], count=BATCH
                )
            ]  # fmt: skip
            if not rows:
                if campaigns:
                    data = {"campaigns": sorted(map(str, campaigns))}
                    await ops.enqueue(connection, FEEDBACK, data, singleton_key=str(context.job_id), title="Feedback after new verdicts")
                return {"events": looked_at, "changed": changed}
            place = (rows[-1]["occurred_at"], rows[-1]["id"])
            judged = await queries.judge(connection, ids=[row["id"] for row in rows], since=rows[0]["occurred_at"], until=place[0])
            changed += judged["changed"]
            campaigns.update(judged["campaigns"])
            looked_at += len(rows)
            await context.report(connection, looked_at, None, "judging opens and clicks")


def _checked(kind: str, pattern: str, verdict: str) -> str:
    """Return the pattern as it is kept. Raises `InvalidInput`."""
    if verdict not in VERDICTS:
        raise InvalidInput(f"verdict is {verdict!r}; it must be automatic or human", field="verdict")
    text = pattern.strip()
    match kind:
        case "user_agent" if 3 <= len(text) <= 200:
            return text
        case "network":
            try:
                return str(ipaddress.ip_network(text, strict=False))
            except ValueError as error:
                raise InvalidInput(f"pattern is {text!r}; it must be a network such as 192.0.2.0/24", field="pattern") from error
        case "seconds" if text.isdecimal() and int(text) <= MOST_SECONDS and verdict == "automatic":
            return str(int(text))
        case "user_agent":
            raise InvalidInput("a part of a user agent has 3 to 200 characters", field="pattern")
        case "seconds":
            raise InvalidInput(f"seconds are a number up to {MOST_SECONDS}, and mean automatic", field="pattern")
        case _:
            raise InvalidInput(f"kind is {kind!r}; it must be one of {', '.join(KINDS)}", field="kind")
