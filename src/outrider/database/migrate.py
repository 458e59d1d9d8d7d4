"""Bring a server up to this version: check it, prepare it as an administrator, run what yoyo has not run yet.

Forward only. Never touches a database that holds somebody else's schemas of our names.
"""

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import yoyo
from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

from outrider.kit import sql
from outrider.kit.errors import Unavailable

FOLDER = Path(__file__).parent / "migrations"
LEDGER = "migrations_log"  # the name seed 000 gives it
LEAST_VERSION = 180000
PREPARE = (
    "make_role_owner", "make_role_app", "make_role_worker", "make_role_console", "join_console_to_app", "join_admin_to_roles",
    "set_search_path_app", "set_search_path_console", "let_owner_create", "close_database", "open_database",
    "let_console_use_temporary_tables", "let_owner_use_public", "let_others_use_public", "let_console_use_public",
    "add_vector", "add_trigrams", "add_unaccent", "mark_leakproof",
)  # fmt: skip

queries = sql.load(Path(__file__).parent / "prepare.sql")
reference = sql.load(Path(__file__).parent / "reference.sql")


@dataclass(frozen=True, slots=True)
class Plan:
    """What `migrate` did, or would do: ids of migrations in order, and whether row security can use every index."""

    pending: list[str]
    applied: list[str]
    not_leakproof: list[str]


async def check(url: str) -> str:
    """Return the server's version. Raises `Unavailable` for no server, a foreign, too old or incomplete one: one sentence each."""
    where = urlsplit(url)
    target = f"{where.hostname or 'the socket'}{':' + str(where.port) if where.port else ''}{where.path}"
    try:
        connection = await asyncpg.connect(url, timeout=15)
    except asyncpg.InvalidCatalogNameError as error:
        raise Unavailable(f"The server at {target} has no such database: create it with createdb, or correct OUTRIDER_DATABASE_URL.") from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise Unavailable(f"The server at {target} refused the account: {error}. Correct OUTRIDER_DATABASE_URL.") from error
    except (asyncpg.InternalClientError, asyncpg.InterfaceError, asyncpg.ProtocolViolationError, ConnectionResetError, EOFError) as error:
        raise Unavailable(f"What answers at {target} is not PostgreSQL, or is too old: OUTRIDER_DATABASE_URL must point to PostgreSQL 18 or newer.") from error
    except (OSError, TimeoutError) as error:
        raise Unavailable(f"No PostgreSQL server answers at {target}: start it, or unset OUTRIDER_DATABASE_URL to use the embedded one.") from error
    except asyncpg.PostgresError as error:
        raise Unavailable(f"The server at {target} said: {error}. Correct OUTRIDER_DATABASE_URL or the server.") from error
    try:
        facts = await queries.server_facts(connection)
        if facts["version_number"] < LEAST_VERSION:
            raise Unavailable(f"The server at {target} is PostgreSQL {facts['version']}; Outrider needs 18 or newer: upgrade it or use the embedded server.")
        for extension, package in (("vector", "pgvector"), ("trigrams", "pg_trgm"), ("unaccent", "unaccent")):
            if not facts[f"has_{extension}"]:
                raise Unavailable(f"The server at {target} has no {package}: install the {package} extension there, or use the embedded server.")
        if not facts["can_make_roles"]:
            raise Unavailable(f"The account in OUTRIDER_DATABASE_URL may not create roles at {target}: use one with CREATEROLE, or a superuser.")
        foreign = [row["nspname"] async for row in queries.foreign_schemas(connection)]
        if foreign:
            raise Unavailable(f"The database at {target} already has schemas that Outrider did not make ({', '.join(foreign)}): give it an empty database.")
        return str(facts["version"])
    finally:
        await connection.close()


async def migrate(url: str, *, passwords: dict[str, str] | None = None) -> Plan:
    """Prepare the server and run the pending migrations; returns what ran. Safe to repeat and to run from several processes.

    `passwords` are set on the login roles (a server that is reached over TCP needs them; the embedded one does not).
    """
    await check(url)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtextextended('outrider/migrate', 0))")
        for step in PREPARE:
            await getattr(queries, step)(connection)
        for role, password in (passwords or {}).items():
            await connection.execute(await connection.fetchval("SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", role, password))
        applied = _run(url)
        await _load_reference(connection)
        return Plan([], applied, [row["signature"] async for row in queries.find_not_leakproof(connection)])
    finally:
        await connection.close()


