"""The look-up lists that cleaning uses: free-mail domains and country names, from the packages freemail, pycountry and
Babel.

Loaded when the lists of this version are not in the database yet; a comment on the table says which ones are.
"""

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import asyncpg

from outrider.kit import sql

queries = sql.load(Path(__file__).parent / "reference.sql")
PACKAGES = ("freemail", "pycountry", "babel")


def edition() -> str:
    """Name the lists of this version: what they are made from, without making them."""
    aliases = hashlib.sha256(repr(sorted(ALIASES.items())).encode()).hexdigest()[:8]
    return ", ".join(f"{package} {version(package)}" for package in PACKAGES) + f", aliases {aliases}"


async def load(connection: asyncpg.Connection) -> bool:
    """Fill the two tables if this version's lists are not in them; returns whether they were loaded now."""
    if await queries.loaded_edition(connection) == edition():
        return False
    names = country_names()
    async with connection.transaction():
        await queries.clear_free_mail(connection)
        await queries.add_free_mail(connection, domains=free_mail_domains())
        await queries.clear_country_names(connection)
        await queries.add_country_names(connection, names=list(names), codes=list(names.values()))
        await connection.execute(await queries.comment_on_edition(connection, edition=edition()))
    return True


def free_mail_domains() -> list[str]:
    """Return the domains that anybody can get an address at, in lower case."""
    from freemail import data  # the lists are files of that package

    return sorted(set((Path(data.__path__[0]) / "free.txt").read_text().lower().split()))


def country_names() -> dict[str, str]:
    """Return {name in lower case: ISO 3166 alpha-2} in English and in each country's official languages (BEHAVIOUR 3).

    Three-letter codes and what people write ('UK', 'Holland', 'Turkey') are among them; a name that two countries share
    is left out.
    """
    import pycountry
    from babel import Locale, UnknownLocaleError
    from babel.languages import get_official_languages

    names: dict[str, str] = {}
    shared: set[str] = set()
    known: dict[str, Mapping[str, str]] = {}

    def territories(language: str) -> Mapping[str, str]:
        if language not in known:
            try:
                known[language] = Locale.parse(language).territories
            except (UnknownLocaleError, ValueError):
                known[language] = {}
        return known[language]

    def add(name: str | None, code: str) -> None:
        key = (name or "").strip().lower()
        if key and names.setdefault(key, code) != code:
            shared.add(key)

    for country in pycountry.countries:
        code = country.alpha_2
        for attribute in ("name", "common_name", "official_name", "alpha_2", "alpha_3"):
            add(getattr(country, attribute, None), code)
        for language in ("en", *get_official_languages(code, regional=True, de_facto=True)):
            add(territories(language).get(code), code)
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
