"""What a bulk edit may say: tags, columns and custom fields of many rows at once. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from outrider.kit.errors import InvalidInput

from . import edits

SETTABLE = {
    "people": ("title", "seniority", "department", "location", "country_code", "status"),
    "companies": ("industry", "funding", "location", "country_code", "status"),
    "contacts": ("status",),
}
"""The columns that one value for many rows makes sense of."""
MOST_TAGS = 50
LONGEST_TAG = 60
SEPARATORS = ",;|"
"""What parts tags in a file: a tag holds none of them."""
MOST_FIELDS = 50


@dataclass(frozen=True, slots=True)
class Changes:
    """What to do to every row: tags to add and to take off, columns and custom fields to set ('' and None clear)."""

    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()
    set: Mapping[str, Any] = field(default_factory=dict)
    custom_fields: Mapping[str, Any] = field(default_factory=dict)


def checked(kind: str, wanted: Changes) -> dict[str, Any]:
    """Return what is to be done as it is kept, without what is empty; custom fields as they are given.

    Raises `InvalidInput` naming the part at fault, also for an edit that changes nothing.
    """
    add, remove = _tags(wanted.add_tags, "add_tags"), _tags(wanted.remove_tags, "remove_tags")
    if both := set(add) & set(remove):
        raise InvalidInput(f"the tag {min(both)!r} is to be added and taken off: choose one", field="remove_tags")
    if kind == "companies" and (add or remove or wanted.custom_fields):
        raise InvalidInput("companies have no tags and no custom fields: these belong to addresses", field="changes")
    if len(wanted.custom_fields) > MOST_FIELDS:
        raise InvalidInput(f"custom_fields names {len(wanted.custom_fields)} fields; at most {MOST_FIELDS} at once", field="custom_fields")
    parts = {"add_tags": add, "remove_tags": remove, "set": _columns(kind, wanted.set), "custom_fields": dict(wanted.custom_fields)}
    found = {name: part for name, part in parts.items() if part}
    if not found:
        raise InvalidInput("the edit changes nothing: give tags, columns or custom fields", field="changes")
    return found


def _columns(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    for name in given:
        if name not in SETTABLE[kind]:
            raise InvalidInput(
                f"{name[:60]!r} cannot be set for many {kind} at once; there are {', '.join(SETTABLE[kind])}", field=f"set.{name[:60]}"
            )
    if kind == "contacts":
        status = given.get("status", edits.CONTACT_STATUSES[0])
        if status not in edits.CONTACT_STATUSES:
            raise InvalidInput(f"status is {str(status)[:60]!r}; it must be one of {', '.join(edits.CONTACT_STATUSES)}", field="status")
        return dict(given)
    return edits.person(dict(given), "") if kind == "people" else edits.company(dict(given), "")


def _tags(given: Sequence[str], name: str) -> list[str]:
    tags = list(dict.fromkeys(" ".join(tag.split()) for tag in given))
    if len(tags) > MOST_TAGS:
        raise InvalidInput(f"{name} names {len(tags)} tags; at most {MOST_TAGS} at once", field=name)
    for tag in tags:
        if not 1 <= len(tag) <= LONGEST_TAG or "\x00" in tag:
            raise InvalidInput(f"the tag {tag[:60]!r} must have 1 to {LONGEST_TAG} characters", field=name)
        if name == "add_tags" and any(separator in tag for separator in SEPARATORS):
            raise InvalidInput(f"the tag {tag!r} holds one of {SEPARATORS}, which part tags in a file", field=name)
    return tags


def in_words(kind: str, changes: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Return what a bulk edit did, for people: 'added the tag vip, set Title to CFO'. `labels` names columns and custom fields."""

    def named(tags: Sequence[str]) -> str:
        return f"the tag {tags[0]}" if len(tags) == 1 else f"the tags {', '.join(tags)}"

    parts = []
    if tags := changes.get("add_tags"):
        parts.append(f"added {named(tags)}")
    if tags := changes.get("remove_tags"):
        parts.append(f"took off {named(tags)}")
    for name, value in [*changes.get("set", {}).items(), *changes.get("custom_fields", {}).items()]:
        label = labels.get(name, name)
        parts.append(f"cleared {label}" if value is None else f"set {label} to {value}")
    return ", ".join(parts)