async def plan(url: str) -> Plan:
    """Return what `migrate` would run; changes nothing."""
    await check(url)
    connection = await asyncpg.connect(url)
    try:
        not_leakproof = [row["signature"] async for row in queries.find_not_leakproof(connection)]
        if not await connection.fetchval("SELECT to_regclass('public.migrations_log') IS NOT NULL"):
            return Plan([migration.id for migration in _migrations()], [], not_leakproof)
        done = {row[0] for row in await connection.fetch("SELECT migration_id FROM public.migrations_log")}
        return Plan([m.id for m in _migrations() if m.id not in done], sorted(done), not_leakproof)
    finally:
        await connection.close()


def _migrations() -> yoyo.migrations.MigrationList:
    return yoyo.read_migrations(str(FOLDER))


def _run(url: str) -> list[str]:
    logging.getLogger("yoyo").setLevel(logging.WARNING)
    scheme, rest = url.split("://", 1)
    joiner = "&" if "?" in rest else "?"
    # Everything is made as the owner, who is no superuser: row security and its functions bind it too.
    target = f"postgresql+psycopg://{rest}{joiner}options=-c%20role%3Doutrider_owner%20-c%20search_path%3Dpublic"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with yoyo.get_backend(target, LEDGER) as backend:
            backend.init_database()
            pending = backend.to_apply(_migrations())
            ids = [migration.id for migration in pending]
            with backend.lock():
                backend.apply_migrations(pending)
    return ids


async def _load_reference(connection: asyncpg.Connection) -> None:
    """Fill the two look-up tables that cleaning uses, if this version of the lists is not in them yet."""
    from freemail import data  # noqa: F401  (the lists are files of that package)

    domains = sorted(set((Path(data.__path__[0]) / "free.txt").read_text().split()))
    names = country_names()
    async with connection.transaction():
        if await reference.count_free_mail(connection) != len(domains):
            await reference.clear_free_mail(connection)
            await reference.add_free_mail(connection, domains=domains)
        if await reference.count_country_names(connection) != len(names):
            await reference.clear_country_names(connection)
            await reference.add_country_names(connection, names=list(names), codes=list(names.values()))


def country_names() -> dict[str, str]:
    """Return {name in lower case: ISO 3166 alpha-2} in English and in each country's official languages (BEHAVIOUR 3).

    Three-letter codes and what people write ('UK', 'Holland', 'Turkey') are among them; a name that two countries share is left out.
    """
    import pycountry

    names: dict[str, str] = {}
    shared: set[str] = set()

    def add(name: str | None, code: str) -> None:
        key = (name or "").strip().lower()
        if key and names.setdefault(key, code) != code:
            shared.add(key)

    english = Locale("en").territories
    for country in pycountry.countries:
        code = country.alpha_2
        for attribute in ("name", "common_name", "official_name", "alpha_2", "alpha_3"):
            add(getattr(country, attribute, None), code)
        add(english.get(code), code)
        for language in get_official_languages(code, regional=True, de_facto=True):
            try:
                add(Locale.parse(language).territories.get(code), code)
            except (UnknownLocaleError, ValueError):
                continue
    for key in shared:
        del names[key]
    names.update(ALIASES)
    return names


ALIASES = {
    "uk": "GB", "u.k.": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "u.s.": "US", "u.s.a.": "US", "united states of america": "US", "america": "US",
    "holland": "NL", "the netherlands": "NL", "turkey": "TR", "türkiye": "TR", "turkiye": "TR", "korea": "KR",
    "south korea": "KR", "republic of korea": "KR", "north korea": "KP", "russia": "RU", "vietnam": "VN", "iran": "IR",
    "syria": "SY", "czech republic": "CZ", "czechia": "CZ", "taiwan": "TW", "bolivia": "BO", "venezuela": "VE",
    "tanzania": "TZ", "moldova": "MD", "macedonia": "MK", "ivory coast": "CI", "uae": "AE", "emirates": "AE",
    "deutschland": "DE", "osterreich": "AT", "brasil": "BR", "espana": "ES", "congo": "CG", "ireland": "IE",
}  # fmt: skip
