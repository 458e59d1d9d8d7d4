"""What the home page says: honest numbers, what runs, what to do next."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from outrider import ops, tenancy
from outrider.reports import ask_for_count, overview, read_overview, types
from outrider.reports.tasks import TASKS
from tests.conftest import new_organization

from .conftest import caller_of

ANA = {"email": "ana@acme.example", "name": "Ana Lima", "company": "Acme", "domain": "acme.example"}
BO = {"email": "bo@umbrella.example", "name": "Bo Lee", "company": "Umbrella", "domain": "umbrella.example"}
CONFLICT = {"email": "eve@home.example", "name": "Eve Stone", "company": "Acme", "domain": "acme.example"}


async def read(caller: tenancy.Caller) -> types.Overview:
    async with tenancy.transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return await read_overview(connection, caller)


def numbers(figures: types.Figures) -> tuple[int, int, int, int]:
    return figures.people, figures.companies, figures.contacts, figures.profiles


async def test_an_empty_organization_has_noughts_a_month_of_them_and_says_that_it_is_empty(caller):
    found = await read(caller)
    assert found.figures is not None
    assert numbers(found.figures) == (0, 0, 0, 0)
    assert [day.rows for day in found.figures.days] == [0] * 30
    assert (found.figures.is_empty, found.is_stale, found.imports, found.running) == (True, False, 0, ())


async def test_what_is_there_is_counted_on_the_spot_and_only_ones_own(caller, leads, other_organization):
    await leads(ANA, BO, {"email": "nobody"})
    found = await read(caller)
    assert found.figures is not None
    assert numbers(found.figures) == (2, 2, 2, 2)
    assert (found.figures.counted_at, found.figures.is_least, found.figures.is_empty) == (None, False, False)
    theirs = await read(caller_of(other_organization))
    assert theirs.figures is not None
    assert numbers(theirs.figures) == (0, 0, 0, 0)


async def test_rows_are_counted_on_the_day_of_the_organizations_zone(caller, leads, admin):
    zone = ZoneInfo("Pacific/Kiritimati")  # fourteen hours ahead of UTC
    await admin.execute("UPDATE tenancy.organizations SET time_zone = $2 WHERE id = $1", caller.organization_id, zone.key)
    await leads(ANA, BO, {"email": "nobody"})
    days = (await read(caller)).figures.days
    assert (days[-1].day, days[-1].rows) == (datetime.now(zone).date(), 3)
    assert sum(day.rows for day in days[:-1]) == 0
    assert len(days) == types.DAYS


async def test_a_large_organization_is_told_as_at_least_until_a_job_has_counted_it(caller, leads, monkeypatch):
    monkeypatch.setattr(overview, "LIVE", 1)
    await leads(ANA, BO)
    before = await read(caller)
    assert (before.figures.people, before.figures.is_least, before.is_stale, before.figures.days) == (1, True, True, ())

    await ask_for_count(caller)
    await ask_for_count(caller)
    jobs = (await ops.list_jobs(caller.organization_id, caller.actor, name=overview.COUNT)).items
    assert len(jobs) == 1
    done = await ops.run_job_here(caller.organization_id, jobs[0].id, TASKS)
    assert (done.state, done.output) == ("completed", {"people": 2, "companies": 2, "contacts": 2, "profiles": 2})

    after = await read(caller)
    assert numbers(after.figures) == (2, 2, 2, 2)
    assert (after.figures.is_least, after.is_stale, after.figures.rows) == (False, False, 2)
    assert after.figures.counted_at is not None


async def test_the_kept_figures_are_what_counting_finds(caller, leads, tenant):
    await leads(ANA, BO, CONFLICT)
    async with tenancy.transaction(caller.organization_id, caller.actor) as connection:
        await overview.keep_count(connection, caller.organization_id)
    kept = await tenant.fetchrow("SELECT people, companies, contacts, profiles, rows_by_day FROM bit.figures")
    counted = [
        await tenant.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608
        for table in ("people.master", "company.master", "vault.contacts", "people.profiles")
    ]
    assert list(kept)[:4] == counted
    by_day = await tenant.fetch("SELECT created_at::date::text AS day, count(*) FROM intake.raw_loads GROUP BY 1")
    assert kept["rows_by_day"] == {row["day"]: row["count"] for row in by_day}


@pytest.mark.parametrize(("minutes", "is_stale"), [(1, False), (6, True)])
async def test_a_count_is_due_again_after_some_minutes(caller, leads, monkeypatch, tenant, minutes, is_stale):
    monkeypatch.setattr(overview, "LIVE", 1)
    await leads(ANA, BO)
    await overview.keep_count(tenant, caller.organization_id)
    await tenant.execute("UPDATE bit.figures SET counted_at = now() - $1::interval", timedelta(minutes=minutes))
    assert (await read_overview(tenant, caller)).is_stale == is_stale


async def test_a_count_is_due_when_an_import_has_ended_since(caller, leads, monkeypatch, tenant):
    monkeypatch.setattr(overview, "LIVE", 1)
    await leads(ANA, BO)
    await overview.keep_count(tenant, caller.organization_id)
    await add_import(tenant, state="completed", finished_at=datetime.now(UTC) + timedelta(seconds=1))
    assert (await read_overview(tenant, caller)).is_stale


async def test_what_runs_is_shown_with_its_file_and_how_far_it_is(caller, tenant):
    job = await ops.enqueue(tenant, "intake.import", {}, title="Import leads.csv")
    await ops.enqueue(tenant, overview.COUNT, {})
    await tenant.execute("UPDATE ops.jobs SET state = 'active', progress_done = 40, progress_total = 100 WHERE id = $1", job)
    number = await add_import(tenant, state="running", job_id=job)
    running = (await read_overview(tenant, caller)).running
    assert [(each.id, each.label, each.import_id, each.share) for each in running] == [(job, "Import leads.csv", number, 0.4)]


async def test_what_waits_is_told_with_one_link_each(caller, leads, tenant):
    await leads(ANA, CONFLICT, {"email": "x@nowhere.example"})
    rejected = await add_import(tenant, state="completed", rows_failed=3)
    uploaded = await add_import(tenant, state="uploaded")
    await tenant.execute("INSERT INTO ops.jobs (name, state) VALUES ('intake.import', 'failed')")
    steps = {step.key: step for step in (await read_overview(tenant, caller)).steps}
    assert {key: step.href for key, step in steps.items() if key != "worker"} == {
        "failed_jobs": "/jobs?state=failed",
        "uploaded": f"/imports/{uploaded}",
        "rejects": f"/imports/{rejected}",
        "conflicts": "/conflicts",
        "incomplete": "/incomplete",
        "address": "/settings/organization",
        "mailbox": "/mailboxes/new",
    }
    assert steps["worker"].weight == "wrong"
    assert "3 rows could not be used" in steps["rejects"].text
    assert steps["conflicts"].text.startswith("1 conflict waits")
    assert [step.weight for step in steps.values()] == sorted((step.weight for step in steps.values()), reverse=True)


async def test_what_is_done_is_told_no_more(caller, tenant):
    await tenant.execute("UPDATE tenancy.organizations SET physical_address = 'Calle 1, Madrid'")
    await add_import(tenant, state="reverted", rows_failed=3)
    await tenant.execute("INSERT INTO ops.jobs (name, state) VALUES ('intake.import', 'completed')")
    assert [step.key for step in (await read_overview(tenant, caller)).steps] == ["worker"]


async def test_who_may_only_look_is_asked_to_do_nothing_and_who_may_not_look_sees_nothing(caller, leads):
    await leads(ANA, CONFLICT)
    organization = caller.organization_id
    viewer = await read(caller_of(organization, "viewer"))
    assert viewer.figures is not None
    assert [step.key for step in viewer.steps] == ["worker"]
    nobody = await read(caller_of(organization, scopes=frozenset()))
    assert (nobody.figures, nobody.imports, nobody.running, nobody.steps) == (None, None, (), ())


async def test_the_api_answers_with_the_same_for_any_key(client, leads, as_role):
    await leads(ANA, BO)
    found = (await client.get("/api/overview")).json()
    assert (found["figures"]["people"], found["figures"]["days"][-1]["rows"]) == (2, 2)
    narrow = (await (await as_role("viewer", ["jobs:read"])).get("/api/overview")).json()
    assert (narrow["figures"], narrow["imports"]) == (None, None)
    assert [step["key"] for step in narrow["steps"]] == ["worker"]


async def test_asking_the_api_has_a_large_organization_counted(client, caller, leads, monkeypatch):
    monkeypatch.setattr(overview, "LIVE", 1)
    await leads(ANA, BO)
    assert (await client.get("/api/overview")).json()["figures"]["is_least"] is True
    jobs = (await ops.list_jobs(caller.organization_id, caller.actor, name=overview.COUNT)).items
    assert [job.state for job in jobs] == ["created"]
    assert jobs[0].keep_until < datetime.now(UTC) + timedelta(hours=2)


async def test_an_organization_that_nobody_made_is_not_found(pool):
    organization = await new_organization()
    gone = tenancy.OrganizationId(type(organization)(int=organization.int ^ 1))
    with pytest.raises(overview.NotFound):
        await read(caller_of(gone))


async def add_import(tenant, *, state: str, **values):
    """Add an import in a state; returns its id."""
    columns = {"file_name": "leads.csv", "file_bytes": 1, "file_format": {}, "mapping": {}, "source": "s", "batch_id": "b", "state": state}
    columns |= values
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    query = f"INSERT INTO intake.imports ({', '.join(columns)}) VALUES ({places}) RETURNING id"  # noqa: S608
    return await tenant.fetchval(query, *columns.values())
