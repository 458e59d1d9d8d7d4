"""Edits of one address: its tags and custom fields. What stood before stays in its history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.tenancy import OrganizationId

from .custom_fields import CustomFields
from .dossier import details

MOST_TAGS = 100
LONGEST_TAG = 60
MOST_FIELDS = 200
LONGEST_NAME = 500
LONGEST_VALUE = 10_000
SEPARATORS = ",;|"
"""What parts tags in a file: a tag holds none of them."""


@dataclass(frozen=True, slots=True)
class ContactEdit:
    """What to change: tags to add and to take off, custom fields to set ('' and None take one away); `seen` as the editor saw them."""

    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    custom_fields: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, Any] = field(default_factory=dict)


async def edit(connection: asyncpg.Connection, organization: OrganizationId, email: str, wanted: ContactEdit) -> None:
    """Change tags and custom fields of an address.

    A field with a type takes what fits it. Raises `NotFound`, `InvalidInput` naming the part at fault, and `Conflict` for a custom field
    that is not what its editor saw.
    """
    address = email.strip().lower()
    add, fields = _tags(wanted.add_tags), await CustomFields(connection, organization).checked(_fields(wanted.custom_fields))
    if not add and not wanted.remove_tags and not fields:
        raise InvalidInput("the edit changes nothing: give tags or custom fields", field="body")
    outcome = await details.edit_contact(
        connection, email=address, add=add, remove=list(wanted.remove_tags), fields=fields, seen=dict(wanted.seen)
    )
    if outcome == "not_found":
        raise NotFound(f"there is no contact with the address {email[:100]!r}", field="email")
    if outcome == "changed":
        there = await details.custom_fields(connection, organization_id=organization, email=address) or {}
        name = next((name for name, value in wanted.seen.items() if _text(there.get(name)) != _text(value)), next(iter(wanted.seen)))
        raise Conflict(
            f"{name} was changed since you looked: it is {_text(there.get(name))[:100]!r} now. Look at it and decide again",
            field=name,
            current=there.get(name),
            seen=wanted.seen[name],
        )


async def address_of(connection: asyncpg.Connection, organization: OrganizationId, person_id: UUID, contact_id: int) -> str:
    """Return the address that a person's contact has. Raises `NotFound`."""
    email: str | None = await details.address_of(connection, organization_id=organization, contact_id=contact_id, person_id=person_id)
    if email is None:
        raise NotFound("there is no such address of this person", field="contact")
    return email


def _tags(given: Iterable[str]) -> list[str]:
    tags = [" ".join(tag.split()) for tag in given]
    if len(tags) > MOST_TAGS:
        raise InvalidInput(f"there are {len(tags)} tags; at most {MOST_TAGS} can be added at once", field="add_tags")
    for tag in tags:
        if not 1 <= len(tag) <= LONGEST_TAG or "\x00" in tag:
            raise InvalidInput(f"the tag {tag[:60]!r} must have 1 to {LONGEST_TAG} characters", field="add_tags")
        if any(separator in tag for separator in SEPARATORS):
            raise InvalidInput(f"the tag {tag!r} holds one of {SEPARATORS}, which separate tags in a file", field="add_tags")
    return tags


def _fields(given: Mapping[str, Any]) -> dict[str, Any]:
    if len(given) > MOST_FIELDS:
        raise InvalidInput(f"there are {len(given)} custom fields; at most {MOST_FIELDS} can be edited at once", field="custom_fields")
    for name, value in given.items():
        if not 1 <= len(name.strip()) <= LONGEST_NAME or "\x00" in name:
            raise InvalidInput(f"the custom field {name[:60]!r} must have a name of 1 to {LONGEST_NAME} characters", field="custom_fields")
        if len(_text(value)) > LONGEST_VALUE or "\x00" in _text(value):
            raise InvalidInput(f"{name} has more than {LONGEST_VALUE:,} characters, or a NUL character", field="custom_fields")
    return {name: None if value == "" else value for name, value in given.items()}


def _text(value: Any) -> str:
    """Return a value as SQL's ->> does, '' for none."""
    return "" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()
