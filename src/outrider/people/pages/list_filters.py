"""The filters of the lists in words: what each is called, how it is asked for, what its chip says. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale

from ..columns import Column
from ..custom_fields import CustomField
from ..edits import COMPANY_STATUSES, CONTACT_STATUSES, PERSON_STATUSES
from ..filters import CustomFilter, EngagementFilter
from .list_state import ListState

YES_NO = (("true", "Yes"), ("false", "No"))
STATUS_WORDS = {
    "active": "Active", "inactive": "Inactive", "bounced": "Bounced", "unsubscribed": "Unsubscribed", "archived": "Archived",
}  # fmt: skip
CUSTOM = "custom:"
NO_COUNTRIES = ("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ")


@dataclass(frozen=True, slots=True)
class FilterField:
    """A filter that can be added. `input` is text, choice, suggested (a text with suggestions), number, day, tag or custom.

    `words` is what its chip says before the value; `options` are those of a choice, `source` names where others come from.
    """

    name: str
    label: str
    input: str = "text"
    words: str = ""
    options: tuple[tuple[str, str], ...] = ()
    source: str | None = None
    hint: str | None = None
    group: str = ""


def _statuses(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, STATUS_WORDS[name]) for name in names)


DOING_WORDS = {
    "sent": ("Was written to", "Was not written to"),
    "opened": ("Opened", "Did not open"),
    "clicked": ("Clicked", "Did not click"),
    "replied": ("Replied", "Did not reply"),
    "bounced": ("Bounced", "Did not bounce"),
    "unsubscribed": ("Unsubscribed", "Did not unsubscribe"),
    "complained": ("Called it spam", "Did not call it spam"),
}
WITHIN = (None, 7, 30, 90)


def doing(asked: EngagementFilter) -> str:
    """Return what somebody did, in words."""
    words = DOING_WORDS[asked.doing][0 if asked.did else 1]
    where = " in one campaign" if asked.campaign_id else ""
    return f"{words}{where}{f' in the last {asked.days} days' if asked.days else ''}"


DOING_OPTIONS = tuple(
    (str(one), doing(one))
    for what in DOING_WORDS
    for did in (True, False)
    for days in WITHIN
    for one in (EngagementFilter(what, did, None, days),)
)
DOMAIN_HINT = "Such as acme.com."
NAMED = ("import_id", "list_id", "not_list_id")
"""The filters whose values are ids, which chips say by name."""
PEOPLE = (
    FilterField("company", "Company", words="Company has", hint="Part of its name or domain.", group="Who"),
    FilterField("domain", "Company domain", words="Company domain is", hint=DOMAIN_HINT, group="Who"),
    FilterField("has_company", "Has a company", "choice", options=YES_NO, group="Who"),
    FilterField("industry", "Industry", words="Industry has", hint="Part of their company’s.", group="Who"),
    FilterField("size_from", "Employees from", "number", "Employees from", group="Who"),
    FilterField("size_to", "Employees to", "number", "Employees up to", group="Who"),
    FilterField("title", "Title", words="Title has", hint="Part of it: chief finds every chief.", group="Who"),
    FilterField("seniority", "Seniority", "suggested", "Seniority is", source="seniority", group="Who"),
    FilterField("department", "Department", "suggested", "Department is", source="department", group="Who"),
    FilterField("country_code", "Country", "choice", "Country is", source="countries", group="Who"),
    FilterField("location", "Location", words="Location has", hint="Part of it, such as a city.", group="Who"),
    FilterField("status", "Status", "choice", "Status is", _statuses(PERSON_STATUSES), group="Who"),
    FilterField("tag", "Tag", "tag", "Tagged", group="Tags"),
    FilterField("not_tag", "Without tag", "tag", "Not tagged", group="Tags"),
    FilterField("list_id", "On a list", "choice", "On the list", source="lists", group="Tags"),
    FilterField("not_list_id", "Not on a list", "choice", "Not on the list", source="lists", group="Tags"),
    FilterField("engagement", "What they did", "doing", options=DOING_OPTIONS, group="Outreach"),
    FilterField("score_from", "Score from", "number", "Score from", group="Outreach"),
    FilterField("score_to", "Score to", "number", "Score up to", group="Outreach"),
    FilterField("email", "Email address", words="Address is", hint="The whole address.", group="How to reach them"),
    FilterField("has_phone", "Has a phone number", "choice", options=YES_NO, group="How to reach them"),
    FilterField("has_linkedin", "Has a LinkedIn address", "choice", options=YES_NO, group="How to reach them"),
    FilterField("source", "Source", "choice", "Source is", source="sources", group="Where from"),
    FilterField("import_id", "Import", "choice", "From the import", source="imports", group="Where from"),
    FilterField("namespace", "Namespace", "choice", "In the namespace", source="namespaces", group="Where from"),
    FilterField("created_after", "Added since", "day", "Added since", group="Where from"),
    FilterField("created_before", "Added before", "day", "Added before", group="Where from"),
)
COMPANIES = (
    FilterField("domain", "Domain", words="Domain is", hint=DOMAIN_HINT, group="What it is"),
    FilterField("industry", "Industry", words="Industry has", hint="Part of it.", group="What it is"),
    FilterField("country_code", "Country", "choice", "Country is", source="countries", group="What it is"),
    FilterField("status", "Status", "choice", "Status is", _statuses(COMPANY_STATUSES), group="What it is"),
    FilterField("size_from", "Employees from", "number", "Employees from", group="How large"),
    FilterField("size_to", "Employees to", "number", "Employees up to", group="How large"),
    FilterField("has_people", "Has people", "choice", options=YES_NO, group="How large"),
)
CONTACTS = (
    FilterField("domain", "Domain", words="Domain is", hint="What follows the @.", group="The address"),
    FilterField("status", "Status", "choice", "Status is", _statuses(CONTACT_STATUSES), group="The address"),
    FilterField("score_from", "Score from", "number", "Score from", group="The address"),
    FilterField("score_to", "Score to", "number", "Score up to", group="The address"),
    FilterField("tag", "Tag", "tag", "Tagged", group="Tags"),
    FilterField("not_tag", "Without tag", "tag", "Not tagged", group="Tags"),
    FilterField("source", "Source", "choice", "Source is", source="sources", group="Where from"),
    FilterField("import_id", "Import", "choice", "From the import", source="imports", group="Where from"),
    FilterField("created_after", "Added since", "day", "Added since", group="Where from"),
    FilterField("created_before", "Added before", "day", "Added before", group="Where from"),
)
FIELDS = {"people": PEOPLE, "companies": COMPANIES, "contacts": CONTACTS}
BOOLEAN_WORDS = {
    ("has_company", True): "Has a company", ("has_company", False): "Has no company", ("has_phone", True): "Has a phone number",
    ("has_phone", False): "Has no phone number", ("has_people", True): "Has people", ("has_people", False): "Has no people",
    ("has_linkedin", True): "Has a LinkedIn address", ("has_linkedin", False): "Has no LinkedIn address",
}  # fmt: skip
CUSTOM_WORDS = {
    "contains": "{label} has “{value}”", "is": "{label} is “{value}”", "from": "{label} from {value}", "to": "{label} up to {value}",
    "yes": "{label}: yes", "no": "{label}: no", "set": "Has {label}", "unset": "Has no {label}",
}  # fmt: skip
CUSTOM_OPS = {
    "text": (("contains", "has"), ("is", "is exactly"), ("set", "is filled in"), ("unset", "is empty")),
    "url": (("contains", "has"), ("is", "is exactly"), ("set", "is filled in"), ("unset", "is empty")),
    "select": (("is", "is"), ("set", "is filled in"), ("unset", "is empty")),
    "boolean": (("yes", "is yes"), ("no", "is no"), ("set", "is filled in"), ("unset", "is empty")),
    "number": (("set", "is filled in"), ("unset", "is empty")),
    "date": (("set", "is filled in"), ("unset", "is empty")),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on: what it says, where the list without it is, and the field that changes it."""

    text: str
    remove: str
    field: str


