"""The worker process: collects the slices' tasks and runs them. Composition only: no rule lives here."""

import asyncio
import signal
from contextlib import suppress
from importlib import import_module

from outrider import ops

SLICES = (
    "outrider.namespaces.tasks",
    "outrider.intake.tasks",
    "outrider.people.tasks",
    "outrider.reports.tasks",
)
"""The modules whose `TASKS` maps a job's name to the coroutine function that does it."""


def collect_tasks() -> dict[str, ops.Task]:
    """Return every slice's tasks by name. Raises `RuntimeError` when two have the same name."""
    tasks: dict[str, ops.Task] = {}
    for module in SLICES:
        offered: dict[str, ops.Task] = import_module(module).TASKS
        if twice := tasks.keys() & offered.keys():
            raise RuntimeError(f"{module} names jobs that another slice has: {sorted(twice)}")
        tasks |= offered
    return tasks


async def run(worker_url: str, *, stop: asyncio.Event | None = None, concurrency: int = 4) -> None:
    """Run jobs, with the process's pool open, until `stop` is set; without one, until SIGTERM or SIGINT.

    What runs then gets ten seconds to finish and is given back to other workers otherwise. Raises `Unavailable` when
    the queue cannot be reached at the start.
    """
    if stop is not None:
        await ops.run_worker(worker_url, collect_tasks(), stop=stop, concurrency=concurrency)
        return
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError, RuntimeError):  # not the main thread, or a system without signals
            loop.add_signal_handler(number, stop.set)
    try:
        await ops.run_worker(worker_url, collect_tasks(), stop=stop, concurrency=concurrency)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError, RuntimeError):
                loop.remove_signal_handler(number)
