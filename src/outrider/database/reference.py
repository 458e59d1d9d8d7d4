"""The look-up lists that cleaning and sending use: free-mail domains, country names and time zones, from the packages freemail,
pycountry, Babel and tzdata.

Loaded when the lists of this version are not in the database yet; a comment on the table says which ones are.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg

from outrider.kit import sql

YEARS = range(2024, 2031)
"""In which the zones of a country must show the same time to be one."""
queries = sql.load(Path(__file__).parent / "reference.sql")
PACKAGES = ("freemail", "pycountry", "babel", "tzdata")


def edition() -> str:
    """Name the lists of this version: what they are made from, without making them."""
    aliases = hashlib.sha256(repr(sorted(ALIASES.items())).encode()).hexdigest()[:8]
    return ", ".join(f"{package} {version(package)}" for package in PACKAGES) + f", aliases {aliases}"


async def load(connection: asyncpg.Connection) -> bool:
    """Fill the tables if this version's lists are not in them; returns whether they were loaded now."""
    if await queries.loaded_edition(connection) == edition():
        return False
    names = country_names()
    async with connection.transaction():
        await queries.clear_free_mail(connection)
        await queries.add_free_mail(connection, domains=free_mail_domains())
        await queries.clear_country_names(connection)
        await queries.add_country_names(connection, names=list(names), codes=list(names.values()))
        zones = time_zones()
        await queries.clear_time_zones(connection)
        await queries.add_time_zones(connection, names=list(zones), countries=list(zones.values()))
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


def time_zones() -> dict[str, str | None]:
    """Return {IANA zone: the country (ISO 3166 alpha-2) that has its time everywhere}; None where no country has.

    A country with several zones that show the same time has the first of them.
    """
    from babel.core import get_global

    known = set(_packaged_zones())
    found: dict[str, str | None] = dict.fromkeys(sorted(known))
    for country, names in get_global("territory_zones").items():
        zones = sorted(known.intersection(names))
        if len(country) == 2 and zones and len({_times(zone) for zone in zones}) == 1 and found[zones[0]] is None:
            found[zones[0]] = country
    return found


def _packaged_zones() -> list[str]:
    return files("tzdata").joinpath("zones").read_text().split()


def _times(zone: str) -> tuple[timedelta | None, ...]:
    """Return what the clocks of a zone showed in the middle of each month of some years, as offsets."""
    place = ZoneInfo(zone)
    return tuple(datetime(year, month, 15, tzinfo=place).utcoffset() for year in YEARS for month in range(1, 13))


ALIASES = {
    "uk": "GB", "u.k.": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "u.s.": "US", "u.s.a.": "US", "united states of america": "US", "america": "US",
    "holland": "NL", "the netherlands": "NL", "turkey": "TR", "türkiye": "TR", "turkiye": "TR", "korea": "KR",
    "south korea": "KR", "republic of korea": "KR", "north korea": "KP", "russia": "RU", "vietnam": "VN", "iran": "IR",
    "syria": "SY", "czech republic": "CZ", "czechia": "CZ", "taiwan": "TW", "bolivia": "BO", "venezuela": "VE",
    "tanzania": "TZ", "moldova": "MD", "macedonia": "MK", "ivory coast": "CI", "uae": "AE", "emirates": "AE",
    "deutschland": "DE", "osterreich": "AT", "brasil": "BR", "espana": "ES", "congo": "CG", "ireland": "IE",
}  # fmt: skip