def fields_of(kind: str, known: Mapping[str, CustomField]) -> list[FilterField]:
    """Return what can be asked of a list, custom fields behind the rest."""
    own = list(FIELDS[kind])
    if kind == "companies":
        return own
    return own + [FilterField(f"{CUSTOM}{key}", field.label, "custom", group="Custom fields") for key, field in known.items()]


def field_named(kind: str, name: str, known: Mapping[str, CustomField]) -> FilterField | None:
    """Return the filter of that name, None for none. A custom field needs no type."""
    for one in fields_of(kind, known):
        if one.name == name:
            return one
    key = name.removeprefix(CUSTOM)
    return FilterField(name, key, "custom", group="Custom fields") if key != name and key and kind != "companies" else None


def chips(state: ListState, known: Mapping[str, CustomField], time_zone: str, names: Mapping[str, str]) -> list[Chip]:
    """Return what is asked besides the search, one chip a filter. `names` are those of imports and lists by id."""
    found = []
    words = {one.name: one for one in FIELDS[state.kind]}
    for name in state.filters.__dataclass_fields__:
        held = getattr(state.filters, name)
        if name == "q" or held in (None, "", ()):
            continue
        for value in held if isinstance(held, tuple) else (held,):
            text = _custom_words(value, known) if isinstance(value, CustomFilter) else _words(words[name], value, time_zone, names)
            field = f"{CUSTOM}{value.key}" if isinstance(value, CustomFilter) else name
            found.append(Chip(text, state.without(name, value).address(), field))
    return found


