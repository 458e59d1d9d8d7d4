"""The worker process: collects the slices' tasks and runs them, and sends what is due. Composition only: no rule lives here."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from importlib import import_module
from typing import Any, Literal

from outrider import engagement, ops, sending
from outrider.settings import settings

Part = Literal["jobs", "sending"]

SLICES = (
    "outrider.namespaces.tasks",
    "outrider.intake.tasks",
    "outrider.people.tasks",
    "outrider.engagement.tasks",
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


async def run(worker_url: str, *, stop: asyncio.Event | None = None, concurrency: int = 4, only: Part | None = None) -> None:
    """Run jobs and send messages (or `only` one of the two), with the process's pool open, until `stop` is set; without one, until SIGTERM
    or SIGINT.

    What runs then gets ten seconds to finish and is given back to other workers otherwise. Raises `Unavailable` when
    the queue cannot be reached at the start.
    """
    if stop is not None:
        await _run(worker_url, stop, concurrency, only)
        return
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError, RuntimeError):  # not the main thread, or a system without signals
            loop.add_signal_handler(number, stop.set)
    try:
        await _run(worker_url, stop, concurrency, only)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError, RuntimeError):
                loop.remove_signal_handler(number)


async def _run(worker_url: str, stop: asyncio.Event, concurrency: int, only: Part | None) -> None:
    """Run the parts side by side; one that fails ends the other."""
    parts: list[Coroutine[Any, Any, None]] = []
    if only != "sending":
        parts.append(ops.run_worker(worker_url, collect_tasks(), stop=stop, concurrency=concurrency))
    if only != "jobs":
        watch = sending.Watch(settings().home_path, is_shared=settings().database_url is not None)
        parts.append(sending.run_sender(sending.Habits(), watch, stop=stop))
        parts.append(sending.run_settler(stop=stop))
        parts.append(engagement.run_follower(stop=stop))
    running = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        stop.set()
        await asyncio.wait(running)
    for task in running:
        task.result()
