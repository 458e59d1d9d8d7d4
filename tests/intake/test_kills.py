"""Worker and database killed with SIGKILL while they import: no row is lost and none comes twice. The large one: `make proof`."""

import asyncio
import random
import time

import pytest

from outrider import intake
from outrider.kit import spool
from tests.intake.conftest import csv_bytes, lead_rows
from tests.proof import compare
from tests.proof.scene import Scene, plan

ROWS, CHUNK, HEARTBEAT = 5_000, 400, "1"


async def test_an_import_whose_worker_and_database_are_killed_equals_an_undisturbed_one(tmp_path):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    file = tmp_path / "leads.csv"
    file.write_bytes(csv_bytes(lead_rows(ROWS, seed)))
    scene = Scene(["-m", "tests.proof.small_worker", str(CHUNK), HEARTBEAT], settings={"fsync": "off"})  # nobody pulls a plug here
    scene.open()
    try:
        scene.start_worker()
        disturbed = await asyncio.to_thread(scene.begin, file, "disturbed")
        begun = time.monotonic()
        for what, row in plan(rng, ROWS, [["worker", "database"]]):
            print(await scene.harm(disturbed, what, row, rng.uniform(0, 0.15), begun))
        assert await scene.run(disturbed) == ("completed", ROWS)
        undisturbed = await asyncio.to_thread(scene.begin, file, "undisturbed")
        assert await scene.run(undisturbed) == ("completed", ROWS)
        connection = await scene.connect()
        found = await compare.differences(connection, disturbed.organization, undisturbed.organization)
        assert compare.unequal(found) == {}
        assert found["rows"][0] == ROWS
        jobs = await connection.fetch("SELECT state, retry_count FROM ops.jobs WHERE name = 'intake.import' ORDER BY created_on")
        assert [job["state"] for job in jobs] == ["completed", "completed"]
        assert 1 <= jobs[0]["retry_count"] <= 2
        assert jobs[1]["retry_count"] == 0
        await connection.close()
    finally:
        await asyncio.to_thread(scene.close)


@pytest.mark.parametrize("name", ["import", "revert"])
async def test_a_worker_that_dies_after_its_work_is_believed(name, organization, actor, take_in, run_job, admin):
    done = await take_in(csv_bytes(lead_rows(60)))
    if name == "revert":
        await run_job((await intake.start_revert(organization, actor, done.id)).job_id)
    before = await intake.get_import(organization, actor, done.id)
    # As if the worker had been killed between the last commit of the work and the word that the job is done.
    await admin.execute("UPDATE ops.jobs SET state = 'retry', completed_on = NULL, output = NULL WHERE id = $1", before.job_id)
    job = await run_job(before.job_id)
    assert job.state == "completed", job.error
    assert job.output["loads" if name == "revert" else "rows_read"] == (before.rows_read - before.rows_failed if name == "revert" else 60)
    assert await intake.get_import(organization, actor, done.id) == before
    assert not spool.path(organization, done.id).exists()
