"""Migrating: once, in order, silently, from several processes at once, and with patience for locks."""

import asyncio
import contextlib
import functools
import shutil
import subprocess
import sys
import threading
import time
import uuid
from unittest.mock import AsyncMock

import asyncpg
import psycopg
import pytest

from outrider.database import ledger, migrate, reference
from outrider.kit.errors import Unavailable
from outrider.reports import tasks as reports_tasks


@pytest.fixture
def empty(server):
    """The connection string of a database with nothing in it."""
    name = f"migrate_{uuid.uuid4().hex}"
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield server.url("postgres", name)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def query(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


async def test_migrating_twice_does_nothing_the_second_time(empty, capfd):
    before = await migrate.plan(empty)
    assert before.pending == ledger.ids()
    assert query(empty, "SELECT to_regclass('public.migrations_log')") == [(None,)]
    first = await migrate.migrate(empty)
    rows = query(empty, "SELECT * FROM migrations_log ORDER BY 1")
    second = await migrate.migrate(empty)
    after = await migrate.plan(empty)
    assert first.applied == ledger.ids()
    assert (second.applied, after.pending, after.up_to_date) == ([], [], True)
    assert query(empty, "SELECT * FROM migrations_log ORDER BY 1") == rows
    assert capfd.readouterr() == ("", "")


def test_several_processes_may_migrate_at_once(empty):
    code = f"import asyncio; from outrider.database import migrate; print(len(asyncio.run(migrate.migrate({empty!r})).applied))"
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    counts = sorted(int(process.communicate(timeout=60)[0]) for process in running)
    assert counts == [0, len(ledger.ids())]


@pytest.mark.parametrize("path", sorted(migrate.FOLDER.glob("*.sql")), ids=lambda path: path.stem)
def test_a_migration_waits_for_no_lock_for_long(path):
    statements = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("--")]
    assert statements[0].startswith("SET LOCAL lock_timeout = ")
    assert path.stem[:14].isdigit()


async def test_the_look_up_lists_are_loaded_when_they_change_and_not_else(urls, monkeypatch):
    connection = await asyncpg.connect(urls.admin)
    try:
        assert await reference.load(connection) is False
        monkeypatch.setitem(reference.ALIASES, "blefuscu", "GB")
        assert (await migrate.plan(urls.admin)).up_to_date is False
        assert await reference.load(connection) is True
        assert await connection.fetchval("SELECT code FROM intake.country_names WHERE name = 'blefuscu'") == "GB"
        monkeypatch.undo()
        assert await reference.load(connection) is True
        assert await connection.fetchval("SELECT count(*) FROM intake.country_names WHERE name = 'blefuscu'") == 0
        assert await connection.fetchval("SELECT code FROM intake.country_names WHERE name = 'deutschland'") == "DE"
        zones = dict(await connection.fetch("SELECT country_code, name FROM marketing.time_zones WHERE country_code IS NOT NULL"))
        assert (zones["DE"], zones["JP"], zones["GB"]) == ("Europe/Berlin", "Asia/Tokyo", "Europe/London")
        assert zones.keys().isdisjoint({"US", "ES", "CN", "BR"})
        assert await connection.fetchval("SELECT count(*) FROM marketing.time_zones WHERE name = 'America/New_York'") == 1
    finally:
        await connection.close()


async def test_organizations_that_were_there_before_campaigns_have_their_feedback_worked_out_too(empty, tmp_path, monkeypatch):
    for path in migrate.FOLDER.glob("*.sql"):
        if path.stem < "20261120110000":
            shutil.copy(path, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "apply", functools.partial(ledger.apply, folder=tmp_path))
        patch.setattr(reference, "load", AsyncMock())  # that version had other lists
        await migrate.migrate(empty)
    query(empty, "INSERT INTO tenancy.organizations (name, slug) VALUES ('A', 'a'), ('B', 'b')")
    await migrate.migrate(empty)
    schedules = query(
        empty,
        """
        SELECT o.slug, s.job_name, s.cron, s.time_zone, s.is_active, to_char(s.next_run_at AT TIME ZONE 'UTC', 'HH24:MI'),
            s.next_run_at > now()
        FROM ops.schedules AS s INNER JOIN tenancy.organizations AS o ON o.id = s.organization_id ORDER BY 1
        """,
    )
    assert schedules == [(slug, reports_tasks.FEEDBACK, "20 2 * * *", "UTC", True, "02:20", True) for slug in ("a", "b")]


