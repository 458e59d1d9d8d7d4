"""Every named query of every slice is prepared against the real schema, so that a typo cannot ship."""

import re
from itertools import product
from pathlib import Path
from uuid import UUID

import aiosql
import asyncpg
import pytest

import outrider
from outrider.people import search
from outrider.people.filters import FILTERS, custom_filter, engagement_filter

ROOT = Path(outrider.__file__).parent
FILES = sorted(path for path in ROOT.rglob("*.sql") if "migrations" not in path.parts)
ADMINISTRATORS = {"prepare.sql", "reference.sql"}
"""Files whose statements an administrator or the owner runs."""
WORKERS = {"dispatch.sql"}


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(ROOT)))
async def test_every_query_can_be_prepared_by_the_role_that_runs_it(file, urls):
    url = urls.admin if file.name in ADMINISTRATORS else urls.worker if file.name in WORKERS else urls.app
    connection = await asyncpg.connect(url)
    queries = aiosql.from_path(file, "asyncpg", mandatory_parameters=False)
    failures = []
    try:
        for name in queries.available_queries:
            if name.endswith("_cursor"):
                continue
            statement = getattr(queries, name).sql
            if re.match(r"\s*(--[^\n]*\n\s*)*(CREATE|ALTER|GRANT|REVOKE|DO|SET|LOCK|TRUNCATE|ANALYZE|CALL|DROP)\b", statement):
                continue  # no plan: it cannot be prepared
            try:
                await connection.prepare(statement)
            except asyncpg.PostgresError as error:
                failures.append(f"{name}: {error}")
    finally:
        await connection.close()
    assert failures == []


CUSTOM = ("contains:a=x", "is:a=x", "from:a=1", "to:a=2026-01-31", "yes:a", "no:a", "set:a", "unset:a")


@pytest.mark.parametrize("kind", search.LISTS)
async def test_everything_that_the_composer_can_say_can_be_prepared(pool, kind):
    organization, listing, made = None, search.LISTS[kind], FILTERS[kind]
    values = {
        "q": "ab abc", "has_phone": True, "has_company": True, "has_people": True, "tag": ("a", "b"), "not_tag": ("c",),
        "custom": tuple(custom_filter(one) for one in CUSTOM), "score_from": 1, "score_to": 99,
        "engagement": tuple(engagement_filter(one) for one in ("opened", f"not_replied:campaign={UUID(int=1)}:days=7")),
    }  # fmt: skip
    every = {name: values.get(name, "x") for name in made.__dataclass_fields__}
    asked = [made(), made(**every), *(made(**{name: value}) for name, value in every.items())]
    afters = (None, ("key", "id"), (None, "id")) if kind == "people" else (None, ("key", "id"))
    async with pool.acquire() as connection:
        for (name, sort), direction, after in product(listing.sorts.items(), ("asc", "desc"), afters):
            by = search.Order(name, sort, direction == "desc", after, listing.id_type)
            for filters in asked:
                await connection.prepare(listing.glance(organization, filters, by, 51, 3).sql)
                await connection.prepare(listing.full(organization, filters, by, 51).sql)
                if after is None:
                    await connection.prepare(listing.keep(organization, filters, by, None, 5000).sql)
        for filters in asked:
            await connection.prepare(listing.count(organization, filters).sql)
            await connection.prepare(listing.count_all(organization, filters).sql)
