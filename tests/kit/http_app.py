"""A small application with the common layers and no domain, for the tests beside it."""

import asyncio
from dataclasses import dataclass, field

import asyncpg
from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.middleware import Middleware
from starlette.responses import StreamingResponse

from outrider.kit import http
from outrider.kit.errors import Conflict
from outrider.kit.http import BigInt, Claim, KeptAnswer, Text
from outrider.kit.http.idempotency import Holder


@dataclass
class MemoryAnswers:
    """`kit.http.Answers` in memory, for one tenant."""

    kept: dict[str, tuple[bytes, KeptAnswer | None]] = field(default_factory=dict)
    renewals: int = 0

    async def claim(self, key: str, request_hash: bytes) -> Claim:
        if key not in self.kept:
            self.kept[key] = (request_hash, None)
            return Claim(ours=True)
        return Claim(False, *self.kept[key])

    async def renew(self, key: str) -> None:
        self.renewals += 1

    async def keep(self, key: str, request_hash: bytes, answer: KeptAnswer) -> None:
        self.kept[key] = (request_hash, answer)

    async def release(self, key: str) -> None:
        self.kept.pop(key, None)


class Thing(BaseModel):
    name: Text
    size: BigInt = 0
    parts: list["Thing"] = []


def small_app(limit: int = 10_000, upload_limit: int = 100_000) -> FastAPI:
    """Return the application; `app.state.calls` counts what was really done, `app.state.answers` keeps answers."""
    answers = MemoryAnswers()

    async def identify(request: Request) -> Holder:
        return Holder(request.headers.get("x-caller", "one"), answers)

    app = FastAPI(
        redirect_slashes=False,
        middleware=[
            Middleware(http.Frame),
            Middleware(http.SizeLimit, limit=limit, exceptions={("POST", "/upload"): upload_limit}),
            Middleware(http.Idempotency, identify=identify),
        ],
    )
    http.install(app)
    app.state.calls, app.state.answers = 0, answers

    @app.post("/things/{id}", status_code=201)
    async def make(id: BigInt, thing: Thing, request: Request) -> dict[str, object]:
        app.state.calls += 1
        return {"id": id, "name": thing.name, "call": app.state.calls}

    @app.get("/things/{id}")
    async def show(id: int, limit: int = 1) -> dict[str, int]:
        return {"id": id, "limit": limit}

    @app.post("/upload")
    async def upload(request: Request) -> dict[str, int]:
        app.state.calls += 1
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
        return {"size": size, "call": app.state.calls}

    @app.post("/slow")
    async def slow() -> dict[str, int]:
        app.state.calls += 1
        await asyncio.sleep(0.15)
        return {"call": app.state.calls}

    @app.post("/answer/{status}")
    async def answer(status: int, request: Request) -> object:
        app.state.calls += 1
        return http.problems.document(request.scope, status, "x", f"call {app.state.calls}")

    @app.post("/large")
    async def large() -> StreamingResponse:
        app.state.calls += 1
        return StreamingResponse(iter([b"x" * 2**20] * 10), media_type="text/plain")

    @app.post("/secret")
    async def secret(request: Request) -> dict[str, str | None]:
        http.keep_for_replay(request.scope, b'{"secret":null}')
        return {"secret": "s3cret"}

    @app.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise ERRORS[name]

    return app


ERRORS: dict[str, Exception] = {
    "boom": RuntimeError("ana@example.org broke it"),
    "conflict": Conflict("name is 'x', which is taken; choose another", field="name", other=1),
    "unique": asyncpg.UniqueViolationError("duplicate key ... ana@example.org"),
    "foreign": asyncpg.ForeignKeyViolationError("..."),
    "check": asyncpg.CheckViolationError("..."),
    "nul": asyncpg.UntranslatableCharacterError("..."),
    "range": asyncpg.DataError("invalid input for query argument $1: 99999999999999999999 (value out of int64 range)"),
    "lost": asyncpg.ConnectionDoesNotExistError("connection was closed"),
    "closing": asyncpg.InterfaceError("pool is closing"),
    "misuse": asyncpg.InterfaceError("another operation is in progress"),
    "busy": asyncpg.LockNotAvailableError("..."),
    "slow": asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
    "file": FileNotFoundError("/etc/ana@example.org"),
}
