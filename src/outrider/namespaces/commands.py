"""`outrider namespaces`: the clients' segments and how campaigns are routed to them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outrider.kit.errors import InvalidInput
from outrider.kit.terminal import Count, From, Json, Org, say, show_json, show_record, show_table, warn
from outrider.runtime import run_in
from outrider.tenancy import transaction

from .profiles import ProfileService
from .service import UNCHANGED, NamespaceService
from .types import Namespace, ProfileFilters, Saved

if TYPE_CHECKING:
    from outrider.runtime import Session

app = typer.Typer(help="The clients' segments and how campaigns are routed to them.", no_args_is_help=True)

COLUMNS = ["name", "keywords", "table_name", "is_default", "is_active", "description"]
PROFILE_COLUMNS = ["email", "first_name", "last_name", "company", "platform", "lead_score", "created_at"]
MOVE_COLUMNS = ["from_namespace", "to_namespace", "profiles", "merged"]
PAGE = 500

Name = Annotated[str, typer.Argument(metavar="NAME", help="The namespace's name.", show_default=False)]
Keywords = Annotated[
    list[str] | None,
    typer.Option(
        "--keyword",
        metavar="TEXT",
        help="A campaign whose name holds it, in any case, is routed here; may be repeated.",
        show_default=False,
    ),
]
Description = Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What it is for.", show_default=False)]


@app.command("list")
def list_namespaces(org: Org = None, json: Json = False) -> None:
    """List namespaces by name."""

    async def work(session: "Session") -> None:
        found: list[Namespace] = []
        cursor = None
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            service = NamespaceService(connection, session.organization_id)
            while True:
                page = await service.page(limit=PAGE, cursor=cursor)
                found += page.items
                cursor = page.next_cursor
                if cursor is None:
                    break
        show_table([asdict(one) for one in found], COLUMNS, json=json, empty="There are no namespaces.")

    run_in(work, org=org, json=json)


@app.command("create")
def create_namespace(name: Name, keywords: Keywords = None, description: Description = None, org: Org = None, json: Json = False) -> None:
    """Make a namespace and its profile table."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            service = NamespaceService(connection, session.organization_id)
            saved = await service.create(name, keywords or [], description)
        await _show_changed(session, saved, json)

    run_in(work, org=org, json=json)


@app.command("show")
def show_namespace(name: Name, org: Org = None, json: Json = False) -> None:
    """Show a namespace and count what it holds."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            service = NamespaceService(connection, session.organization_id)
            namespace, stats = await service.find(name), await service.stats(name)
        show_record({**asdict(namespace), **asdict(stats)}, json=json)

    run_in(work, org=org, json=json)


@app.command("edit")
def edit_namespace(
    name: Name,
    keywords: Keywords = None,
    description: Annotated[
        str | None,
        typer.Option("--description", metavar="TEXT", help="What it is for; '' takes it away.", show_default=False),
    ] = None,
    active: Annotated[
        bool | None,
        typer.Option("--active/--inactive", help="An inactive one keeps its data and gets nothing new.", show_default=False),
    ] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Change keywords (all of them, as given), description, or whether it is active."""

    async def work(session: "Session") -> None:
        if not keywords and description is None and active is None:
            raise InvalidInput("nothing to change: give --keyword, --description, --active or --inactive")
        async with transaction(session.organization_id, session.actor) as connection:
            saved = await NamespaceService(connection, session.organization_id).change(
                name,
                keywords=keywords or None,
                description=UNCHANGED if description is None else description,
                is_active=active,
            )
        await _show_changed(session, saved, json)

    run_in(work, org=org, json=json)