def _words(field: FilterField, value: Any, time_zone: str, names: Mapping[str, str]) -> str:
    if isinstance(value, EngagementFilter):
        return doing(value)
    if isinstance(value, bool):
        return BOOLEAN_WORDS[field.name, value]
    if isinstance(value, datetime):
        return f"{field.words} {_day(value, time_zone, is_end=field.name == 'created_before')}"
    if field.name == "country_code":
        return f"{field.words} {country(str(value))}"
    if field.name in NAMED:
        return f"{field.words} {names.get(str(value), 'that is gone')}"
    if isinstance(value, int):
        return f"{field.words} {value:,}"
    shown = dict(field.options).get(str(value), str(value))
    return f"{field.words} {shown}" if field.options or field.input in ("tag", "choice") else f"{field.words} “{shown}”"


def _custom_words(asked: CustomFilter, known: Mapping[str, CustomField]) -> str:
    label = known[asked.key].label if asked.key in known else asked.key
    value = asked.value
    shown = (
        value if value is None or isinstance(value, str) else f"{value:%d %b %Y}".lstrip("0") if isinstance(value, date) else f"{value:f}"
    )
    return CUSTOM_WORDS[asked.op].format(label=label, value=shown)


def _day(value: datetime, time_zone: str, *, is_end: bool) -> str:
    try:
        there = value.astimezone(ZoneInfo(time_zone))
        if (there.hour, there.minute) == (0, 0):
            return f"{there - timedelta(days=1) if is_end else there:%d %b %Y}".lstrip("0")
    except (KeyError, ValueError, OverflowError):
        there = value
    return f"{there:%d %b %Y, %H:%M}".lstrip("0")


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """Return (code, name) of every country, by name."""
    names = Locale("en").territories
    codes = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES]
    return tuple(sorted(codes, key=lambda pair: pair[1]))


def country(code: str) -> str:
    """Return the name of a country, the code where it has none."""
    return dict(countries()).get(code.upper(), code)


def sortable(column: Column, state: ListState) -> tuple[str, str] | None:
    """Return (address, aria-sort) of a column's header; None where the list cannot be ordered by it."""
    if column.sort is None:
        return None
    current = "descending" if state.is_descending else "ascending"
    return state.sorted_by(column.sort).address(), current if column.sort == state.sort else "none"
