"""`outrider suppressions`: who is never written to again."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from outrider.kit.errors import InvalidInput
from outrider.kit.terminal import Json, Org, say, show_json, show_table
from outrider.runtime import run_in
from outrider.tenancy import transaction

from . import suppression_files, suppressions

if TYPE_CHECKING:
    from outrider.runtime import Session

suppressed = typer.Typer(help="Who is never written to again.", no_args_is_help=True)
COLUMNS = ["id", "kind", "value", "reason", "campaign_id", "note", "created_at", "created_by"]


@suppressed.command("list")
def list_suppressions(
    value: Annotated[str | None, typer.Option("--value", help="An address or domain.", show_default=False)] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="A whole address, or what a value holds.", show_default=False)
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="address or domain.", show_default=False)] = None,
    reason: Annotated[str | None, typer.Option("--reason", help=f"One of {', '.join(suppressions.REASONS)}.", show_default=False)] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many.")] = 100,
    org: Org = None,
    json: Json = False,
) -> None:
    """List suppressions, newest first."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            page = await suppressions.page_of_suppressions(
                connection, session.organization_id, value=value, q=search, kind=kind, reason=reason, limit=limit
            )
        show_table([asdict(one) for one in page.items], COLUMNS, json=json, empty="Nobody is suppressed.")

    run_in(work, org=org, json=json)


@suppressed.command("add")
def add_suppressions(
    values: Annotated[
        list[str], typer.Argument(metavar="VALUE...", help="Addresses, and domains without an at sign; - reads lines from standard input.")
    ],
    note: Annotated[str | None, typer.Option("--note", help="Why.", show_default=False)] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Keep addresses and domains from being written to, from the next message on."""
    given = [line.strip() for line in sys.stdin if line.strip()] if values == ["-"] else values

    async def work(session: "Session") -> int:
        if not given:
            raise InvalidInput("there is nothing to suppress: name addresses or domains", field="values")
        added = 0
        async with transaction(session.organization_id, session.actor) as connection:
            for at in range(0, len(given), suppressions.MOST):
                some = given[at : at + suppressions.MOST]
                reason: suppressions.Reason = "import" if values == ["-"] else "manual"
                added += len(await suppressions.suppress_many(connection, session.organization_id, some, reason, note=note))
        return added

    added = run_in(work, org=org, json=json)
    if json:
        return show_json({"added": added, "already": len(given) - added})
    return say(f"{added} suppressed; {len(given) - added} were already, or were named twice.")


@suppressed.command("remove")
def remove_suppression(
    id: Annotated[UUID, typer.Argument(metavar="ID", help="The suppression's id, as list shows it.", show_default=False)],
    why: Annotated[str | None, typer.Option("--why", help="Needed for what people said themselves.", show_default=False)] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Let an address or domain be written to again; who did it and why is kept."""

    async def work(session: "Session") -> suppressions.Suppression:
        async with transaction(session.organization_id, session.actor) as connection:
            return await suppressions.unsuppress(connection, session.organization_id, id, why)

    gone = run_in(work, org=org, json=json)
    if json:
        return show_json(asdict(gone))
    return say(f"{gone.value or 'The address'} may be written to again.")


@suppressed.command("export")
def export_suppressions(org: Org = None) -> None:
    """Write all suppressions to standard output, as CSV; those whose address was erased have no value."""

    async def work(session: "Session") -> None:
        sys.stdout.write(suppression_files.header())
        cursor: str | None = None
        while True:
            async with transaction(session.organization_id, session.actor, readonly=True) as connection:
                page = await suppressions.page_of_suppressions(
                    connection, session.organization_id, limit=suppression_files.PAGE, cursor=cursor
                )
            sys.stdout.write(suppression_files.lines(page.items))
            cursor = page.next_cursor
            if cursor is None:
                return

    run_in(work, org=org)
