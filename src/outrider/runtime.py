"""An installation at work: server up, database migrated, default organization there, pool open.

The way in for every command and service.

Composition only: knows no domain rule. Slices use `run_in` in their `commands` and nothing else of this.
"""

import asyncio
import os
import pwd
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from outrider import tenancy
from outrider.database import migrate as migrations
from outrider.kit import database, keyring, outgoing, public_address, secrets, spool, terminal
from outrider.kit.errors import Conflict, OutriderError, Unavailable
from outrider.kit.failures import Terminated, explain
from outrider.kit.server import EmbeddedServer
from outrider.kit.urls import Urls, checked, with_user
from outrider.settings import DEMO_MAIL_HOST, Settings
from outrider.settings import settings as read_settings
from outrider.tenancy import DEFAULT_ORGANIZATION, Actor, Caller, OrganizationId

T = TypeVar("T")
APP, WORKER = "outrider_app", "outrider_worker"
Program = Literal["command", "web", "worker"]
SENDER_CONNECTIONS = 5
"""What the sender takes beside the jobs."""


@dataclass(frozen=True)
class Installation:
    """Where this Outrider keeps its data and how its database is reached; `embedded` is None with OUTRIDER_DATABASE_URL
    set.
    """

    home: Path
    urls: Urls
    embedded: EmbeddedServer | None


@dataclass
class Session:
    """What a command works with: the organization it acts in, who acts, and whether the answer is to be JSON."""

    organization_id: OrganizationId
    actor: Actor
    json: bool
    installation: Installation
    caller: Caller


def installation(settings: Settings) -> Installation:
    """Return the installation that the settings describe. No side effects: nothing is made, started or connected to.

    On a server of the operator's own, the passwords of our roles follow from the secret key; while there is no key yet,
    they are left out.
    """
    home = settings.home_path
    if settings.database_url is None:
        embedded = EmbeddedServer(home)
        return Installation(home, embedded.urls(), embedded)
    key = secrets.secret_key(home, settings.secret_key) if settings.secret_key or (home / "secret.key").exists() else None

    admin = checked(settings.database_url, "OUTRIDER_DATABASE_URL")

    def login(role: str, configured: str | None, setting: str) -> str:
        if configured:
            return checked(configured, setting)
        return with_user(admin, role, secrets.derive(key, f"database/{role}") if key else None)

    app = login(APP, settings.app_database_url, "OUTRIDER_APP_DATABASE_URL")
    return Installation(home, Urls(admin, app, login(WORKER, settings.worker_database_url, "OUTRIDER_WORKER_DATABASE_URL")), None)


def make_key(settings: Settings) -> bytes:
    """Return the secret key, made when there is none. Raises `Unavailable` when the home folder cannot be written."""
    home = settings.home_path
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return secrets.secret_key(home, settings.secret_key)
    except OSError as error:
        raise explain(error) or Unavailable(
            f"Outrider cannot write to {error.filename or home} ({error.strerror}): make it yours, or set OUTRIDER_HOME to another folder."
        ) from error


def passwords(settings: Settings) -> dict[str, str]:
    """Return {role: password} for the roles whose connection string Outrider derives; empty for the embedded server."""
    if settings.database_url is None:
        return {}
    key = make_key(settings)
    configured = {APP: settings.app_database_url, WORKER: settings.worker_database_url}
    return {role: secrets.derive(key, f"database/{role}") for role, url in configured.items() if url is None}


def account() -> str:
    """Return the name of the operating system's account that runs us; its number when it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def me() -> Actor:
    """Return the actor of a command: `cli:<account>`."""
    return Actor("cli", account())


@contextmanager
def started(place: Installation) -> Iterator[None]:
    """Keep the embedded server up for the time of the block; nothing to do for another one. Raises `Unavailable`."""
    if place.embedded is None:
        yield
        return
    place.embedded.start()
    try:
        yield
    finally:
        place.embedded.release()


async def ensure_migrated(place: Installation, settings: Settings) -> migrations.Plan:
    """Check the server, and migrate it if anything is pending; returns what was applied now (nothing, mostly).

    Raises `Unavailable`.
    """
    plan = await migrations.plan(place.urls.admin)
    if plan.up_to_date and (place.embedded is not None or await migrations.can_log_in(place.urls.app)):
        return migrations.Plan([], [], plan.not_leakproof)
    return await migrations.migrate(place.urls.admin, passwords=passwords(settings))


async def ensure_default(settings: Settings) -> str | None:
    """Make the default organization and its admin if they are missing; returns the admin's password if one was made
    now.

    Needs the pool. Seed 004: the organization's id and the admin of the initial set-up.
    """
    from outrider import people, reports  # here, since most commands find everything made

    with suppress(Conflict):
        if await tenancy.list_members(DEFAULT_ORGANIZATION, me()):
            return None
        await tenancy.create_organization("Default", "default", DEFAULT_ORGANIZATION)
        await people.schedule(DEFAULT_ORGANIZATION, me())
        await reports.schedule(me())
        await reports.schedule_feedback(DEFAULT_ORGANIZATION, me())
    with suppress(Conflict):  # another process was first
        return await tenancy.add_member(DEFAULT_ORGANIZATION, me(), settings.admin_email, "owner", "Admin")
    return None


def prepare(home: Path, settings: Settings) -> None:
    """Tell the kit what it needs of the settings: files, keys, whom we may connect to, where others find us. Raises `Unavailable`."""
    spool.configure(home / "files")
    keyring.configure(secrets.secret_keys(home, settings.secret_key, settings.old_secret_keys))
    outgoing.configure(allow_private=settings.allow_private_hosts)
    public_address.configure(settings.public_url, _demo_of(settings))


def _demo_of(settings: Settings) -> public_address.Demo | None:
    """Return where `outrider up` takes the demo's mail; None when it does not."""
    if not settings.demo_mail_port:
        return None
    return public_address.Demo(DEMO_MAIL_HOST, settings.demo_mail_port, settings.own_address)


