"""Pages of profiles are read from indexes: whatever the order, however far one has gone, before ANALYZE ran too."""

import re
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from outrider import namespaces, tenancy
from outrider.namespaces import ProfileFilters, ProfileService
from tests.conftest import new_organization

ACTOR = tenancy.Actor("user", "test")
PROFILES = 20_000
FILE = (Path(namespaces.__file__).parent / "profiles.sql").read_text()
NOTHING = {
    "words": [], "platform": None, "score_from": None, "score_to": None, "after": None, "after_id": None, "count": 51, "first": None,
    "second": None, "after_time": None, "after_score": None, "after_email": None, "reach": 5000, "sort": "newest",
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", params=["never analysed", "analysed"])
async def crowd(request, pool, urls):
    """An organization with a table of profiles, made set-based."""
    organization = await new_organization()
    connection = await asyncpg.connect(urls.admin)
    await connection.execute("SELECT set_config('app.organization_id', $1, false)", str(organization))
    await connection.execute("SET session_replication_role = replica")  # no triggers: what matters here is reading
    table = f"{tenancy.schema_of(organization)}.playmaker_user_source"
    await connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    await connection.execute(
        f"INSERT INTO {table} (organization_id, email, first_name, company, platform, lead_score, load_id, created_at) "  # noqa: S608
        "SELECT $1, md5(n::text) || '@x.example', 'N' || n, 'Company', CASE WHEN n % 500 = 0 THEN 'rare' ELSE 'apollo' END, n % 200, n, "
        "now() - make_interval(secs => n) FROM generate_series(1, $2::int) AS n",
        organization,
        PROFILES,
    )
    if request.param == "analysed":
        await connection.execute(f"VACUUM ANALYZE {table}")
    yield organization
    await connection.close()


async def plan_of(organization, name: str, **asked) -> str:
    """The plan of a query of profiles.sql, as the service runs it."""
    statement = re.search(rf"-- name: {name}\(.*?\n(.*?;)", FILE, re.S).group(1)
    names = list(dict.fromkeys(re.findall(r"(?<!:):([a-z_]+)", re.sub(r"--[^\n]*|'[^']*'", "", statement))))
    async with tenancy.transaction(organization, ACTOR) as connection:
        service = ProfileService(connection, organization)
        values = {**NOTHING, "organization_id": organization, "namespaces": list(await service.namespaces()), **asked}
        settings = re.search(r"-- name: walk_by_indexes.*?\n(SELECT.*?;)", FILE, re.S).group(1)
        await connection.execute(settings)
        if name == "gather":
            await connection.execute(re.search(r"-- name: plan_freely.*?\n(SELECT.*?;)", FILE, re.S).group(1))
        numbered = re.sub(r"(?<!:):([a-z_]+)", lambda match: f"${names.index(match[1]) + 1}", statement)
        rows = await connection.fetch(f"EXPLAIN {numbered}", *(values[each] for each in names))
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize(
    ("sort", "column"),
    [("newest", "created_at"), ("lead_score", "lead_score"), ("email", "email")],
)
async def test_a_page_is_read_from_its_orders_index_on_from_where_the_last_one_ended(crowd, sort, column):
    async with tenancy.transaction(crowd, ACTOR) as connection:
        page = await ProfileService(connection, crowd).page(ProfileFilters(), sort=sort)
    last = page.items[-1]
    for after in ({}, {"after": getattr(last, column), "after_id": last.id}):
        plan = await plan_of(crowd, f"walk_{sort}", **after)
        assert "Seq Scan" not in plan
        assert "Bitmap" not in plan
        scan = re.search(r"Index Scan.* using (\S+) on playmaker", plan)
        assert scan is not None, plan
        if after:
            condition = next(line for line in plan.splitlines() if "Index Cond" in line)
            assert column in condition, plan


@pytest.mark.parametrize("crowd", ["analysed"], indirect=True)
@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"first": "n1234"}, "search_text"),
        ({"first": "company", "second": "n1234"}, "search_text"),
        ({"first": " n1"}, "search_text"),
        ({"platform": "rare"}, "platform"),
        ({"score_from": 199}, "lead_score"),
    ],
    ids=str,
)
async def test_what_is_rare_is_gathered_by_the_index_on_it(crowd, asked, index):
    """Before the first ANALYZE of its table, at most some minutes, a namespace is taken for next to nothing and read as a whole."""
    plan = await plan_of(crowd, "gather", **asked)
    assert "Seq Scan on playmaker" not in plan
    assert f"{index}_i" in plan, plan


async def test_a_list_takes_a_bounded_number_of_statements(crowd):
    statements = []

    def log(query):
        statements.append(query.query)

    async with tenancy.transaction(crowd, ACTOR) as connection:
        connection.add_query_logger(log)
        await ProfileService(connection, crowd).page(ProfileFilters(q="n1"), limit=500)
        connection.remove_query_logger(log)
    assert len(statements) <= 7


async def test_only_the_namespaces_own_partition_is_looked_at(crowd):
    await new_organization()
    plan = await plan_of(crowd, "walk_newest")
    assert re.findall(r"on (\S*user_source\S*)", plan) == ["playmaker_user_source"]
    assert "Append" not in plan


async def test_the_platforms_are_looked_up_one_by_one(crowd):
    async with tenancy.transaction(crowd, ACTOR) as connection:
        service = ProfileService(connection, crowd)
        assert await service.platforms(await service.namespaces()) == ["apollo", "rare"]
        assert await service.platforms({UUID(int=1): "none"}) == []
