"""`outrider lists`, `segments`, `templates`, `campaigns` as a script uses them."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.catalogue import make_task

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def outrider(urls, organization, tmp_path):
    """Run the command line against the test's database and organization; returns (exit code, answer): JSON, or what went wrong."""

    async def run(*arguments):
        environment = {
            **os.environ,
            "OUTRIDER_DATABASE_URL": urls.admin,
            "OUTRIDER_APP_DATABASE_URL": urls.app,
            "OUTRIDER_WORKER_DATABASE_URL": urls.worker,
            "OUTRIDER_HOME": str(tmp_path),
            "OUTRIDER_ORG": str(organization),
        }
        command = [sys.executable, "-m", "outrider", *arguments, "--json"]
        done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    return run


async def test_lists_and_segments_are_made_filled_and_counted(outrider, add_person):
    await add_person("ana@one.example")
    await add_person("bo@two.example")
    assert (await outrider("lists", "create", "Fair"))[1]["people"] == 0
    assert await outrider("lists", "add", "fair", "--filter", "email=ana@one.example") == (0, {"people": 1})
    assert await outrider("lists", "remove", "fair", "--everyone") == (0, {"people": 1})
    assert (await outrider("segments", "create", "Everyone", "--everyone"))[0] == 0
    assert await outrider("segments", "count", "everyone") == (0, {"people": 2, "is_exact": True})
    code, told = await outrider("lists", "add", "Fair")
    assert (code, "--everyone" in told) == (1, True)


async def test_a_campaign_is_resolved_and_its_start_says_what_is_missing(outrider, client, add_person):
    await add_person("ana@one.example")
    segment = (await client.post("/api/segments", json={"name": "Everyone", "filters": {}})).json()["id"]
    await client.post("/api/campaigns", json={"name": "Q4 push", "segments": [segment]})
    code, counts = await outrider("campaigns", "resolve", "q4 PUSH")
    assert (code, counts) == (0, {"total": 1, "excluded": {}, "eligible": 1, "inserted": 1})
    assert (await outrider("campaigns", "show", "Q4 push"))[1]["enrollments"] == {"ready": 1}
    assert (await outrider("campaigns", "duplicate", "Q4 push"))[1]["name"] == "Copy of Q4 push"
    code, told = await outrider("campaigns", "start", "Q4 push")
    assert (code, "physical address" in told) == (4, True)
    code, told = await outrider("campaigns", "start", "Q4 push", "--at", "2020-01-01T09:00")
    assert (code, "still to come" in told) == (2, True)
    assert (await outrider("campaigns", "cancel", "Q4 push"))[1]["state"] == "cancelled"
    assert (await outrider("campaigns", "show", "nobody"))[0] == 3


async def test_addresses_of_a_file_are_put_on_a_list(outrider, add_person, tmp_path):
    await add_person("ana@one.example")
    (tmp_path / "fair.txt").write_text("Ana Lima <ana@one.example>\nnobody@one.example\n")
    await outrider("lists", "create", "Fair")
    assert await outrider("lists", "paste", "Fair", str(tmp_path / "fair.txt")) == (0, {"people": 1, "not_found": ["nobody@one.example"]})


async def test_tasks_are_listed_done_put_back_and_skipped(outrider, client):
    id = (await make_task(client))["id"]
    code, found = await outrider("tasks", "list", "--channel", "phone")
    assert (code, [one["instructions"] for one in found]) == (0, ["Call Ana Lima"])
    assert (await outrider("tasks", "done", id, "reached", "--note", "Again in May"))[1]["outcome"] == "reached"
    assert await outrider("tasks", "list") == (0, [])
    assert (await outrider("tasks", "reopen", id))[1]["state"] == "open"
    assert (await outrider("tasks", "skip", id))[1]["state"] == "skipped"
    assert (await outrider("tasks", "skip", id))[0] == 4
    code, told = await outrider("tasks", "done", id, "danced")
    assert (code, "must be one of reached" in told) == (2, True)
