"""A campaign that workers send to a sink, while they and the database are killed: what the sink has against what the ledger says."""

import asyncio
import contextlib
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import psutil

from outrider.kit import database, keyring, secrets
from tests.proof.scene import ROOT
from tests.proof.scene import Scene as Machine
from tests.sending.scene import Scene

BEHAVIOUR = "421=0.03,450=0.03,550=0.004,data450=0.02,data554=0.004,drop_before=0.02,drop_after=0.01,lose_after=0.01,hang=0.002"
LONGEST_STILL = 90.0
UNDONE = ("queued", "claimed", "sending")
COUNTS = "SELECT status, count(*) FROM sending.messages WHERE organization_id = $1 GROUP BY 1"


@dataclass
class Campaign:
    """A machine of its own with workers that send, and a sink beside it that nothing kills."""

    people: int
    workers: int = 4
    daily_limit: int = 100_000
    machine: Machine = field(default_factory=lambda: Machine([]))
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    organization: UUID = field(default_factory=uuid4)
    kills: Counter[str] = field(default_factory=Counter)
    settled: Counter[str] = field(default_factory=Counter)

    @property
    def accepted_file(self) -> Path:
        """What the sink wrote down."""
        return self.machine.home / "accepted"

    def accepted(self) -> list[tuple[float, str, str]]:
        """(time, Message-ID, recipient) of every message that the sink took."""
        if not self.accepted_file.exists():
            return []
        lines = (line.split(" ", 2) for line in self.accepted_file.read_text().splitlines())
        return [(float(at), message_id, recipient) for at, message_id, recipient in lines]

    async def open(self) -> None:
        """Start server and sink, migrate, and make the campaign."""
        environment = self.machine.environment | {"OUTRIDER_ALLOW_PRIVATE_HOSTS": "true", "OUTRIDER_PUBLIC_URL": "https://out.example"}
        self._environment = environment
        await asyncio.to_thread(self.machine.open)
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-m", "outrider", "migrate"], env=environment, cwd=ROOT, capture_output=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        keyring.configure([secrets.secret_key(self.machine.home, None)])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.sink = subprocess.Popen(  # noqa: ASYNC220  (a moment, once)
            [sys.executable, "-m", "tests.sending.sink", str(port), str(self.accepted_file), BEHAVIOUR, "0.05"], cwd=ROOT
        )
        connection = await self.connect()
        await connection.execute("SELECT set_config('app.organization_id', $1, false)", str(self.organization))
        await connection.execute("SELECT tenancy.f_create_organization('Proof', 'proof', $1)", self.organization)
        await connection.execute("UPDATE tenancy.organizations SET physical_address = '1 Long Street' WHERE id = $1", self.organization)
        scene = Scene(connection, self.organization)
        self.mailboxes = [await scene.mailbox(smtp_port=port, daily_limit=self.daily_limit) for _ in range(4)]
        self.campaign = await scene.campaign(*self.mailboxes)
        # Nobody's bounces are to pause a mailbox here: this is about kills.
        await scene.run("UPDATE sending.mailboxes SET resumed_at = '2999-01-01' WHERE organization_id = kit.f_organization()")
        for number in range(20):
            await scene.enroll(self.campaign, self.people // 20, domain=f"d{number}.example")
        await connection.close()

    async def connect(self) -> asyncpg.Connection:
        """Connect as the server's superuser; waits for a server that is down."""
        connection = await self.machine.connect()
        await database.prepare_connection(connection)
        return connection

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start one more worker."""
        with self.machine.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.proof.small_sender"], env=self._environment, cwd=ROOT, stdout=log, stderr=log
            )

    async def close(self) -> None:
        """End everything that was started."""
        for process in [*self.processes, self.sink]:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.to_thread(process.wait)
        await asyncio.to_thread(self.machine.close)

    async def run(self, worker_kills: int, database_kills: int, rng: random.Random, say: Callable[[str], None] = lambda _: None) -> None:
        """Send to the end, with so many kills on the way, and settle by the sink's record what is in doubt."""
        self.processes = [self.start_worker() for _ in range(self.workers)]
        plan = rng.sample(["worker"] * worker_kills + ["database"] * database_kills, worker_kills + database_kills)
        connection, counts, since = await self.connect(), {}, time.monotonic()
        places = sorted(rng.uniform(0, 0.9 * self.people) for _ in plan)
        while True:
            try:
                found = {row["status"]: row["count"] for row in await connection.fetch(COUNTS, self.organization)}
                undone = self.people - sum(found.values()) + sum(found.get(status, 0) for status in UNDONE)
                # What is in doubt is settled at the end, and, so that it comes again among kills, now and then before.
                if found.get("unknown") and (undone == 0 or rng.random() < 0.05):
                    await self._settle(connection)
                    continue
                if found.get("queued"):
                    await self._hurry(connection)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection = await self.connect()
                continue
            if undone == 0 and not found.get("unknown"):
                break
            if found != counts:
                counts, since = found, time.monotonic()
            assert time.monotonic() - since < LONGEST_STILL, f"it stands still at {found}\n{self.machine.log.read_text()[-3000:]}"
            if plan and self.people - undone >= places[0]:
                del places[0]
                await asyncio.sleep(rng.uniform(0, 0.2))
                await self._kill(plan.pop(), rng)
                say(f"  {sum(self.kills.values()):>4} kills, {found}")
            self._look_after_workers()
            await asyncio.sleep(0.05)
        await connection.close()

    def _look_after_workers(self) -> None:
        self.processes = [process if process.poll() is None else self.start_worker() for process in self.processes]

    async def _kill(self, what: str, rng: random.Random) -> None:
        self.kills[what] += 1
        if what == "worker":
            rng.choice(self.processes).send_signal(signal.SIGKILL)
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            await asyncio.to_thread(self.machine.server.kill)
        await asyncio.to_thread(self.machine.server.start)

    async def _settle(self, connection: asyncpg.Connection) -> None:
        """Look into the sink's record, as a person looks into the Sent folder."""
        rows = await connection.fetch(
            "SELECT id, message_id FROM sending.messages WHERE organization_id = $1 AND status = 'unknown' "
            "AND last_attempt_at < clock_timestamp() - interval '4 s'", self.organization,
        )  # fmt: skip
        taken = {message_id for _, message_id, _ in self.accepted()}
        for row in rows:
            outcome = "sent" if row["message_id"] in taken else "not_sent"
            async with connection.transaction():
                await connection.execute("SELECT set_config('app.organization_id', $1, true)", str(self.organization))
                if await connection.fetchval("SELECT sending.f_settle($1, $2, 'the sink''s record')", row["id"], outcome):
                    self.settled[outcome] += 1
        if not rows:
            await asyncio.sleep(0.5)

    async def _hurry(self, connection: asyncpg.Connection) -> None:
        """Let nothing wait for what was learned about a domain."""
        await connection.execute("DELETE FROM sending.throttles WHERE organization_id = $1", self.organization)
        await connection.execute(
            "UPDATE sending.messages SET scheduled_at = now() "
            "WHERE organization_id = $1 AND status = 'queued' AND scheduled_at > now() + interval '3 s'",
            self.organization,
        )

    async def check(self) -> dict[str, int]:
        """Assert that nothing was lost and nothing taken twice; returns how many are in each state."""
        connection = await self.connect()
        rows = await connection.fetch(
            "SELECT message_id, status, recipient FROM sending.messages WHERE organization_id = $1", self.organization
        )
        attempts = await connection.fetchval(
            "SELECT count(*) FROM sending.attempts WHERE organization_id = $1 AND ended_at IS NULL", self.organization
        )
        await connection.close()
        taken = Counter(message_id for _, message_id, _ in self.accepted())
        assert len(rows) == self.people
        assert [message_id for message_id, count in taken.items() if count > 1] == []
        assert {row["message_id"] for row in rows if row["status"] == "sent"} == set(taken)
        states = Counter(row["status"] for row in rows)
        assert set(states) <= {"sent", "failed"}
        assert attempts == 0
        return dict(states)
