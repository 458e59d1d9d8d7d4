"""Workers for the tests of jobs: in this process where a loop is enough, in their own where killing matters."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from outrider import ops, tenancy
from outrider.kit.server import Urls

ACTOR = tenancy.Actor("user", "test")
ROOT = Path(__file__).parent.parent.parent


@contextlib.asynccontextmanager
async def working(urls: Urls, tasks: dict[str, ops.Task], **options: Any) -> AsyncIterator[None]:
    """Have a worker in this process for the time of the block."""
    stop = asyncio.Event()
    options = {"heartbeat": timedelta(seconds=2), "grace": timedelta(seconds=0.2), **options}
    worker = asyncio.create_task(ops.run_worker(urls.worker, tasks, stop=stop, **options))
    try:
        yield
    finally:
        stop.set()
        await worker


async def ask(organization: tenancy.OrganizationId, name: str, data: dict | None = None, **options: Any) -> UUID:
    """Enqueue a job in a transaction of its own."""
    async with tenancy.transaction(organization, ACTOR) as connection:
        return await ops.enqueue(connection, name, {} if data is None else data, **options)


async def until(
    organization: tenancy.OrganizationId,
    job: UUID,
    *states: str,
    seconds: float = 60,
    check: Callable[[ops.Job], bool] | None = None,
) -> ops.Job:
    """Wait until the job is in one of the states (none: finished), or until `check` holds."""
    end = time.monotonic() + seconds
    while True:
        found = await ops.get_job(organization, ACTOR, job)
        if check(found) if check else (found.state in states if states else found.is_finished):
            return found
        assert time.monotonic() < end, f"still {found}"
        await asyncio.sleep(0.03)


async def until_lines(file: Path, count: int, seconds: float = 60) -> list[str]:
    """Wait until the file has so many lines."""
    end = time.monotonic() + seconds
    while True:
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) >= count:
            return lines
        assert time.monotonic() < end, f"only {lines}"
        await asyncio.sleep(0.03)


@pytest.fixture
def start_worker(urls: Urls) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start worker processes; what is left of them is killed at the end."""
    started: list[subprocess.Popen] = []

    def start(heartbeat: float = 1) -> subprocess.Popen:
        command = [sys.executable, "-m", "tests.ops.worker_process", urls.app, urls.worker, str(heartbeat)]
        started.append(subprocess.Popen(command, cwd=ROOT))
        return started[-1]

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait()
