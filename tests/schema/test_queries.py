"""Every named query of every slice is prepared against the real schema, so that a typo cannot ship."""

import re
from itertools import product
from pathlib import Path

import aiosql
import asyncpg
import pytest

import outrider
from outrider.people import search
from outrider.people.types import CompanyFilters, Filters

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


async def test_everything_that_the_composer_can_say_can_be_prepared(pool):
    organization, values = None, {"has_phone": True, "q": "ab abc"}
    every = Filters(**{name: values.get(name, "x") for name in Filters.__dataclass_fields__})
    single = [Filters(**{name: values.get(name, "x")}) for name in Filters.__dataclass_fields__]
    async with pool.acquire() as connection:
        for (name, sort), direction, after in product(search.SORTS.items(), ("asc", "desc"), (None, ("key", "id"), (None, "id"))):
            by = search.Order(name, sort, direction == "desc", after)
            for asked in (Filters(), every, *single):
                await connection.prepare(search.glance(organization, asked, by, 51).sql)
                await connection.prepare(search.full(organization, asked, by, 51).sql)
        for (name, sort), direction, after in product(search.COMPANY_SORTS.items(), ("asc", "desc"), (None, ("key", "id"))):
            by = search.Order(name, sort, direction == "desc", after)
            for filters in (CompanyFilters(), CompanyFilters("ab abc", "x", "x")):
                await connection.prepare(search.companies(organization, filters, by, 51).sql)
