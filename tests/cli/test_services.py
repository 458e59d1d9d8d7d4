"""`outrider up`: from nothing to serving, again in seconds, and every process gone after Ctrl-C or SIGTERM."""

import re
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager

import psutil
import pytest

from outrider.kit.server import EmbeddedServer

from .conftest import COMMAND, environment, runner

pytestmark = pytest.mark.xdist_group("up")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("up")


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
    with log.open("w") as out:
        process = subprocess.Popen(
            [*COMMAND, *arguments], env=environment(home, OUTRIDER_PORT=str(port)), stdout=out, stderr=out, start_new_session=True
        )
        try:
            yield process, port, log
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(30)


def worker_of(process):
    found = [child for child in psutil.Process(process.pid).children() if "worker" in child.cmdline()]
    return found[0] if found else None


def test_up_goes_from_nothing_to_serving_and_ctrl_c_leaves_nothing_behind(place):
    with started(place, "up") as (process, port, log):
        wait_for(lambda: health(port) or process.poll() is not None, 60)
        assert process.poll() is None, log.read_text()
        worker = wait_for(lambda: worker_of(process))
        assert EmbeddedServer(place).pid() is not None
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        assert process.wait(30) == 0
        assert time.monotonic() - begun < 20
    said = log.read_text()
    assert len(re.findall(r"admin@outrider.example, password \S{16}\n", said)) == 1
    assert "FILE" in said
    assert "apollo_export.csv" in said
    assert f"http://localhost:{port}" in said
    assert "Traceback" not in said
    assert not worker.is_running()
    assert EmbeddedServer(place).pid() is None


def test_a_second_up_takes_seconds_prints_no_password_and_heals_what_is_killed(place):
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


def test_a_killed_up_takes_its_worker_and_the_database_along(place):
    with started(place, "up") as (process, port, _):
        wait_for(lambda: health(port))
        worker = wait_for(lambda: worker_of(process))
        process.kill()
        process.wait(5)
        wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    wait_for(lambda: EmbeddedServer(place).pid() is None)
