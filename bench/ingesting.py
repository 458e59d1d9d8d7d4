"""POST /api/ingest with 1, 100 and 1,000 rows against a real server in a process of its own."""

import asyncio
import socket
import subprocess
import time
import uuid

import httpx

from outrider import tenancy

from .lab import Lab
from .report import table

CASES = ((1, 300), (100, 60), (1000, 15))  # rows a call, calls


async def run(lab: Lab) -> None:
    """Print rows a second for each size of call, one caller after the other's answer, then four at once."""
    port = free_port()
    owner = tenancy.Caller(lab.organization, lab.actor, "owner", tenancy.scopes_of("owner"))
    key = (await tenancy.create_key(owner, "bench")).secret
    environment = {**lab.environment, "OUTRIDER_PORT": str(port), "OUTRIDER_RATE_LIMIT": "1000000/minute"}
    server = subprocess.Popen(lab.outrider("serve"), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
            await until_ready(client)
            lines = []
            for rows, calls in CASES:
                alone = await measure(client, rows, calls, callers=1)
                together = await measure(client, rows, calls, callers=4)
                lines.append((f"POST /api/ingest, {rows:,} rows a call", f"{alone:>9,.0f} rows/s; four callers {together:>9,.0f} rows/s"))
            table(lines)
    finally:
        server.terminate()
        await asyncio.to_thread(server.wait)


def free_port() -> int:
    """Return a port that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_ready(client: httpx.AsyncClient) -> None:
    """Wait for the server."""
    for _ in range(200):
        try:
            if (await client.get("/api/health/ready")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise RuntimeError("the server did not become ready")


async def measure(client: httpx.AsyncClient, rows: int, calls: int, *, callers: int) -> float:
    """Rows a second over `calls` calls, shared by `callers`."""

    async def call_many(count: int) -> None:
        for _ in range(count):
            batch = [{"email": f"{uuid.uuid4().hex}@bench.example", "name": "Ana Lima", "company": "Bench"} for _ in range(rows)]
            answer = await client.post("/api/ingest", json={"rows": batch, "source": "bench", "batch_id": "bench"})
            answer.raise_for_status()

    started = time.perf_counter()
    await asyncio.gather(*(call_many(calls // callers) for _ in range(callers)))
    return rows * (calls // callers) * callers / (time.perf_counter() - started)
