"""What may be done with an import when: try it out, start it, stop it, take it back. Each hands the work to a job or stops one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from outrider import ops
from outrider.kit import spool
from outrider.kit.errors import Conflict
from outrider.tenancy import Actor, OrganizationId, transaction

from .imports import columns_of, get_import, get_in, remember
from .store import queries
from .types import LOCK_WAIT, Import, RevertPreview

EXPIRE_IN = timedelta(days=2)  # of a running import; one that takes longer is looked at by a person
KEPT_NAMES = 100  # every look at the import reads them
AT_ONCE = 5_000  # rows whose taking back is previewed within the request


async def start(organization: OrganizationId, actor: Actor, number: UUID) -> Import:
    """Hand the import to the workers. Raises `Conflict` when it has no address column or is not waiting to be started."""
    async with transaction(organization, actor) as connection:
        return await start_in(connection, organization, number)


async def start_in(connection: asyncpg.Connection, organization: OrganizationId, number: UUID) -> Import:
    """As `start`, within the caller's transaction."""
    current = await get_in(connection, organization, number)
    if current.state not in ("uploaded", "cancelled", "failed"):
        raise Conflict(f"the import is {current.state}: it cannot be started", field="state")
    if not any(column["field"] == "email" for column in current.mapping):
        raise Conflict(_no_address_column(current), field="mapping")
    if not spool.path(organization, number).exists():
        raise Conflict("the file is not here any more: upload it again", field="file")
    job = await ops.enqueue(
        connection,
        "intake.import",
        {"import_id": str(number)},
        singleton_key=str(number),
        retry_limit=20,
        retry_delay=2,
        retry_backoff=False,  # it goes on where it was: a long wait would gain nothing
        expire_in=EXPIRE_IN,
        title=f"Import {current.file_name}",
        link=f"/imports/{number}",
    )
    if job == current.job_id:
        raise Conflict("the import is still stopping: start it again in a moment", field="state")
    await _move(connection, organization, current, "queued", job)
    columns = columns_of(current)
    if any(column.how == "chosen" for column in columns):
        await remember(connection, organization, tuple(current.file_format["header"]), columns)
    return await get_in(connection, organization, number)


async def _move(connection: asyncpg.Connection, organization: OrganizationId, current: Import, state: str, job_id: UUID) -> None:
    """Take an import to another state; `Conflict`, which takes the job back too, when somebody was quicker."""
    moved = await queries.move_import(
        connection, organization_id=organization, id=current.id, from_states=[current.state], state=state, job_id=job_id
    )
    if moved is None:
        raise Conflict("somebody else has just started, stopped or reverted the import: look at it again", field="state")


async def start_preview(organization: OrganizationId, actor: Actor, number: UUID) -> UUID:
    """Have a dry run made, as a job whose id is returned; what it finds is the import's `preview`. Raises `Conflict` once it started."""
    async with transaction(organization, actor) as connection:
        current = await get_in(connection, organization, number)
        if current.state != "uploaded":
            raise Conflict(f"the import is {current.state}: a dry run is for one that has not started", field="state")
        return await _dry_run(connection, organization, current, "intake.preview", f"Dry run of {current.file_name}")


async def _dry_run(connection: asyncpg.Connection, organization: OrganizationId, current: Import, name: str, title: str) -> UUID:
    job = await ops.enqueue(
        connection,
        name,
        {"import_id": str(current.id)},
        singleton_key=str(current.id),
        retry_limit=1,
        expire_in=EXPIRE_IN,
        title=title,
        link=f"/imports/{current.id}",
    )
    await queries.keep_dry_run_job(connection, organization_id=organization, id=current.id, job_id=job)
    return job


async def cancel_dry_run(organization: OrganizationId, actor: Actor, number: UUID) -> Import:
    """Stop the dry run of an import, or of taking it back. Raises `Conflict` when none is under way."""
    current = await get_import(organization, actor, number)
    if current.dry_run_job_id is None:
        raise Conflict("no dry run of this import is under way", field="state")
    await ops.cancel_job(organization, actor, current.dry_run_job_id)
    return current


