"""Which people a list shows, in which order.

`glance` walks along the order's own index, `fitting` gathers everyone by the indexes on what is asked for (`search.listing`).
"""

# ruff: noqa: S608 -- composing is what this package is for

from typing import Any

from outrider.tenancy import OrganizationId

from ..filters import CustomFilter, Filters
from . import addresses, doings, words
from .listing import Listing
from .order import Order, Parameters, Sort, Statement

GLANCE = 5_000
GLANCE_ADDRESSES = 20_000
"""How far `glance` looks: at so many people, or at so many addresses where these are enough. About 10 ms each."""
MOST_HITS = 30_000
"""How many fitting addresses `full` gathers before it looks at the fitting people instead."""

NOTHING = Filters()
SORTS = {
    "newest": Sort("m.id", "uuid", True),
    "name": Sort("m.sort_name", "text"),
    "email": Sort("m.email", "text"),
    "updated": Sort("m.updated_at", "timestamptz", True),
    "company": Sort("k.search_text", "text"),
}

OF_PERSON = {
    "email": "m.id = ANY (ARRAY(SELECT c.person_id FROM vault.contacts AS c WHERE c.organization_id = $1 AND c.email = lower(btrim({}))))",
    "domain": (
        "m.company_id = ANY (ARRAY(SELECT d.id FROM company.master AS d WHERE d.organization_id = $1 AND d.domain = lower(btrim({}))))"
    ),
    "company": (
        "m.company_id = ANY (ARRAY(SELECT d.id FROM company.master AS d WHERE d.organization_id = $1 "
        "AND d.search_text LIKE (SELECT people.f_pattern({}))))"
    ),
    "has_company": "(m.company_id IS NOT NULL) = {}",
    "title": "position(lower({}) IN lower(m.title)) > 0",
    "status": "m.status = {}",
    "seniority": "lower(m.seniority) = lower({})",
    "department": "lower(m.department) = lower({})",
    "country_code": "m.country_code = upper(btrim({}))",
    "has_phone": "(m.phone IS NOT NULL) = {}",
    "has_linkedin": "(m.linkedin_url IS NOT NULL) = {}",
    "location": "position(lower({}) IN lower(m.location)) > 0",
    "industry": (
        "m.company_id = ANY (ARRAY(SELECT d.id FROM company.master AS d WHERE d.organization_id = $1 "
        "AND position(lower({}) IN lower(d.industry)) > 0))"
    ),
    "size_from": (
        "m.company_id = ANY (ARRAY(SELECT d.id FROM company.master AS d WHERE d.organization_id = $1 AND d.employee_count >= {}))"
    ),
    "size_to": "m.company_id = ANY (ARRAY(SELECT d.id FROM company.master AS d WHERE d.organization_id = $1 AND d.employee_count <= {}))",
    "list_id": ("m.id = ANY (ARRAY(SELECT l.person_id FROM marketing.list_members AS l WHERE l.organization_id = $1 AND l.list_id = {}))"),
    "not_list_id": (
        "NOT EXISTS (SELECT FROM marketing.list_members AS l WHERE l.organization_id = $1 AND l.list_id = {} AND l.person_id = m.id)"
    ),
    "created_after": "m.created_at >= {}",
    "created_before": "m.created_at < {}",
    "namespace": (
        "m.id = ANY (ARRAY(SELECT p.person_id FROM people.profiles AS p WHERE p.organization_id = $1 AND p.namespace_id = "
        "(SELECT n.id FROM tenancy.namespaces AS n WHERE n.organization_id = $1 AND n.name = {})))"
    ),
}
"""Conditions on a person, as `full` uses them: with the set that they are in."""
OF_COMPANY = "FROM company.master AS d WHERE d.organization_id = $1 AND d.id = m.company_id"
OF_LIST = "FROM marketing.list_members AS l WHERE l.organization_id = $1 AND l.list_id = {} AND l.person_id = m.id"
OF_ONE_PERSON = OF_PERSON | {
    "company": (
        "(SELECT d.search_text LIKE (SELECT people.f_pattern({})) FROM company.master AS d "
        "WHERE d.organization_id = $1 AND d.id = m.company_id)"
    ),
    "industry": f"(SELECT position(lower({{}}) IN lower(d.industry)) > 0 {OF_COMPANY})",
    "size_from": f"(SELECT d.employee_count >= {{}} {OF_COMPANY})",
    "size_to": f"(SELECT d.employee_count <= {{}} {OF_COMPANY})",
    "list_id": f"(SELECT count(*) > 0 {OF_LIST})",
    "not_list_id": f"(SELECT count(*) = 0 {OF_LIST})",
    "namespace": (
        "(SELECT count(*) > 0 FROM people.profiles AS p WHERE p.organization_id = $1 AND p.person_id = m.id AND p.namespace_id = "
        "(SELECT n.id FROM tenancy.namespaces AS n WHERE n.organization_id = $1 AND n.name = {}))"
    ),
}
"""The same as `glance` uses them: looked up for the one person."""
OF_ADDRESSES = {
    True: "EXISTS (SELECT FROM vault.contacts AS t WHERE t.organization_id = $1 AND t.person_id = m.id AND {})",
    False: "NOT EXISTS (SELECT FROM vault.contacts AS t WHERE t.organization_id = $1 AND t.person_id = m.id AND {})",
}
"""That one of the person's addresses meets a condition, or that none does, as `full` asks it: joined as the planner finds best. As arrays
of ids, which serve elsewhere, a tag that most people have and a rare company took seconds."""
OF_ONES_ADDRESSES = {
    True: "(SELECT count(*) > 0 FROM vault.contacts AS t WHERE t.organization_id = $1 AND t.person_id = m.id AND {})",
    False: "(SELECT count(*) = 0 FROM vault.contacts AS t WHERE t.organization_id = $1 AND t.person_id = m.id AND {})",
}
OF_EVENTS = {
    True: "EXISTS (SELECT FROM engagement.events AS v WHERE v.organization_id = $1 AND v.person_id = m.id AND {})",
    False: "NOT EXISTS (SELECT FROM engagement.events AS v WHERE v.organization_id = $1 AND v.person_id = m.id AND {})",
}
OF_ONES_EVENTS = {
    True: "(SELECT count(*) > 0 FROM engagement.events AS v WHERE v.organization_id = $1 AND v.person_id = m.id AND {})",
    False: "(SELECT count(*) = 0 FROM engagement.events AS v WHERE v.organization_id = $1 AND v.person_id = m.id AND {})",
}
"""That the person did something, or did not: as with addresses."""
OF_CONTACT = {
    "score_from": "c.score >= {}",
    "score_to": "c.score <= {}",
    "source": "c.source = {}",
    "import_id": (
        "EXISTS (SELECT FROM intake.raw_loads AS l WHERE l.organization_id = $1 AND l.import_id = {} AND l.email = c.email "
        "AND l.status IN ('promoted', 'duplicate'))"
    ),
}
TYPES = {
    "score_from": "numeric", "score_to": "numeric", "has_linkedin": "boolean", "size_from": "bigint", "size_to": "bigint",
    "list_id": "uuid", "not_list_id": "uuid",
    "has_phone": "boolean", "has_company": "boolean", "import_id": "uuid", "created_after": "timestamptz", "created_before": "timestamptz",
}  # fmt: skip