@asynccontextmanager
async def connected(place: Installation, settings: Settings, *, admin: bool = False, program: Program = "command") -> AsyncIterator[None]:
    """Open the process's pool for the time of the block, and say where its files are. Nothing is migrated or made.

    The server lists our connections under `program`. A web server's statements may take OUTRIDER_STATEMENT_TIMEOUT, those of
    others as long as they need.
    """
    prepare(place.home, settings)
    url = place.urls.admin if admin else place.urls.app
    async with database.connect(
        url,
        size=settings.pool_size + (SENDER_CONNECTIONS if program == "worker" else 0),
        statement_cache=settings.statement_cache,
        name=f"outrider {program}",
        statement_timeout=settings.statement_timeout if program == "web" else 0,
    ):
        yield


@asynccontextmanager
async def opened(
    *, migrate: bool = True, admin: bool = False, program: Program = "command", announce: bool = True
) -> AsyncIterator[Installation]:
    """Open the installation for the time of the block: server, migrations, default organization, and the pool of
    `kit.database`.

    The pool is the application role's; with `admin` the administrator's, whom row security does not bind. `program` is
    as for `connected`.
    `migrate=False` leaves the database as it is. With `announce`, a password made for the first admin is printed on
    standard error, this once. Raises `Unavailable` with one sentence when the machine or the server is not in a state
    to work.
    """
    settings = read_settings()
    make_key(settings)
    place = installation(settings)
    with started(place):
        if migrate:
            await ensure_migrated(place, settings)
        async with connected(place, settings, admin=admin, program=program):
            if migrate and (password := await ensure_default(settings)) and announce:
                terminal.say(password_note(settings.admin_email, password), stderr=True)
            yield place


def password_note(email: str, password: str) -> str:
    """Return what is said once about a password that was made."""
    again = f"shown only now; another one: outrider users reset {email}"
    return f"Made the account {email} with the password {password}  ({again})"


async def session(place: Installation, org: str | None, *, json: bool = False) -> Session:
    """Return what a command works with, in the organization that `org` names; None: the one of `outrider --org`, or the
    default one.

    Raises `NotFound` for an unknown organization. Needs the pool.
    """
    wanted = org or os.environ.get("OUTRIDER_ORG")
    organization = await tenancy.find_organization(wanted) if wanted else DEFAULT_ORGANIZATION
    return Session(organization, me(), json, place, Caller(organization, me(), "owner", tenancy.scopes_of("owner", organization)))


def run_in(fn: Callable[[Session], Awaitable[T]], *, org: str | None = None, json: bool = False, migrate: bool = True) -> T:
    """Run `fn` in an open installation and return what it returns: how every slice's command does its work.

    What goes wrong is told in one sentence on standard error (a problem object with `json`) and raised as `typer.Exit`
    with the exit code of `terminal.EXIT_CODES`. Ctrl-C and SIGTERM cancel `fn`, whose transaction rolls back, and let
    go of the server.
    """

    async def work() -> T:
        async with opened(migrate=migrate) as place:
            return await fn(await session(place, org, json=json))

    with terminal.reporting(json=json), stoppable(), started(installation(read_settings())):
        return run(work())


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, with `Terminated`, so that what was started is stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(*_: object) -> None:
        raise Terminated

    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on an event loop of its own; SIGTERM cancels it and raises `Terminated`, Ctrl-C
    `KeyboardInterrupt`.
    """
    from uvloop import new_event_loop

    in_main_thread = threading.current_thread() is threading.main_thread()
    terminated = False

    async def watched() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def terminate(*_: object) -> None:
            nonlocal terminated
            terminated = True
            if task is not None:
                loop.call_soon_threadsafe(task.cancel)

        if in_main_thread:
            signal.signal(signal.SIGTERM, terminate)
        return await work

    before = signal.getsignal(signal.SIGTERM)
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(watched())
    except asyncio.CancelledError:
        raise (Terminated() if terminated else KeyboardInterrupt()) from None
    finally:
        if in_main_thread:
            signal.signal(signal.SIGTERM, before)


__all__ = ["Installation", "OutriderError", "Session", "installation", "opened", "run", "run_in", "session", "started"]
