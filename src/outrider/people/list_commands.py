"""`outrider people`, its lists: find people, companies and addresses, tag many, undo that, take them out as a file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from outrider.kit.errors import InvalidInput
from outrider.kit.terminal import Count, From, Json, Org, parsed_id, progress, say, show_json, show_table
from outrider.runtime import run_in
from outrider.tenancy import transaction

from . import shows
from .bulk import BulkEdit, BulkEdits, Selected
from .bulk_changes import Changes
from .command_options import (
    CompanyPart,
    Country,
    Custom,
    DomainOf,
    Engaged,
    FromImport,
    Namespace,
    Query,
    Source,
    Status,
    Tagged,
    Title,
    Words,
    custom_asked,
    people_asked,
)
from .custom_fields import CustomFields
from .filters import AnyFilters, CompanyFilters, ContactFilters, Filters
from .lists import Lists

if TYPE_CHECKING:
    from outrider.runtime import Session

app = typer.Typer()


@asynccontextmanager
async def _lists(session: "Session") -> AsyncIterator[Lists]:
    async with transaction(session.organization_id, session.actor, readonly=True) as connection:
        yield Lists(connection, session.organization_id)


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
    engaged: Engaged = None,
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
        asked = people_asked(query, company, domain, title, status, source, namespace, country, from_import, tag, custom, engaged)
        async with _lists(session) as lists:
            page = await lists.people(asked, sort=sort, limit=limit, cursor=cursor)
        nobody = "Nobody fits." if asked != Filters() else "Nobody yet: outrider import FILE"
        shows.page(page, [asdict(one) for one in page.items], shows.PERSON_COLUMNS, json=json, empty=nobody)

    run_in(work, org=org, json=json)


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
        asked = ContactFilters(q=query, status=status, domain=domain, source=source, tag=tuple(tag or ()), custom=custom_asked(custom))
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
    engaged: Engaged = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Tag all people who fit, or take tags off; outrider people undo takes it back. More than 1,000 are a worker's job."""
    from .asked import to_json

    async def work(session: "Session") -> None:
        asked: AnyFilters = people_asked(
            query, company, domain, title, status, source, namespace, country, from_import, tag, custom, engaged
        )
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
            edit = await BulkEdits(connection, session.organization_id).undo(parsed_id(id, "id"), str(session.actor))
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
    engaged: Engaged = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Write people to a file that a spreadsheet can open without harm: formulas are made text."""
    from . import whole

    async def work(session: "Session") -> int:
        asked = people_asked(query, company, domain, title, status, source, namespace, country, from_import, tag, custom, engaged)
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
        say(f"Undone: {edit.undone:,} values went back, {edit.kept:,} stayed: changed since, or unsubscribed or bounced.")
    else:
        say(f"Changed {edit.changed:,} of {edit.matched:,} people. To take it back: outrider people undo {edit.id}")
