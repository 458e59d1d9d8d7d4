"""The rules of people and companies: finding, reading, editing, deciding (BEHAVIOUR 2). Knows no HTTP and no terminal, never commits."""

from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from outrider.tenancy import OrganizationId

from . import edits
from .dossier import Dossiers
from .store import queries, to_slot
from .types import Company, Contact, Person, Slot

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

    async def find(self, who: str) -> Person:
        """Return everything about the person whom an id or any of their addresses names. Raises `NotFound`."""
        person = await Dossiers(self._connection, self._organization).person(await self._person_id(who))
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

    async def edit(self, who: str, changes: dict[str, Any]) -> Person:
        """Change golden values of a person, '' and None clearing them, and return the person.

        A name given without its parts is taken apart, parts without the name make it anew. Raises `NotFound`, `InvalidInput` for a field
        there is not or a value it does not take, `Conflict` for another primary address.
        """
        id = await self._person_id(who)
        row = await queries.person(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise _nobody(who)
        if not changes:
            raise _nothing()
        wanted = edits.person(changes, row["email"])
        if wanted.get("company_id") and not await self._is_company(UUID(wanted["company_id"])):
            raise InvalidInput(f"there is no company {wanted['company_id']}", field="company_id")
        await self._complete_name(wanted, row)
        if wanted:
            await queries.edit_person(self._connection, id=id, changes=wanted)
        return await self.find(str(id))

    async def find_company(self, which: str) -> Company:
        """Return everything about the company that an id or a domain names. Raises `NotFound`."""
        company = await Dossiers(self._connection, self._organization).company(await self._company_id(which))
        if company is None:
            raise _no_company(which)
        return company

    async def edit_company(self, which: str, changes: dict[str, Any]) -> Company:
        """Change golden values of a company and return it. Raises as `edit` does."""
        id = await self._company_id(which)
        row = await queries.company(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise _no_company(which)
        if not changes:
            raise _nothing()
        if wanted := edits.company(changes, row["domain"]):
            await queries.edit_company(self._connection, id=id, changes=wanted)
        return await self.find_company(str(id))

    async def list_slots(self, issue: str = "conflict", *, limit: int = 50, cursor: str | None = None) -> Page[Slot]:
        """Return a page of slots that wait, oldest first: `conflict` for a person, `incomplete` for enrichment. Raises `InvalidInput`."""
        check_limit(limit)
        if issue not in ISSUES:
            raise InvalidInput(f"issue is {issue[:60]!r}; it must be conflict or incomplete", field="issue")
        key = decode_cursor(cursor, 1)
        after = _uuid(key[0] or "", "cursor") if key else None
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

    async def _person_id(self, who: str) -> UUID:
        if "@" not in who:
            return _uuid(who, "id", NotFound)
        id: UUID | None = await queries.person_of_address(self._connection, organization_id=self._organization, email=who.strip().lower())
        if id is None:
            raise _nobody(who)
        return id

    async def _company_id(self, which: str) -> UUID:
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
        return await queries.company(self._connection, organization_id=self._organization, id=id) is not None

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


def _uuid(text: str, field: str, error: type[InvalidInput] | type[NotFound] = InvalidInput) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise error(
            f"{text[:100]!r} is neither an id nor an e-mail address" if error is NotFound else f"{field} is not one of ours", field=field
        ) from None


def _nothing() -> InvalidInput:
    return InvalidInput("the edit changes nothing: give at least one field", field="body")


def _nobody(who: str) -> NotFound:
    return NotFound(
        f"there is no person {who[:100]!r}; outrider people list finds them by any part of name, address or company", field="id"
    )


def _no_company(which: str) -> NotFound:
    return NotFound(f"there is no company {which[:100]!r}", field="id")