@pytest.fixture
def folder(tmp_path):
    """A migration of our own, beside nothing else."""
    text = "-- A test.\nSET LOCAL lock_timeout = '100ms';\n\nSELECT 'never shown';\n\nALTER TABLE busy ADD COLUMN m integer;\n"
    (tmp_path / "20990101000000_busy.sql").write_text(text)
    return tmp_path


@pytest.fixture
def busy(empty, urls):
    """A database with a table of the owner's (`urls`: so that the roles are there)."""
    name = query(empty, "SELECT current_database()")[0][0]
    query(empty, f'GRANT CREATE ON DATABASE "{name}" TO outrider_owner')
    query(empty, "GRANT ALL ON SCHEMA public TO outrider_owner")
    query(empty, "CREATE TABLE busy (n integer)")
    query(empty, "ALTER TABLE busy OWNER TO outrider_owner")
    return empty


@contextlib.contextmanager
def locked(url, seconds):
    """Hold the table for some seconds."""
    with psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
        timer = threading.Timer(seconds, holder.rollback)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def test_a_lock_is_tried_for_again_and_selects_are_not_shown(busy, folder, capfd):
    with locked(busy, 1.0):
        assert ledger.apply(busy, folder) == ["20990101000000_busy"]
    assert query(busy, "SELECT m FROM busy") == []
    assert capfd.readouterr().out == ""


def test_a_lock_that_is_never_given_is_told_and_nothing_stays(busy, folder, monkeypatch):
    monkeypatch.setattr(ledger, "LOCK_WAITS", (0.01,))
    with locked(busy, 20), pytest.raises(Unavailable, match="did not get its locks"):
        ledger.apply(busy, folder)
    assert query(busy, "SELECT count(*) FROM migrations_log") == [(0,)]
    assert ledger.apply(busy, folder) == ["20990101000000_busy"]


def test_a_migration_that_fails_leaves_nothing_and_yoyos_own_lock_of_a_killed_run_is_not_in_the_way(busy, folder):
    path = folder / "20990101000000_busy.sql"
    path.write_text(path.read_text() + "\nSELECT 1 / 0;\n")
    with pytest.raises(psycopg.errors.DivisionByZero):
        ledger.apply(busy, folder)
    query(busy, "INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 1)")
    path.write_text(path.read_text().replace("1 / 0", "1"))
    begun = time.monotonic()
    assert ledger.apply(busy, folder) == ["20990101000000_busy"]
    assert time.monotonic() - begun < 8


async def test_passwords_are_set_as_verifiers_that_the_server_takes(empty, server):
    role = f"scram_{uuid.uuid4().hex[:8]}"
    verifier = migrate.scram("pass wörd")
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{verifier}'")
        kept = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [role]).fetchone()[0]
        connection.execute(f"DROP ROLE {role}")
    assert kept == verifier  # a text that is no verifier would have been hashed
    salt = bytes(range(16))
    made_by_libpq = psycopg.pq.PGconn.connect(empty.encode()).encrypt_password(b"x", b"u", b"scram-sha-256").decode()
    assert migrate.scram("x", salt).split("$")[0:1] == made_by_libpq.split("$")[0:1]


def test_the_plan_of_a_server_that_is_not_there_is_refused():
    with pytest.raises(Unavailable, match="No PostgreSQL server answers"):
        asyncio.run(migrate.plan("postgresql://a@127.0.0.1:1/x"))
