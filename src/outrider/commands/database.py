"""`outrider migrate`, `setup`, `url` and `psql`: the database and the organizations in it."""

import os
import re
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from outrider import runtime, tenancy
from outrider.database import ledger, migrate
from outrider.kit import database, sql, terminal
from outrider.kit.errors import Conflict
from outrider.kit.terminal import Json, Org
from outrider.settings import settings

app = typer.Typer()
queries = sql.load(Path(__file__).parent / "queries.sql")
LEAKPROOF_NOTE = (
    "Searches will be slower than they could be: row security keeps them from some indexes as long as {count} "
    "operators are not marked "
    "leakproof, which only a superuser may do. What to run: outrider doctor"
)


@app.command("migrate")
def migrate_command(
    plan: Annotated[bool, typer.Option("--plan", help="Only say what would run; change nothing.")] = False,
    json: Json = False,
) -> None:
    """Bring the database up to this version.

    Checks the server, makes the roles, runs the migrations that the table migrations_log does not hold yet, and loads
    the look-up lists. Forward only; may be repeated, and run by several hosts at once. Every other command does it too
    when something is pending.
    """
    with terminal.reporting(json=json), runtime.stoppable():
        place = runtime.installation(settings())
        if plan and place.embedded is not None and not place.embedded.exists:
            _show_plan(migrate.Plan(ledger.ids(), [], []), planned=True, json=json)
            return
        runtime.make_key(settings())
        with runtime.started(place):
            work = migrate.plan(place.urls.admin) if plan else migrate.migrate(place.urls.admin, passwords=runtime.passwords(settings()))
            _show_plan(runtime.run(work), planned=plan, json=json)


def _show_plan(found: migrate.Plan, *, planned: bool, json: bool) -> None:
    if json:
        answer = {
            "version": found.version or None,
            "pending": found.pending,
            "applied": found.applied,
            "not_leakproof": found.not_leakproof,
        }
        return terminal.show_json(answer)
    listed = found.pending if planned else found.applied
    for each in listed:
        terminal.say(f"  {each}")
    if planned:
        terminal.say(
            f"{count(listed, 'migration')} pending." if listed else f"Nothing is pending: all {len(found.applied)} migrations have run."
        )
    else:
        terminal.say(f"{count(listed, 'migration')} applied." if listed else "Up to date: nothing was pending.")
    if found.not_leakproof and not planned:
        terminal.warn(LEAKPROOF_NOTE.format(count=len(found.not_leakproof)))
    return None


def count(things: list[Any], noun: str) -> str:
    """Return '1 migration', '2 migrations'."""
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


@app.command("setup")
def setup_command(
    organization: Annotated[str | None, typer.Option("--organization", metavar="NAME", help="Make an organization of this name.")] = None,
    slug: Annotated[str | None, typer.Option("--slug", help="Its short name, for --org; made from NAME when left out.")] = None,
    admin: Annotated[
        str | None, typer.Option("--admin", metavar="EMAIL", help="Let this person in; their password is printed once.")
    ] = None,
    json: Json = False,
) -> None:
    """Make an organization, and its admin.

    Without options: the default organization with the admin of OUTRIDER_ADMIN_EMAIL, which every other command makes
    too. An organization or account that exists is left as it is, so the command may be repeated.
    """
    if slug and not organization:
        raise typer.BadParameter("--slug needs --organization NAME", param_hint="--slug")
    chosen = settings()
    if admin and not organization:
        chosen = chosen.model_copy(update={"admin_email": admin})

    async def work() -> dict[str, Any]:
        place = runtime.installation(chosen)
        await runtime.ensure_migrated(place, chosen)
        async with runtime.connected(place, chosen):
            password = await runtime.ensure_default(chosen)
            target, made = tenancy.DEFAULT_ORGANIZATION, password is not None
            if organization:
                target, made = await find_or_make(organization, slug or slug_of(organization))
            email = admin or (None if organization else chosen.admin_email)
            if email and (password is None or organization):
                role = "admin" if await tenancy.list_members(target, runtime.me()) else "owner"
                known = {member.email for member in await tenancy.list_members(target, runtime.me())}
                if email.strip().lower() not in known and (organization or admin):
                    password = await tenancy.add_member(target, runtime.me(), email, role)
            row = await tenancy.current_organization(target, runtime.me())
            return {
                "id": row.id,
                "name": row.name,
                "slug": row.slug,
                "made": made,
                "admin": email,
                "password": password,
            }

    with terminal.reporting(json=json), runtime.stoppable(), runtime.started(runtime.installation(chosen)):
        runtime.make_key(chosen)
        done = runtime.run(work())
    if json:
        return terminal.show_json(done)
    terminal.say(f"{'Made' if done['made'] else 'There is'} the organization {done['name']} (--org {done['slug']}, {done['id']}).")
    if done["password"]:
        terminal.say(runtime.password_note(done["admin"], done["password"]))
    elif admin:
        terminal.say(f"{admin} has a password already.")
    return None


