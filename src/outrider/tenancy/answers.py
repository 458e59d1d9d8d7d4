"""The answers that POSTs with an Idempotency-Key got, kept in the caller's organization for a day (rules:
`kit.http.idempotency`).

Rows over a day old count as gone; a daily job of the ops slice deletes them.
"""

from pathlib import Path

from outrider.kit import sql
from outrider.kit.http import Claim, KeptAnswer

from .transaction import transaction
from .types import Caller

queries = sql.load(Path(__file__).parent / "answers.sql")


async def claim(caller: Caller, key: str, request_hash: bytes) -> Claim:
    """Claim a key that is new, older than a day, or whose holder has not renewed it for a minute; else say how it
    stands."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        arguments = {"organization_id": caller.organization_id, "key": key}
        if await queries.claim_answer(connection, request_hash=request_hash, **arguments):
            return Claim(ours=True)
        row = await queries.find_answer(connection, **arguments)
    if row is None or row["status"] is None:
        return Claim(ours=False)
    return Claim(False, row["request_hash"], KeptAnswer(row["status"], row["headers"] or {}, row["body"]))


async def renew(caller: Caller, key: str) -> None:
    """Hold on to a claim for another minute."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        await queries.renew_answer(connection, organization_id=caller.organization_id, key=key)


async def keep(caller: Caller, key: str, request_hash: bytes, answer: KeptAnswer) -> None:
    """Keep the answer under a claim of ours."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        await queries.keep_answer(
            connection,
            organization_id=caller.organization_id,
            key=key,
            request_hash=request_hash,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
        )


async def release(caller: Caller, key: str) -> None:
    """Let go of a claim that led to no answer worth keeping."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        await queries.release_answer(connection, organization_id=caller.organization_id, key=key)
