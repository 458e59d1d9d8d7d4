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
from outrider.kit.terminal import Json, Org, progress, say, show_json, show_table
from outrider.runtime import run_in
from outrider.tenancy import Caller, transaction

from . import shows, timeline
from .bulk import BulkEdit, BulkEdits, Selected
from .bulk_changes import Changes
from .custom_fields import CustomFields
from .filters import AnyFilters, CompanyFilters, ContactFilters, CustomFilter, Filters, custom_filter
from .lists import Lists
from .notes import NotesService
from .service import PeopleService
from .types import Happening, Note, Slot

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
Tagged = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TAG", help="Only those with this tag; may be repeated.", show_default=False)
]
Custom = Annotated[
    list[str] | None,
    typer.Option("--custom", metavar="OP:FIELD=VALUE", help="contains:, is:, from:, to:, yes:, no:, set: or unset: of a custom field."),
]
FromImport = Annotated[str | None, typer.Option("--import", metavar="ID", help="Only people whom this import named.", show_default=False)]
Query = Annotated[str | None, typer.Option("--query", "-q", help="Any part of name, address or company.", show_default=False)]
Count = Annotated[int, typer.Option("--limit", min=1, max=500, help="Most to show.")]
From = Annotated[str | None, typer.Option("--cursor", help="Where to go on: the cursor told by the page before.", show_default=False)]
Assigned = Annotated[
    list[str], typer.Option("--set", metavar="FIELD=VALUE", help="A new value; nothing after = clears it. May be repeated.")
]


@asynccontextmanager
async def _people(session: "Session", *, readonly: bool = True) -> AsyncIterator[PeopleService]:
    async with transaction(session.organization_id, session.actor, readonly=readonly) as connection:
        yield PeopleService(connection, session.organization_id)


@asynccontextmanager
async def _lists(session: "Session") -> AsyncIterator[Lists]:
    async with transaction(session.organization_id, session.actor, readonly=True) as connection:
        yield Lists(connection, session.organization_id)


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
    tags: list[str] | None,
    custom: list[str] | None,
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
        tag=tuple(tags or ()),
        custom=_custom(custom),
    )


def _custom(given: list[str] | None) -> tuple[CustomFilter, ...]:
    return tuple(custom_filter(one) for one in given or ())


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
    tag: Tagged = None,
    custom: Custom = None,
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
        asked = _filters(query, company, domain, title, status, source, namespace, country, from_import, tag, custom)
        async with _lists(session) as lists:
            page = await lists.people(asked, sort=sort, limit=limit, cursor=cursor)
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
        async with _lists(session) as lists:
            page = await lists.companies(CompanyFilters(query, domain, industry), sort=sort, limit=limit, cursor=cursor)
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