def glance(organization: OrganizationId, filters: Filters, by: Order, count: int, farther: int = 1) -> Statement:
    """Return the statement that looks for `count` people among the next few thousand of the order, `farther` times as many.

    Its rows are a true page if there are `count` of them; if fewer, more may come after those, unless nothing was asked.
    """
    reach = count if filters == NOTHING else farther * max(GLANCE, 4 * count)
    given = Parameters(organization)
    person, contact = _conditions(filters, given, one=True)
    if contact and not person and by.name == "newest":
        return _glance_at_contacts(by, contact, count, farther * max(GLANCE_ADDRESSES, 4 * count), given)
    matched = f"CROSS JOIN LATERAL (SELECT FROM vault.contacts AS c WHERE {_of(contact, 'm.id')} LIMIT 1) AS h " if contact else ""
    parts = [
        f"SELECT m.id, m.key FROM ({_walk(by, given, part, reach)}) AS m {matched}WHERE {' AND '.join(person) or 'true'} "
        f"ORDER BY {by.keys('m.key', 'm.id') if part else f'm.id {by.way}'} LIMIT {given.add(count, 'bigint')}"
        for part in _parts(by)
    ]
    if len(parts) == 1:
        return given.statement(parts[0])
    return given.statement(
        f"SELECT b.id, b.key FROM (({parts[0]}) UNION ALL ({parts[1]})) AS b "
        f"ORDER BY b.key {by.way} NULLS LAST, b.id {by.way} LIMIT {given.add(count, 'bigint')}"
    )


def _glance_at_contacts(by: Order, contact: list[str], count: int, reach: int, given: Parameters) -> Statement:
    """The newest people by their addresses alone, which know the person's id."""
    after = f" AND c.person_id {by.beyond} {given.add(by.after[1], 'uuid')}" if by.after else ""
    return given.statement(
        "SELECT DISTINCT c.person_id AS id, c.person_id AS key "
        "FROM (SELECT c.person_id, c.search_text, c.email, c.source, c.score FROM vault.contacts AS c "
        f"WHERE c.organization_id = $1{after} ORDER BY c.person_id {by.way} LIMIT {given.add(reach, 'bigint')}) AS c "
        f"WHERE {' AND '.join(contact)} ORDER BY c.person_id {by.way} LIMIT {given.add(count, 'bigint')}"
    )


def fitting(filters: Filters, by: Order, given: Parameters) -> tuple[str, str]:
    """Return the common table expressions that gather `everyone`, (id, key) of all who fit, and the ORDER BY of the list over it."""
    return _everyone(filters, by, given), f"y.key {by.way} NULLS LAST, y.id {by.way}"


