"""`outrider doctor`: looks at everything that can be wrong, and says what to do.

Changes nothing; never prints a secret.
"""

import asyncio
import os
import platform
import shutil
import stat
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg
import typer

from outrider import __version__, runtime
from outrider.database import migrate
from outrider.kit import database, server_settings, sql, terminal
from outrider.kit.errors import OutriderError
from outrider.kit.failures import explain
from outrider.kit.server import LEAST_FREE_BYTES
from outrider.kit.terminal import Json
from outrider.settings import Settings, settings

app = typer.Typer()
queries = sql.load(Path(__file__).parent / "queries.sql")
OK, WARN, FAIL = "ok", "warn", "fail"
STYLES = {OK: "green", WARN: "yellow", FAIL: "red"}
COMFORTABLE_FREE_BYTES = 5 * 2**30
SECRETS = ("database_url", "app_database_url", "worker_database_url", "secret_key", "old_secret_keys", "smtp_url", "oidc_client_secret")
NOT_REACHED_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, what was seen, and what to do about it ('' for nothing)."""

    check: str
    status: str
    found: str
    to_do: str = ""


@app.command("doctor")
def doctor_command(json: Json = False) -> None:
    """Look at everything that can be wrong and say what to do.

    Each line is ok, warn (it works, but not as well as it could) or fail. The exit code is 1 if anything fails.
    """
    with terminal.reporting(json=json), runtime.stoppable():
        findings = [*on_this_machine(settings()), *signing_in(settings()), *in_the_database(settings())]
    if json:
        terminal.show_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            _show(finding)
        terminal.say(_summary(findings))
    if any(finding.status == FAIL for finding in findings):
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    if not sys.stdout.isatty():
        print(f"{finding.status:<4}  {finding.check:<13}  {finding.found}" + (f"  -> {finding.to_do}" if finding.to_do else ""))
        return
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    for width in (4, 13, None):
        grid.add_column(width=width, overflow="fold")
    grid.add_row(Text(finding.status, STYLES[finding.status]), finding.check, Text(finding.found))
    if finding.to_do:
        grid.add_row("", "", Text(f"→ {finding.to_do}", "bold"))
    terminal.console().print(grid)


def _summary(findings: list[Finding]) -> str:
    failed, warned = (sum(finding.status == status for finding in findings) for status in (FAIL, WARN))
    if not failed and not warned:
        return "All is well."
    return ", ".join(f"{number} {word}" for number, word in ((failed, "failed"), (warned, "to look at")) if number) + "."


def on_this_machine(chosen: Settings) -> Iterator[Finding]:
    """Look at what needs no database: versions, settings, home folder, disk."""
    python = platform.python_version()
    yield Finding("versions", OK, f"Outrider {__version__}, Python {python}, {platform.system()} {platform.machine()}")
    changed = [f"{name}={'(set)' if name in SECRETS else getattr(chosen, name)}" for name in sorted(chosen.model_fields_set)]
    yield Finding("settings", OK, ", ".join(changed) or "all as they come")
    home = chosen.home_path
    nearest = next(path for path in (home, *home.parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        yield Finding("home", FAIL, f"{home} cannot be written", "make it yours, or set OUTRIDER_HOME to another folder")
    else:
        yield Finding("home", OK, f"{home}" + ("" if home.exists() else " (made at the first start)"))
    free = shutil.disk_usage(nearest).free
    status = FAIL if free < LEAST_FREE_BYTES else WARN if free < COMFORTABLE_FREE_BYTES else OK
    yield Finding(
        "disk",
        status,
        f"{free / 2**30:,.1f} GB free",
        "free some space, or set OUTRIDER_HOME to a folder on another disk" if status != OK else "",
    )
    yield _secret_key(home, chosen)


def _secret_key(home: Path, chosen: Settings) -> Finding:
    path = home / "secret.key"
    if chosen.secret_key:
        return Finding("secret key", OK, "from OUTRIDER_SECRET_KEY")
    if not path.exists():
        return Finding("secret key", OK, "made at the first start")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding("secret key", WARN, f"{path} can be read by others (mode {mode:o})", f"chmod 600 {path}")
    return Finding("secret key", OK, f"{path}; keep a copy with your backups")


def signing_in(chosen: Settings) -> Iterator[Finding]:
    """Look at whether password links and the other provider would work, where they are set up."""
    from outrider.tenancy.entrance import Entrance

    try:
        entrance = Entrance.of(**chosen.entrance)
    except OutriderError as error:
        yield Finding("sign-in", FAIL, error.message, "see docs/sign-in.md")
        return
    if entrance.mailer is None:
        yield Finding("mail", OK, "none: outrider users reset gives new passwords")
    else:
        yield _answering("mail", entrance.mailer.host, entrance.mailer.check)
    if entrance.provider is not None:
        yield _answering("single sign-on", entrance.provider.issuer, entrance.provider.check)


def _answering(check: str, name: str, ask: Callable[[], Coroutine[Any, Any, None]]) -> Finding:
    try:
        runtime.run(ask())
    except OutriderError as error:
        return Finding(check, FAIL, error.message, "see docs/sign-in.md")
    return Finding(check, OK, f"{name} answers")


def in_the_database(chosen: Settings) -> list[Finding]:
    """Look at the server and what is in it; one failed line when it cannot be reached."""
    place = runtime.installation(chosen)
    if place.embedded is not None and not place.embedded.exists:
        return [Finding("server", WARN, "embedded, not made yet", "outrider up makes it")]
    try:
        with runtime.started(place):
            return runtime.run(_collect(place))
    except (OutriderError, OSError, asyncpg.PostgresError) as error:
        known = explain(error)
        return [Finding("server", FAIL, known.message if known else str(error), "then run outrider doctor again")]


async def _collect(place: runtime.Installation) -> list[Finding]:
    return [finding async for finding in _look(place)]


async def _look(place: runtime.Installation) -> AsyncIterator[Finding]:
    plan = await migrate.plan(place.urls.admin)
    connection = await asyncpg.connect(place.urls.admin, timeout=NOT_REACHED_SECONDS)
    try:
        facts = await queries.server_settings(connection)
        extensions = {row["name"]: row["version"] async for row in queries.extensions(connection)}
        dangerous = [row["name"] async for row in queries.dangerous_roles(connection)]
    finally:
        await connection.close()
    kind = "embedded" if place.embedded else "OUTRIDER_DATABASE_URL"
    yield Finding(
        "server",
        OK,
        f"PostgreSQL {facts['version']} ({kind}), up for {terminal.duration(facts['uptime'])}, database of {facts['database_size']:,} MB",
    )
    missing = [name for name in migrate.EXTENSIONS if name not in extensions]
    listed = ", ".join(f"{name} {version}" for name, version in extensions.items())
    yield Finding(
        "extensions",
        FAIL if missing else OK,
        listed or "none",
        f"outrider migrate adds {', '.join(missing)}" if missing else "",
    )
    if plan.pending:
        yield Finding("migrations", FAIL, f"{len(plan.pending)} pending, from {plan.pending[0]}", "outrider migrate")
    else:
        yield Finding(
            "migrations",
            OK,
            f"all {len(plan.applied)} have run" + (", look-up lists are of another version" if plan.stale_lists else ""),
        )
    if dangerous:
        roles = ", ".join(dangerous)
        yield Finding("row security", FAIL, f"does not bind {roles}", f"ALTER ROLE {dangerous[0]} NOSUPERUSER NOBYPASSRLS")
    else:
        yield Finding("row security", OK, "binds every role of ours")
    yield _leakproof(plan.not_leakproof)
    for finding in _server_health(dict(facts)):
        yield finding
    async for finding in _at_work(place, pending=bool(plan.pending)):
        yield finding


def _leakproof(signatures: list[str]) -> Finding:
    """Row security hides rows from a function that might tell on them, so such operators cannot use an index until they
    are marked.
    """
    if not signatures:
        return Finding("leakproof", OK, "searches use every index under row security")
    statements = " ".join(f"ALTER FUNCTION pg_catalog.{each} LEAKPROOF;" for each in signatures)
    return Finding(
        "leakproof", WARN, f"{len(signatures)} operators cannot use an index under row security: searches by part of "
                           "a name, e-mail or company, and by score, "
        "read whole tables", f"as a superuser of the server: {statements}",
    )  # fmt: skip


def _server_health(facts: dict[str, Any]) -> Iterator[Finding]:
    memory = server_settings.memory()
    shown = f"shared_buffers {facts['shared_buffers']:,} MB, work_mem {facts['work_mem']} MB, machine {memory:,} MB"
    if facts["shared_buffers"] < 128 and memory > 2048:
        yield Finding("memory", WARN, shown, f"raise shared_buffers to {memory // 8} MB")
    elif facts["shared_buffers"] > memory // 2:
        yield Finding("memory", WARN, shown, f"lower shared_buffers to {memory // 4} MB, if the server runs on this machine")
    else:
        yield Finding("memory", OK, shown)
    if not (facts["is_fsync"] and facts["is_full_page_writes"]):
        yield Finding(
            "durability",
            FAIL,
            "fsync or full_page_writes is off: a power cut can destroy the database",
            "set both to on",
        )
    elif not facts["is_checksums"]:
        yield Finding(
            "durability",
            WARN,
            "data checksums are off: a failing disk goes unnoticed",
            "stop the server and run pg_checksums --enable",
        )
    else:
        yield Finding("durability", OK, "data checksums, fsync and full_page_writes are on")
    if facts["max_connections"] < 3 * settings().pool_size:
        yield Finding(
            "connections",
            WARN,
            f"max_connections is {facts['max_connections']}",
            "raise it, or lower OUTRIDER_POOL_SIZE",
        )
    else:
        yield Finding("connections", OK, f"up to {facts['max_connections']}, {settings().pool_size} for each process of ours")


async def _at_work(place: runtime.Installation, *, pending: bool) -> AsyncIterator[Finding]:
    """Look as the application: can it log in, are its organizations there, does a worker live, how does the server do."""
    from outrider import ops, reports, tenancy

    try:
        async with asyncio.timeout(NOT_REACHED_SECONDS), database.connect(place.urls.app, size=1):
            if pending:
                return
            organizations = len(await tenancy.all_organizations())
            do = "" if organizations else "outrider setup"
            yield Finding("organizations", OK if organizations else WARN, f"{organizations}", do)
            workers = await ops.workers_alive()
            found = f"{workers} alive" if workers else "none alive: jobs wait"
            yield Finding("worker", OK if workers else WARN, found, "" if workers else "outrider up, or outrider worker")
            health = await reports.read_health(tenancy.DEFAULT_ORGANIZATION, runtime.me(), with_pool=False)
            pressing = [finding for finding in health.findings if finding.severity != "good"]
            found = pressing[0].text if pressing else "queries, indexes, growth and upkeep look good"
            yield Finding("database", WARN if pressing else OK, found, "outrider database says all of it" if pressing else "")
    except (OutriderError, OSError, TimeoutError, asyncpg.PostgresError) as error:
        known = explain(error)
        yield Finding("application", FAIL, known.message if known else f"{type(error).__name__}: {error}", "outrider migrate")
