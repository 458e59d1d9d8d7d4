"""`outrider lists`, `segments`, `templates`, `campaigns` as a script uses them."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    code, told = await outrider("campaigns", "start", "Q4 push")
    assert (code, "physical address" in told) == (4, True)
    assert (await outrider("campaigns", "cancel", "Q4 push"))[1]["state"] == "cancelled"
    assert (await outrider("campaigns", "show", "nobody"))[0] == 3
