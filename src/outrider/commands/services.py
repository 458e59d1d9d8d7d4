"""`outrider up`, `serve` and `worker`: the processes that stay.

Each ends with code 0 at Ctrl-C or SIGTERM, within seconds.
"""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outrider import __version__, runtime
from outrider.kit import logs, outgoing, terminal
from outrider.kit.errors import Unavailable
from outrider.settings import DEMO_MAIL_HOST, Settings, settings

if TYPE_CHECKING:
    from outrider.web import Addition

app = typer.Typer()


class Part(StrEnum):
    """What a worker does."""

    JOBS = "jobs"
    SENDING = "sending"


FIRST_WAIT, LONGEST_WAIT, LONG_LIFE = (
    1.0,
    30.0,
    60.0,
)  # seconds before a dead worker is replaced; a long life resets the wait
LOOK_SECONDS = 1.0
QUIET_LEVEL = "WARNING"
WORKER_END_SECONDS = 15.0  # a worker gives its jobs 10 s, then hands them back


@app.command("up")
def up_command() -> None:
    """Start everything: database, sample data, worker, web server.

    The first start makes the database, the default organization and its admin, whose password is printed once, and the
    organization Demo with the sample files. Later starts take a second or two. Ctrl-C stops it all; the data stays in
    OUTRIDER_HOME.
    """
    from outrider import web

    with terminal.reporting(json=False), runtime.stoppable():
        chosen = settings()
        web.listen(chosen.host, chosen.port).close()  # a taken port is told before the long work
        terminal.say(f"Outrider {__version__}", style="bold")
        place = runtime.installation(chosen)
        runtime.make_key(chosen)
        begun = time.monotonic()
        with runtime.started(place):
            where = place.home / "postgres" if place.embedded else "OUTRIDER_DATABASE_URL"
            _step("Database", f"{where} ({terminal.duration(time.monotonic() - begun)})")
            runtime.run(_up(place))
        terminal.say("Stopped.")


async def _up(place: runtime.Installation) -> None:
    from outrider import web

    chosen = settings()
    begun = time.monotonic()
    plan = await runtime.ensure_migrated(place, chosen)
    took = terminal.duration(time.monotonic() - begun)
    _step("Migrations", f"{len(plan.applied)} applied ({took})" if plan.applied else "up to date")
    async with runtime.connected(place, chosen, program="web"):
        if password := await runtime.ensure_default(chosen):
            _step("Admin", f"{chosen.admin_email}, password {password}")
            _step("", f"(shown only now; another one: outrider users reset {chosen.admin_email})")
        await _show_samples()
        async with _demo(place) as addition, _kept(_keep_database(place)), _kept(_keep_worker(addition is not None)):
            await _until_stopped(web.serve(_quieter(chosen), manage_pool=False, on_listening=_announce, addition=addition))


@asynccontextmanager
async def _demo(place: runtime.Installation) -> AsyncIterator["Addition | None"]:
    """Keep the demo's mail server and readers running for the time of the block.

    Its value is the pages with the mails; None when no mail is taken.
    """
    from outrider.demo import running

    from .database import find_or_make
    from .demo import NAME, SLUG

    port, base = settings().demo_mail_port, settings().own_address
    if not port:
        yield None
        return
    organization, _ = await find_or_make(NAME, SLUG)
    async with running.running(organization, place.home, port, base, lambda text: _step("Demo", text)) as takes_mail:
        yield running.addition_of(organization, place.home) if takes_mail else None


def _quieter(chosen: Settings) -> Settings:
    """Keep what is no trouble off the terminal of `up`, unless a level was asked for."""
    return chosen if "log_level" in chosen.model_fields_set else chosen.model_copy(update={"log_level": QUIET_LEVEL})


def _step(name: str, text: str) -> None:
    terminal.say(f"  {name:<11} {text}")


async def _show_samples() -> None:
    from .demo import COLUMNS, take_in_samples

    def on_file(name: str) -> None:
        _step("Demo", f"taking in {name} ...")

    rows = await take_in_samples(on_file)
    if rows:
        terminal.say()
        terminal.show_table(rows, COLUMNS, json=False, empty="")
        terminal.say()
        terminal.say("See them with: outrider people list --org demo")


def _announce(address: str) -> None:
    terminal.say()
    terminal.say(f"Outrider is at {address}   (Ctrl-C stops it)", style="bold green")


