"""The one composer of SQL in this slice: which people a list shows, in which order.

Fragments come from the tables below and nowhere else; values are always parameters. Everything else is in `queries.sql`.

A page is looked for in two ways. `glance` walks along the order's own index and stops after a bounded number of people: it finds
the page at once when what is asked for is common. `full` gathers everyone who fits by the indexes on what is asked for and sorts
them: it is cheap when what is asked for is rare. Each alone is slow for the other's case, and the planner cannot know which it is,
so the service glances first (docs/performance.md has the figures).
"""

# ruff: noqa: S608 -- composing is what this module is for

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from outrider.kit.errors import InvalidInput
from outrider.kit.paging import decode_cursor, encode_cursor
from outrider.tenancy import OrganizationId

from .types import CompanyFilters, Filters

LONGEST_QUERY = 200
MOST_WORDS = 10
SHORTEST_INDEXED = 3
GLANCE = 5_000
GLANCE_ADDRESSES = 20_000
"""How far `glance` looks: at so many people, or at so many addresses where these are enough. About 10 ms each."""


MOST_HITS = 30_000
"""How many fitting addresses `full` gathers before it looks at the fitting people instead."""


@dataclass(frozen=True, slots=True)
class Sort:
    """An order: its key column with the column's type (the id breaks ties), and which way it goes unless asked."""

    column: str
    type: str
    descending: bool = False


SORTS = {
    "newest": Sort("m.id", "uuid", True),
    "name": Sort("m.sort_name", "text"),
    "email": Sort("m.email", "text"),
    "updated": Sort("m.updated_at", "timestamptz", True),
    "company": Sort("k.search_text", "text"),
}
COMPANY_SORTS = {
    "name": Sort("k.search_text", "text"),
    "domain": Sort("k.domain", "text"),
    "newest": Sort("k.id", "uuid", True),
}
DIRECTIONS = ("asc", "desc")

OF_PERSON = {
    "email": "m.id = ANY (ARRAY(SELECT c.person_id FROM vault.contacts AS c WHERE c.organization_id = $1 AND c.email = lower(btrim({}))))",
    "domain": (
        "m.company_id = ANY (ARRAY(SELECT d.id FROM company.master AS d WHERE d.organization_id = $1 AND d.domain = lower(btrim({}))))"
    ),
    "company": (
        "m.company_id = ANY (ARRAY(SELECT d.id FROM company.master AS d WHERE d.organization_id = $1 "
        "AND d.search_text LIKE (SELECT people.f_pattern({}))))"
    ),
    "title": "position(lower({}) IN lower(m.title)) > 0",
    "status": "m.status = {}",
    "seniority": "lower(m.seniority) = lower({})",
    "department": "lower(m.department) = lower({})",
    "country_code": "m.country_code = upper(btrim({}))",
    "has_phone": "(m.phone IS NOT NULL) = {}",
    "created_after": "m.created_at >= {}",
    "created_before": "m.created_at < {}",
    "namespace": (
        "m.id = ANY (ARRAY(SELECT p.person_id FROM people.profiles AS p WHERE p.organization_id = $1 AND p.namespace_id = "
        "(SELECT n.id FROM tenancy.namespaces AS n WHERE n.organization_id = $1 AND n.name = {})))"
    ),
}
"""Conditions on a person, as `full` uses them: with the set that they are in."""
OF_ONE_PERSON = OF_PERSON | {
    "company": (
        "(SELECT d.search_text LIKE (SELECT people.f_pattern({})) FROM company.master AS d "
        "WHERE d.organization_id = $1 AND d.id = m.company_id)"
    ),
    "namespace": (
        "(SELECT count(*) > 0 FROM people.profiles AS p WHERE p.organization_id = $1 AND p.person_id = m.id AND p.namespace_id = "
        "(SELECT n.id FROM tenancy.namespaces AS n WHERE n.organization_id = $1 AND n.name = {}))"
    ),
}
"""The same as `glance` uses them: looked up for the one person."""
OF_CONTACT = {
    "source": "c.source = {}",
    "import_id": (
        "EXISTS (SELECT FROM intake.raw_loads AS l WHERE l.organization_id = $1 AND l.import_id = {} AND l.email = c.email "
        "AND l.status IN ('promoted', 'duplicate'))"
    ),
}
# Each pattern is a subselect: worked out once and not for every row, and a plan that does not depend on the word.
ANYWHERE = "{}.search_text LIKE (SELECT people.f_pattern({}))"
AT_WORD_STARTS = (
    "({0}.search_text LIKE (SELECT people.f_pattern({1}, true)) OR {0}.search_text LIKE (SELECT people.f_pattern(' ' || {1})) "
    "OR {0}.search_text LIKE (SELECT people.f_pattern('.' || {1})) OR {0}.search_text LIKE (SELECT people.f_pattern('@' || {1})) "
    "OR {0}.search_text LIKE (SELECT people.f_pattern('-' || {1})))"
)
"""What a word of the query asks of a row's search_text. One too short for the index on any part of it has to begin a word there."""
COMPANY = {
    "domain": "k.domain = lower(btrim({}))",
    "industry": "position(lower({}) IN lower(k.industry)) > 0",
}
TYPES = {"has_phone": "boolean", "import_id": "uuid", "created_after": "timestamptz", "created_before": "timestamptz"}


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with its parameters; rows are (id, key)."""

    sql: str
    parameters: tuple[Any, ...]


class _Parameters:
    """Numbers values as they come; $1 is the organization."""

    def __init__(self, organization: OrganizationId) -> None:
        self.values: list[Any] = [organization]

    def add(self, value: Any, type: str = "text") -> str:
        self.values.append(value)
        return f"${len(self.values)}::{type}"


def words_of(q: str | None) -> list[str]:
    """Return the words of a query, shortest last. Raises `InvalidInput` for one that is too long or has too many words."""
    words = (q or "").split()
    if len(q or "") > LONGEST_QUERY or len(words) > MOST_WORDS:
        raise InvalidInput(f"q may have {LONGEST_QUERY} characters and {MOST_WORDS} words: look for less", field="q")
    return sorted(dict.fromkeys(words), key=len, reverse=True)


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted and where its page begins; `after` is (key, id), None for the first page.

    A key of None is in the part of the list that has none, which comes last either way: people without a company.
    """

    name: str
    sort: Sort
    descending: bool
    after: tuple[Any, Any] | None

    def cursor(self, key: Any, id: UUID) -> str:
        """Return the cursor of the page after this row."""
        return encode_cursor(self.name, "desc" if self.descending else "asc", key.isoformat() if isinstance(key, datetime) else key, id)


