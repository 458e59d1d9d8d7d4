"""Bring a server up to this version: check it, prepare it as an administrator, run what the ledger does not hold yet.

Forward only. Never touches a database that holds somebody else's schemas of our names.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from outrider.kit import sql
from outrider.kit.errors import Unavailable

from . import ledger, reference
from .ledger import FOLDER

LEAST_VERSION = 180000
CONNECT_SECONDS = 10
SCRAM_ITERATIONS = 4096
LOCK = "SELECT pg_advisory_lock(hashtextextended('outrider/migrate', 0))"
EXTENSIONS = {"vector": "pgvector", "pg_trgm": "pg_trgm", "unaccent": "unaccent", "btree_gin": "btree_gin"}
PREPARE = (
    "make_role_owner", "make_role_app", "make_role_worker", "make_role_console", "join_console_to_app",
    "join_admin_to_roles", "set_search_path_app", "set_search_path_console", "let_owner_create",
    "close_database", "open_database", "let_console_use_temporary_tables", "let_owner_use_public",
    "let_others_use_public", "let_console_use_public", "add_vector", "add_trigrams", "add_btree_gin", "add_unaccent",
    "let_owner_read_statistics", "add_statement_statistics", "mark_leakproof",
)  # fmt: skip
CONCURRENT_TRIES = 20

queries = sql.load(Path(__file__).parent / "prepare.sql")

__all__ = ["FOLDER", "Plan", "can_log_in", "check", "migrate", "plan", "reference"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What `migrate` did, or would do: ids of migrations in order, and whether row security can use every index."""

    pending: list[str]
    applied: list[str]
    not_leakproof: list[str]
    stale_lists: bool = False
    version: str = field(default="", compare=False)

    @property
    def up_to_date(self) -> bool:
        """Whether `migrate` has nothing to do."""
        return not self.pending and not self.stale_lists


async def check(url: str) -> str:
    """Return the server's version.

    Raises `Unavailable` for no server, a foreign, too old or incomplete one: one sentence each.
    """
    async with _administrator(url) as connection:
        return await _check(connection, _target(url))


async def migrate(url: str, *, passwords: dict[str, str] | None = None) -> Plan:
    """Prepare the server and run the pending migrations; returns what ran.

    Safe to repeat and to run from several processes.

    `passwords` are set on the login roles (a server that is reached over TCP needs them; the embedded one does not).
    Raises `Unavailable` as `check` does, and when the account may not do what is needed or a table stays locked.
    """
    async with _administrator(url) as connection:
        version = await _check(connection, _target(url))
        await connection.execute(LOCK)
        await connection.execute("SET lock_timeout = '30s'")
        if planted := [row["signature"] async for row in queries.planted_functions(connection)]:
            raise Unavailable(
                f"The schema public holds functions that somebody else could have run in the administrator's name "
                f"({', '.join(planted[:3])}): drop them or move them to another schema, then migrate."
            )
        try:
            for step in PREPARE:
                await _patiently(getattr(queries, step), connection)
            for role, password in (passwords or {}).items():
                await _set_password(connection, role, password)
        except asyncpg.InsufficientPrivilegeError as error:
            raise Unavailable(
                f"The account in OUTRIDER_DATABASE_URL may not prepare the database ({error.args[0]}): use a "
                "superuser, or let one run "
                "CREATE EXTENSION vector, pg_trgm, unaccent and btree_gin in schema public and give this account the database "
                "and the schema public."
            ) from error
        applied = await asyncio.to_thread(ledger.apply, url)
        await reference.load(connection)
        return Plan([], applied, await _not_leakproof(connection), version=version)


async def plan(url: str) -> Plan:
    """Return what `migrate` would run, and what has run; changes nothing. Raises `Unavailable` as `check` does."""
    async with _administrator(url) as connection:
        version = await _check(connection, _target(url))
        done: set[str] = set()
        if await queries.has_ledger(connection):
            done = {row["migration_id"] async for row in queries.ledger(connection)}
        pending = [each for each in ledger.ids() if each not in done]
        stale = await reference.queries.loaded_edition(connection) != reference.edition()
        return Plan(pending, sorted(done), await _not_leakproof(connection), stale, version)


async def can_log_in(url: str) -> bool:
    """Whether the account in `url` gets in; False when its password or the account itself is refused.

    Raises what else goes wrong.
    """
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False
    await connection.close()
    return True


def _target(url: str) -> str:
    where = urlsplit(url)
    return f"{where.hostname or 'the socket'}{':' + str(where.port) if where.port else ''}{where.path}"


