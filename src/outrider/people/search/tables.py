"""Lists of one table, companies and contacts: which rows, in which order. Looked for as people are (`search.people`): by walking along
the order's index first, by gathering all who fit where that finds too few.
"""

# ruff: noqa: S608 -- composing is what this package is for

from collections.abc import Callable
from typing import Any

from outrider.tenancy import OrganizationId

from ..filters import AnyFilters, CompanyFilters, ContactFilters
from . import addresses, words
from .listing import Listing
from .order import Order, Parameters, Sort, Statement

Conditions = Callable[[Any, Parameters], list[str]]

GLANCE = 10_000
"""At how many rows `glance` looks: about 10 ms."""

COMPANY_SORTS = {
    "name": Sort("k.search_text", "text"),
    "domain": Sort("k.domain", "text"),
    "newest": Sort("k.id", "uuid", True),
}
CONTACT_SORTS = {
    "newest": Sort("c.contact_id", "bigint", True),
    "email": Sort("c.email", "text"),
    "updated": Sort("c.updated_at", "timestamptz", True),
}

OF_COMPANY = {
    "domain": "k.domain = lower(btrim({}))",
    "industry": "position(lower({}) IN lower(k.industry)) > 0",
    "country_code": "k.country_code = upper(btrim({}))",
    "status": "k.status = {}",
    "size_from": "k.employee_count >= {}",
    "size_to": "k.employee_count <= {}",
}
OF_COMPANYS_PEOPLE = {
    True: "EXISTS (SELECT FROM people.master AS m WHERE m.organization_id = $1 AND m.company_id = k.id)",
    False: "NOT EXISTS (SELECT FROM people.master AS m WHERE m.organization_id = $1 AND m.company_id = k.id)",
}
OF_CONTACT = {
    # The first half is what the search index is asked, the second what it has to be.
    "domain": (
        "(c.search_text LIKE (SELECT people.f_pattern('@' || btrim({0}, ' @'))) "
        "AND split_part(c.email, '@', 2) = (SELECT kit.f_fold(btrim({0}, ' @'))))"
    ),
    "score_from": "c.score >= {}",
    "score_to": "c.score <= {}",
    "status": "c.status = {}",
    "source": "c.source = {}",
    "import_id": (
        "EXISTS (SELECT FROM intake.raw_loads AS l WHERE l.organization_id = $1 AND l.import_id = {} AND l.email = c.email "
        "AND l.status IN ('promoted', 'duplicate'))"
    ),
    "created_after": "c.created_at >= {}",
    "created_before": "c.created_at < {}",
}
TYPES = {
    "score_from": "numeric", "score_to": "numeric",
    "size_from": "bigint", "size_to": "bigint", "import_id": "uuid", "created_after": "timestamptz",
    "created_before": "timestamptz",
}  # fmt: skip


def _asked(table: dict[str, str], filters: AnyFilters, given: Parameters) -> list[str]:
    found = ((name, part, getattr(filters, name)) for name, part in table.items())
    return [part.format(given.add(value, TYPES.get(name, "text"))) for name, part, value in found if value not in (None, "")]


def _of_company(filters: Any, given: Parameters) -> list[str]:
    found = words.conditions("k", filters.q, given) + _asked(OF_COMPANY, filters, given)
    return found if filters.has_people is None else [*found, OF_COMPANYS_PEOPLE[filters.has_people]]


def _of_contact(filters: Any, given: Parameters) -> list[str]:
    found = words.conditions("c", filters.q, given) + _asked(OF_CONTACT, filters, given)
    found += [addresses.has_tag("c", tag, given) for tag in filters.tag]
    found += [f"NOT {addresses.has_tag('c', tag, given)}" for tag in filters.not_tag]
    return found + [addresses.meets("c", custom, given) for custom in filters.custom]


def _table(rows: str, alias: str, id: str, id_type: str, sorts: dict[str, Sort], nothing: AnyFilters, conditions: Conditions) -> Listing:
    """Return the list of a table's rows; `id` is its key beside the organization."""

    def glance(organization: OrganizationId, filters: Any, by: Order, count: int, farther: int = 1) -> Statement:
        reach = count if filters == nothing else farther * max(GLANCE, 4 * count)
        given = Parameters(organization)
        asked = " AND ".join(conditions(filters, given)) or "true"
        after = f" AND {by.rows_after(by.sort.column, id, given)}" if by.after else ""
        order = by.keys(by.sort.column, id)
        return given.statement(
            f"SELECT {id} AS id, {by.sort.column} AS key FROM (SELECT {alias}.* FROM {rows} AS {alias} "
            f"WHERE {alias}.organization_id = $1{after} ORDER BY {order} LIMIT {given.add(reach, 'bigint')}) AS {alias} "
            f"WHERE {asked} ORDER BY {order} LIMIT {given.add(count, 'bigint')}"
        )

    def fitting(filters: Any, by: Order, given: Parameters) -> tuple[str, str]:
        asked = " AND ".join([f"{alias}.organization_id = $1", *conditions(filters, given)])
        found = f"SELECT {id} AS id, {by.sort.column} AS key FROM {rows} AS {alias} WHERE {asked}"
        return f"everyone AS MATERIALIZED ({found})", f"y.key {by.way}, y.id {by.way}"

    return Listing(rows, id_type, sorts, nothing, glance, fitting)


COMPANIES = _table("company.master", "k", "k.id", "uuid", COMPANY_SORTS, CompanyFilters(), _of_company)
CONTACTS = _table("vault.contacts", "c", "c.contact_id", "bigint", CONTACT_SORTS, ContactFilters(), _of_contact)
