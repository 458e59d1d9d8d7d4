"""Puts together what is known of one person or company, each value with where it is from. Reads only.

A page asks for the parts that it shows.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from outrider.intake import Who, who_are
from outrider.kit import sql
from outrider.tenancy import OrganizationId

from . import provenance
from .provenance import Entry, Sources
from .store import lists, queries, to_load, to_person, to_slot
from .types import (
    AFFILIATION_FIELDS,
    COMPANY_FIELDS,
    CONTACT_FIELDS,
    PERSON_FIELDS,
    PROFILE_FIELDS,
    Affiliation,
    Change,
    Company,
    CompanyRow,
    Contact,
    Counts,
    Fact,
    Load,
    Origin,
    Person,
    PersonRow,
    Profile,
    Slot,
)

details = sql.load(Path(__file__).parent / "dossier.sql")

MOST_SHOWN = 100
MOST_PEOPLE = 50
EVERYTHING = frozenset({"facts", "contacts", "affiliations", "profiles", "loads", "slots", "history"})
"""The parts of a person."""
EVERYTHING_OF_COMPANY = frozenset({"facts", "people", "history"})
Row = Mapping[str, Any]
History = dict[tuple[str, str], list[Entry]]
Parts = list[tuple[str, Row]]


class Dossiers:
    """Dossiers of one organization, inside the caller's `tenancy.transaction`."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def person(self, id: UUID, parts: Iterable[str] = EVERYTHING) -> Person | None:
        """Return a person with the parts asked for, the others empty; None for nobody."""
        row = await details.person_header(self._connection, organization_id=self._organization, id=id)
        if row is None:
            return None
        wanted = frozenset(parts)
        contacts = await self._rows(queries.contacts, person_id=id) if wanted & {"contacts", "loads", "slots", "history"} else []
        affiliations = await self._rows(queries.affiliations, person_id=id) if "affiliations" in wanted else []
        profiles = await self._rows(queries.profiles, person_id=id) if "profiles" in wanted else []
        history = await self._histories(id, wanted)
        rows: Parts = [("person", row)]
        rows += [("contact", one) for one in contacts] if wanted & {"contacts", "history"} else []
        rows += [("affiliation", one) for one in affiliations] + [("profile", one) for one in profiles]
        sources = await self._sources(rows, history) if wanted - {"loads", "slots"} else Sources({}, frozenset(), {})

        def known(kind: str, names: tuple[str, ...], of: Row) -> tuple[Fact, ...]:
            return provenance.facts(names, of, _of(kind, of, history), sources)

        facts = known("person", PERSON_FIELDS, row) if "facts" in wanted else ()
        roles = [_affiliation(one, known("affiliation", AFFILIATION_FIELDS, one)) for one in affiliations]
        names = await self._company_names([*facts, *(fact for one in roles for fact in one.facts)], row)
        addresses = list({row["email"], *(contact["email"] for contact in contacts)})
        return Person(
            _row(PersonRow, row),
            _named(facts, names),
            [
                _contact(one, known("contact", CONTACT_FIELDS, one), provenance.custom_facts(one, _of("contact", one, history), sources))
                for one in contacts
                if "contacts" in wanted
            ],
            [replace(one, facts=_named(one.facts, names)) for one in roles],
            [_profile(one, known("profile", PROFILE_FIELDS, one)) for one in profiles],
            *await self._said(addresses, wanted),
            _newest(_changes([("person", row), *(("contact", one) for one in contacts)], history, sources)) if "history" in wanted else [],
            Counts(row["addresses"], row["affiliations"], row["profiles"], row["notes"]),
            row["address_status"],
            tuple(str(tag) for tag in row["address_tags"]),
        )

    async def company(self, id: UUID, parts: Iterable[str] = EVERYTHING_OF_COMPANY) -> Company | None:
        """Return a company with the parts asked for, the others empty; None for none such."""
        row = await details.company_header(self._connection, organization_id=self._organization, id=id)
        if row is None:
            return None
        wanted = frozenset(parts)
        history: History = {}
        sources = Sources({}, frozenset(), {})
        if wanted & {"facts", "history"}:
            history = _by_row(await self._rows(details.company_history, id=id))
            sources = await self._sources([("company", row)], history)
        people = []
        if "people" in wanted:
            ids = [one["id"] for one in await self._rows(queries.people_of_company, company_id=id, count=MOST_PEOPLE)]
            people = [to_person(one) for one in await self._rows(lists.people, ids=ids)] if ids else []
        return Company(
            _row(CompanyRow, row),
            provenance.facts(COMPANY_FIELDS, row, _of("company", row, history), sources) if "facts" in wanted else (),
            people,
            _newest(_changes([("company", row)], history, sources)) if "history" in wanted else [],
            row["notes"],
        )

    async def contact(self, person_id: UUID, email: str) -> Contact | None:
        """Return one address of a person, None when it is not theirs."""
        contacts = [one for one in await self._rows(queries.contacts, person_id=person_id) if one["email"] == email]
        if not contacts:
            return None
        history = await self._histories(person_id, frozenset({"contacts"}))
        sources = await self._sources([("contact", contacts[0])], history)
        entries = _of("contact", contacts[0], history)
        facts = provenance.facts(CONTACT_FIELDS, contacts[0], entries, sources)
        return _contact(contacts[0], facts, provenance.custom_facts(contacts[0], entries, sources))

    async def sources_of(self, load_ids: Iterable[int], who: Iterable[str | None]) -> tuple[Sources, dict[str, Who]]:
        """Return what is known of loads and actors, one statement for all of each."""
        ids = sorted(set(load_ids))
        rows = await self._rows(queries.loads, ids=ids) if ids else []
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
        found = await who_are(self._connection, self._organization, who)
        reverted = frozenset(row["load_id"] for row in rows if row["is_reverted"])
        return Sources(origins, reverted, {actor: one.name for actor, one in found.items()}), found

    async def _sources(self, rows: Parts, history: History) -> Sources:
        ids: set[int] = set()
        for kind, row in rows:
            ids |= provenance.mentioned(row, _of(kind, row, history))
        found, _ = await self.sources_of(ids, {entry.by for entries in history.values() for entry in entries})
        return found

    async def _histories(self, person_id: UUID, wanted: frozenset[str]) -> History:
        kinds = {
            "person": wanted & {"facts", "history"}, "contact": wanted & {"contacts", "history"}, "affiliation": wanted & {"affiliations"},
            "profile": wanted & {"profiles"},
        }  # fmt: skip
        asked = [kind for kind, needed in kinds.items() if needed]
        return _by_row(await self._rows(details.histories, person_id=person_id, kinds=asked)) if asked else {}

    async def _said(self, addresses: list[str], wanted: frozenset[str]) -> tuple[list[Slot], list[Load]]:
        if not wanted & {"loads", "slots"}:
            return [], []
        loads = [to_load(one) for one in await self._rows(queries.loads_of_addresses, emails=addresses, count=MOST_SHOWN)]
        if "slots" not in wanted:
            return [], loads
        ids = [load.load_id for load in loads]
        slots = await self._rows(queries.slots_of_loads, ids=ids, emails=addresses, count=MOST_SHOWN)
        return [to_slot(one) for one in slots], loads

    async def _company_names(self, facts: Iterable[Fact], row: Row) -> dict[str, str]:
        """Return {id: name and domain} of the companies that facts name; the person's own is in their row."""
        found = {str(row["company_id"]): _company_name(row["company_name"], row["domain"])} if row["company_id"] else {}
        about = [fact for fact in facts if fact.field == "company_id"]
        ids = {str(value) for fact in about for value in (fact.value, *(old.value for old in fact.earlier)) if value}
        return found | await company_names(self._connection, self._organization, ids - found.keys())

    async def _rows(self, query: Callable[..., Any], **arguments: Any) -> list[Row]:
        return [row async for row in query(self._connection, organization_id=self._organization, **arguments)]


