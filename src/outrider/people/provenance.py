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
class Loads:
    """What is known of loads by their id; `reverted` are those of imports that were taken back."""

    origins: Mapping[int, Origin]
    reverted: frozenset[int]

    def of(self, load_id: int | None) -> Origin:
        """Return the origin that a load is; the bare number when the load is gone."""
        if load_id is None:
            return UNKNOWN
        return self.origins.get(load_id, Origin("load", load_id=load_id))


def mentioned(row: Mapping[str, Any], history: Iterable[Entry]) -> set[int]:
    """Return the ids of the loads that a row and its history name."""
    found = {row["load_id"], *(row["provenance"] or {}).values()}
    for entry in history:
        found.update(entry.loads.values())
    return {int(number) for number in found if number is not None}


def facts(fields: Iterable[str], row: Mapping[str, Any], history: list[Entry], loads: Loads) -> tuple[Fact, ...]:
    """Return the facts of a row. `history` is the row's own, oldest first."""
    return tuple(_fact(field, row, history, loads) for field in fields)


def _fact(field: str, row: Mapping[str, Any], history: list[Entry], loads: Loads) -> Fact:
    changes = [entry for entry in history if field in entry.new]
    made_by = row["load_id"] if changes else (row["provenance"] or {}).get(field, row["load_id"])
    first = changes[0].old.get(field) if changes else row[field]
    versions: list[tuple[Any, datetime, Origin | None]] = [(first, row["created_at"], loads.of(made_by) if first is not None else None)]
    for number, entry in enumerate(changes):
        versions.append((entry.new[field], entry.at, _origin(field, number, changes, loads)))
    value, since, origin = row[field], versions[-1][1], versions[-1][2]
    earlier = tuple(
        Earlier(old, start, versions[place + 1][1], from_ or UNKNOWN)
        for place, (old, start, from_) in reversed(list(enumerate(versions[:-1])))
        if old is not None
    )
    if value is None and not changes:
        return Fact(field, None, None, None)
    return Fact(field, value, origin, since, earlier)


def _origin(field: str, number: int, changes: list[Entry], loads: Loads) -> Origin:
    entry = changes[number]
    load = entry.loads.get(field)
    if load is not None:
        return loads.of(load)
    taken_back = [before for before in changes[:number] if before.loads.get(field) in loads.reverted]
    by_machine = (entry.by or "").startswith(("job:", "sql:"))
    if by_machine and any(before.old.get(field) == entry.new[field] for before in taken_back):
        return replace(loads.of(taken_back[-1].loads[field]), kind="revert", by=entry.by)
    return Origin("edit", by=entry.by)


def timeline(of: str, history: Iterable[Entry], loads: Loads) -> list[Change]:
    """Return a row's history as changes, oldest first."""
    return [
        Change(entry.at, entry.by, of, entry.old, entry.new, {field: loads.of(load) for field, load in entry.loads.items()})
        for entry in history
    ]
