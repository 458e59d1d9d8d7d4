"""`outrider people`: find people and companies, see where each value is from, edit, decide, take them out as a file."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import asyncpg
import typer

from outrider.kit.errors import InvalidInput, Unavailable
from outrider.kit.paging import Page
from outrider.kit.terminal import Json, Org, progress, say, show_json
from outrider.runtime import run_in
from outrider.tenancy import Caller, transaction

from . import shows, timeline
from .notes import NotesService
from .service import PeopleService, pages
from .types import CompanyFilters, Filters, Happening, Note, Slot

if TYPE_CHECKING:
    from outrider.runtime import Session

T = TypeVar("T")
app = typer.Typer(help="Find people and see where each value comes from.", no_args_is_help=True)

Words = Annotated[str | None, typer.Argument(metavar="[QUERY]", help="Any part of name, address or company.", show_default=False)]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Any of the person's addresses, or their id.", show_default=False)]
Domain = Annotated[str, typer.Argument(metavar="DOMAIN", help="The company's domain, or its id.", show_default=False)]
Whom = Annotated[str, typer.Argument(metavar="EMAIL|DOMAIN", help="A person's address, or a company's domain.", show_default=False)]
CompanyPart = Annotated[str | None, typer.Option("--company", help="Part of the company's name or domain.", show_default=False)]
DomainOf = Annotated[str | None, typer.Option("--domain", help="The company's domain.", show_default=False)]
Title = Annotated[str | None, typer.Option("--title", help="Part of the title.", show_default=False)]
Status = Annotated[str | None, typer.Option("--status", help="active, inactive or bounced.", show_default=False)]
Source = Annotated[str | None, typer.Option("--source", help="Where an address came from.", show_default=False)]
Namespace = Annotated[str | None, typer.Option("--namespace", help="Only people with a profile there.", show_default=False)]
Country = Annotated[str | None, typer.Option("--country", help="The country, in two letters.", show_default=False)]
FromImport = Annotated[str | None, typer.Option("--import", metavar="ID", help="Only people whom this import named.", show_default=False)]
Count = Annotated[int, typer.Option("--limit", min=1, max=500, help="Most to show.")]
From = Annotated[str | None, typer.Option("--cursor", help="Where to go on: the cursor told by the page before.", show_default=False)]
Changes = Annotated[
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


def _filters(
    query: str | None,
    company: str | None,
    domain: str | None,
    title: str | None,
    status: str | None,
    source: str | None,
    namespace: str | None,
    country: str | None,
    from_import: str | None,
) -> Filters:
    return Filters(
        q=query,
        company=company,
        domain=domain,
        title=title,
        status=status,
        source=source,
        namespace=namespace,
        country_code=country,
        import_id=_id(from_import, "import") if from_import else None,
    )


@app.command("list")
def list_people(
    query: Words = None,
    company: CompanyPart = None,
    domain: DomainOf = None,
    title: Title = None,
    status: Status = None,
    source: Source = None,
    namespace: Namespace = None,
    country: Country = None,
    from_import: FromImport = None,
    sort: Annotated[str, typer.Option("--sort", help="newest, name, email, company or updated.")] = "newest",
    limit: Count = 20,
    cursor: From = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Find people by any part of name, address or company; without QUERY list them.

    Accents and case do not count, and every word has to be there. A word of one or two letters is looked for where words begin.
    """

    async def work(session: "Session") -> None:
        asked = _filters(query, company, domain, title, status, source, namespace, country, from_import)
        async with _people(session) as people:
            page = await people.list(asked, sort=sort, limit=limit, cursor=cursor)
        nobody = "Nobody fits." if asked != Filters() else "Nobody yet: outrider import FILE"
        shows.page(page, [asdict(one) for one in page.items], shows.PERSON_COLUMNS, json=json, empty=nobody)

    run_in(work, org=org, json=json)


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
def edit_person(email: Email, changes: Changes, org: Org = None, json: Json = False) -> None:
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


@app.command("companies")
def list_companies(
    query: Words = None,
    domain: DomainOf = None,
    industry: Annotated[str | None, typer.Option("--industry", help="Part of the industry.", show_default=False)] = None,
    sort: Annotated[str, typer.Option("--sort", help="name, domain or newest.")] = "name",
    limit: Count = 20,
    cursor: From = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Find companies by any part of name or domain; without QUERY list them."""

    async def work(session: "Session") -> None:
        async with _people(session) as people:
            page = await people.list_companies(CompanyFilters(query, domain, industry), sort=sort, limit=limit, cursor=cursor)
        shows.page(page, [asdict(one) for one in page.items], shows.COMPANY_COLUMNS, json=json, empty="No company fits.")

    run_in(work, org=org, json=json)


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
    slot = _ask(lambda people: people.resolve(_id(id, "id"), accept), org=org, json=json, readonly=False)
    if json:
        show_json(asdict(slot))
    elif accept:
        say(f"{slot.email} works at {slot.raw_data.get('domain')}.")
    else:
        say(f"{slot.email} does not work at {slot.raw_data.get('domain')}; nothing was changed.")


@app.command("export")
def export_people(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file to write; - is standard output.", show_default=False)],
    query: Annotated[str | None, typer.Option("--query", "-q", help="Any part of name, address or company.", show_default=False)] = None,
    company: CompanyPart = None,
    domain: DomainOf = None,
    title: Title = None,
    status: Status = None,
    source: Source = None,
    namespace: Namespace = None,
    country: Country = None,
    from_import: FromImport = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Write people to a CSV file that a spreadsheet can open without harm: formulas are made text."""
    from . import export

    async def work(session: "Session") -> int:
        asked = _filters(query, company, domain, title, status, source, namespace, country, from_import)
        count = 0
        with _written(file) as out, progress("Exporting", unit="people", json=json or file == "-") as bar:
            out.write(export.header())
            async for people in pages(lambda: _people(session), asked, export.PAGE):
                out.write(export.lines(people))
                count += len(people)
                bar.update(count)
        return count

    count = run_in(work, org=org, json=json)
    if file != "-":
        show_json({"file": file, "people": count}) if json else say(f"Wrote {count:,} people to {file}.")


@contextmanager
def _written(file: str) -> Iterator[IO[str]]:
    """Give the file to write, which gets its name when it is whole; - is standard output."""
    if file == "-":
        yield sys.stdout
        return
    part = Path(f"{file}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as out:
            yield out
        part.replace(file)
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _assignments(changes: list[str]) -> dict[str, Any]:
    pairs = [change.partition("=") for change in changes]
    for name, equals, _ in pairs:
        if not equals or not name.strip():
            raise InvalidInput(f"--set is {name[:60]!r}; it must be like title=CFO", field="set")
    return {name.strip().replace("-", "_"): value for name, _, value in pairs}


def _id(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput(f"{field} is {text[:60]!r}; it must be an id such as the lists show", field=field) from None


def _slot_row(slot: Slot) -> dict[str, Any]:
    said = slot.raw_data if isinstance(slot.raw_data, dict) else {}
    return asdict(slot) | {name: said.get(name) for name in ("name", "company", "domain")}
