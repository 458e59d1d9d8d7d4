"""`outrider tasks`: what is to be done by phone and on LinkedIn, for the terminal."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from outrider.kit.terminal import Json, Org, show_record, show_table
from outrider.runtime import run_in
from outrider.tenancy import check_time_zone, transaction

from .outreach_task_words import CHANNELS, DUE, OUTCOMES, STATES
from .outreach_tasks import OutreachTask, OutreachTasks, Wanted

if TYPE_CHECKING:
    from outrider.runtime import Session

app = typer.Typer(no_args_is_help=True)
tasks = typer.Typer(help="LinkedIn and phone steps: what a person is to do.", no_args_is_help=True)
app.add_typer(tasks, name="tasks")

PAGE = 500
COLUMNS = ["id", "due_at", "channel", "name", "company", "phone", "campaign", "instructions"]
CLOSED_COLUMNS = ["id", "done_at", "channel", "name", "outcome", "note", "done_by", "campaign"]
OUTCOME = "How it went. " + "; ".join(f"{channel}: {', '.join(names)}" for channel, names in OUTCOMES.items()) + "."
TaskId = Annotated[UUID, typer.Argument(metavar="TASK", help="The task's id.", show_default=False)]
Note = Annotated[str | None, typer.Option("--note", help="What there is to know about it.", show_default=False)]


@tasks.command("list")
def list_tasks(
    state: Annotated[str, typer.Option("--state", help=f"One of {', '.join(STATES)}.")] = "open",
    channel: Annotated[str | None, typer.Option("--channel", help=f"{' or '.join(CHANNELS)}.", show_default=False)] = None,
    due: Annotated[str | None, typer.Option("--due", help=f"One of {', '.join(DUE)}.", show_default=False)] = None,
    time_zone: Annotated[str, typer.Option("--time-zone", help="Where today is, an IANA name.")] = "UTC",
    org: Org = None,
    json: Json = False,
) -> None:
    """List tasks, those due first first."""
    wanted = Wanted(state, channel, due=due, time_zone=check_time_zone(time_zone))

    async def work(session: "Session") -> None:
        found: list[OutreachTask] = []
        cursor = None
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            service = OutreachTasks(connection, session.organization_id)
            while True:
                page = await service.page(wanted, limit=PAGE, cursor=cursor)
                found += page.items
                cursor = page.next_cursor
                if cursor is None:
                    break
        columns = COLUMNS if state in ("open", "cancelled") else CLOSED_COLUMNS
        show_table([asdict(one) for one in found], columns, json=json, empty="There are no such tasks.")

    run_in(work, org=org, json=json)


@tasks.command("done")
def finish_task(
    task: TaskId,
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help=OUTCOME, show_default=False)],
    note: Note = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Say how a task went."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            finished = await OutreachTasks(connection, session.organization_id).done(task, outcome, note)
        show_record(asdict(finished), json=json)

    run_in(work, org=org, json=json)


@tasks.command("skip")
def skip_task(task: TaskId, note: Note = None, org: Org = None, json: Json = False) -> None:
    """Say that a task will not be done."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            skipped = await OutreachTasks(connection, session.organization_id).skip(task, note)
        show_record(asdict(skipped), json=json)

    run_in(work, org=org, json=json)


@tasks.command("reopen")
def reopen_task(task: TaskId, org: Org = None, json: Json = False) -> None:
    """Put a task back that was done or skipped."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            put_back = await OutreachTasks(connection, session.organization_id).reopen(task)
        show_record(asdict(put_back), json=json)

    run_in(work, org=org, json=json)
