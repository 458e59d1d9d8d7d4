"""Re-routing: profiles follow their campaign when the keywords change; none is lost, and merges can be seen."""

import asyncpg
import pytest

from outrider import ops, tenancy
from outrider.namespaces import NamespaceService
from outrider.namespaces.service import REROUTE
from outrider.namespaces.tasks import TASKS, reroute


@pytest.fixture
def service(tenant, organization):
    return NamespaceService(tenant, organization)


async def add(connection: asyncpg.Connection, table: str, email: str, campaign: str | None = None, **columns: object) -> None:
    meta = {"campaign": campaign} if campaign else {}
    await connection.execute(
        f"INSERT INTO {table} (email, meta, first_name, company, icp_score, load_id, created_at) "  # noqa: S608
        "VALUES ($1, $2, $3, $4, $5, $6, '2026-01-01'::timestamptz + make_interval(secs => $7))",
        email,
        meta,
        columns.get("first_name"),
        columns.get("company"),
        columns.get("icp_score", 0),
        columns.get("load_id"),
        columns.get("at", 0),
    )


async def emails(connection: asyncpg.Connection, table: str) -> list[str]:
    return [row[0] for row in await connection.fetch(f"SELECT email FROM {table} ORDER BY email")]  # noqa: S608


async def test_new_keywords_offer_to_move_what_was_routed_before(tenant, service):
    await add(tenant, "playmaker_user_source", "a@x.example", "ACME one")
    await add(tenant, "playmaker_user_source", "b@x.example", "acme two")
    await add(tenant, "playmaker_user_source", "c@x.example", "other")
    await add(tenant, "playmaker_user_source", "d@x.example")
    changed = await service.consequences(await service.create("acme-corp", ["acme"]))
    assert [(m.from_namespace, m.to_namespace, m.profiles, m.merged) for m in changed.moves] == [("playmaker", "acme-corp", 2, 0)]
    assert await emails(tenant, "acme_corp_user_source") == []


async def test_moved_profiles_keep_their_values_and_leave_a_trail(tenant, service):
    await add(tenant, "playmaker_user_source", "a@x.example", "ACME one", first_name="Ana", icp_score=40, load_id=7)
    id_before = await tenant.fetchval("SELECT id FROM playmaker_user_source")
    await service.create("acme-corp", ["acme"])
    assert [move.profiles for move in await service.reroute(100)] == [1]
    row = await tenant.fetchrow("SELECT id, first_name, icp_score, load_id, meta FROM acme_corp_user_source")
    assert tuple(row) == (id_before, "Ana", 40, 7, {"campaign": "ACME one"})
    trail = await tenant.fetchrow("SELECT changed_fields, changed_by FROM people.profile_history WHERE profile_id = $1", id_before)
    assert tuple(trail) == (["namespace_id"], "user:test")
    assert await service.reroute(100) == []


async def test_a_profile_whose_address_is_there_fills_blanks_there_and_is_removed_here(tenant, service):
    await service.create("acme-corp", ["acme"])
    await add(tenant, "acme_corp_user_source", "a@x.example", None, first_name="Ana", load_id=1)
    await add(
        tenant,
        "playmaker_user_source",
        "a@x.example",
        "ACME one",
        first_name="Anna",
        company="Acme",
        icp_score=30,
        load_id=2,
    )
    moves = await service.preview_reroute()
    assert [(move.profiles, move.merged) for move in moves] == [(1, 1)]
    assert await service.reroute(100) == moves
    row = await tenant.fetchrow("SELECT first_name, company, icp_score, load_id, provenance, meta FROM acme_corp_user_source")
    assert tuple(row) == ("Ana", "Acme", 30, 1, {"company": 2}, {"campaign": "ACME one"})
    assert await emails(tenant, "playmaker_user_source") == []
    gone = await tenant.fetchrow("SELECT old_values, new_values FROM people.profile_history WHERE changed_fields = '[\"merged_into\"]'")
    assert gone["old_values"]["first_name"] == "Anna"
    assert gone["new_values"]["merged_into"] == str(await tenant.fetchval("SELECT id FROM acme_corp_user_source"))


async def test_of_several_with_one_address_the_oldest_stays_and_takes_what_it_lacks(tenant, service):
    for name in ("one", "two", "three"):
        await service.create(name, [f"zz-{name}"])
    await add(tenant, "two_user_source", "a@x.example", "ACME b", first_name="", at=1)
    await add(tenant, "one_user_source", "a@x.example", "ACME a", first_name="Second", at=2)
    await add(tenant, "three_user_source", "a@x.example", "ACME c", first_name="Third", company="Acme", at=3)
    await service.create("acme", ["acme"])
    assert sum(move.merged for move in await service.reroute(100)) == 2
    row = await tenant.fetchrow("SELECT first_name, company, meta ->> 'campaign' FROM acme_user_source")
    assert tuple(row) == ("Second", "Acme", "ACME b")


async def test_a_namespace_that_was_switched_off_keeps_what_it_has(tenant, service):
    await service.create("acme", ["acme"])
    await add(tenant, "acme_user_source", "a@x.example", "ACME one")
    changed = await service.consequences(await service.change("acme", is_active=False))
    assert changed.moves == []
    assert await service.reroute(100) == []


async def test_a_job_moves_everything_in_batches_and_says_how_far_it_is(client, organization, actor, monkeypatch):
    monkeypatch.setattr("outrider.namespaces.tasks.BATCH_ADDRESSES", 3)
    async with tenancy.transaction(organization, actor) as connection:
        for number in range(8):
            await add(connection, "playmaker_user_source", f"p{number}@x.example", "ACME")
    offer = (await client.post("/api/namespaces", json={"name": "acme", "keywords": ["acme"]})).json()["reroute"]
    assert offer["profiles"] == 8
    preview = await client.post("/api/namespaces/reroute", json={"dry_run": True})
    assert (preview.status_code, preview.json()["profiles"], preview.json()["job_id"]) == (200, 8, None)
    answer = await client.post("/api/namespaces/reroute")
    assert answer.status_code == 202
    again = await client.post("/api/namespaces/reroute")
    assert again.json()["job_id"] == answer.json()["job_id"]
    job = await ops.get_job(organization, actor, answer.json()["job_id"])
    assert (job.name, job.state) == (REROUTE, "created")
    said = []

    class Context:
        organization_id = organization
        actor = tenancy.Actor("job", str(job.id))

        async def progress(self, done: int, total: int, note: str) -> None:
            said.append((done, total))

        async def report(self, connection: object, done: int, total: int, note: str) -> None:
            said.append((done, total))

    assert await reroute(Context()) == {"profiles": 8, "merged": 0}
    assert said == [(0, 8), (3, 8), (6, 8), (8, 8), (8, 8)]
    assert TASKS[REROUTE] is reroute


async def test_another_organizations_profiles_stay_where_they_are(client, stranger, other_organization, actor):
    async with tenancy.transaction(other_organization, actor) as connection:
        await add(connection, "playmaker_user_source", "a@x.example", "ACME")
    offer = (await client.post("/api/namespaces", json={"name": "acme", "keywords": ["acme"]})).json()["reroute"]
    assert offer is None
    assert (await stranger.post("/api/namespaces/reroute", json={"dry_run": True})).json()["profiles"] == 0
