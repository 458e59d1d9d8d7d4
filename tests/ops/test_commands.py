"""`outrider jobs` as a person and a script use it."""

import json
from datetime import UTC, datetime

import pytest

from outrider import ops

from .conftest import ACTOR, ask

LATER = datetime(2090, 1, 1, tzinfo=UTC)


@pytest.fixture
def outrider(command):
    """Run the command line; returns (exit code, output, errors)."""

    async def run(*arguments: str) -> tuple[int, str, str]:
        done = await command(*arguments)
        return done.returncode, done.stdout, done.stderr

    return run


async def test_jobs_are_listed_shown_cancelled_and_retried(outrider, organization):
    first, second = [str(await ask(organization, "count", {"n": n}, start_after=LATER)) for n in range(2)]
    code, out, _ = await outrider("jobs", "list", "--json", "--limit", "1")
    page = json.loads(out)
    assert (code, [job["id"] for job in page["items"]]) == (0, [second])
    code, out, _ = await outrider("jobs", "list", "--cursor", page["next_cursor"])
    assert code == 0
    assert first in out
    assert second not in out
    code, out, _ = await outrider("jobs", "cancel", first, "--json")
    assert (code, json.loads(out)["state"]) == (0, "cancelled")
    code, out, _ = await outrider("jobs", "retry", first)
    assert code == 0
    assert (await ops.get_job(organization, ACTOR, page["items"][0]["id"])).state == "created"


async def test_events_are_listed_and_bad_ids_refused(outrider):
    assert (await outrider("jobs", "events", "list"))[:2] == (0, "There are no events.\n")
    code, _, errors = await outrider("jobs", "show", "7")
    assert (code, "must be an id" in errors) == (2, True)
    assert (await outrider("jobs", "show", "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11"))[0] == 3
