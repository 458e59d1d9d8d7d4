"""A machine of our own to do harm to: an embedded server in its own home, worker processes, and an import that they run."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil

from outrider.kit.server import EmbeddedServer

ROOT = Path(__file__).parent.parent.parent
LONGEST_STILL = 300.0  # seconds without a new row after which something hangs; retries wait twice as long each time

WRITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE state = 'active' AND position('f_import_rows' IN query) > 0 AND pid <> pg_backend_pid()"""


@dataclass(frozen=True)
class Running:
    """An import that workers run."""

    organization: UUID
    id: UUID


@dataclass(frozen=True)
class Kill:
    """What was killed, after how many committed rows and seconds, and whether a chunk was being written."""

    what: str
    rows: int
    seconds: float
    inside_a_chunk: bool


@dataclass
class Scene:
    """Server, worker and clock. `worker` is the command that starts one.

    The home is no folder of pytest's: another run beside this one would shut the server's account out of it.
    """

    worker: list[str]
    home: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="outrider-kills-")))
    settings: dict[str, str] = field(default_factory=dict)
    server: EmbeddedServer = field(init=False)
    process: subprocess.Popen[bytes] | None = None
    peak: int = 0
    fallen: int = 0  # workers that ended without being told to

    def __post_init__(self) -> None:
        self.server = EmbeddedServer(self.home, self.settings)

    @property
    def log(self) -> Path:
        """What the workers said."""
        return self.home / "worker.log"

    def look_after_worker(self) -> None:
        """Start another worker when the last one ended by itself, as `outrider up` and every supervisor do."""
        if self.process is not None and self.process.poll() is not None:
            self.fallen += 1
            self.start_worker()

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a fresh machine: none of ours but the home."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OUTRIDER_")}
        return kept | {"OUTRIDER_HOME": str(self.home), "OUTRIDER_LOG_LEVEL": "WARNING", "TERM": "dumb"}

    def open(self) -> None:
        """Start the server."""
        self.server.start()

    def close(self) -> None:
        """End the worker and the server, and remove what they wrote."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.server.release()
        shutil.rmtree(self.home, ignore_errors=True)

    def begin(self, file: Path, name: str) -> Running:
        """Hand a file to an organization of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.proof.begin", str(file), name, "proof"],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return Running(*map(UUID, done.stdout.split()))

    def start_worker(self) -> None:
        """Start a worker, as a supervisor does after the death of the last one."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, *self.worker], env=self.environment, cwd=ROOT, stdout=log, stderr=log)

    def kill_worker(self) -> None:
        """SIGKILL the worker."""
        self.look_after_worker()
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    async def connect(self) -> asyncpg.Connection:
        """Connect as the server's superuser, whom row security does not bind; waits for a server that is down."""
        while True:
            try:
                return await asyncpg.connect(self.server.url("postgres"))
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)

    async def run(self, running: Running, *, until: int | None = None) -> tuple[str, int]:
        """Wait until the import is over, or has `until` rows; its state and rows. Fails when nothing moves any more."""
        connection, rows, since = await self.connect(), -1, time.monotonic()
        try:
            while True:
                try:
                    found = await connection.fetchrow("SELECT state, rows_read FROM intake.imports WHERE id = $1", running.id)
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    connection = await self.connect()
                    continue
                if found["rows_read"] != rows:
                    rows, since = found["rows_read"], time.monotonic()
                if found["state"] not in ("queued", "running") or (until is not None and rows >= until):
                    return found["state"], rows
                assert time.monotonic() - since < LONGEST_STILL, f"it stands still at row {rows}\n{self.log.read_text()[-3000:]}"
                self.look_after_worker()
                self._weigh()
                await asyncio.sleep(0.02)
        finally:
            connection.terminate()

    async def harm(self, running: Running, what: str, row: int, wait: float, begun: float) -> Kill:
        """Kill worker, database or both, `wait` seconds after the import has `row` rows, and start again what was killed."""
        state, _ = await self.run(running, until=row)
        await asyncio.sleep(wait)
        connection = await self.connect()
        inside = await connection.fetchval(WRITING)
        rows = await connection.fetchval("SELECT rows_read FROM intake.imports WHERE id = $1", running.id)
        connection.terminate()
        assert state == "running", f"it was {state} before it could be disturbed"
        seconds = time.monotonic() - begun
        if what != "worker":
            with contextlib.suppress(psutil.NoSuchProcess):  # one of its children ended by itself meanwhile
                self.server.kill()
        if what != "database":
            self.kill_worker()
        if what != "worker":
            self.server.start()
        if what != "database":
            self.start_worker()
        return Kill(what, rows, round(seconds, 1), bool(inside))

    def _weigh(self) -> None:
        try:
            process = psutil.Process(self.process.pid if self.process else 0)
            memory = sum(
                each.memory_info().rss for each in (process, *process.children(recursive=True)) if not each.name().startswith("postgres")
            )
            self.peak = max(self.peak, memory)
        except psutil.Error:
            return


def plan(rng: random.Random, rows: int, rounds: list[list[str]]) -> list[tuple[str, int]]:
    """What is killed at which row: each round in a stretch of the file of its own, its kills at random rows in random order."""
    stretch = rows * 0.85 / len(rounds)
    planned = []
    for number, kinds in enumerate(rounds):
        places = sorted(rng.uniform(0.03 * rows + number * stretch, 0.03 * rows + (number + 1) * stretch) for _ in kinds)
        planned += zip(rng.sample(kinds, len(kinds)), map(int, places), strict=True)
    return planned
