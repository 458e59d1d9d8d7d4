"""A real PostgreSQL for every test: migrated once into a template, cloned for each worker; a fresh organization for each test."""

import asyncio
import base64
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
import pytest_asyncio

from outrider import tenancy
from outrider.database import migrate
from outrider.kit import database, keyring, outgoing, public_address, spool
from outrider.kit.server import EmbeddedServer, Urls, with_user

from . import leftovers

HOME = Path(__file__).parent.parent / ".test-home"
KEY = bytes(32)
os.environ["OUTRIDER_HOME"] = str(HOME / "home")  # no test touches the home of who runs it
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "256MB", "max_connections": "200"}


def schema_hash() -> str:
    """Name the schema by what makes it."""
    digest = hashlib.sha256()
    for path in sorted(migrate.FOLDER.parent.rglob("*.sql")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def in_use(name: str) -> bool:
    """Whether a database belongs to a test worker that lives: other test runs may be on the same server."""
    owner = name.rpartition("_")[2]
    return owner.isdigit() and psutil.pid_exists(int(owner))


async def make_databases(server: EmbeddedServer, name: str) -> None:
    """Make the template if this schema has none, and clone it."""
    template = f"outrider_template_{schema_hash()}"
    admin = await asyncpg.connect(server.url("postgres", "postgres"))
    try:
        with (HOME / "template.lock").open("a") as mutex:
            fcntl.flock(mutex, fcntl.LOCK_EX)
            if not await admin.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 || '_ready')", template):
                for row in await admin.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'outrider%'"):
                    if not in_use(row["datname"]):
                        await admin.execute(f'DROP DATABASE IF EXISTS "{row["datname"]}" WITH (FORCE)')
                await admin.execute(f'CREATE DATABASE "{template}"')
                await migrate.migrate(server.url("postgres", template))
                await admin.execute(f'ALTER DATABASE "{template}" RENAME TO "{template}_ready"')
            await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}_ready"')
    finally:
        await admin.close()
    await migrate.migrate(server.url("postgres", name))


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The embedded server of this test run."""
    HOME.mkdir(exist_ok=True)
    embedded = EmbeddedServer(HOME, FAST)
    embedded.start()
    yield embedded
    embedded.release()


@pytest.fixture(scope="session")
def urls(server: EmbeddedServer, worker_id: str) -> Iterator[Urls]:
    """Connection strings of this worker's own database."""
    name = f"outrider_{worker_id}_{os.getpid()}"
    asyncio.run(make_databases(server, name))
    leftovers.url = server.url("postgres", name)
    yield Urls(*(with_user(server.url(user, name), user) for user in ("postgres", "outrider_app", "outrider_worker")))

    async def drop() -> None:
        admin = await asyncpg.connect(server.url("postgres", "postgres"))
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.close()

    asyncio.run(drop())


@pytest.fixture(autouse=True)
def settings_of_tests() -> None:
    """Every test begins with a key, may connect to this machine, and is found at an address; an app that a test starts says otherwise."""
    keyring.configure([KEY])
    outgoing.configure(allow_private=True)
    public_address.configure("https://out.example")


@pytest_asyncio.fixture(scope="session")
async def pool(urls: Urls) -> AsyncIterator[asyncpg.Pool]:
    """The process's pool as the application role."""
    spool.configure(HOME / f"files-{os.getpid()}")
    async with database.connect(urls.app, size=8) as opened:
        yield opened
    shutil.rmtree(HOME / f"files-{os.getpid()}", ignore_errors=True)


@pytest_asyncio.fixture(scope="module", autouse=True)
async def few_partitions() -> AsyncIterator[None]:
    """Keep the tests of the next file from planning for the tenants of this one."""
    yield
    if leftovers.ended:
        await leftovers.detach()


@pytest_asyncio.fixture
async def organization(pool: asyncpg.Pool) -> AsyncIterator[tenancy.OrganizationId]:
    """A tenant of its own for the test."""
    made = await new_organization()
    yield made
    leftovers.ended.append(made)


@pytest_asyncio.fixture
async def other_organization(pool: asyncpg.Pool) -> AsyncIterator[tenancy.OrganizationId]:
    """Somebody else's tenant."""
    made = await new_organization()
    yield made
    leftovers.ended.append(made)


async def new_organization() -> tenancy.OrganizationId:
    """Make a tenant with a name nobody else has."""
    number = uuid.uuid4()
    return await tenancy.create_organization(f"Test {number}", f"t-{number.hex[:20]}", number)


@pytest.fixture
def actor() -> tenancy.Actor:
    """Who acts in tests."""
    return tenancy.Actor("user", "test")


@pytest_asyncio.fixture
async def tenant(organization: tenancy.OrganizationId, actor: tenancy.Actor) -> AsyncIterator[asyncpg.Connection]:
    """A connection inside the test's organization; committed at the end."""
    async with tenancy.transaction(organization, actor) as connection:
        yield connection


@pytest_asyncio.fixture
async def admin(urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, to look from outside."""
    connection = await asyncpg.connect(urls.admin)
    await database.prepare_connection(connection)
    yield connection
    await connection.close()


@pytest.fixture
def command(urls: Urls, organization: tenancy.OrganizationId, tmp_path: Path) -> Callable[..., Awaitable[subprocess.CompletedProcess[str]]]:
    """Run `outrider` as a script does, on the test's database and organization; `more` are variables."""

    async def run(*arguments: str, given: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "OUTRIDER_DATABASE_URL": urls.admin,
            "OUTRIDER_APP_DATABASE_URL": urls.app,
            "OUTRIDER_WORKER_DATABASE_URL": urls.worker,
            "OUTRIDER_HOME": str(tmp_path),
            "OUTRIDER_ORG": str(organization),
            "OUTRIDER_SECRET_KEY": base64.b64encode(KEY).decode(),
            "OUTRIDER_PUBLIC_URL": "https://out.example",
            **more,
        }
        whole = [sys.executable, "-m", "outrider", *arguments]
        return await asyncio.to_thread(
            subprocess.run, whole, cwd=HOME.parent, env=environment, input=given, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def outrider_json(command):
    """Run `outrider` with --json; returns (exit code, answer), or (exit code, what went wrong)."""

    async def run(*arguments: str) -> tuple[int, Any]:
        done = await command(*arguments, "--json")
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    return run