@app.command("rename")
def rename_namespace(
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW_NAME", help="Its new name.", show_default=False)],
    org: Org = None,
    json: Json = False,
) -> None:
    """Give a namespace, and its table, another name."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            saved = await NamespaceService(connection, session.organization_id).change(name, new_name=new_name)
        await _show_changed(session, saved, json)

    run_in(work, org=org, json=json)


@app.command("delete")
def delete_namespace(
    name: Name,
    confirm: Annotated[str | None, typer.Option("--confirm", metavar="NAME", help="The name typed again.", show_default=False)] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Take a namespace out of service; its profiles are kept in a table for reading."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            table = await NamespaceService(connection, session.organization_id).archive(name, confirm)
        if json:
            show_json({"name": name, "archived_table": table})
        else:
            say(f"{name} is deleted; its profiles are kept in {table}.")

    run_in(work, org=org, json=json)


@app.command("test-match")
def explain_match(
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="A campaign's name.", show_default=False)],
    org: Org = None,
    json: Json = False,
) -> None:
    """Explain where a campaign would go, and why; routes nothing."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            routing = await NamespaceService(connection, session.organization_id).route(campaign)
        shown = asdict(routing)
        if not json:
            shown["also_matched"] = [f"{hit.keyword} ({hit.namespace})" for hit in routing.also_matched]
        show_record(shown, json=json)

    run_in(work, org=org, json=json)


@app.command("profiles")
def list_profiles(
    name: Name,
    query: Annotated[
        str | None, typer.Option("--query", "-q", metavar="TEXT", help="Any part of name, address or company.", show_default=False)
    ] = None,
    platform: Annotated[str | None, typer.Option("--platform", help="Only from this platform.", show_default=False)] = None,
    score_from: Annotated[int | None, typer.Option("--score-from", help="Lead score, this or more.", show_default=False)] = None,
    score_to: Annotated[int | None, typer.Option("--score-to", help="Lead score, this or less.", show_default=False)] = None,
    sort: Annotated[str, typer.Option("--sort", help="newest, lead_score or email.")] = "newest",
    limit: Count = 20,
    cursor: From = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """List a namespace's profiles, as its client sees them."""

    async def work(session: "Session") -> None:
        asked = ProfileFilters(query, platform, score_from, score_to)
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            service = ProfileService(connection, session.organization_id)
            page = await service.page(asked, namespace=name, sort=sort, limit=limit, cursor=cursor)
        rows = [asdict(one) for one in page.items]
        if json:
            show_json({"items": rows, "next_cursor": page.next_cursor})
            return
        nobody = "Nobody fits." if asked != ProfileFilters() else f"{name} has no profiles yet."
        show_table(rows, PROFILE_COLUMNS, json=False, empty=nobody)
        if page.next_cursor is not None:
            warn(f"More: --cursor {page.next_cursor}")

    run_in(work, org=org, json=json)


@app.command("reroute")
def reroute(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would move, and move nothing.")] = False,
    org: Org = None,
    json: Json = False,
) -> None:
    """Move profiles to where their campaigns are routed by today's keywords, as a job."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            service = NamespaceService(connection, session.organization_id)
            moves = await service.preview_reroute()
            job = None if dry_run else await service.ask_for_reroute()
        rows = [asdict(move) for move in moves]
        if json:
            show_json({"dry_run": dry_run, "profiles": sum(m.profiles for m in moves), "moves": rows, "job_id": job})
            return
        show_table(rows, MOVE_COLUMNS, json=False, empty="Every profile is where its campaign belongs.")
        if job is not None:
            say(f"Job {job} moves them: outrider jobs show {job}")

    run_in(work, org=org, json=json)


async def _show_changed(session: "Session", saved: Saved, json: bool) -> None:
    async with transaction(session.organization_id, session.actor, readonly=True) as connection:
        changed = await NamespaceService(connection, session.organization_id).consequences(saved)
    profiles = sum(move.profiles for move in changed.moves)
    if json:
        more: dict[str, Any] = {
            "warnings": [asdict(overlap) for overlap in changed.overlaps],
            "reroute": {"profiles": profiles, "moves": [asdict(move) for move in changed.moves]} if profiles else None,
        }
        show_json({**asdict(changed.namespace), **more})
        return
    show_record(asdict(changed.namespace), json=False)
    for overlap in changed.overlaps:
        warn(f"Note: {overlap.message}.")
    if profiles:
        warn(f"{profiles} profiles would now be routed elsewhere; to move them: outrider namespaces reroute")