def _everyone(filters: Filters, by: Order, given: Parameters) -> str:
    """Return the common table expressions that gather everyone who fits.

    Where both the person and an address have to fit, whoever has a fitting address is gathered first; if these are `MOST_HITS` and more,
    the fitting people are, and their addresses looked at.
    """
    person, contact = _conditions(filters, given, one=False)
    if contact and not person and by.name == "newest":  # the address knows the person's id: no need to look at the person
        found = f"SELECT DISTINCT c.person_id AS id, c.person_id AS key FROM vault.contacts AS c WHERE {_of(contact, None)}"
        return f"everyone AS MATERIALIZED ({found})"
    start = f"SELECT m.id, {by.sort.column} AS key FROM people.master AS m {_join(by, outer=True)}"
    where = f"WHERE {' AND '.join(['m.organization_id = $1', *person])}"
    if not contact:
        return f"everyone AS MATERIALIZED ({start}{where})"
    among = "m.id = ANY (ARRAY(SELECT DISTINCT x.id FROM hits AS x))"
    cut = f" LIMIT {MOST_HITS}" if person else ""
    hits = f"hits AS MATERIALIZED (SELECT c.person_id AS id FROM vault.contacts AS c WHERE {_of(contact, None)}{cut})"
    found = f"{start}{where} AND {among}"
    if person:
        matched = f"CROSS JOIN LATERAL (SELECT FROM vault.contacts AS c WHERE {_of(contact, 'm.id')} LIMIT 1) AS h "
        found = (
            f"{found} AND (SELECT count(*) FROM hits) < {MOST_HITS} "
            f"UNION ALL {start}{matched}{where} AND (SELECT count(*) FROM hits) >= {MOST_HITS}"
        )
    return f"{hits}, everyone AS MATERIALIZED ({found})"


def _conditions(filters: Filters, given: Parameters, *, one: bool) -> tuple[list[str], list[str]]:
    """Return the conditions on the person and those that one address of theirs has to meet.

    `one`: as they are asked of the one person at hand; else with the sets that people are in.
    """

    def asked(table: dict[str, str]) -> list[str]:
        found = ((name, part, getattr(filters, name)) for name, part in table.items())
        return [part.format(given.add(value, TYPES.get(name, "text"))) for name, part, value in found if value not in (None, "")]

    any_address = OF_ONES_ADDRESSES if one else OF_ADDRESSES
    person = asked(OF_ONE_PERSON if one else OF_PERSON)
    person += [any_address[True].format(addresses.has_tag("t", tag, given)) for tag in filters.tag]
    person += [any_address[False].format(addresses.has_tag("t", tag, given)) for tag in filters.not_tag]
    for custom in filters.custom:
        wanted = CustomFilter("set", custom.key) if custom.op == "unset" else custom
        person.append(any_address[custom.op != "unset"].format(addresses.meets("t", wanted, given)))
    any_event = OF_ONES_EVENTS if one else OF_EVENTS
    person += [any_event[asked_for.did].format(doings.shows(asked_for, given)) for asked_for in filters.engagement]
    return person, words.conditions("c", filters.q, given) + asked(OF_CONTACT)


def _of(contact: list[str], person: str | None) -> str:
    return " AND ".join(["c.organization_id = $1", *([f"c.person_id = {person}"] if person else []), *contact])


def _parts(by: Order) -> list[bool]:
    """Return which parts of the order are walked: those with a key (True), then those without one."""
    if by.name != "company":
        return [True]
    return [False] if by.after is not None and by.after[0] is None else [True, False]


def _walk(by: Order, given: Parameters, with_key: bool, reach: int) -> str:
    conditions = ["m.organization_id = $1"]
    if not with_key:
        conditions.append("m.company_id IS NULL")
    after: tuple[Any, Any] | None = by.after
    after_here = after is not None and (after[0] is not None) == with_key
    if after_here and with_key:
        conditions.append(by.rows_after(by.sort.column, "m.id", given))
    elif after_here:
        conditions.append(f"m.id {by.beyond} {given.add(after[1] if after else None, 'uuid')}")
    column = by.sort.column if with_key else f"NULL::{by.sort.type}"
    return (
        f"SELECT m.*, {column} AS key FROM people.master AS m {_join(by, outer=False) if with_key else ''}WHERE {' AND '.join(conditions)} "
        f"ORDER BY {by.keys(column, 'm.id') if with_key else f'm.id {by.way}'} LIMIT {given.add(reach, 'bigint')}"
    )


def _join(by: Order, *, outer: bool) -> str:
    if by.name != "company":
        return ""
    return f"{'LEFT' if outer else 'INNER'} JOIN company.master AS k ON k.organization_id = $1 AND k.id = m.company_id "


PEOPLE = Listing("vault.contacts", "uuid", SORTS, NOTHING, glance, fitting)