def order(sorts: dict[str, Sort], sort: str, direction: str | None, cursor: str | None) -> Order:
    """Return the order that was asked for. Raises `InvalidInput` for a sort or direction there is not, and for another list's cursor."""
    if sort not in sorts:
        raise InvalidInput(f"sort is {sort[:60]!r}; it must be one of {', '.join(sorts)}", field="sort")
    if direction not in (None, *DIRECTIONS):
        raise InvalidInput(f"direction is {str(direction)[:60]!r}; it must be asc or desc", field="direction")
    chosen = sorts[sort]
    descending = chosen.descending if direction is None else direction == "desc"
    key = decode_cursor(cursor, 4)
    after = None
    if key is not None:
        if key[0] != sort or key[1] != ("desc" if descending else "asc"):
            raise InvalidInput("cursor is of a list in another order: ask for its first page without one", field="cursor")
        after = (_parsed(key[2], chosen.type), _parsed(key[3], "uuid"))
    return Order(sort, chosen, descending, after)


def _parsed(text: str | None, type: str) -> Any:
    try:
        if type == "uuid":
            return UUID(text or "")
        if type == "timestamptz":
            found = datetime.fromisoformat(text or "")
            return found if found.tzinfo else _refuse_cursor()
        if text is not None and "\x00" in text:
            return _refuse_cursor()
        return text
    except ValueError:
        return _refuse_cursor()


def _refuse_cursor() -> Any:
    raise InvalidInput("cursor is not one of ours: pass the next_cursor of the page before, as it is", field="cursor")


def is_plain(filters: Filters) -> bool:
    """Whether nothing is asked: then the order's own index is the whole answer."""
    return filters == Filters()


