"""The rules of people and companies: finding, reading, editing, deciding (BEHAVIOUR 2). Knows no HTTP and no terminal, never commits."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

import asyncpg

from outrider.intake import who_are
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import OrganizationId

from . import edits
from .dossier import EVERYTHING, EVERYTHING_OF_COMPANY, Dossiers, details
from .store import lists, queries, to_slot
from .types import COMPANY_FIELDS, PERSON_FIELDS, Company, Contact, Person, Slot

ISSUES = ("conflict", "incomplete")
REFUSALS = {
    "not_a_conflict": "this slot is no conflict: only conflicts wait for a person's decision; edit the person instead",
    "decided": "this conflict was decided already",
    "no_person": "the person is not there any more: the import was taken back, or they were erased",
    "no_company": "there is no company with the slot's domain any more",
}


class PeopleService:
    """The people and companies of one organization, inside the caller's `tenancy.transaction`."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def find(self, who: str, parts: Iterable[str] = EVERYTHING) -> Person:
        """Return the person whom an id or any of their addresses names, with the parts asked for. Raises `NotFound`."""
        person = await Dossiers(self._connection, self._organization).person(await self.person_id(who), parts)
        if person is None:
            raise _nobody(who)
        return person

    async def contact(self, email: str) -> Contact:
        """Return an address. Raises `NotFound`."""
        address = email.strip().lower()
        id = await queries.person_of_address(self._connection, organization_id=self._organization, email=address)
        contact = await Dossiers(self._connection, self._organization).contact(id, address) if id else None
        if contact is None:
            raise NotFound(f"there is no contact with the address {email[:100]!r}", field="email")
        return contact

    async def edit(
        self, who: str, changes: dict[str, Any], seen: Mapping[str, Any] | None = None, parts: Iterable[str] = EVERYTHING
    ) -> Person:
        """Change golden values of a person, '' and None clearing them, and return the person with the parts asked for.

        `seen` is {field: value} as the editor saw them. A name given without its parts is taken apart, parts without the name make it anew.
        Raises `NotFound`, `InvalidInput` for a field there is not or a value it does not take, `Conflict` for another primary address, and
        for a field that is not what `seen` says: with both values and who changed it.
        """
        id = await self.person_id(who)
        row = await details.lock_person(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise _nobody(who)
        if not changes:
            raise _nothing()
        await self._check_seen(seen or {}, row, details.last_change_of_person)
        wanted = edits.person(changes, row["email"])
        if wanted.get("company_id") and not await self._is_company(UUID(wanted["company_id"])):
            raise InvalidInput(f"there is no company {wanted['company_id']}", field="company_id")
        await self._complete_name(wanted, row)
        if wanted:
            await queries.edit_person(self._connection, id=id, changes=wanted)
        return await self.find(str(id), parts)

    async def find_company(self, which: str, parts: Iterable[str] = EVERYTHING_OF_COMPANY) -> Company:
        """Return the company that an id or a domain names, with the parts asked for. Raises `NotFound`."""
        company = await Dossiers(self._connection, self._organization).company(await self.company_id(which), parts)
        if company is None:
            raise _no_company(which)
        return company

    async def edit_company(
        self, which: str, changes: dict[str, Any], seen: Mapping[str, Any] | None = None, parts: Iterable[str] = EVERYTHING_OF_COMPANY
    ) -> Company:
        """Change golden values of a company and return it with the parts asked for. Raises as `edit` does."""
        id = await self.company_id(which)
        row = await details.lock_company(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise _no_company(which)
        if not changes:
            raise _nothing()
        await self._check_seen(seen or {}, row, details.last_change_of_company)
        if wanted := edits.company(changes, row["domain"]):
            await queries.edit_company(self._connection, id=id, changes=wanted)
        return await self.find_company(str(id), parts)

    async def list_slots(self, issue: str = "conflict", *, limit: int = 50, cursor: str | None = None) -> Page[Slot]:
        """Return a page of slots that wait, oldest first: `conflict` for a person, `incomplete` for enrichment. Raises `InvalidInput`."""
        check_limit(limit)
        if issue not in ISSUES:
            raise InvalidInput(f"issue is {issue[:60]!r}; it must be conflict or incomplete", field="issue")
        after = decode_id_cursor(cursor)
        query = queries.conflicts if issue == "conflict" else queries.incomplete
        rows = query(self._connection, organization_id=self._organization, after=after, count=limit + 1)
        found = [to_slot(row) async for row in rows]
        return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)

    async def resolve(self, id: UUID, accept: bool) -> Slot:
        """Decide about a conflict and return the slot: accepted, the person works at the company of its domain; rejected, they do not.

        What waits for the same answer gets it too. Raises `NotFound`, and `Conflict` for what is no open conflict.
        """
        outcome = await queries.resolve_slot(self._connection, id=id, accept=accept)
        if outcome == "not_found":
            raise NotFound(f"there is no slot {id}", field="id")
        if outcome in REFUSALS:
            raise Conflict(REFUSALS[outcome], field="id")
        return await self.slot(id)

    async def reopen(self, id: UUID) -> Slot:
        """Take a decision about a conflict back and return the slot, which waits again; a person it moved returns to where they were.

        Raises `NotFound`, and `Conflict` for what was not decided.
        """
        outcome = await details.reopen_slot(self._connection, id=id)
        if outcome == "not_found":
            raise NotFound(f"there is no slot {id}", field="id")
        if outcome == "not_decided":
            raise Conflict("there is no decision about this that could be taken back", field="id")
        return await self.slot(id)

    async def fresh_change(self, id: UUID) -> int | None:
        """Return what `undo` takes for the edit that this transaction made of a person or company, None when nothing changed."""
        number: int | None = await details.fresh_change(self._connection, organization_id=self._organization, id=id)
        return number

    async def undo(self, subject: str, id: UUID, history_id: int) -> None:
        """Put back what a change of a `person` or `company` replaced.

        Raises `NotFound`, and `Conflict` where one of its fields was changed again since.
        """
        of_subject = details.change_of_person if subject == "person" else details.change_of_company
        change = await of_subject(self._connection, organization_id=self._organization, id=id, history_id=history_id)
        if change is None:
            raise NotFound("there is no such change", field="id")
        fields = change["old_values"].keys() & set(PERSON_FIELDS if subject == "person" else COMPANY_FIELDS)
        back, seen = ({field: values[field] for field in fields} for values in (change["old_values"], change["new_values"]))
        await (self.edit(str(id), back, seen, ()) if subject == "person" else self.edit_company(str(id), back, seen, ()))

    async def slot(self, id: UUID) -> Slot:
        """Return a slot. Raises `NotFound`."""
        row = await queries.slot(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise NotFound(f"there is no slot {id}", field="id")
        return to_slot(row)

    async def expire_intelligence(self, most: int) -> int:
        """Drop at most `most` enrichments that are stale (30 days after they were fetched) and not used; returns how many.

        Used is what belongs to a person with whom something happened in the last 30 days: it stays until enrichment fetches it anew,
        which comes with the providers (BEHAVIOUR 2).
        """
        return int(await queries.expire_intelligence(self._connection, organization_id=self._organization, most=most))

    async def id_of(self, subject: str, which: str) -> UUID:
        """Return the id of the `person` or `company` that an id, address or domain stands for. Raises `NotFound`."""
        return await (self.person_id(which) if subject == "person" else self.company_id(which))

    async def person_id(self, who: str) -> UUID:
        """Return the id that an id, taken as it is, or any address of a person stands for. Raises `NotFound`."""
        if "@" not in who:
            return _person_id(who)
        id: UUID | None = await queries.person_of_address(self._connection, organization_id=self._organization, email=who.strip().lower())
        if id is None:
            raise _nobody(who)
        return id

    async def company_id(self, which: str) -> UUID:
        """Return the id that an id, taken as it is, or a domain stands for. Raises `NotFound`."""
        try:
            return UUID(which)
        except ValueError:
            pass
        id: UUID | None = await queries.company_of_domain(
            self._connection, organization_id=self._organization, domain=which.strip().lower()
        )
        if id is None:
            raise _no_company(which)
        return id

    async def _is_company(self, id: UUID) -> bool:
        return [one async for one in lists.companies(self._connection, organization_id=self._organization, ids=[id])] != []

    async def _check_seen(self, seen: Mapping[str, Any], row: asyncpg.Record, last_change: Callable[..., Any]) -> None:
        field = edits.changed_meanwhile(seen, row)
        if field is None:
            return
        change = await last_change(self._connection, organization_id=self._organization, id=row["id"], field=field)
        who = (await who_are(self._connection, self._organization, [change["changed_by"]])).get(change["changed_by"]) if change else None
        raise Conflict(
            f"{field} was changed{f' by {who.name}' if who else ''} since you looked: it is {_quoted(row[field])} now, and was "
            f"{_quoted(seen[field])}. Look at it and decide again",
            field=field,
            current=_plain(row[field]),
            seen=_plain(seen[field]),
        )

    async def _complete_name(self, wanted: dict[str, Any], row: asyncpg.Record) -> None:
        parts = {"first_name", "last_name"}
        if wanted.get("name") and not parts & wanted.keys():
            names = await queries.name_parts(self._connection, name=wanted["name"])
            wanted |= {"first_name": names["first_name"], "last_name": names["last_name"]}
        elif parts & wanted.keys() and "name" not in wanted:
            whole = [wanted.get(part, row[part]) for part in ("first_name", "last_name")]
            wanted["name"] = " ".join(part for part in whole if part) or None
        elif "name" in wanted and wanted["name"] is None and not parts & wanted.keys():
            wanted |= {"first_name": None, "last_name": None}


def _person_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"{text[:100]!r} is neither an id nor an e-mail address", field="id") from None


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _quoted(value: Any) -> str:
    return "empty" if value in (None, "") else repr(str(value)[:100])


def _nothing() -> InvalidInput:
    return InvalidInput("the edit changes nothing: give at least one field", field="body")


def _nobody(who: str) -> NotFound:
    return NotFound(
        f"there is no person {who[:100]!r}; outrider people list finds them by any part of name, address or company", field="id"
    )


def _no_company(which: str) -> NotFound:
    return NotFound(f"there is no company {which[:100]!r}", field="id")
