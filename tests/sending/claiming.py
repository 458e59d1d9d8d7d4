"""Claiming, beginning and finishing as a worker does it, for the tests of the ledger."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from outrider import tenancy
from outrider.sending import keyed
from outrider.sending.store import queries

ACTOR = tenancy.Actor("system", "sender")
LEASE = timedelta(minutes=2)


async def claim(organization: UUID, most: int = 100, worker: str = "w", lease: timedelta = LEASE) -> list[asyncpg.Record]:
    """Claim in a transaction of its own."""
    async with tenancy.transaction(organization, ACTOR) as connection:
        await keyed(connection)
        return [row async for row in queries.claim(connection, worker=worker, most=most, lease=lease)]


async def begin(organization: UUID, rows: list[asyncpg.Record], worker: str = "w", lease: timedelta = LEASE) -> set[UUID]:
    """Begin claimed messages; returns those that may be sent."""
    texts = {"subject": "Hello", "body": "<p>Hello</p>", "body_text": "Hello", "headers": {}, "variant_id": None}
    asked = [{"id": str(row["id"]), "token": str(row["claim_token"]), **texts} for row in rows]
    async with tenancy.transaction(organization, ACTOR) as connection:
        await keyed(connection)
        return {row["id"] async for row in queries.begin(connection, worker=worker, messages=asked, lease=lease)}


async def finish(organization: UUID, rows: list[asyncpg.Record], outcome: str = "sent", worker: str = "w", **more: Any) -> dict[UUID, str]:
    """Write an answer down; returns what the messages became."""
    told = [{"id": str(row["id"]), "token": str(row["claim_token"]), "outcome": outcome, **more} for row in rows]
    async with tenancy.transaction(organization, ACTOR) as connection:
        return {row["id"]: row["status"] async for row in queries.finish(connection, worker=worker, outcomes=told)}


async def claim_at_once(organization: UUID, claimers: int, most: int) -> list[asyncpg.Record]:
    """Have several claim at the same time until nobody gets anything; returns all that they got."""

    async def one(number: int) -> list[asyncpg.Record]:
        got = []
        while rows := await claim(organization, most, f"w{number}"):
            got += rows
        return got

    return [row for rows in await asyncio.gather(*(one(number) for number in range(claimers))) for row in rows]
