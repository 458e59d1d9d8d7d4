"""Looking on while an import runs, and what stands in a list when nobody told the import that its job is gone."""

import asyncio
import io
import itertools
from dataclasses import replace

import pytest

from outrider import intake, ops, tenancy
from outrider.intake import progress
from outrider.intake.progress import Pace
from tests.intake.conftest import csv_bytes, lead_rows


@pytest.fixture
def uploaded(organization, actor):
    """Uploads a file and does not start it."""

    async def work(rows: int = 30, name: str = "a.csv", **wanted):
        data = csv_bytes(lead_rows(rows))
        return await intake.create_import(organization, actor, io.BytesIO(data), intake.NewImport(file_name=name, **wanted))

    return work


async def test_who_looks_on_sees_it_run_and_end(uploaded, organization, actor, run_job, monkeypatch):
    monkeypatch.setattr(progress, "LOOK_SECONDS", 0.01)
    made = await uploaded()
    started = await intake.start(organization, actor, made.id)
    seen = []

    async def look() -> None:
        async for lines in intake.follow(organization, actor, [made.id]):
            seen.extend(lines)

    async with asyncio.timeout(20):
        looking = asyncio.create_task(look())
        await asyncio.sleep(0.05)
        await run_job(started.job_id)
        await looking
    assert (seen[0].state, seen[0].work_state, seen[0].is_live, seen[0].done) == ("queued", "created", True, 0)
    assert (seen[-1].state, seen[-1].is_live, seen[-1].rows_read) == ("completed", False, 30)
    assert all(now != before for before, now in itertools.pairwise(seen)), "only changes are told"


async def test_looking_on_ends_by_itself_and_holds_no_connection(uploaded, organization, actor, pool, monkeypatch):
    monkeypatch.setattr(progress, "LOOK_SECONDS", 0.01)
    made = await uploaded()
    await intake.start(organization, actor, made.id)
    taken = []
    async for _ in intake.follow(organization, actor, [made.id], longest=0.1):
        taken.append(pool.get_size() - pool.get_idle_size())
    assert taken == [0]


async def test_what_is_not_running_is_told_once(uploaded, organization, actor, other_organization):
    made = await uploaded()
    assert [[line.id for line in lines] async for lines in intake.follow(organization, actor, [made.id])] == [[made.id]]
    assert [lines async for lines in intake.follow(other_organization, actor, [made.id])] == []


async def test_a_dry_run_shows_its_own_progress_and_its_error(uploaded, organization, actor, run_job, tenant):
    made = await uploaded()
    job = await intake.start_preview(organization, actor, made.id)
    (line,) = await anext(intake.follow(organization, actor, [made.id]))
    assert (line.state, line.work, line.is_live) == ("uploaded", "intake.preview", True)
    await intake.cancel_dry_run(organization, actor, made.id)
    (line,) = await anext(intake.follow(organization, actor, [made.id]))
    assert (line.state, line.work_state, line.is_live, line.has_preview) == ("uploaded", "cancelled", False, False)
    again = await intake.start_preview(organization, actor, made.id)
    assert again != job
    await run_job(again)
    (line,) = await anext(intake.follow(organization, actor, [made.id]))
    assert (line.work_state, line.has_preview, line.done) == ("completed", True, 30)


def line(**values) -> progress.ImportLine:
    blank = dict.fromkeys(progress.ImportLine.__dataclass_fields__)
    known = {"work": "intake.import", "work_state": "active", "done": 0, "total": 100_000}
    return progress.ImportLine(**{**blank, **known, **values})


def test_rate_and_time_left_come_from_the_last_looks():
    pace = Pace()
    assert pace.measured(line(), 0.0).rate is None
    assert pace.measured(line(done=10_000), 2.0).rate == 5_000
    measured = pace.measured(line(done=20_000), 4.0)
    assert (measured.rate, measured.seconds_left) == (5_000, 16)
    assert pace.measured(line(done=20_000), 4.5).rate == 5_000, "a look in which nothing was committed changes nothing"
    assert pace.measured(line(work="intake.revert"), 5.0).rate is None
    assert pace.measured(line(done=10_000, total=None), 1.0).seconds_left is None


async def test_an_import_given_up_by_its_job_is_settled_in_lists_too(uploaded, organization, actor, admin, monkeypatch):
    given_up = [await uploaded(name=f"{n}.csv") for n in range(3)]
    jobs = [(await intake.start(organization, actor, made.id)).job_id for made in given_up]
    waits = await uploaded(name="waits.csv")
    await intake.start(organization, actor, waits.id)
    await admin.execute("UPDATE ops.jobs SET state = 'failed', error = 'WorkerDied: three times' WHERE id = $1", jobs[0])
    await ops.cancel_job(organization, actor, jobs[1])
    await admin.execute("DELETE FROM ops.jobs WHERE id = $1", jobs[2])
    listed = {item.id: item for item in (await intake.list_imports(organization, actor)).items}
    assert [listed[made.id].state for made in given_up] == ["failed", "cancelled", "failed"]
    assert [listed[made.id].error for made in given_up] == ["WorkerDied: three times", "its job was cancelled", "its job is gone"]
    assert listed[waits.id].state == "queued"


async def test_lines_of_a_list_come_newest_first_and_in_pages(uploaded, organization, other_organization, actor):
    made = [(await uploaded(name=f"{n}.csv")).id for n in range(3)]
    async with tenancy.transaction(organization, actor, readonly=True) as connection:
        first = await intake.list_lines(connection, organization, limit=2)
        rest = await intake.list_lines(connection, organization, limit=2, cursor=first.next_cursor)
    assert [item.id for item in first.items + rest.items] == made[::-1]
    assert (first.items[0].has_address, first.items[0].is_live) == (True, False)
    async with tenancy.transaction(other_organization, actor, readonly=True) as connection:
        assert (await intake.list_lines(connection, other_organization)).items == []


async def test_a_line_and_its_import_tell_the_same(uploaded, organization, actor, run_job):
    made = await uploaded()
    await run_job((await intake.start(organization, actor, made.id)).job_id)
    (shown,) = await anext(intake.follow(organization, actor, [made.id]))
    found = await intake.get_import(organization, actor, made.id)
    for name in ("file_name", "source", "namespace", "state", "rows_read", "rows_failed", "people_created", "created_by", "finished_at"):
        assert getattr(shown, name) == getattr(found, name), name
    assert replace(shown, done=5, total=10).share == 0.5
    assert replace(shown, total=None).share is None
