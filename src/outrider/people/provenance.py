"""Where each value is from, since when, and what stood before: read out of a row, its history and the loads behind both.

A value is from the load that the last change of its field names, else from whom that change names. A field that never changed is from
the load that `provenance` names for it, else from the one that made the row. A change that put back what stood before an import that was
taken back is a revert. Pure: asks nothing of the database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .types import UNKNOWN, Change, Earlier, Fact, Origin


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a history table."""

    at: datetime
    by: str | None
    old: dict[str, Any]
    new: dict[str, Any]
    loads: dict[str, int]


@dataclass(frozen=True, slots=True)
class Sources:
    """What is known of loads by their id (`reverted` are those of imports that were taken back), and of actors by their words."""

    origins: Mapping[int, Origin]
    reverted: frozenset[int]
    actors: Mapping[str, str]

    def of(self, load_id: int | None) -> Origin:
        """Return the origin that a load is; the bare number when the load is gone."""
        if load_id is None:
            return UNKNOWN
        return self.origins.get(load_id, Origin("load", load_id=load_id))

    def name(self, actor: str | None) -> str | None:
        """Return an actor in words, None for nobody."""
        return self.actors.get(actor, actor) if actor else None


def mentioned(row: Mapping[str, Any], history: Iterable[Entry]) -> set[int]:
    """Return the ids of the loads that a row and its history name."""
    found = {row["load_id"], *(row["provenance"] or {}).values()}
    for entry in history:
        found.update(entry.loads.values())
    return {int(number) for number in found if number is not None}


def facts(fields: Iterable[str], row: Mapping[str, Any], history: list[Entry], sources: Sources) -> tuple[Fact, ...]:
    """Return the facts of a row. `history` is the row's own, oldest first."""
    provenance = row["provenance"] or {}
    found = []
    for field in fields:
        changes = [entry for entry in history if field in entry.new]
        made_by = row["load_id"] if changes else provenance.get(field, row["load_id"])
        found.append(_fact(field, row[field], row["created_at"], made_by, changes, sources))
    return tuple(found)


def custom_facts(row: Mapping[str, Any], history: list[Entry], sources: Sources) -> tuple[Fact, ...]:
    """Return the facts of an address's custom fields, by name; one that was taken away is there with what it was."""
    entries = [entry for entry in history if "custom_fields" in entry.new]
    # The load that stands for custom_fields brought the last change: what never changed is from the one that made the row.
    made_by = row["load_id"] if entries else (row["provenance"] or {}).get("custom_fields", row["load_id"])
    values = row["custom_fields"] or {}
    names = {*values, *(name for entry in entries for name in entry.old["custom_fields"] or {})}
    return tuple(
        _fact(name, values.get(name), row["created_at"], made_by, [one for entry in entries if (one := _of_key(entry, name))], sources)
        for name in sorted(names, key=str.casefold)
    )


def _of_key(entry: Entry, name: str) -> Entry | None:
    """Return what a change of custom_fields did to one of them, None when nothing."""
    old, new = ((values["custom_fields"] or {}).get(name) for values in (entry.old, entry.new))
    if old == new:
        return None
    load = entry.loads.get("custom_fields")
    return replace(entry, old={name: old}, new={name: new}, loads={} if load is None else {name: load})


def _fact(field: str, value: Any, created_at: datetime, made_by: int | None, changes: list[Entry], sources: Sources) -> Fact:
    first = changes[0].old.get(field) if changes else value
    versions: list[tuple[Any, datetime, Origin | None]] = [(first, created_at, sources.of(made_by) if first is not None else None)]
    taken_back: list[Entry] = []
    for entry in changes:
        versions.append((entry.new[field], entry.at, _origin(field, entry, taken_back, sources)))
        if entry.loads.get(field) in sources.reverted:
            taken_back.append(entry)
    since, origin = versions[-1][1:]
    earlier = tuple(
        Earlier(old, start, versions[place + 1][1], from_ or UNKNOWN)
        for place, (old, start, from_) in reversed(list(enumerate(versions[:-1])))
        if old is not None
    )
    if value is None and not changes:
        return Fact(field, None, None, None)
    return Fact(field, value, origin, since, earlier)


def _origin(field: str, entry: Entry, taken_back: list[Entry], sources: Sources) -> Origin:
    """Return where the value of a change is from; `taken_back` are the changes before it by imports that were taken back."""
    load = entry.loads.get(field)
    if load is not None:
        return sources.of(load)
    by_machine = (entry.by or "").startswith(("job:", "sql:"))
    if by_machine and any(before.old.get(field) == entry.new[field] for before in taken_back):
        return replace(sources.of(taken_back[-1].loads[field]), kind="revert", by=entry.by, by_name=sources.name(entry.by))
    return Origin("edit", by=entry.by, by_name=sources.name(entry.by))


def timeline(of: str, history: Iterable[Entry], sources: Sources) -> list[Change]:
    """Return a row's history as changes, oldest first."""
    return [
        Change(
            entry.at,
            entry.by,
            sources.name(entry.by),
            of,
            entry.old,
            entry.new,
            {field: sources.of(load) for field, load in entry.loads.items()},
        )
        for entry in history
    ]