async def find_or_make(name: str, slug: str) -> tuple[tenancy.OrganizationId, bool]:
    """Return the organization with that slug, and whether it was made now.

    Raises `InvalidInput` for a slug that cannot be one.
    """
    async with database.pool().acquire() as connection:
        number = UUID(str(await queries.new_id(connection)))
    from outrider import people, reports

    try:
        made = await tenancy.create_organization(name, slug, number)
        await people.schedule(made, runtime.me())
        await reports.schedule_feedback(made, runtime.me())
        return made, True
    except Conflict:
        return await tenancy.find_organization(slug), False


def slug_of(name: str) -> str:
    """Return a name as a slug: 'Acme Corp.' is acme-corp."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63] or "organization"


@app.command("url")
def url_command(
    worker: Annotated[bool, typer.Option("--worker", help="The one of the role that dispatches jobs.")] = False,
    json: Json = False,
) -> None:
    """Print the connection string of the application's role.

    It reads nothing before it has said for whom: SET app.organization_id = '...'. The embedded server takes connections
    as long as any outrider command runs, such as outrider up.
    """

    async def work(session: runtime.Session) -> runtime.Installation:
        return session.installation

    place = runtime.run_in(work, json=json)
    address = place.urls.worker if worker else place.urls.app
    terminal.show_json({"url": address}) if json else terminal.say(address)
    if place.embedded is not None and place.embedded.pid() is None:
        terminal.warn("The embedded server is not running now: it does while outrider up, or any other command, runs.")


@app.command("psql", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql_command(
    context: typer.Context,
    command: Annotated[list[str] | None, typer.Option("-c", "--command", metavar="SQL", help="Run this and end; may be repeated.")] = None,
    file: Annotated[list[str] | None, typer.Option("-f", "--file", metavar="FILE", help="Run this file and end; may be repeated.")] = None,
    org: Org = None,
) -> None:
    """Open psql inside an organization.

    Row security holds: only that organization's rows are there. Make tables of your own as you like. SET ROLE postgres
    lifts row security for an administrator's work and RESET ROLE brings it back. What follows is handed to psql (-A,
    -t, --csv, -v ...), and psql's exit code is passed on: 0 done, 1 a statement of -c failed, or psql itself, 2 the
    connection was lost, 3 a statement failed in a script (-f, or standard input), which ends there.
    """
    from .console import open_console

    async def work(session: runtime.Session) -> runtime.Session:
        return session

    with terminal.reporting(json=False), runtime.stoppable(), runtime.started(runtime.installation(settings())):
        session = runtime.run_in(work, org=org)
        arguments = [part for text in command or [] for part in ("-c", text)] + [part for name in file or [] for part in ("-f", name)]
        code = open_console(session, [*arguments, *context.args], environment=dict(os.environ))
    raise typer.Exit(code)