@asynccontextmanager
async def _administrator(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect as the administrator for the time of the block; one sentence for each way in which that can fail."""
    target = _target(url)
    try:
        connection = await asyncpg.connect(
            url, timeout=CONNECT_SECONDS, server_settings={"application_name": "outrider migrate", "search_path": "pg_catalog, pg_temp"}
        )
    except asyncpg.InvalidCatalogNameError as error:
        raise Unavailable(
            f"The server at {target} has no such database: create it with createdb, or correct OUTRIDER_DATABASE_URL."
        ) from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise Unavailable(f"The server at {target} refused the account ({error}): correct OUTRIDER_DATABASE_URL.") from error
    except TimeoutError as error:
        raise Unavailable(
            f"What listens at {target} did not answer as PostgreSQL within {CONNECT_SECONDS} s: point "
            "OUTRIDER_DATABASE_URL to PostgreSQL 18 or newer, "
            "or unset it to use the embedded server."
        ) from error
    except (
        asyncpg.InternalClientError,
        asyncpg.ConnectionDoesNotExistError,
        asyncpg.InterfaceError,
        asyncpg.ProtocolViolationError,
        ConnectionResetError,
        EOFError,
    ) as error:
        raise Unavailable(_foreign(target)) from error
    except OSError as error:
        if "unexpected" in str(error):  # asyncpg's words for an answer to its first packet that PostgreSQL never gives
            raise Unavailable(_foreign(target)) from error
        raise Unavailable(
            f"No PostgreSQL server answers at {target}: start it, or unset OUTRIDER_DATABASE_URL to use the embedded one."
        ) from error
    except asyncpg.CannotConnectNowError as error:
        raise Unavailable(f"The server at {target} is starting up or recovering: try again in a moment.") from error
    except ValueError as error:
        raise Unavailable(
            f"OUTRIDER_DATABASE_URL cannot be used ({error}): it must look like postgresql://user:password@host:5432/database."
        ) from error
    except asyncpg.PostgresError as error:
        raise Unavailable(f"The server at {target} said: {error}. Correct OUTRIDER_DATABASE_URL or the server.") from error
    try:
        yield connection
    finally:
        await connection.close()


def _foreign(target: str) -> str:
    return (
        f"What answers at {target} is not PostgreSQL, or is too old: point OUTRIDER_DATABASE_URL to PostgreSQL 18 or "
        "newer, "
        "or unset it to use the embedded server."
    )


async def _check(connection: asyncpg.Connection, target: str) -> str:
    facts = await queries.server_facts(connection)
    if facts["version_number"] < LEAST_VERSION:
        raise Unavailable(
            f"The server at {target} is PostgreSQL {facts['version']}; Outrider needs 18 or newer: upgrade it or use the embedded server."
        )
    for extension, package in EXTENSIONS.items():
        if extension not in facts["extensions"]:
            raise Unavailable(
                f"The server at {target} has no {package}: install the {package} extension there, or use the embedded server."
            )
    if not facts["can_make_roles"]:
        raise Unavailable(
            f"The account in OUTRIDER_DATABASE_URL may not create roles at {target}: use one with CREATEROLE, or a superuser."
        )
    foreign = [row["name"] async for row in queries.foreign_objects(connection)]
    if foreign:
        raise Unavailable(
            f"The database at {target} already holds what Outrider did not make ({', '.join(foreign)}): give it an empty database."
        )
    return str(facts["version"])


async def _not_leakproof(connection: asyncpg.Connection) -> list[str]:
    return [row["signature"] async for row in queries.find_not_leakproof(connection)]


async def _patiently(step: Any, connection: asyncpg.Connection) -> None:
    """Run a statement on catalogues that all databases of a server share; another migration may be writing the same row
    there.
    """
    for attempt in range(CONCURRENT_TRIES):
        try:
            await step(connection)
            return
        except (asyncpg.InternalServerError, asyncpg.UniqueViolationError) as error:
            if attempt == CONCURRENT_TRIES - 1 or (
                "concurrently" not in str(error) and not isinstance(error, asyncpg.UniqueViolationError)
            ):
                raise
            await asyncio.sleep(0.02 * (attempt + 1))


async def _set_password(connection: asyncpg.Connection, role: str, password: str) -> None:
    """Set a role's password as a SCRAM verifier, so that the password itself is in no log."""
    statement = await connection.fetchval("SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", role, scram(password))

    async def step(target: asyncpg.Connection) -> None:
        await target.execute(statement)

    await _patiently(step, connection)


def scram(password: str, salt: bytes | None = None) -> str:
    """Return what PostgreSQL stores of a password (RFC 5802, RFC 7677)."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{salt_text}${stored_text}:{server_text}"
