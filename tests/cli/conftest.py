"""`outrider` as its users run it: real processes on a home of their own, whose server is kept up for speed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outrider.kit.server import EmbeddedServer
from tests.conftest import FAST

Outrider = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = [sys.executable, "-m", "outrider"]


def environment(home: Path, **more: str) -> dict[str, str]:
    """The variables of a fresh machine: none of ours but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OUTRIDER_")}
    return kept | {"OUTRIDER_HOME": str(home), "TERM": "dumb", **more}


def runner(home: Path) -> Outrider:
    """Return a function that runs `outrider` with arguments and variables."""

    def run(*arguments: str, given: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments], env=environment(home, **more), input=given, capture_output=True, text=True, timeout=60
        )

    return run


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a running server and nothing in it yet."""
    folder = tmp_path_factory.mktemp("home")
    server = EmbeddedServer(folder, FAST)
    server.start()
    yield folder
    server.release()


@pytest.fixture(scope="session")
def outrider(home: Path) -> Outrider:
    """Run `outrider` on that home, set up."""
    run = runner(home)
    done = run("setup")
    assert done.returncode == 0, done.stderr
    return run