def glance(organization: OrganizationId, filters: Filters, by: Order, count: int) -> Statement:
    """Return the statement that looks for `count` people among the next few thousand of the order.

    Its rows are a true page if there are `count` of them; if fewer, more may come after those, unless nothing was asked (`is_plain`).
    """
    reach = count if is_plain(filters) else max(GLANCE, 4 * count)
    given = _Parameters(organization)
    person, contact = _conditions(OF_ONE_PERSON, filters, given)
    if contact and not person and by.name == "newest":
        return _glance_at_contacts(by, contact, count, given)
    matched = f"CROSS JOIN LATERAL (SELECT FROM vault.contacts AS c WHERE {_of(contact, 'm.id')} LIMIT 1) AS h " if contact else ""
    parts = [
        f"SELECT m.id, m.key FROM ({_walk(by, given, part, reach)}) AS m {matched}WHERE {' AND '.join(person) or 'true'} "
        f"ORDER BY {_keys(by, 'm.key', 'm.id') if part else f'm.id {_way(by)}'} LIMIT {given.add(count, 'bigint')}"
        for part in _parts(by)
    ]
    if len(parts) == 1:
        return Statement(parts[0], tuple(given.values))
    return Statement(
        f"SELECT b.id, b.key FROM (({parts[0]}) UNION ALL ({parts[1]})) AS b "
        f"ORDER BY b.key {_way(by)} NULLS LAST, b.id {_way(by)} LIMIT {given.add(count, 'bigint')}",
        tuple(given.values),
    )


def _glance_at_contacts(by: Order, contact: list[str], count: int, given: _Parameters) -> Statement:
    """The newest people by their addresses alone, which know the person's id."""
    after = f" AND c.person_id {_beyond(by)} {given.add(by.after[1], 'uuid')}" if by.after else ""
    reach = given.add(max(GLANCE_ADDRESSES, 4 * count), "bigint")
    return Statement(
        "SELECT DISTINCT c.person_id AS id, c.person_id AS key "
        "FROM (SELECT c.person_id, c.search_text, c.email, c.source FROM vault.contacts AS c "
        f"WHERE c.organization_id = $1{after} ORDER BY c.person_id {_way(by)} LIMIT {reach}) AS c "
        f"WHERE {' AND '.join(contact)} ORDER BY c.person_id {_way(by)} LIMIT {given.add(count, 'bigint')}",
        tuple(given.values),
    )


def full(organization: OrganizationId, filters: Filters, by: Order, count: int) -> Statement:
    """Return the statement that looks for `count` people among all who fit.

    Where both the person and an address have to fit, whoever has a fitting address is gathered first; if these are `MOST_HITS` and more,
    the fitting people are, and their addresses looked at.
    """
    given = _Parameters(organization)
    person, contact = _conditions(OF_PERSON, filters, given)
    if contact and not person and by.name == "newest":  # the address knows the person's id: no need to look at the person
        everyone = f"SELECT DISTINCT c.person_id AS id, c.person_id AS key FROM vault.contacts AS c WHERE {_of(contact, None)}"
        return _sorted(f"WITH everyone AS MATERIALIZED ({everyone}) ", by, count, given)
    start = f"SELECT m.id, {by.sort.column} AS key FROM people.master AS m {_join(by, outer=True)}"
    where = f"WHERE {' AND '.join(['m.organization_id = $1', *person])}"
    if not contact:
        return _sorted(f"WITH everyone AS MATERIALIZED ({start}{where}) ", by, count, given)
    among = "m.id = ANY (ARRAY(SELECT DISTINCT x.id FROM hits AS x))"
    cut = f" LIMIT {MOST_HITS}" if person else ""
    hits = f"WITH hits AS MATERIALIZED (SELECT c.person_id AS id FROM vault.contacts AS c WHERE {_of(contact, None)}{cut})"
    everyone = f"{start}{where} AND {among}"
    if person:
        matched = f"CROSS JOIN LATERAL (SELECT FROM vault.contacts AS c WHERE {_of(contact, 'm.id')} LIMIT 1) AS h "
        everyone = (
            f"{everyone} AND (SELECT count(*) FROM hits) < {MOST_HITS} "
            f"UNION ALL {start}{matched}{where} AND (SELECT count(*) FROM hits) >= {MOST_HITS}"
        )
    return _sorted(f"{hits}, everyone AS MATERIALIZED ({everyone}) ", by, count, given)


def _sorted(everyone: str, by: Order, count: int, given: _Parameters) -> Statement:
    return Statement(
        f"{everyone}SELECT y.id, y.key FROM everyone AS y WHERE {_after_row(by, given)} "
        f"ORDER BY y.key {_way(by)} NULLS LAST, y.id {_way(by)} LIMIT {given.add(count, 'bigint')}",
        tuple(given.values),
    )


