"""A real server in a process of its own."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from outrider.kit.server import Urls

PROGRAM = """
import sys
from outrider import runtime, web
from outrider.settings import Settings
limits = {"max_request_bytes": 20000, "max_upload_bytes": 40_000_000, "rate_limit": "100000/minute"}
settings = Settings(port=int(sys.argv[2]), **limits)
runtime.run(web.serve(settings, app_url=sys.argv[1], on_listening=lambda address: print(address, flush=True)))
"""


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(url: str, log: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a server on the database `url`; return it and its address once it listens."""
    with log.open("w") as errors:
        command = [sys.executable, "-c", PROGRAM, url, str(free_port())]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address, log.read_text()
    return process, address


@pytest.fixture(scope="session")
def server_address(urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server on this worker's database; its log is in the temporary folder."""
    process, address = start(urls.app, tmp_path_factory.mktemp("server") / "log")
    yield address
    process.kill()
    process.communicate()
