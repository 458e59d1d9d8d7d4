"""Two people at one import: exactly one of them wins, and the loser's job never runs."""

import asyncio
import io

import pytest

from outrider import intake, ops
from outrider.kit.errors import Conflict
from tests.intake.conftest import csv_bytes, lead_rows


async def stopped_import(organization, actor, run_job):
    """An import that has rows and may be started again or reverted."""
    made = await intake.create_import(organization, actor, io.BytesIO(csv_bytes(lead_rows(20))), intake.NewImport(file_name="a.csv"))
    await run_job((await intake.start(organization, actor, made.id)).job_id)
    return made.id


async def test_only_one_of_two_reverts_is_taken(organization, actor, run_job):
    number = await stopped_import(organization, actor, run_job)
    answers = await asyncio.gather(*(intake.start_revert(organization, actor, number) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(answer, Conflict) for answer in answers) == 2
    jobs = await ops.list_jobs(organization, actor, name="intake.revert")
    assert len(jobs.items) == 1


async def test_an_import_that_is_being_reverted_cannot_be_started(organization, actor, run_job):
    number = await stopped_import(organization, actor, run_job)
    await intake.start_revert(organization, actor, number)
    with pytest.raises(Conflict, match="reverting"):
        await intake.start(organization, actor, number)


async def test_a_dry_run_remembers_no_mapping(organization, actor, run_job, tenant):
    data = csv_bytes([["ana@x.example", "Ana"]], ["Ansprechstelle", "Wer"])
    wanted = intake.NewImport(file_name="a.csv", chosen={"Wer": "first_name"})
    made = await intake.create_import(organization, actor, io.BytesIO(data), wanted)
    await run_job(await intake.start_preview(organization, actor, made.id))
    assert await tenant.fetchval("SELECT count(*) FROM intake.mappings") == 0


async def test_an_upload_that_cannot_start_leaves_no_file_waiting(client, organization):
    answer = await client.post("/api/imports", files={"file": ("a.csv", b"First Name,Title\nAna,CEO\n")}, data={"start": "true"})
    assert answer.status_code == 409
    assert [item["state"] for item in (await client.get("/api/imports")).json()["items"]] == ["cancelled"]
