"""`outrider people`: find people and companies, see where each value is from, edit, decide, take them out as a file."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import asyncpg
import typer

from outrider.kit.errors import InvalidInput
from outrider.kit.paging import Page
from outrider.kit.terminal import Count, From, Json, Org, parsed_id, say, show_json
from outrider.runtime import run_in
from outrider.tenancy import Caller, transaction

from . import list_commands, shows, timeline
from .notes import NotesService
from .service import PeopleService
from .types import Happening, Note, Slot

if TYPE_CHECKING:
    from outrider.runtime import Session

T = TypeVar("T")
app = typer.Typer(help="Find people and see where each value comes from.", no_args_is_help=True)
app.add_typer(list_commands.app)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Any of the person's addresses, or their id.", show_default=False)]
Domain = Annotated[str, typer.Argument(metavar="DOMAIN", help="The company's domain, or its id.", show_default=False)]
Whom = Annotated[str, typer.Argument(metavar="EMAIL|DOMAIN", help="A person's address, or a company's domain.", show_default=False)]
Assigned = Annotated[
    list[str], typer.Option("--set", metavar="FIELD=VALUE", help="A new value; nothing after = clears it. May be repeated.")
]


@asynccontextmanager
async def _people(session: "Session", *, readonly: bool = True) -> AsyncIterator[PeopleService]:
    async with transaction(session.organization_id, session.actor, readonly=readonly) as connection:
        yield PeopleService(connection, session.organization_id)


def _ask(question: Callable[[PeopleService], Awaitable[T]], *, org: str | None, json: bool, readonly: bool = True) -> T:
    async def work(session: "Session") -> T:
        async with _people(session, readonly=readonly) as people:
            return await question(people)

    return run_in(work, org=org, json=json)


@dataclass(frozen=True, slots=True)
class _About:
    """Whom or what a command is about, inside its transaction."""

    connection: asyncpg.Connection
    caller: Caller
    subject: str
    id: UUID


def _of(who: str, question: Callable[[_About], Awaitable[T]], *, org: str | None, json: bool) -> T:
    """Ask about a person, by their address, or a company, by its domain."""
    subject = "person" if "@" in who else "company"

    async def work(session: "Session") -> T:
        async with transaction(session.organization_id, session.actor) as connection:
            id = await PeopleService(connection, session.organization_id).id_of(subject, who)
            return await question(_About(connection, session.caller, subject, id))

    return run_in(work, org=org, json=json)


@app.command("show")
def show_person(email: Email, org: Org = None, json: Json = False) -> None:
    """Show a person: every value with where it is from, since when, and what stood before."""
    person = _ask(lambda people: people.find(email), org=org, json=json)
    show_json(asdict(person)) if json else shows.person(person)


@app.command("history")
def show_history(email: Email, org: Org = None, json: Json = False) -> None:
    """Show what changed about a person and their addresses, newest first."""
    person = _ask(lambda people: people.find(email), org=org, json=json)
    if json:
        show_json([asdict(change) for change in person.history])
    elif not person.history:
        say("Nothing has changed since the person came in.")
    else:
        shows.history(person.history)


@app.command("edit")
def edit_person(email: Email, changes: Assigned, org: Org = None, json: Json = False) -> None:
    """Change a person's values, such as --set title=CFO --set phone= (which clears it).

    What stood before stays in the history. The primary address never changes.
    """

    async def work(people: PeopleService) -> Any:
        wanted = _assignments(changes)
        return await people.edit(str((await people.find(email)).row.id), wanted)

    person = _ask(work, org=org, json=json, readonly=False)
    show_json(asdict(person)) if json else shows.person(person)


@app.command("note")
def write_note(
    who: Whom,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The note; - reads standard input.", show_default=False)],
    org: Org = None,
    json: Json = False,
) -> None:
    """Write a note on a person, or with a domain instead of an address on a company."""
    body = sys.stdin.read() if text == "-" else text
    note = _of(who, lambda about: NotesService(about.connection, about.caller).add(about.subject, about.id, body), org=org, json=json)
    show_json(asdict(note)) if json else say(f"Noted on {who}.")


@app.command("notes")
def list_notes(who: Whom, limit: Count = 20, cursor: From = None, org: Org = None, json: Json = False) -> None:
    """List the notes on a person or company, newest first."""

    def read(about: _About) -> Awaitable[Page[Note]]:
        return NotesService(about.connection, about.caller).page(about.subject, about.id, limit=limit, cursor=cursor)

    shows.notes(_of(who, read, org=org, json=json), json=json)


@app.command("timeline")
def show_timeline(who: Whom, limit: Count = 20, cursor: From = None, org: Org = None, json: Json = False) -> None:
    """Show what happened with a person or company, newest first: loads, changes, roles, notes, decisions."""

    def read(about: _About) -> Awaitable[Page[Happening]]:
        return timeline.read(about.connection, about.caller.organization_id, about.subject, about.id, limit=limit, cursor=cursor)

    shows.timeline(_of(who, read, org=org, json=json), json=json)


@app.command("company")
def show_company(domain: Domain, org: Org = None, json: Json = False) -> None:
    """Show a company: every value with where it is from, and its newest people."""
    company = _ask(lambda people: people.find_company(domain), org=org, json=json)
    show_json(asdict(company)) if json else shows.company(company)


@app.command("conflicts")
def list_conflicts(
    issue: Annotated[str, typer.Option("--issue", help="conflict, or incomplete for what lacks something.")] = "conflict",
    limit: Count = 20,
    cursor: From = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """List what loads said about people and contradicts itself: it waits for outrider people resolve."""

    async def work(session: "Session") -> None:
        async with _people(session) as people:
            page = await people.list_slots(issue, limit=limit, cursor=cursor)
        shows.page(page, [_slot_row(slot) for slot in page.items], shows.SLOT_COLUMNS, json=json, empty="Nothing waits.")

    run_in(work, org=org, json=json)


@app.command("resolve")
def resolve_conflict(
    id: Annotated[str, typer.Argument(metavar="ID", help="The slot's id, from outrider people conflicts.", show_default=False)],
    accept: Annotated[
        bool, typer.Option("--accept/--reject", help="They work at the company of that domain, or they do not.", show_default=False)
    ],
    org: Org = None,
    json: Json = False,
) -> None:
    """Decide about a conflict: --accept links the person to the company, --reject leaves them as they are."""
    slot = _ask(lambda people: people.resolve(parsed_id(id, "id"), accept), org=org, json=json, readonly=False)
    if json:
        show_json(asdict(slot))
    elif accept:
        say(f"{slot.email} works at {slot.raw_data.get('domain')}.")
    else:
        say(f"{slot.email} does not work at {slot.raw_data.get('domain')}; nothing was changed.")


def _assignments(changes: list[str]) -> dict[str, Any]:
    pairs = [change.partition("=") for change in changes]
    for name, equals, _ in pairs:
        if not equals or not name.strip():
            raise InvalidInput(f"--set is {name[:60]!r}; it must be like title=CFO", field="set")
    return {name.strip().replace("-", "_"): value for name, _, value in pairs}


def _slot_row(slot: Slot) -> dict[str, Any]:
    said = slot.raw_data if isinstance(slot.raw_data, dict) else {}
    return asdict(slot) | {name: said.get(name) for name in ("name", "company", "domain")}
