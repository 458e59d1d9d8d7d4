"""The embedded server: made once, shared, stopped by its last user, and back after whatever killed it."""

import multiprocessing
import os
import socket
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from outrider.kit.errors import Unavailable
from outrider.kit.server import DATABASE, EmbeddedServer
from tests.conftest import FAST


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    server = EmbeddedServer(folder, FAST)
    server.start()
    server.release()
    return folder


@pytest.fixture
def embedded(home):
    """A server that runs, whatever the test before did to it."""
    server = EmbeddedServer(home, FAST)
    server.start()
    yield server
    server.release()


def ask(server, statement):
    with psycopg.connect(server.urls().admin, autocommit=True) as connection:
        return connection.execute(statement).fetchone()[0]


def test_it_has_the_database_and_no_tcp(embedded):
    assert ask(embedded, "SELECT current_database()") == DATABASE
    assert ask(embedded, "SHOW listen_addresses") == ""
    assert ask(embedded, "SHOW data_checksums") == "on"
    assert ask(embedded, "SHOW fsync") == "off"  # what the tests ask for replaces what we set


def test_the_last_user_stops_it(embedded, home):
    second = EmbeddedServer(home, FAST)
    second.start()
    assert second.pid() == embedded.pid()
    assert second.release() is False
    assert embedded.pid() is not None
    assert embedded.release() is True
    assert embedded.pid() is None
    assert embedded.release() is False


def test_a_killed_server_comes_back_with_what_was_committed(embedded):
    with psycopg.connect(embedded.urls().admin, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
        connection.execute("CHECKPOINT")
    embedded.kill()
    assert embedded.pid() is None
    embedded.start()
    assert ask(embedded, "SELECT max(n) FROM kept") == 7


@pytest.mark.parametrize("whose", ["ours", "init", "nobody"])
def test_a_stale_pid_file_is_not_in_the_way_whoever_has_the_number_now(embedded, whose):
    number = {"ours": os.getpid(), "init": 1, "nobody": 999_999_999}[whose]
    embedded.kill()
    pid_file = embedded.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    for path in (pid_file, embedded.socket_folder / ".s.PGSQL.5432.lock"):
        path.write_text("\n".join([str(number), *lines[1:]]) + "\n")
    assert embedded.pid() is None
    embedded.start()
    assert ask(embedded, "SELECT 1") == 1


def start_in_a_process(home: Path) -> int | None:
    server = EmbeddedServer(home, FAST)
    server.start()
    number = server.pid()
    time.sleep(0.3)
    server.release()
    return number


def test_several_commands_may_start_it_at_once(embedded, home):
    embedded.release()
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        numbers = pool.map(start_in_a_process, [home] * 3)
    assert None not in numbers
    assert EmbeddedServer(home).pid() is None


def test_a_start_that_was_killed_while_it_made_the_folder_is_made_again(tmp_path):
    half = tmp_path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server = EmbeddedServer(tmp_path, FAST)
    server.start()
    try:
        assert ask(server, "SELECT 1") == 1
    finally:
        server.release()


@pytest.mark.parametrize("name", ["x" * 100, "a, b"])
def test_a_path_that_a_socket_cannot_have_is_gone_round(tmp_path, name):
    folder = EmbeddedServer(tmp_path / name).socket_folder
    assert folder.parent == Path("/tmp")
    assert folder == EmbeddedServer(tmp_path / name).socket_folder
    assert folder != EmbeddedServer(tmp_path / (name + "2")).socket_folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_socket_folder_of_somebody_else_is_refused(tmp_path):
    server = EmbeddedServer(tmp_path / ("y" * 100))
    server.socket_folder.mkdir(mode=0o777)
    os.chown(server.socket_folder, 65534, 65534)
    try:
        with pytest.raises(Unavailable, match="belongs to somebody else"):
            server.start()
    finally:
        server.socket_folder.rmdir()


def test_only_its_owner_may_connect(embedded):
    assert (embedded.socket_folder / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0
    if os.geteuid() == 0:
        code = f"import socket; socket.socket(socket.AF_UNIX).connect({str(embedded.socket_folder / '.s.PGSQL.5432')!r})"
        done = subprocess.run(["/usr/bin/env", "python3", "-c", code], user=65534, group=65534, capture_output=True, cwd="/")
        assert done.returncode != 0
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(embedded.socket_folder / ".s.PGSQL.5432"))


def test_what_the_server_says_is_in_the_one_sentence(tmp_path):
    server = EmbeddedServer(tmp_path, {"shared_buffers": "'nonsense'"})
    with pytest.raises(Unavailable, match=r"did not start: .*(nonsense|shared_buffers|configuration file).*postgres\.log"):
        server.start()
