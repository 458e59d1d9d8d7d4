"""What tags and custom fields ask of an address. Names of fields are values like any other: nothing of them becomes SQL."""

from datetime import date
from decimal import Decimal

from ..filters import CustomFilter
from .order import Parameters

# The first condition names the partial index, in which only addresses with tags are.
HAS_TAG = "({0}.tags <> '[]' AND {0}.tags ? {1})"

CUSTOM = {
    "contains": "position(lower({value}) IN lower({held})) > 0",
    "is": "lower({held}) = lower({value})",
    "from": "people.{reader}({held}) >= {value}",
    "to": "people.{reader}({held}) <= {value}",
    "yes": "people.f_as_boolean({held})",
    "no": "NOT people.f_as_boolean({held})",
    "set": "coalesce({held}, '') <> ''",
    "unset": "coalesce({held}, '') = ''",
}
"""{what is asked: what the value held must meet}; `held` is its text."""
READERS = {date: ("f_as_date", "date"), Decimal: ("f_as_number", "numeric")}


def has_tag(table: str, tag: str, given: Parameters) -> str:
    """Return the condition that the address carries the tag."""
    return HAS_TAG.format(table, given.add(tag))


def meets(table: str, asked: CustomFilter, given: Parameters) -> str:
    """Return the condition that the address meets what is asked of one of its custom fields."""
    held = f"({table}.custom_fields ->> {given.add(asked.key)})"
    if asked.value is None:
        return CUSTOM[asked.op].format(held=held)
    reader, type = READERS.get(asked.value.__class__, ("", "text"))
    return CUSTOM[asked.op].format(held=held, reader=reader, value=given.add(asked.value, type))
