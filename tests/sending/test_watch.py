"""A database is told from its copies: by the marks that hosts keep, and on real copies of a data folder."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from outrider.kit import database, keyring, secrets
from outrider.kit.server import EmbeddedServer
from outrider.sending.marks import Mark, Marks
from outrider.sending.watch import Lineage, Verdict, Watch
from tests.conftest import FAST
from tests.proof.scene import ROOT

from .scene import Scene
from .sink import Sink, SinkThread

FIRST, SECOND, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
HERE = Lineage("1-2", SECOND, 100, (FIRST, SECOND))


@pytest.mark.parametrize(
    ("mark", "verdict"),
    [
        (Mark(SECOND, 100), Verdict.SAME),
        (Mark(SECOND, 40), Verdict.SAME),  # other hosts brought it further
        (Mark(SECOND, 101), Verdict.OLDER),
        (Mark(SECOND, 101, is_original=False), Verdict.OLDER),
        (Mark(OTHER, 1), Verdict.OLDER),  # it does not know yet what began after it
        (Mark(FIRST, 900), Verdict.STRANGER),
        (Mark(SECOND, 100, is_original=False), Verdict.STRANGER),
        (None, Verdict.STRANGER),
    ],
)
def test_a_hosts_mark_tells_a_database_from_an_older_one_and_from_one_it_never_saw(mark, verdict):
    assert HERE.judge(mark) is verdict


def test_nobody_is_a_stranger_to_a_database_that_was_never_sent_from():
    assert Lineage("1-2", FIRST, 0, (FIRST,)).judge(None) is Verdict.SAME
    assert Lineage("1-2", FIRST, 0, (FIRST,)).judge(Mark(FIRST, 1)) is Verdict.OLDER


def test_a_mark_that_was_copied_or_put_back_says_so(tmp_path):
    home = tmp_path / "home"
    (home / "sending").mkdir(parents=True)
    marks = Marks(home / "sending")
    assert marks.read("1-2") is None
    marks.write("1-2", Mark(FIRST, 6))
    marks.write("1-2", Mark(FIRST, 7))
    assert marks.read("1-2") == Mark(FIRST, 7)
    subprocess.run(["cp", "-a", home, tmp_path / "copy"], check=True)
    assert Marks(tmp_path / "copy" / "sending").read("1-2") == Mark(FIRST, 7, is_original=False)
    home.rename(tmp_path / "moved")
    assert Marks(tmp_path / "moved" / "sending").read("1-2") == Mark(FIRST, 7)
    (tmp_path / "moved" / "sending" / "1-2.json").write_text("{")
    assert Marks(tmp_path / "moved" / "sending").read("1-2") is None


@pytest.fixture
async def quick(monkeypatch, admin):
    """Marks that are looked at all the time. Lines of life that began meanwhile are forgotten: other tests send from the database too."""
    monkeypatch.setattr("outrider.sending.watch.BEAT_SECONDS", 0.0)
    monkeypatch.setattr("outrider.sending.watch.PATIENCE_SECONDS", 1.0)
    monkeypatch.setattr("outrider.sending.watch.LOOK_SECONDS", 0.05)
    last = await admin.fetchval("SELECT max(number) FROM sending.lineages")
    yield
    await admin.execute("DELETE FROM sending.lineages WHERE number > $1", last)


async def lines(admin: asyncpg.Connection) -> int:
    return int(await admin.fetchval("SELECT count(*) FROM sending.lineages"))


async def test_hosts_of_one_live_database_do_not_freeze_each_other(pool, admin, quick, tmp_path):
    stop = asyncio.Event()
    first, second = Watch(tmp_path / "a", is_shared=True), Watch(tmp_path / "b", is_shared=True)
    await first.keep(stop)
    before = await lines(admin)  # a database of other tests, which have sent from it

    async def beat() -> None:
        while True:
            await first.keep(stop)
            await asyncio.sleep(0.1)

    beating = asyncio.create_task(beat())
    await second.keep(stop)
    for _ in range(3):
        await second.keep(stop)
    beating.cancel()
    again = Watch(tmp_path / "a", is_shared=True)
    await again.keep(stop)
    assert (first.is_sure, second.is_sure, again.is_sure, await lines(admin)) == (True, True, True, before)
    await Watch(tmp_path / "c", is_shared=True).keep(stop)  # nobody sends any more
    assert await lines(admin) == before + 1
    await second.keep(stop)  # goes on with the line that began
    await Watch(tmp_path / "b", is_shared=True).keep(stop)
    assert await lines(admin) == before + 1


async def test_a_database_that_is_put_back_under_a_running_sender_is_noticed(pool, admin, quick, tmp_path):
    stop, watch = asyncio.Event(), Watch(tmp_path, is_shared=False)
    for _ in range(4):
        await watch.keep(stop)
    before = await lines(admin)
    await admin.execute("UPDATE sending.lineages SET beat = beat - 1 WHERE number = (SELECT max(number) FROM sending.lineages)")
    await watch.keep(stop)
    assert await lines(admin) == before + 1
    reason = await admin.fetchval("SELECT reason FROM sending.lineages ORDER BY number DESC LIMIT 1")
    assert "put back from a backup" in reason
    await watch.keep(stop)
    assert await lines(admin) == before + 1


class Home:
    """An installation with the embedded server, that sends to a sink."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = EmbeddedServer(folder, FAST)

    @asynccontextmanager
    async def up(self):
        """Have the server run for the time of the block, whose value is a superuser's connection."""
        await asyncio.to_thread(self.server.start)
        connection = await asyncpg.connect(self.server.url("postgres"))
        await database.prepare_connection(connection)
        try:
            yield connection
        finally:
            await connection.close()
            await asyncio.to_thread(self.server.release)

    def run(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command on it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OUTRIDER_")}
        ours = {"OUTRIDER_HOME": str(self.folder), "OUTRIDER_ALLOW_PRIVATE_HOSTS": "true", "OUTRIDER_PUBLIC_URL": "https://out.example"}
        return subprocess.Popen([sys.executable, "-m", "outrider", *arguments], env=kept | ours, cwd=ROOT)

    def do(self, *arguments: str) -> None:
        """Run a command to its end."""
        assert self.run(*arguments).wait(120) == 0

    async def send(self, organization: UUID, until: str) -> str | None:
        """Have a worker send until a query returns true; why sending is frozen then."""
        async with self.up() as connection:
            worker = self.run("worker", "--only", "sending")
            deadline = time.monotonic() + 60
            while not await connection.fetchval(until):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)
            worker.terminate()
            assert await asyncio.to_thread(worker.wait, 30) == 0
            reason = await connection.fetchval("SELECT frozen_reason FROM sending.control WHERE organization_id = $1", organization)
            return None if reason is None else str(reason)

    async def enroll(self, organization: UUID, campaign: UUID, count: int) -> None:
        """Have so many more people to write to."""
        async with self.up() as connection:
            await Scene(connection, organization).enroll(campaign, count)