async def cancel(organization: OrganizationId, actor: Actor, number: UUID) -> Import:
    """Stop an import after the chunk it is at; what came in stays and can be reverted, and it can be started again.

    One that has not started is dropped with its file. Raises `Conflict` when there is nothing to stop.
    """
    current = await get_import(organization, actor, number)
    if current.state == "uploaded":
        async with transaction(organization, actor) as connection:
            key = {"organization_id": organization, "id": number}
            if not await queries.move_import(connection, **key, from_states=["uploaded"], state="cancelled", job_id=None):
                raise Conflict("the import has just started: cancel it again to stop it", field="state")
            await queries.finish_import(connection, **key, state="cancelled", error=None)
        spool.remove(organization, number)  # nothing of it came in: there is nothing to go on with
    elif current.state in ("queued", "running") and current.job_id is not None:
        job = await ops.cancel_job(organization, actor, current.job_id)
        if job.state == "cancelled":
            async with transaction(organization, actor) as connection:
                await queries.move_import(
                    connection, organization_id=organization, id=number, from_states=["queued", "running"], state="cancelled", job_id=None
                )
    else:
        raise Conflict(f"the import is {current.state}: there is nothing to cancel", field="state")
    return await get_import(organization, actor, number)


async def preview_revert(organization: OrganizationId, actor: Actor, number: UUID) -> RevertPreview:
    """Find out what taking the import back would delete, put back and have to keep; that becomes the import's `revert_preview`.

    At once for up to `AT_ONCE` rows; a larger import is looked at by a job. Raises `Conflict` when it has not run.
    """
    async with transaction(organization, actor) as connection:
        current = await get_in(connection, organization, number)
        check_revertible(current)
        if current.rows_read > AT_ONCE:
            title = f"What taking back {current.file_name} would do"
            return RevertPreview(None, await _dry_run(connection, organization, current, "intake.preview_revert", title))
        await queries.limit_lock_wait(connection, milliseconds=LOCK_WAIT)
        report: dict[str, Any] = await queries.revert(connection, id=number, dry_run=True)
        await queries.keep_revert_preview(connection, organization_id=organization, id=number, report=in_short(report))
        return RevertPreview(report, None)


async def start_revert(organization: OrganizationId, actor: Actor, number: UUID) -> Import:
    """Have the import taken back, as a job; `revert_report` says what came of it. Raises `Conflict` when it has not run."""
    async with transaction(organization, actor) as connection:
        current = await get_in(connection, organization, number)
        check_revertible(current)
        job = await ops.enqueue(
            connection,
            "intake.revert",
            {"import_id": str(number)},
            singleton_key=str(number),
            expire_in=EXPIRE_IN,
            title=f"Take back {current.file_name}",
            link=f"/imports/{number}",
        )
        await _move(connection, organization, current, "reverting", job)
        return await get_in(connection, organization, number)


def in_short(report: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a preview with an import: of what would stay the first `KEPT_NAMES` of each kind."""
    return {**report, "kept": {kind: items[:KEPT_NAMES] for kind, items in report["kept"].items()}}


def check_revertible(current: Import) -> None:
    """Raise `Conflict` for an import that has nothing to take back."""
    if current.state not in ("completed", "cancelled", "failed") or not current.rows_read:
        raise Conflict(f"the import is {current.state} with {current.rows_read} rows: there is nothing to revert", field="state")


def _no_address_column(current: Import) -> str:
    """What to do about a file without an address column: a wrong line may have been taken for its header."""
    names = ", ".join(repr(column["header"][:40]) for column in current.mapping[:8]) + (", …" if len(current.mapping) > 8 else "")
    return (
        f"no column is mapped to email; the first line of {current.file_name} names {names}. Say which one it is, with mapping or "
        "--map HEADER=email; if the column names stand further down, remove the lines above them"
    )