def companies(organization: OrganizationId, filters: CompanyFilters, by: Order, count: int) -> Statement:
    """Return the statement that looks for `count` companies. There are few enough of them for one way of looking."""
    given = _Parameters(organization)
    conditions = ["k.organization_id = $1"]
    conditions += _words("k", filters.q, given)
    conditions += [part.format(given.add(getattr(filters, name))) for name, part in COMPANY.items() if getattr(filters, name)]
    if by.after is not None:
        conditions.append(_after(by.sort.column, "k.id", by, given))
    return Statement(
        f"SELECT k.id, {by.sort.column} AS key FROM company.master AS k WHERE {' AND '.join(conditions)} "
        f"ORDER BY {by.sort.column} {_way(by)}, k.id {_way(by)} LIMIT {given.add(count, 'bigint')}",
        tuple(given.values),
    )


def _conditions(of_person: dict[str, str], filters: Filters, given: _Parameters) -> tuple[list[str], list[str]]:
    """Return the conditions on the person and those that one address of theirs has to meet."""

    def asked(table: dict[str, str]) -> list[str]:
        found = ((name, part, getattr(filters, name)) for name, part in table.items())
        return [part.format(given.add(value, TYPES.get(name, "text"))) for name, part, value in found if value not in (None, "")]

    return asked(of_person), _words("c", filters.q, given) + asked(OF_CONTACT)


def _words(table: str, q: str | None, given: _Parameters) -> list[str]:
    return [(ANYWHERE if len(word) >= SHORTEST_INDEXED else AT_WORD_STARTS).format(table, given.add(word)) for word in words_of(q)]


def _of(contact: list[str], person: str | None) -> str:
    return " AND ".join(["c.organization_id = $1", *([f"c.person_id = {person}"] if person else []), *contact])


def _parts(by: Order) -> list[bool]:
    """Return which parts of the order are walked: those with a key (True), then those without one."""
    if by.name != "company":
        return [True]
    return [False] if by.after is not None and by.after[0] is None else [True, False]


def _walk(by: Order, given: _Parameters, with_key: bool, reach: int) -> str:
    conditions = ["m.organization_id = $1"]
    if not with_key:
        conditions.append("m.company_id IS NULL")
    after_here = by.after is not None and (by.after[0] is not None) == with_key
    if after_here and with_key:
        conditions.append(_after(by.sort.column, "m.id", by, given))
    elif after_here:
        conditions.append(f"m.id {_beyond(by)} {given.add(by.after[1] if by.after else None, 'uuid')}")
    column = by.sort.column if with_key else f"NULL::{by.sort.type}"
    return (
        f"SELECT m.*, {column} AS key FROM people.master AS m {_join(by, outer=False) if with_key else ''}WHERE {' AND '.join(conditions)} "
        f"ORDER BY {_keys(by, column, 'm.id') if with_key else f'm.id {_way(by)}'} LIMIT {given.add(reach, 'bigint')}"
    )


def _keys(by: Order, column: str, id: str) -> str:
    """Return what follows ORDER BY: one column where the key is the id, so that the planner sees the walk's order in it."""
    return f"{id} {_way(by)}" if by.sort.column.endswith(".id") else f"{column} {_way(by)}, {id} {_way(by)}"


def _join(by: Order, *, outer: bool) -> str:
    if by.name != "company":
        return ""
    return f"{'LEFT' if outer else 'INNER'} JOIN company.master AS k ON k.organization_id = $1 AND k.id = m.company_id "


def _after(column: str, id: str, by: Order, given: _Parameters) -> str:
    """Return the condition for rows after `by.after` in (column, id). Two tables' columns make no index condition as a pair."""
    assert by.after is not None
    if column == id:
        return f"{id} {_beyond(by)} {given.add(by.after[1], 'uuid')}"
    key, tie = given.add(by.after[0], by.sort.type), given.add(by.after[1], "uuid")
    if column.partition(".")[0] == id.partition(".")[0]:
        return f"({column}, {id}) {_beyond(by)} ({key}, {tie})"
    return f"{column} {_beyond(by)}= {key} AND ({column} {_beyond(by)} {key} OR {id} {_beyond(by)} {tie})"


def _after_row(by: Order, given: _Parameters) -> str:
    if by.after is None:
        return "true"
    if by.after[0] is None:
        return f"y.key IS NULL AND y.id {_beyond(by)} {given.add(by.after[1], 'uuid')}"
    return f"({_after('y.key', 'y.id', by, given)} OR y.key IS NULL)"


def _way(by: Order) -> str:
    return "DESC" if by.descending else "ASC"


def _beyond(by: Order) -> str:
    return "<" if by.descending else ">"
