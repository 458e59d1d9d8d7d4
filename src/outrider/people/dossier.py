"""Puts together everything that is known of one person or company, each value with where it is from. Reads only."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg

from outrider.tenancy import OrganizationId

from . import provenance
from .provenance import Entry, Loads
from .store import lists, queries, to_company, to_load, to_person, to_slot
from .types import (
    AFFILIATION_FIELDS,
    COMPANY_FIELDS,
    CONTACT_FIELDS,
    PERSON_FIELDS,
    PROFILE_FIELDS,
    Affiliation,
    Change,
    Company,
    Contact,
    Fact,
    Origin,
    Person,
    Profile,
)

MOST_SHOWN = 100
MOST_PEOPLE = 50
Row = Mapping[str, Any]
History = dict[Any, list[Entry]]


class Dossiers:
    """Dossiers of one organization, inside the caller's `tenancy.transaction`."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def person(self, id: UUID) -> Person | None:
        """Return everything about a person, None for nobody."""
        row = await queries.person(self._connection, organization_id=self._organization, id=id)
        if row is None:
            return None
        contacts = await self._rows(queries.contacts, person_id=id)
        affiliations = await self._rows(queries.affiliations, person_id=id)
        profiles = await self._rows(queries.profiles, person_id=id)
        person_history = await self._history(queries.person_history, [id])
        contact_history = await self._history(queries.contact_history, [c["contact_id"] for c in contacts])
        affiliation_history = await self._history(queries.affiliation_history, [a["id"] for a in affiliations])
        profile_history = await self._history(queries.profile_history, [p["id"] for p in profiles])

        parts = [([row], person_history), (contacts, contact_history), (affiliations, affiliation_history), (profiles, profile_history)]
        loads = await self._loads(parts)
        emails = list({row["email"], *(contact["email"] for contact in contacts)})
        said = [to_load(one) for one in await self._rows(queries.loads_of_addresses, emails=emails, count=MOST_SHOWN)]
        slots = await self._rows(queries.slots_of_loads, ids=[load.load_id for load in said], emails=emails, count=MOST_SHOWN)
        facts = provenance.facts(PERSON_FIELDS, row, person_history[id], loads)
        known = [
            _affiliation(one, provenance.facts(AFFILIATION_FIELDS, one, affiliation_history[one["id"]], loads)) for one in affiliations
        ]
        history = provenance.timeline("person", person_history[id], loads)
        for contact in contacts:
            history += provenance.timeline(contact["email"], contact_history[contact["contact_id"]], loads)
        names = await self._company_names([*facts, *(fact for one in known for fact in one.facts)])
        return Person(
            to_person((await self._rows(lists.people, ids=[id]))[0]),
            _named(facts, names),
            [_contact(one, provenance.facts(CONTACT_FIELDS, one, contact_history[one["contact_id"]], loads)) for one in contacts],
            [replace(one, facts=_named(one.facts, names)) for one in known],
            [_profile(one, provenance.facts(PROFILE_FIELDS, one, profile_history[one["id"]], loads)) for one in profiles],
            [to_slot(one) for one in slots],
            said,
            _newest(history),
        )

    async def company(self, id: UUID) -> Company | None:
        """Return everything about a company, None for none such."""
        row = await queries.company(self._connection, organization_id=self._organization, id=id)
        if row is None:
            return None
        history = await self._history(queries.company_history, [id])
        loads = await self._loads([([row], history)])
        ids = [one["id"] for one in await self._rows(queries.people_of_company, company_id=id, count=MOST_PEOPLE)]
        return Company(
            to_company((await self._rows(lists.companies, ids=[id]))[0]),
            provenance.facts(COMPANY_FIELDS, row, history[id], loads),
            [to_person(one) for one in await self._rows(lists.people, ids=ids)],
            _newest(provenance.timeline("company", history[id], loads)),
        )

    async def contact(self, person_id: UUID, email: str) -> Contact | None:
        """Return one address of a person, None when it is not theirs."""
        contacts = [one for one in await self._rows(queries.contacts, person_id=person_id) if one["email"] == email]
        if not contacts:
            return None
        history = await self._history(queries.contact_history, [contacts[0]["contact_id"]])
        loads = await self._loads([(contacts, history)])
        return _contact(contacts[0], provenance.facts(CONTACT_FIELDS, contacts[0], history[contacts[0]["contact_id"]], loads))

    async def _rows(self, query: Callable[..., Any], **arguments: Any) -> list[Row]:
        return [row async for row in query(self._connection, organization_id=self._organization, **arguments)]

    async def _history(self, query: Callable[..., Any], ids: list[Any]) -> History:
        found: History = defaultdict(list)
        if ids:
            for row in await self._rows(query, ids=ids):
                entry = Entry(row["changed_at"], row["changed_by"], row["old_values"], row["new_values"], row["loads"])
                found[row["row_id"]].append(entry)
        return found

    async def _loads(self, parts: Iterable[tuple[list[Row], History]]) -> Loads:
        ids: set[int] = set()
        for rows, history in parts:
            for row in rows:
                ids |= provenance.mentioned(row, history.get(row.get("contact_id") or row["id"], []))
        rows = await self._rows(queries.loads, ids=sorted(ids))
        origins = {
            row["load_id"]: Origin(
                "load",
                load_id=row["load_id"],
                source=row["source"],
                batch_id=row["batch_id"],
                import_id=row["import_id"],
                file_name=row["file_name"],
                row_number=row["row_number"],
            )
            for row in rows
        }
        return Loads(origins, frozenset(row["load_id"] for row in rows if row["is_reverted"]))

    async def _company_names(self, facts: Iterable[Fact]) -> dict[str, str]:
        about = [fact for fact in facts if fact.field == "company_id"]
        ids = {str(value) for fact in about for value in (fact.value, *(old.value for old in fact.earlier)) if value}
        rows = await self._rows(lists.companies, ids=[UUID(id) for id in sorted(ids)]) if ids else []
        return {str(row["id"]): f"{row['name']} ({row['domain']})" if row["name"] else row["domain"] for row in rows}


def _named(facts: tuple[Fact, ...], names: dict[str, str]) -> tuple[Fact, ...]:
    """Return the facts with the companies' names beside their ids."""

    def named(fact: Fact) -> Fact:
        earlier = tuple(replace(old, shown=names.get(str(old.value))) for old in fact.earlier)
        return replace(fact, shown=names.get(str(fact.value)), earlier=earlier)

    return tuple(named(fact) if fact.field == "company_id" else fact for fact in facts)


def _newest(history: list[Change]) -> list[Change]:
    newest = [*reversed(history)]  # of changes at one time the last one first
    newest.sort(key=lambda change: change.at, reverse=True)
    return newest[:MOST_SHOWN]


def _contact(row: Row, facts: tuple[Fact, ...]) -> Contact:
    names = (
        "contact_id", "email", "person_id", "is_primary", "status", "source", "tags", "custom_fields", "score", "last_activity_at",
        "created_at", "updated_at",
    )  # fmt: skip
    return Contact(**{name: row[name] for name in names}, facts=facts)


def _affiliation(row: Row, facts: tuple[Fact, ...]) -> Affiliation:
    names = ("id", "company_id", "domain", "title", "source", "created_at")
    return Affiliation(**{name: row[name] for name in names}, company=row["company_name"], facts=facts)


def _profile(row: Row, facts: tuple[Fact, ...]) -> Profile:
    names = ("id", "namespace", "email", "platform", "icp_score", "behaviour_score", "lead_score", "meta", "created_at")
    return Profile(**{name: row[name] for name in names}, facts=facts)
