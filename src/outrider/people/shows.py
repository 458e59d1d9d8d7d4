"""How people, companies and their facts look in the terminal."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from outrider.kit.paging import Page
from outrider.kit.terminal import say, show_json, show_table, shown, warn

from .types import Change, Company, Earlier, Fact, Happening, Note, Origin, Person

PERSON_COLUMNS = ["email", "name", "title", "company", "country_code", "status", "created_at"]
COMPANY_COLUMNS = ["domain", "name", "industry", "employee_count", "country_code", "status"]
CONTACT_COLUMNS = ["email", "name", "company", "status", "source", "tags", "updated_at"]
EDIT_COLUMNS = ["id", "kind", "state", "matched", "changed", "held", "undone", "kept", "created_by", "created_at"]
FIELD_COLUMNS = ["key", "label", "type", "options", "contacts", "misfits", "is_archived"]
SLOT_COLUMNS = ["id", "email", "name", "company", "domain", "reasons", "created_at"]
NARROWEST = 14
MOST_NAMED = 3
"""How many of those who came to a company a timeline names."""


def page(page: Page[Any], rows: list[dict[str, Any]], columns: list[str], *, json: bool, empty: str) -> None:
    """Print a page, and on standard error how to go on."""
    if json:
        show_json({"items": [asdict(item) for item in page.items], "next_cursor": page.next_cursor})
        return
    show_table(rows, columns, json=False, empty=empty)
    if page.next_cursor:
        warn(f"There are more: --cursor {page.next_cursor}")


def person(found: Person) -> None:
    """Print everything about a person but the history."""
    row = found.row
    say(shown(row.name or row.email), style="bold")
    where = " at ".join(part for part in (row.title, row.company) if part)
    say(shown(" · ".join(part for part in (row.email, where, row.status, f"since {shown(row.created_at)}") if part)))
    _section("Facts")
    facts(found.facts)
    _section("Addresses")
    for contact in found.contacts:
        say(shown(f"{contact.email}  {'primary, ' if contact.is_primary else ''}{contact.status}, from {contact.source}"))
        _details({"tags": contact.tags, **(contact.custom_fields or {})})
        facts([fact for fact in contact.facts if not contact.is_primary or fact.field == "company" or fact.earlier], indent="  ")
    _section("Affiliations", found.affiliations)
    for one in found.affiliations:
        at = f"{one.company or one.domain or 'no company named'}{f' ({one.domain})' if one.domain and one.company else ''}"
        said = f", said by {one.source}" if one.source else ""
        say(shown(f"{one.title + ' at ' if one.title else ''}{at}  since {shown(one.created_at)}{said}"))
    _section("Profiles", found.profiles)
    for profile in found.profiles:
        platform = f"  {profile.platform}" if profile.platform else ""
        say(shown(f"{profile.namespace}  {profile.email}{platform}  lead score {profile.lead_score or 0}"))
    waiting = [slot for slot in found.slots if slot.issue and slot.validation_status == "pending"]
    _section("Waits for a decision or a fact", waiting)
    for slot in waiting:
        say(shown(f"{slot.issue}: {', '.join(slot.reasons)}  (load {slot.load_id}, slot {slot.id})"))
    _section("Loads", found.loads)
    for load in found.loads[:10]:
        place = f", {load.file_name} row {load.row_number}" if load.file_name else ""
        say(
            shown(f"{load.load_id}  {load.status}{f' ({load.reason})' if load.reason else ''}  {load.source}, batch {load.batch_id}{place}")
        )
    if len(found.loads) > 10:
        say(f"and {len(found.loads) - 10} more: --json lists them")


def company(found: Company) -> None:
    """Print everything about a company but the history."""
    say(shown(found.row.name or found.row.domain), style="bold")
    say(shown(f"{found.row.domain} · {found.row.status} · since {shown(found.row.created_at)}"))
    _section("Facts")
    facts(found.facts)
    _section("People", found.people)
    if found.people:
        show_table([asdict(one) for one in found.people], ["email", "name", "title", "status"], json=False, empty="")


def facts(known: Iterable[Fact], *, indent: str = "") -> None:
    """Print facts: value, where from, since when; what stood before below it, indented."""
    there = [fact for fact in known if fact.value is not None or fact.earlier]
    width = max([NARROWEST, *(len(fact.field) for fact in there)])
    for fact in there:
        value = shown(fact.shown or fact.value) if fact.value is not None else "(cleared)"
        since = f", since {shown(fact.since)}" if fact.since else ""
        say(f"{indent}{fact.field.replace('_', ' ').ljust(width)}  {value}  [{origin(fact.origin)}{since}]")
        for old in fact.earlier:
            say(f"{indent}{' ' * width}    before: {_earlier(old)}", style="dim")


def _earlier(old: Earlier) -> str:
    return f"{shown(old.shown or old.value)}  [{origin(old.origin)}, {shown(old.since)} to {shown(old.until)}]"


def origin(of: Origin | None) -> str:
    """Return where a value is from, in a few words."""
    if of is None or of.kind == "unknown":
        return "origin unknown"
    place = f"{of.file_name} row {of.row_number}" if of.file_name else f"batch {of.batch_id}" if of.batch_id else ""
    if of.kind == "edit":
        return shown(f"edited by {of.by_name or of.by or 'somebody'}")
    if of.kind == "revert":
        return shown(f"put back by {of.by_name or of.by}, when the import of {of.file_name or of.batch_id} was reverted")
    return shown(", ".join(part for part in (of.source, place, f"load {of.load_id}") if part))


def history(changes: list[Change]) -> None:
    """Print a timeline, newest first."""
    for change in changes:
        say(shown(f"{shown(change.at)}  {change.of}  by {change.by_name or 'somebody'}"), style="bold")
        for field in sorted(change.new):
            source = f"  [{origin(change.origins[field])}]" if field in change.origins else ""
            say(f"  {field.replace('_', ' ')}: {_value(change.old.get(field))} → {_value(change.new[field])}{source}")


def notes(page: Page[Note], *, json: bool) -> None:
    """Print notes, newest first."""
    if json:
        show_json({"items": [asdict(note) for note in page.items], "next_cursor": page.next_cursor})
        return
    if not page.items:
        say("No notes yet.")
    for note in page.items:
        edited = f", edited {shown(note.edited_at)}" if note.edited_at else ""
        say(shown(f"{shown(note.created_at)}  {note.created_by_name}{edited}"), style="bold")
        for line in note.body.splitlines():
            say(f"  {shown(line)}")
    if page.next_cursor:
        warn(f"There are more: --cursor {page.next_cursor}")


def timeline(page: Page[Happening], *, json: bool) -> None:
    """Print what happened, newest first."""
    if json:
        show_json({"items": [asdict(one) for one in page.items], "next_cursor": page.next_cursor})
        return
    if not page.items:
        say("Nothing has happened yet.")
    for one in page.items:
        say(shown(f"{shown(one.at)}  {happening(one)}"), style="bold")
        for change in one.changes:
            source = f"  [{origin(change.origin)}]" if change.origin else ""
            old, new = (_value(value) for value in (change.old_shown or change.old, change.new_shown or change.new))
            say(f"  {change.field.removeprefix('custom_fields.').replace('_', ' ')}: {old} → {new}{source}")
        for line in (one.text or "").splitlines() if one.kind == "note" else ():
            say(f"  {shown(line)}")
    if page.next_cursor:
        warn(f"There are more: --cursor {page.next_cursor}")


def happening(one: Happening) -> str:
    """Return what happened in one line."""
    by = f" by {one.by_name}" if one.by_name else ""
    source = f" [{origin(one.origin)}]" if one.origin else ""
    if one.kind == "load":
        return f"{one.of or 'it'} was named: {one.text or 'loaded'}{f' ({one.reason})' if one.reason else ''}{source}"
    if one.kind == "role":
        return f"{one.reason + ' at ' if one.reason else 'at '}{one.text or 'a company'}{source}"
    if one.kind == "people":
        return f"{one.count} came: {one.text}{', …' if (one.count or 0) > MOST_NAMED else ''}{source}"
    if one.kind == "decision":
        return f"works at {one.text}: {one.reason}{by}"
    return f"{one.of} changed{by}" if one.kind == "change" else f"note{by}"


def _value(value: Any) -> str:
    return "(nothing)" if value in (None, "") else shown(value)


def _section(title: str, content: Iterable[Any] = (True,)) -> None:
    if list(content):
        say()
        say(title, style="bold")


def _details(values: dict[str, Any]) -> None:
    for name, value in values.items():
        if value not in (None, "", [], {}):
            say(f"  {shown(name)}: {shown(value)}")
