"""The pool: how long a statement may take, and how much of it is in use."""

import asyncio

import asyncpg
import httpx
import pytest

from outrider.kit import database

from .http_app import small_app


async def test_a_statement_that_takes_too_long_is_cancelled_unless_its_transaction_may_take_long(urls):
    async with database.connect(urls.app, size=2, statement_timeout=1):
        async with database.acquired() as connection:
            assert await connection.fetchval("SHOW statement_timeout") == "1s"
            with pytest.raises(asyncpg.QueryCanceledError):
                await connection.execute("SELECT pg_sleep(3)")
            async with connection.transaction():
                await database.allow_long(connection)
                await connection.execute("SELECT pg_sleep(1.1)")
        async with database.acquired() as connection:
            assert await connection.fetchval("SHOW statement_timeout") == "1s"


async def test_without_a_limit_there_is_none(pool):
    async with database.acquired() as connection:
        assert await connection.fetchval("SHOW statement_timeout") == "0"


async def test_a_request_that_takes_too_long_is_told_what_to_do():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=small_app()), base_url="http://x.test") as client:
        answer = await client.get("/raise/slow")
    assert "OUTRIDER_STATEMENT_TIMEOUT" in answer.json()["detail"]


async def test_the_pool_says_how_much_of_it_is_in_use_and_who_waits(urls):
    async def hold(until: asyncio.Event) -> None:
        async with database.acquired():
            taken.put_nowait(None)
            await until.wait()

    async with database.connect(urls.app, size=2):
        assert database.usage() == database.Usage(most=2, size=0, in_use=0, waiting=0)
        until = asyncio.Event()
        taken: asyncio.Queue[None] = asyncio.Queue()
        holders = [asyncio.create_task(hold(until)) for _ in range(3)]
        await taken.get()
        await taken.get()
        assert database.usage() == database.Usage(most=2, size=2, in_use=2, waiting=1)
        until.set()
        await asyncio.gather(*holders)
        assert database.usage() == database.Usage(most=2, size=2, in_use=0, waiting=0)
