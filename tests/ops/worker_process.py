"""A worker process of its own for tests that kill it: `python -m tests.ops.worker_process APP_URL WORKER_URL
HEARTBEAT_SECONDS`.

Its tasks write down in a file of the job's data that they began, so that a test sees each beginning.
"""

import asyncio
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from outrider import ops
from outrider.kit import database


def begin(context: ops.JobContext) -> None:
    """Add a line with our process id to the file that the job names."""
    with Path(context.data["file"]).open("a") as file:
        file.write(f"{os.getpid()} {context.attempt}\n")


async def sleep(context: ops.JobContext) -> dict:
    """Wait the job's seconds, as a task that awaits does."""
    begin(context)
    await asyncio.sleep(context.data["seconds"])
    return {"pid": os.getpid()}


async def spin(context: ops.JobContext) -> dict:
    """Keep the process busy for the job's seconds without ever giving way."""
    begin(context)
    end = time.monotonic() + context.data["seconds"]
    while time.monotonic() < end:
        pass
    return {"pid": os.getpid()}


async def poison(context: ops.JobContext) -> None:
    """Kill the worker."""
    begin(context)
    os.kill(os.getpid(), signal.SIGKILL)


async def main(app_url: str, worker_url: str, heartbeat: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    tasks = {"sleep": sleep, "spin": spin, "poison": poison}
    async with database.connect(app_url, size=8):
        await ops.run_worker(
            worker_url,
            tasks,
            stop=stop,
            heartbeat=timedelta(seconds=float(heartbeat)),
            grace=timedelta(seconds=0.5),
        )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
