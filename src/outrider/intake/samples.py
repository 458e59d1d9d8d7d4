"""Taking a bundled sample file in, in this process and at once: what the first `outrider up` shows. Not for other files."""

import asyncio
from pathlib import Path
from typing import Any

from outrider import ops
from outrider.kit.errors import OutriderError
from outrider.tenancy import Actor, OrganizationId

from . import imports, running
from .types import NewImport


async def import_sample(organization: OrganizationId, actor: Actor, path: Path, campaign: str | None = None) -> dict[str, Any]:
    """Import a file, for a campaign if one is named, and return its counts: rows_read, stored, duplicate, failed (by reason), people,
    companies.

    Raises `OutriderError` when the import did not end well.
    """
    from .tasks import TASKS

    with await asyncio.to_thread(path.open, "rb") as file:
        made = await imports.create_import(organization, actor, file, NewImport(file_name=path.name, campaign=campaign))
    started = await running.start(organization, actor, made.id)
    assert started.job_id is not None
    await ops.run_job_here(organization, started.job_id, TASKS)
    done = await imports.get_import(organization, actor, made.id)
    if done.state != "completed":
        raise OutriderError(f"the sample {path.name} could not be imported: {done.error}")
    return {
        "rows_read": done.rows_read,
        "stored": done.rows_promoted,
        "duplicate": done.rows_duplicate,
        "failed": done.reasons,
        "people": done.people_created,
        "companies": done.companies_created,
    }
