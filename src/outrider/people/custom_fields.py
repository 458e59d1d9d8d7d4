"""The registry of custom fields: which keys have a label and a type, what contacts hold, what may be written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from outrider import ops
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.tenancy import OrganizationId

from . import custom_values
from .custom_values import TYPES
from .store import fields as queries

COUNT = "people.count_contact_keys"
MOST_FIELDS = 200
MOST_OPTIONS = 200
LONGEST_LABEL = 100
LONGEST_OPTION = 200
MOST_FOUND = 200


@dataclass(frozen=True, slots=True)
class CustomField:
    """A custom field with a type. `contacts` hold it and `misfits` of these hold what does not fit, when last counted; None: never."""

    id: UUID
    key: str
    label: str
    type: str
    options: tuple[str, ...]
    position: int
    is_archived: bool
    contacts: int | None = None
    misfits: int | None = None

    def checked(self, value: Any) -> Any:
        """Return what a person wrote as it is kept. Raises `InvalidInput`."""
        return custom_values.checked(self.label, self.type, self.options, value)

    def shown(self, value: Any) -> custom_values.Shown:
        """Return what a raw value is to this field."""
        return custom_values.shown(self.type, self.options, value)


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key that contacts hold and nobody gave a type; `contacts` is None when it came in after the last count.

    `samples` are three of its values; of what looks like a select up to twelve.
    """

    key: str
    contacts: int | None
    proposed_type: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Registry:
    """All fields in their order, then keys without a type, the most used first. `counted_at`: None when nothing was counted yet."""

    fields: list[CustomField]
    found: list[FoundKey]
    counted_at: datetime | None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What to change of a field; None leaves as it is."""

    label: str | None = None
    type: str | None = None
    options: Sequence[str] | None = None
    position: int | None = None
    is_archived: bool | None = None


class CustomFields:
    """The custom fields of one organization, inside the caller's `tenancy.transaction`."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def known(self) -> dict[str, CustomField]:
        """Return the fields in use by their key, in their order."""
        rows = queries.custom_fields(self._connection, organization_id=self._organization)
        return {row["key"]: _field(row) async for row in rows if not row["is_archived"]}

    async def registry(self) -> Registry:
        """Return all there is: fields, archived ones last, and keys that wait for a type."""
        rows = [row async for row in queries.custom_fields(self._connection, organization_id=self._organization)]
        found = [row async for row in queries.found_keys(self._connection, organization_id=self._organization, count=MOST_FOUND)]
        keys = [FoundKey(row["name"], row["contacts"], row["proposed_type"], tuple(row["samples"])) for row in found]
        counted = max((row["counted_at"] for row in [*rows, *found] if row["counted_at"]), default=None)
        return Registry([_field(row) for row in rows], keys, counted)

    async def find(self, id: UUID) -> CustomField:
        """Return a field. Raises `NotFound`."""
        row = await queries.custom_field(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise NotFound(f"there is no custom field {id}", field="id")
        return _field(row)

    async def add(self, label: str, type: str, options: Sequence[str] = (), key: str | None = None) -> CustomField:
        """Give a key a type and return the field; no key: the label is the key.

        Raises `InvalidInput`, and `Conflict` for a key that has a type already.
        """
        label = _label(label)
        _check_type(type)
        key = label if key is None else key
        if not key.strip() or len(key) > 500:
            raise InvalidInput("key must have 1 to 500 characters", field="key")
        if await queries.field_count(self._connection, organization_id=self._organization) >= MOST_FIELDS:
            raise Conflict(f"there are {MOST_FIELDS} custom fields already: archive what nobody needs and use an archived one again")
        chosen = _options(type, options)
        id = await queries.add_field(self._connection, organization_id=self._organization, key=key, label=label, type=type, options=chosen)
        if id is None:
            raise Conflict(f"the custom field {key[:60]!r} has a type already: change that one", field="key")
        return await self.find(id)

    async def change(self, id: UUID, wanted: FieldChange) -> CustomField:
        """Change a field and return it; values stay as they are. Raises `NotFound` and `InvalidInput`."""
        there = await self.find(id)
        type = there.type if wanted.type is None else wanted.type
        _check_type(type)
        await queries.change_field(
            self._connection,
            organization_id=self._organization,
            id=id,
            label=there.label if wanted.label is None else _label(wanted.label),
            type=type,
            options=_options(type, there.options if wanted.options is None else wanted.options),
            position=there.position if wanted.position is None else wanted.position,
            is_archived=there.is_archived if wanted.is_archived is None else wanted.is_archived,
        )
        return await self.find(id)

    async def checked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return {key: value} as it is kept, None for one to clear. A key without a type takes any value. Raises `InvalidInput`."""
        known = await self.known()
        found = {}
        for key, value in values.items():
            if not key.strip() or len(key) > 500 or "\x00" in key:
                raise InvalidInput("the name of a custom field must have 1 to 500 characters", field="custom_fields")
            field = known.get(key)
            found[key] = field.checked(value) if field else custom_values.kept(key[:60], value)
        return found

    async def tags(self, part: str = "", count: int = 20) -> list[str]:
        """Return tags that hold `part`, the most used first, as last counted."""
        rows = queries.tags(self._connection, organization_id=self._organization, part=part, count=count)
        return [row["name"] async for row in rows]

    async def ask_for_count(self) -> UUID:
        """Ask for the job that counts what contacts hold and return its id; one that is asked for already is the same one."""
        return await ops.enqueue(
            self._connection, COUNT, {}, singleton_key="all", title="Count custom fields and tags", link="/settings/fields"
        )

    async def count(self) -> tuple[int, int]:
        """Count what contacts hold, all of it anew; returns how many keys of custom fields and how many tags there are."""
        await queries.forget_counts(self._connection, organization_id=self._organization)
        fields = await queries.count_fields(self._connection, organization_id=self._organization)
        return int(fields), int(await queries.count_tags(self._connection, organization_id=self._organization))


def _field(row: asyncpg.Record) -> CustomField:
    names = ("id", "key", "label", "type", "position", "is_archived", "contacts", "misfits")
    return CustomField(**{name: row[name] for name in names}, options=tuple(row["options"]))


def _label(label: str) -> str:
    label = " ".join(label.split())
    if not 1 <= len(label) <= LONGEST_LABEL:
        raise InvalidInput(f"label must have 1 to {LONGEST_LABEL} characters", field="label")
    return label


def _check_type(type: str) -> None:
    if type not in TYPES:
        raise InvalidInput(f"type is {type[:60]!r}; it must be one of {', '.join(TYPES)}", field="type")


def _options(type: str, options: Sequence[str]) -> list[str]:
    if type != "select":
        return []
    chosen = list(dict.fromkeys(option for one in options if (option := " ".join(one.split()))))
    if not 1 <= len(chosen) <= MOST_OPTIONS or any(len(option) > LONGEST_OPTION for option in chosen):
        raise InvalidInput(f"a select has 1 to {MOST_OPTIONS} options of at most {LONGEST_OPTION} characters", field="options")
    return chosen
