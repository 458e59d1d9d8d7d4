"""psql, set up as an organization's: an administrator's login that acts as outrider_console, so that RESET ROLE comes
back to row security.

Puts no password into an argument list, where other accounts of the machine could read it.
"""

import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from outrider import runtime, tenancy
from outrider.kit.errors import Unavailable
from outrider.kit.server import Binaries

ROLE = "outrider_console"
SERVER_MAJOR = 18


def open_console(session: runtime.Session, arguments: list[str], *, environment: dict[str, str]) -> int:
    """Run psql on our terminal until it ends, and return its exit code. Raises `Unavailable` when there is no psql."""
    interactive = sys.stdin.isatty() and not any(argument in ("-c", "-f") for argument in arguments)
    program = find_psql(interactive=interactive)
    target, secrets = connection(session)
    stop = [] if interactive else ["-v", "ON_ERROR_STOP=1"]
    # Ctrl-C is psql's: it cancels the query. A handler, and not SIG_IGN, since what is ignored stays ignored in a
    # child.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        process = subprocess.Popen([*program, *stop, "-d", target, *arguments], env=environment | secrets)
        try:
            return process.wait()
        except BaseException:
            with suppress(ProcessLookupError):
                process.terminate()
            process.wait()
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def connection(session: runtime.Session) -> tuple[str, dict[str, str]]:
    """Return the administrator's connection string without its password, and the environment that goes with it."""
    parts = urlsplit(session.installation.urls.admin)
    query = dict(parse_qsl(parts.query))
    settings = {
        "role": ROLE,
        "app.organization_id": str(session.organization_id),
        "app.actor": str(session.actor),
        "search_path": f'"{tenancy.schema_of(session.organization_id)}",public,ops',
    }
    options = " ".join(f"-c {name}={escaped(value)}" for name, value in settings.items())
    secrets = {"PGOPTIONS": f"{query.pop('options', '')} {options}".strip(), "PGAPPNAME": "outrider psql"}
    if password := parts.password or query.pop("password", None):
        secrets["PGPASSWORD"] = unquote(password)
    account, at, host = parts.netloc.rpartition("@")
    netloc = f"{account.partition(':')[0]}{at}{host}"
    return urlunsplit((parts.scheme, netloc, parts.path, urlencode(query, safe="/", quote_via=quote), "")), secrets


def escaped(value: str) -> str:
    """Return a value as the server's `options` take it: blanks and backslashes escaped."""
    return re.sub(r"([\\\s])", r"\\\1", value)


def find_psql(*, interactive: bool) -> list[str]:
    """Return the command line of a psql: the embedded one, which cannot edit its input line, or for a person the
    system's own if it is no older.

    Raises `Unavailable` when there is none.
    """
    system = shutil.which("psql")
    if interactive and system and _major(system) >= SERVER_MAJOR:
        return [system]
    with suppress(Unavailable):
        embedded = Binaries.find().path("psql")
        editor = shutil.which("rlwrap") if interactive else None
        return [editor, "-a", embedded] if editor else [embedded]
    if system:
        return [system]
    raise Unavailable("There is no psql on this machine: install PostgreSQL's client (apt install postgresql-client), or run make setup.")


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)", said)
    return int(found[1]) if found else 0