@app.command("serve")
def serve_command() -> None:
    """Serve HTTP and nothing else.

    For a host of its own: jobs are run by outrider worker. Listens on OUTRIDER_HOST and OUTRIDER_PORT.
    """
    from outrider import web

    with terminal.reporting(json=False), runtime.stoppable():
        chosen = settings()
        web.listen(chosen.host, chosen.port).close()

        async def work() -> None:
            async with runtime.opened(program="web") as place, _kept(_keep_database(place)):
                await _until_stopped(web.serve(chosen, manage_pool=False, on_listening=_announce))

        with runtime.started(runtime.installation(chosen)):
            runtime.run(work())


@app.command("worker")
def worker_command(
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=64, help="Jobs that run at once.")] = 4,
    only: Annotated[Part | None, typer.Option("--only", help="Do one of the two things that a worker does.", show_default=False)] = None,
    until_stdin_closes: Annotated[
        bool, typer.Option("--until-stdin-closes", hidden=True, help="Stop when the parent process is gone.")
    ] = False,
    to_demo_mail: Annotated[bool, typer.Option("--to-demo-mail", hidden=True, help="Mail may go to the demo's server.")] = False,
) -> None:
    """Run jobs and send what is due, until stopped.

    Any number of workers may run, on any number of hosts. One that is killed loses nothing: another takes its jobs
    over.
    """

    async def work() -> None:
        from outrider import worker

        logs.configure(settings().log_level)
        if to_demo_mail:
            outgoing.allow(DEMO_MAIL_HOST, settings().demo_mail_port)
        stop = asyncio.Event()
        async with runtime.opened(announce=False, program="worker") as place, _kept(_keep_database(place)):
            await _until_stopped(
                worker.run(place.urls.worker, stop=stop, concurrency=concurrency, only=only.value if only else None), stop.set
            )

    with terminal.reporting(json=False), runtime.stoppable(), runtime.started(runtime.installation(settings())):
        if until_stdin_closes:  # from here on a signal makes us let go of the server
            threading.Thread(target=_stop_with_parent, daemon=True).start()
        runtime.run(work())


def _stop_with_parent() -> None:
    with suppress(OSError):
        while os.read(sys.stdin.fileno(), 1):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


async def _until_stopped(work: Coroutine[Any, Any, None], stop: Callable[[], None] | None = None) -> None:
    """Await `work`; a Ctrl-C or SIGTERM, which cancels us, ends it by `stop` (None: by cancelling it) and counts as its
    good end.
    """
    running = asyncio.ensure_future(work)
    try:
        await asyncio.wait({running})
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) is not None:
            task.uncancel()
        if not running.done():
            stop() if stop else running.cancel()
            await asyncio.wait({running})
    if not running.cancelled():
        running.result()


@asynccontextmanager
async def _kept(keeper: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run a keeper for the time of the block, and let it clean up at the end."""
    task = asyncio.create_task(keeper)
    try:
        yield
    finally:
        task.cancel()
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})


async def _keep_database(place: runtime.Installation) -> None:
    """Start the embedded server again when it was killed. Whoever uses it waits meanwhile, or tries again."""
    embedded = place.embedded
    while embedded is not None:
        await asyncio.sleep(LOOK_SECONDS)
        if embedded.pid() is not None or not embedded.exists:
            continue
        terminal.warn("The database is gone; starting it again ...")
        try:
            await asyncio.to_thread(embedded.start)
        except Unavailable as error:
            terminal.show_error(error, json=False)
            await asyncio.sleep(LONGEST_WAIT)


async def _keep_worker(has_demo: bool) -> None:
    """Keep a worker running. With the demo, mail may go to its server."""
    wait = FIRST_WAIT
    options = ["--to-demo-mail"] if has_demo else []
    while True:
        begun = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "outrider", "worker", "--until-stdin-closes", *options,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in our terminal comes to it through us
            env={"OUTRIDER_LOG_LEVEL": QUIET_LEVEL, **os.environ},
        )  # fmt: skip
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
        wait = FIRST_WAIT if time.monotonic() - begun > LONG_LIFE else wait
        terminal.warn(f"The worker ended with code {code}; a new one starts in {wait:.0f} s.")
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), WORKER_END_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
