"""`outrider up`: from nothing to serving, again in seconds, and every process gone after Ctrl-C or SIGTERM."""

import asyncio
import re
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
import pytest

from outrider.demo.mails import Mails
from outrider.kit.server import EmbeddedServer

from .conftest import COMMAND, environment, runner


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come")


def health(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5).status == 200
    except OSError:
        return False


@contextmanager
def started(home, *arguments):
    """Run a service in a session of its own until the block ends; yields (process, port, log)."""
    port, log = free_port(), home / "said.txt"
    variables = environment(home, OUTRIDER_PORT=str(port), OUTRIDER_DEMO_MAIL_PORT=str(free_port()))
    with log.open("w") as out:
        process = subprocess.Popen([*COMMAND, *arguments], env=variables, stdout=out, stderr=out, start_new_session=True)
        try:
            yield process, port, log
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(30)


def worker_of(process):
    found = [child for child in psutil.Process(process.pid).children() if "worker" in child.cmdline()]
    return found[0] if found else None


def read_by_people(home):
    """How many of which event the demo has, once somebody opened and somebody clicked; None before."""

    async def look():
        connection = await asyncpg.connect(EmbeddedServer(home).url("postgres"))
        try:
            rows = await connection.fetch("SELECT type, count(*) FROM engagement.events WHERE verdict = 'human' GROUP BY type")
        finally:
            await connection.close()
        return {row["type"]: row["count"] for row in rows}

    found = asyncio.run(look())
    return found if found.keys() >= {"sent", "open", "click"} else None


@dataclass(frozen=True)
class First:
    """What a first `up` on an empty home did, until Ctrl-C came."""

    home: Path
    port: int
    said: str
    code: int
    seconds_to_stop: float
    worker: psutil.Process
    happened: dict[str, int]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Run `up` on an empty home, and press Ctrl-C when everything is there."""
    home = tmp_path_factory.mktemp("up")
    with started(home, "up") as (process, port, log):
        wait_for(lambda: health(port) or process.poll() is not None, 60)
        assert process.poll() is None, log.read_text()
        worker = wait_for(lambda: worker_of(process))
        assert EmbeddedServer(home).pid() is not None
        happened = wait_for(lambda: read_by_people(home), 60)
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        code = process.wait(30)
        return First(home, port, log.read_text(), code, time.monotonic() - begun, worker, happened)


def test_up_goes_from_nothing_to_serving(first):
    assert len(re.findall(r"admin@ophir.dev, password \S{16}\n", first.said)) == 1
    assert re.search(r"^FILE +ROWS READ +STORED +DUPLICATE +FAILED +PEOPLE +COMPANIES +SECONDS$", first.said, re.M)
    assert re.search(r"^apollo_export.csv +1200 ", first.said, re.M)
    assert f"Outrider is at http://localhost:{first.port}" in first.said


def test_up_sends_the_demos_campaign_and_people_read_it(first):
    assert re.search(r"a campaign writes to 1\d\d people of the demo; read their mails at http://localhost:\d+/demo/mails", first.said)
    mails = Mails(first.home / "demo-mails").newest(200)
    assert len(mails) >= first.happened["sent"] > 5
    for mail in mails:
        assert f"http://localhost:{first.port}/t/o/" in mail.part("html")
        assert str(mail.message["List-Unsubscribe"]).startswith(f"<http://localhost:{first.port}/u/")
        assert "{{" not in mail.part("html") + str(mail.message["Subject"])


def test_ctrl_c_stops_everything_within_seconds(first):
    assert (first.code, first.said.splitlines()[-1]) == (0, "Stopped.")
    assert first.seconds_to_stop < 20
    assert "Traceback" not in first.said
    assert not first.worker.is_running()
    assert EmbeddedServer(first.home).pid() is None


def test_a_second_up_takes_seconds_prints_no_password_and_heals_what_is_killed(first):
    place = first.home
    begun = time.monotonic()
    with started(place, "up") as (process, port, log):
        wait_for(lambda: health(port) or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        assert time.monotonic() - begun < 15
        taken = runner(place)("up", OUTRIDER_PORT=str(port))
        assert taken.returncode == 5
        assert taken.stderr.startswith(f"Error: Port {port} is taken")
        worker = wait_for(lambda: worker_of(process))
        worker.kill()
        EmbeddedServer(place).kill()
        wait_for(lambda: (again := worker_of(process)) and again.pid != worker.pid)
        wait_for(lambda: EmbeddedServer(place).pid() and health(port))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    said = log.read_text()
    assert "password" not in said
    assert "FILE" not in said
    assert "Traceback" not in said
    assert EmbeddedServer(place).pid() is None


def test_a_killed_up_takes_its_worker_and_the_database_along(first):
    place = first.home
    with started(place, "up") as (process, port, _):
        wait_for(lambda: health(port))
        worker = wait_for(lambda: worker_of(process))
        process.kill()
        process.wait(5)
        wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    wait_for(lambda: EmbeddedServer(place).pid() is None)
