"""`outrider overview` and `outrider database`: the home page and the database page on a terminal."""

from typing import TYPE_CHECKING, Any

import typer

from outrider.kit.terminal import Json, Org, say, show_json, show_record, show_table
from outrider.runtime import run_in
from outrider.tenancy import DEFAULT_ORGANIZATION, transaction

from .health import read_health
from .health_types import Health, Statement, Table
from .overview import keep_count, read_overview
from .types import Figures, Outreach, Overview, Running
from .words import duration, share, size

if TYPE_CHECKING:
    from outrider.runtime import Session

app = typer.Typer()
MOST_TABLES = 12
MOST_STATEMENTS = 8
STATEMENT_WIDTH = 100


@app.command("overview")
def show_overview(org: Org = None, json: Json = False) -> None:
    """Show how much there is, what runs and what to do next."""

    async def work(session: "Session") -> Overview:
        caller = session.caller
        async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
            overview = await read_overview(connection, caller)
        if overview.is_stale:  # a terminal can wait for it
            async with transaction(caller.organization_id, caller.actor) as connection:
                await keep_count(connection, caller.organization_id)
                overview = await read_overview(connection, caller)
        return overview

    overview = run_in(work, org=org, json=json)
    if json:
        from .views import OverviewView

        return show_json(OverviewView.model_validate(overview).model_dump())
    assert overview.figures is not None  # the command line may see everything
    show_record({"organization": overview.organization, **_numbers(overview.figures), "imports": overview.imports}, json=False)
    if overview.outreach is not None and overview.outreach.campaigns:
        say()
        show_record(_outreach(overview.outreach), json=False)
    say()
    show_table([_running(each) for each in overview.running], ["work", "state", "progress", "doing"], json=False, empty="Nothing runs.")
    say()
    for step in overview.steps:
        say(f"{'!' if step.weight == 'wrong' else '-'} {step.text}")
    if not overview.steps:
        say("Nothing waits for you.")
    return None


def _numbers(figures: Figures) -> dict[str, Any]:
    at_least = "more than " if figures.is_least else ""
    kinds = {"people": figures.people, "companies": figures.companies, "contacts": figures.contacts, "profiles": figures.profiles}
    said: dict[str, Any] = {kind: f"{at_least if number >= 10_000 else ''}{number:,}" for kind, number in kinds.items()}
    if figures.days:
        said["rows in 30 days"] = f"{figures.rows:,}"
    if figures.counted_at is not None:
        said["counted at"] = figures.counted_at
    return said


def _outreach(outreach: Outreach) -> dict[str, Any]:
    said = {"campaigns running": outreach.running, "sent today": outreach.sent_today, "replies in 7 days": outreach.replies}
    return {**said, "tasks due": outreach.tasks_due}


def _running(each: Running) -> dict[str, Any]:
    of = f" of {each.total:,}" if each.total is not None else ""
    return {"work": each.label, "state": each.state, "progress": f"{each.done:,}{of}", "doing": each.note}


@app.command("database")
def show_database(json: Json = False) -> None:
    """Show how the database does, and what to do about it.

    What is found is good, to watch or to act on; docs/database-health.md explains each line. Nothing is changed.
    """

    async def work(session: "Session") -> Health:
        return await read_health(DEFAULT_ORGANIZATION, session.actor, with_pool=False)

    health = run_in(work, json=json)
    if json:
        from .views import HealthView

        return show_json(HealthView.model_validate(health).model_dump())
    show_table(
        [{"area": each.area, "is": each.severity, "found": each.text, "to_do": each.to_do} for each in health.findings],
        ["area", "is", "found", "to_do"],
        json=False,
        empty="Nothing could be read.",
    )
    say()
    show_table([_table(each) for each in health.tables[:MOST_TABLES]], list(TABLE_COLUMNS), json=False, empty="There are no tables.")
    if health.statements:
        say()
        slowest = [_statement(each) for each in health.statements[:MOST_STATEMENTS]]
        show_table(slowest, list(STATEMENT_COLUMNS), json=False, empty="")
    return None


TABLE_COLUMNS = ("table", "size", "rows", "dead", "grown")
STATEMENT_COLUMNS = ("share", "calls", "mean", "slow", "most", "statement")


def _table(each: Table) -> dict[str, Any]:
    grown = f"{size(each.growth)} since {each.day_before}" if each.growth is not None else None
    return {"table": each.name, "size": size(each.bytes), "rows": each.live_rows, "dead": share(each.dead_share), "grown": grown}


def _statement(each: Statement) -> dict[str, Any]:
    times = {"mean": each.mean_ms, "slow": each.slow_ms, "most": each.most_ms}
    words = {name: duration(milliseconds / 1000) for name, milliseconds in times.items()}
    return {"share": share(each.share), "calls": each.calls, **words, "statement": each.text[:STATEMENT_WIDTH]}
