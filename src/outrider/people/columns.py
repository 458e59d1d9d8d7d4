"""The columns of the lists: what they are called, what they hold, by which sort they are ordered. Pure.

A column is named in links, saved views and exports by its name; a custom field's is `custom:` and its key.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from outrider.kit.errors import InvalidInput

from .custom_fields import CustomField

CUSTOM = "custom:"
MOST_COLUMNS = 60

Holds = Literal["text", "number", "date", "time", "boolean", "url", "email", "phone", "tags", "status", "country", "select", "id"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `sort` is the sort that orders by it, None for none, `field` the custom field that it shows."""

    name: str
    label: str
    holds: str
    sort: str | None = None
    is_usual: bool = False
    field: CustomField | None = None
    key: str | None = None

    @property
    def header(self) -> str:
        """What a file calls it: a name that an import reads."""
        return self.key if self.key is not None else self.name

    def value(self, row: Any) -> Any:
        """Return the raw value in a row of the list."""
        return (row.custom_fields or {}).get(self.key) if self.key is not None else getattr(row, self.name)


def _column(name: str, label: str, holds: Holds = "text", sort: str | None = None, usual: bool = False) -> Column:
    return Column(name, label, holds, sort, usual)


PEOPLE = (
    _column("name", "Name", "text", "name", True),
    _column("email", "Email", "email", "email", True),
    _column("title", "Title", usual=True),
    _column("company", "Company", "text", "company", True),
    _column("tags", "Tags", "tags", usual=True),
    _column("country_code", "Country", "country", usual=True),
    _column("status", "Status", "status", usual=True),
    _column("updated_at", "Changed", "time", "updated", True),
    _column("created_at", "Added", "time", "newest"),
    _column("first_name", "First name"),
    _column("last_name", "Last name"),
    _column("seniority", "Seniority"),
    _column("department", "Department"),
    _column("phone", "Phone", "phone"),
    _column("location", "Location"),
    _column("domain", "Company domain"),
    _column("linkedin_url", "LinkedIn", "url"),
    _column("source", "Source"),
    _column("addresses", "Addresses", "number"),
    _column("id", "Id", "id"),
)
COMPANIES = (
    _column("name", "Name", "text", "name", True),
    _column("domain", "Domain", "text", "domain", True),
    _column("industry", "Industry", usual=True),
    _column("employee_count", "Employees", "number", usual=True),
    _column("people_count", "People", "number", usual=True),
    _column("country_code", "Country", "country", usual=True),
    _column("status", "Status", "status", usual=True),
    _column("created_at", "Added", "time", "newest", True),
    _column("revenue", "Revenue", "number"),
    _column("revenue_currency", "Currency"),
    _column("funding", "Funding"),
    _column("location", "Location"),
    _column("linkedin_url", "LinkedIn", "url"),
    _column("website", "Website", "url"),
    _column("updated_at", "Changed", "time"),
    _column("id", "Id", "id"),
)
CONTACTS = (
    _column("email", "Email", "email", "email", True),
    _column("name", "Name", usual=True),
    _column("company", "Company", usual=True),
    _column("status", "Status", "status", usual=True),
    _column("source", "Source", usual=True),
    _column("tags", "Tags", "tags", usual=True),
    _column("updated_at", "Changed", "time", "updated", True),
    _column("created_at", "Added", "time", "newest"),
    _column("title", "Title"),
    _column("phone", "Phone", "phone"),
    _column("domain", "Domain"),
    _column("is_primary", "Primary", "boolean"),
    _column("score", "Score", "number"),
    _column("last_activity_at", "Last activity", "time"),
    _column("person_id", "Person", "id"),
    _column("contact_id", "Number", "id"),
)
COLUMNS = {"people": PEOPLE, "companies": COMPANIES, "contacts": CONTACTS}


def available(kind: str, known: Mapping[str, CustomField]) -> dict[str, Column]:
    """Return the columns of a list by name: its own, then the custom fields in their order."""
    found = {column.name: column for column in COLUMNS[kind]}
    if kind != "companies":
        found |= {f"{CUSTOM}{key}": custom(key, field) for key, field in known.items()}
    return found


def custom(key: str, field: CustomField | None = None) -> Column:
    """Return the column of a custom field; one without a type is a text."""
    return Column(f"{CUSTOM}{key}", field.label if field else key, field.type if field else "text", field=field, key=key)


def chosen(kind: str, names: Sequence[str], known: Mapping[str, CustomField]) -> list[Column]:
    """Return the columns that were asked for, in that order; the usual ones for none.

    A custom field needs no type. Raises `InvalidInput` for a column there is not, and for too many.
    """
    there = available(kind, known)
    if not names:
        return [column for column in there.values() if column.is_usual]
    if len(names) > MOST_COLUMNS:
        raise InvalidInput(f"columns names {len(names)} columns; at most {MOST_COLUMNS} are shown", field="columns")
    return [_named(kind, name, there) for name in dict.fromkeys(names)]


def _named(kind: str, name: str, there: Mapping[str, Column]) -> Column:
    if name in there:
        return there[name]
    key = name.removeprefix(CUSTOM)
    if kind == "companies" or key == name or not key or len(key) > 500:
        raise InvalidInput(f"{kind} have no column {name[:60]!r}; there are {', '.join(_own(kind))}", field="columns")
    return custom(key)


def _own(kind: str) -> Iterable[str]:
    return [column.name for column in COLUMNS[kind]] + ([] if kind == "companies" else [f"{CUSTOM}KEY"])
