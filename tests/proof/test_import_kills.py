"""Issue 2 section 6: worker and database killed with SIGKILL during a 1M-row import, three times; the result equals an undisturbed run.

OUTRIDER_PROOF_ROWS (at least 120,000, so that seven kills find chunks to land in) and OUTRIDER_PROOF_SEED choose another size or a seed
that was printed.
"""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil
import pytest

from tests.proof import compare
from tests.proof.scene import ROOT, Scene, plan

LEADS = ROOT.parent / "shared" / "tools" / "make_leads.py"
ROWS = int(os.environ.get("OUTRIDER_PROOF_ROWS", 1_000_000))
SEED = int(os.environ.get("OUTRIDER_PROOF_SEED", random.randrange(1 << 32)))
ROUNDS = [["worker", "database"], ["worker", "database"], ["worker", "database", "both"]]
Say = Callable[[str], None]

pytestmark = pytest.mark.proof


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print past pytest's capture: it takes minutes, and somebody waits."""

    def work(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)

    return work


@pytest.mark.skipif(not LEADS.exists(), reason=f"{LEADS} is not here: the proof needs the shared folder beside the repository")
async def test_the_result_of_a_disturbed_import_equals_an_undisturbed_one(say):
    scene = Scene(["-m", "outrider", "worker"])
    file = scene.home / "leads.csv"
    say(f"\n{ROWS:,} rows, seed {SEED} (OUTRIDER_PROOF_SEED={SEED} repeats the file and the rows at which is killed)")
    made = [sys.executable, str(LEADS), "--rows", str(ROWS), "--seed", str(SEED % 100_000), "--format", "apollo", "--out", str(file)]
    subprocess.run(made, check=True)
    scene.open()
    try:
        await prove(scene, file, say)
    finally:
        await asyncio.to_thread(scene.close)


async def prove(scene: Scene, file: Path, say: Say) -> None:
    rng = random.Random(SEED)
    disturbed = await asyncio.to_thread(scene.begin, file, "disturbed")
    begun = time.monotonic()
    scene.start_worker()
    for what, row in plan(rng, ROWS, ROUNDS):
        kill = await scene.harm(disturbed, what, row, rng.uniform(0, 1.5), begun)
        where = "while a chunk was written" if kill.inside_a_chunk else "between two chunks"
        say(f"  {kill.seconds:6.1f} s  killed {kill.what}, {kill.rows:,} rows in, {where}")
    assert await scene.run(disturbed) == ("completed", ROWS)
    seconds = time.monotonic() - begun
    say(f"  {seconds:6.1f} s  completed; worker's memory at most {scene.peak / 2**20:.0f} MB; {scene.fallen} workers ended by themselves")

    undisturbed = await asyncio.to_thread(scene.begin, file, "undisturbed")
    begun = time.monotonic()
    assert await scene.run(undisturbed) == ("completed", ROWS)
    alone = time.monotonic() - begun
    memory, load = scene.peak / 2**20, psutil.getloadavg()[0]
    say(f"undisturbed: {alone:.1f} s, {ROWS / alone:,.0f} rows/s; memory at most {memory:.0f} MB; the machine's load {load:.1f}")

    connection = await scene.connect()
    try:
        await check(connection, disturbed.organization, undisturbed.organization, say)
    finally:
        await connection.close()


async def check(connection: asyncpg.Connection, disturbed: UUID, undisturbed: UUID, say: Say) -> None:
    begun = time.monotonic()
    for organization in (disturbed, undisturbed):
        counts = await connection.fetchrow(
            """SELECT count(*), count(DISTINCT row_number), min(row_number), max(row_number), count(*) FILTER (WHERE status = 'pending')
            FROM intake.raw_loads WHERE organization_id = $1""",
            organization,
        )
        assert tuple(counts) == (ROWS, ROWS, 1, ROWS, 0)
    found = await compare.differences(connection, disturbed, undisturbed)
    for kind, (count, different, _) in found.items():
        say(f"  {kind:<20} {count:>9,}  {f'{different:,} differ' if different else 'the same'}")
    for row in await connection.fetch(
        "SELECT organization_id, rows_read, rows_promoted, rows_duplicate, rows_failed, reasons FROM intake.imports"
    ):
        assert row["rows_read"] == row["rows_promoted"] + row["rows_duplicate"] + row["rows_failed"] == ROWS
    say(f"compared in {time.monotonic() - begun:.0f} s")
    assert compare.unequal(found) == {}
    jobs = await connection.fetch(
        "SELECT organization_id, state, retry_count, progress_done FROM ops.jobs WHERE name = 'intake.import' ORDER BY created_on"
    )
    for job in jobs:
        say(f"  job {job['state']}, {job['retry_count']} retries, {job['progress_done']:,} rows")
    assert [(job["state"], job["progress_done"]) for job in jobs] == [("completed", ROWS), ("completed", ROWS)]
    assert len(jobs) == 2
    assert len(ROUNDS) <= jobs[0]["retry_count"] <= sum(map(len, ROUNDS)) + 2
    assert jobs[1]["retry_count"] == 0
