"""What tests of the intake share: the HTTP fixtures, files made here, and a job run in this process."""

import csv
import io
import random
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from outrider import intake, ops, tenancy
from outrider.intake.tasks import TASKS
from tests.api.fixtures import *  # noqa: F403

HEADER = ["First Name", "Last Name", "Email", "Company", "Website", "Title", "Notes"]


def lead_rows(count: int, seed: int = 1) -> list[list[str]]:
    """Lead rows as people have them: some addresses come again in another case, some are no addresses."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        person = rng.randrange(max(1, count * 9 // 10)) if rng.random() < 0.2 else number
        email = f"p{person}.x@c{person % 37}.example"
        if rng.random() < 0.1:
            email = f" {email.upper()} "
        if rng.random() < 0.03:
            email = rng.choice(["", "n/a", "x@", "noreply@c1.example"])
        rows.append(
            [
                f"Ana{person}",
                "Lima",
                email,
                f"Company {person % 37}",
                f"https://www.c{person % 37}.example/",
                rng.choice(["CEO", "", "CTO"]),
                "=1+1",
            ]
        )
    return rows


def csv_bytes(rows: list[list[str]], header: list[str] | None = None) -> bytes:
    """Rows as the bytes of a CSV file."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([header or HEADER, *rows])
    return buffer.getvalue().encode()


Run = Callable[[UUID | str | None], Awaitable[Any]]


@pytest.fixture
def run_job(organization: tenancy.OrganizationId) -> Run:
    """Run a job of the test's organization in this process."""

    async def run(job_id: UUID | str | None) -> ops.Job:
        assert job_id is not None
        return await ops.run_job_here(organization, UUID(str(job_id)), TASKS)

    return run


@pytest.fixture
def take_in(organization: tenancy.OrganizationId, actor: tenancy.Actor, run_job: Run) -> Callable[..., Awaitable[intake.Import]]:
    """Import bytes from beginning to end and return the import."""

    async def work(data: bytes, file_name: str = "leads.csv", **wanted: Any) -> intake.Import:
        made = await intake.create_import(organization, actor, io.BytesIO(data), intake.NewImport(file_name=file_name, **wanted))
        started = await intake.start(organization, actor, made.id)
        await run_job(started.job_id)
        return await intake.get_import(organization, actor, made.id)

    return work