@app.command("contacts")
def list_contacts(
    query: Words = None,
    status: Annotated[str | None, typer.Option("--status", help="active, inactive, bounced or unsubscribed.", show_default=False)] = None,
    domain: Annotated[str | None, typer.Option("--domain", help="What follows the @.", show_default=False)] = None,
    source: Source = None,
    tag: Tagged = None,
    custom: Custom = None,
    sort: Annotated[str, typer.Option("--sort", help="newest, email or updated.")] = "newest",
    limit: Count = 20,
    cursor: From = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Find addresses by any part of name, address or company; without QUERY list them."""

    async def work(session: "Session") -> None:
        asked = ContactFilters(q=query, status=status, domain=domain, source=source, tag=tuple(tag or ()), custom=_custom(custom))
        async with _lists(session) as lists:
            page = await lists.contacts(asked, sort=sort, limit=limit, cursor=cursor)
        shows.page(page, [asdict(one) for one in page.items], shows.CONTACT_COLUMNS, json=json, empty="No address fits.")

    run_in(work, org=org, json=json)


@app.command("tag")
def tag_people(
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="The tags.", show_default=False)],
    query: Query = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the tags off instead.")] = False,
    everyone: Annotated[bool, typer.Option("--everyone", help="Mean everyone, when nothing else is asked.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many are meant.")] = False,
    company: CompanyPart = None,
    domain: DomainOf = None,
    title: Title = None,
    status: Status = None,
    source: Source = None,
    namespace: Namespace = None,
    country: Country = None,
    from_import: FromImport = None,
    tag: Tagged = None,
    custom: Custom = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Tag all people who fit, or take tags off; outrider people undo takes it back. More than 1,000 are a worker's job."""
    from .asked import to_json

    async def work(session: "Session") -> None:
        asked: AnyFilters = _filters(query, company, domain, title, status, source, namespace, country, from_import, tag, custom)
        if asked == Filters() and not everyone:
            raise InvalidInput("nothing says who is meant: give a filter, or --everyone", field="query")
        wanted = Changes(remove_tags=tags) if remove else Changes(add_tags=tags)
        async with transaction(session.organization_id, session.actor, readonly=dry_run) as connection:
            edits, selected = BulkEdits(connection, session.organization_id), Selected(filters=to_json(asked))
            if dry_run:
                count = await edits.preview("people", selected, wanted)
                show_json({"matched": count}) if json else say(f"{count:,} people are meant.")
                return
            edit = await edits.begin("people", selected, wanted)
        _show_edit(edit, json)

    run_in(work, org=org, json=json)


@app.command("undo")
def undo_edit(
    id: Annotated[str, typer.Argument(metavar="ID", help="The bulk edit's id, from outrider people edits.", show_default=False)],
    org: Org = None,
    json: Json = False,
) -> None:
    """Undo a bulk edit: what somebody changed since stays."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            edit = await BulkEdits(connection, session.organization_id).undo(_id(id, "id"), str(session.actor))
        _show_edit(edit, json)

    run_in(work, org=org, json=json)


@app.command("edits")
def list_edits(limit: Count = 20, cursor: From = None, org: Org = None, json: Json = False) -> None:
    """List bulk edits, newest first."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            page = await BulkEdits(connection, session.organization_id).page(limit=limit, cursor=cursor)
        shows.page(page, [asdict(one) for one in page.items], shows.EDIT_COLUMNS, json=json, empty="No bulk edit yet.")

    run_in(work, org=org, json=json)


@app.command("fields")
def list_fields(org: Org = None, json: Json = False) -> None:
    """List custom fields: those with a type, and keys that came in and have none yet."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            registry = await CustomFields(connection, session.organization_id).registry()
        if json:
            show_json(asdict(registry))
            return
        rows = [asdict(field) for field in registry.fields]
        rows += [
            {"key": one.key, "label": "(none)", "type": f"like {one.proposed_type}", "contacts": one.contacts} for one in registry.found
        ]
        show_table(rows, shows.FIELD_COLUMNS, json=False, empty="No custom fields: columns of files that are no field of ours become some.")

    run_in(work, org=org, json=json)


@app.command("export")
def export_people(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The file to write: .csv, .xlsx or .parquet; - is standard output.", show_default=False)
    ],
    query: Query = None,
    company: CompanyPart = None,
    domain: DomainOf = None,
    title: Title = None,
    status: Status = None,
    source: Source = None,
    namespace: Namespace = None,
    country: Country = None,
    from_import: FromImport = None,
    tag: Tagged = None,
    custom: Custom = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Write people to a file that a spreadsheet can open without harm: formulas are made text."""
    from . import whole

    async def work(session: "Session") -> int:
        asked = _filters(query, company, domain, title, status, source, namespace, country, from_import, tag, custom)
        count = 0
        with whole.written(file) as write, progress("Exporting", unit="people", json=json or file == "-") as bar:
            async for people in whole.pages(lambda: _lists(session), asked):
                write(people)
                count += len(people)
                bar.update(count)
        return count

    count = run_in(work, org=org, json=json)
    if file != "-":
        show_json({"file": file, "people": count}) if json else say(f"Wrote {count:,} people to {file}.")


def _show_edit(edit: BulkEdit, json: bool) -> None:
    if json:
        show_json(asdict(edit))
    elif edit.state in ("queued", "undoing"):
        say(f"{edit.matched:,} people are meant; job {edit.job_id} does it: outrider jobs show {edit.job_id}")
    elif edit.state == "undone":
        say(f"Undone: {edit.undone:,} values went back, {edit.kept:,} stayed since they were changed since.")
    else:
        say(f"Changed {edit.changed:,} of {edit.matched:,} people. To take it back: outrider people undo {edit.id}")


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