SENT = "SELECT count(*) >= {} FROM sending.messages WHERE status = 'sent'"
FROZEN = "SELECT count(*) > 0 FROM sending.control WHERE frozen_at IS NOT NULL"


@pytest.fixture
def folder():
    """A folder that is none of pytest's: another run beside this one would shut the server's account out of it."""
    with tempfile.TemporaryDirectory(prefix="outrider-copies-") as made:
        yield Path(made)


async def test_a_copied_data_folder_sends_nothing_wherever_it_is_put(folder):
    home, organization = Home(folder / "home"), uuid4()
    with SinkThread(Sink()) as sink:
        async with home.up() as connection:
            await asyncio.to_thread(home.do, "migrate")
            keyring.configure([secrets.secret_key(home.folder, None)])
            await connection.execute("SELECT set_config('app.organization_id', $1, false)", str(organization))
            await connection.execute("SELECT tenancy.f_create_organization('Restored', 'restored', $1)", organization)
            await connection.execute("UPDATE tenancy.organizations SET physical_address = '1 Long Street' WHERE id = $1", organization)
            scene = Scene(connection, organization)
            campaign = await scene.campaign(await scene.mailbox(smtp_port=sink.port))
            await scene.enroll(campaign, 2)
        assert await home.send(organization, SENT.format(2)) is None
        await home.enroll(organization, campaign, 3)
        backup = folder / "backup"
        subprocess.run(["cp", "-a", home.folder, backup], check=True)

        elsewhere = Home(folder / "elsewhere")  # the whole of it at another path
        subprocess.run(["cp", "-a", backup, elsewhere.folder], check=True)
        assert "may be a copy" in await elsewhere.send(organization, FROZEN)
        bare = Home(folder / "bare")  # the database alone, as pg_basebackup leaves it
        bare.folder.mkdir()
        subprocess.run(["cp", "-a", backup / "postgres", backup / "secret.key", bare.folder], check=True)
        assert "may be a copy" in await bare.send(organization, FROZEN)
        assert len(sink.accepted) == 2

        assert await home.send(organization, SENT.format(5)) is None  # the original goes on
        assert len(sink.accepted) == 5
        shutil.rmtree(home.folder / "postgres")  # an older database in the same place
        subprocess.run(["cp", "-a", backup / "postgres", home.folder], check=True)
        assert "put back from a backup" in await home.send(organization, FROZEN)
        shutil.rmtree(home.folder)  # all of the older state in the same place
        subprocess.run(["cp", "-a", backup, home.folder], check=True)
        assert "may be a copy" in await home.send(organization, FROZEN)
        assert len(sink.accepted) == 5
        async with home.up():
            await asyncio.to_thread(home.do, "--org", "restored", "sending", "release")
        assert await home.send(organization, SENT.format(5)) is None  # somebody said so
        assert len(sink.accepted) == 8