async def company_names(connection: asyncpg.Connection, organization: OrganizationId, ids: Iterable[str]) -> dict[str, str]:
    """Return {id: name and domain} of companies; one that is not there any more is left out."""
    wanted = [UUID(id) for id in sorted(ids)]
    rows = [row async for row in lists.companies(connection, organization_id=organization, ids=wanted)] if wanted else []
    return {str(row["id"]): _company_name(row["name"], row["domain"]) for row in rows}


def _company_name(name: str | None, domain: str) -> str:
    return f"{name} ({domain})" if name else domain


def _row(of: type[Any], row: Row) -> Any:
    return of(**{field.name: row[field.name] for field in fields(of)})


def _by_row(rows: Iterable[Row]) -> History:
    found: History = defaultdict(list)
    for row in rows:
        entry = Entry(row["changed_at"], row["changed_by"], row["old_values"], row["new_values"], row["loads"])
        found[row["kind"], row["row_id"]].append(entry)
    return found


def _of(kind: str, row: Row, history: History) -> list[Entry]:
    return history.get((kind, str(row["contact_id" if kind == "contact" else "id"])), [])


def _changes(rows: Parts, history: History, sources: Sources) -> list[Change]:
    return [
        change
        for kind, row in rows
        for change in provenance.timeline(row["email"] if kind == "contact" else kind, _of(kind, row, history), sources)
    ]


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


def _contact(row: Row, facts: tuple[Fact, ...], custom_facts: tuple[Fact, ...]) -> Contact:
    names = (
        "contact_id", "email", "person_id", "is_primary", "status", "source", "tags", "custom_fields", "score", "last_activity_at",
        "created_at", "updated_at",
    )  # fmt: skip
    return Contact(**{name: row[name] for name in names}, facts=facts, custom_facts=custom_facts)


def _affiliation(row: Row, facts: tuple[Fact, ...]) -> Affiliation:
    names = ("id", "company_id", "domain", "title", "source", "created_at")
    return Affiliation(**{name: row[name] for name in names}, company=row["company_name"], facts=facts)


def _profile(row: Row, facts: tuple[Fact, ...]) -> Profile:
    names = ("id", "namespace", "email", "platform", "icp_score", "behaviour_score", "lead_score", "meta", "created_at")
    return Profile(**{name: row[name] for name in names}, facts=facts)
