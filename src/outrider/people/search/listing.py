"""How a page of any list is looked for, how many fit, and who they are.

A page is looked for in two ways. `glance` walks along the order's own index and stops after a bounded number of rows: it finds the page
at once when what is asked for is common. `full` gathers all that fit by the indexes on what is asked for and sorts them: it is cheap when
what is asked for is rare. Each alone is slow for the other's case, and the planner cannot know which it is, so `lists` glances first,
looks farther where that found nearly enough, and gathers only then (docs/performance.md has the figures).
"""

# ruff: noqa: S608 -- composing is what this package is for

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from outrider.tenancy import OrganizationId

from ..filters import AnyFilters
from .order import Order, Parameters, Sort, Statement

FARTHEST = 8
"""How many times as far as the first a second glance may look."""
MOST_COUNTED = 10_000
"""Up to how many rows are counted where counting means walking."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: the largest table that it walks, the type of its ids, its sorts, the filters that ask nothing.

    `glance(organization, filters, by, count, farther)` returns a statement whose rows are a true page if there are `count` of them.
    `fitting(filters, by, given)` returns the common table expressions that gather `everyone`, (id, key), and the ORDER BY over it.
    """

    rows: str
    id_type: str
    sorts: dict[str, Sort]
    nothing: AnyFilters
    glance: Callable[..., Statement]
    fitting: Callable[[Any, Order, Parameters], tuple[str, str]]

    def full(self, organization: OrganizationId, filters: AnyFilters, by: Order, count: int) -> Statement:
        """Return the statement that looks for `count` rows among all that fit; its rows also say how many these are (`total`)."""
        given = Parameters(organization)
        everyone, order = self.fitting(filters, by, given)
        return given.statement(
            f"WITH {everyone} SELECT y.id, y.key, (SELECT count(*) FROM everyone) AS total FROM everyone AS y "
            f"WHERE {_after(by, given)} ORDER BY {order} LIMIT {given.add(count, 'bigint')}"
        )

    def count(self, organization: OrganizationId, filters: AnyFilters) -> Statement:
        """Return the statement that counts up to `MOST_COUNTED + 1` rows that fit among the newest.

        Its row is (found, is_all): whether it looked at all there are.
        """
        by = Order("newest", self.sorts["newest"], True, None, self.id_type)
        walk = self.glance(organization, filters, by, MOST_COUNTED + 1)
        reach = 4 * (MOST_COUNTED + 1)  # at least as far as any `glance` of that count looks
        return Statement(
            f"SELECT (SELECT count(*) FROM ({walk.sql}) AS w) AS found, "
            f"(SELECT count(*) FROM (SELECT FROM {self.rows} WHERE organization_id = $1 LIMIT {reach}) AS a) < {reach} AS is_all",
            walk.parameters,
        )

    def count_all(self, organization: OrganizationId, filters: AnyFilters) -> Statement:
        """Return the statement that counts all that fit, however many; its row is (found)."""
        given = Parameters(organization)
        by = Order("newest", self.sorts["newest"], True, None, self.id_type)
        return given.statement(f"WITH {self.fitting(filters, by, given)[0]} SELECT count(*) AS found FROM everyone")

    def keep(self, organization: OrganizationId, filters: AnyFilters, by: Order, selection: UUID, part: int) -> Statement:
        """Return the statement that keeps all that fit as a selection, `part` ids a row in the list's order; its row is (found)."""
        given = Parameters(organization)
        everyone, order = self.fitting(filters, by, given)
        column = "numbers" if self.id_type == "bigint" else "ids"
        return given.statement(
            f"WITH {everyone}, placed AS (SELECT y.id, row_number() OVER (ORDER BY {order}) AS place FROM everyone AS y), "
            f"kept AS (INSERT INTO people.selections (organization_id, id, part, {column}) "
            f"SELECT $1, {given.add(selection, 'uuid')}, (p.place - 1) / {given.add(part, 'bigint')}, array_agg(p.id ORDER BY p.place) "
            "FROM placed AS p GROUP BY 3) "
            "SELECT count(*) AS found FROM everyone"
        )


def farther(found: int, count: int) -> int | None:
    """Return how many times as far a second glance has to look, given what the first found of `count`; None if that is too far."""
    times = -(-3 * count // (2 * found)) if found else FARTHEST + 1
    return times if times <= FARTHEST else None


def _after(by: Order, given: Parameters) -> str:
    if by.after is None:
        return "true"
    if by.after[0] is None:
        return f"y.key IS NULL AND y.id {by.beyond} {given.add(by.after[1], by.id_type)}"
    return f"({by.rows_after('y.key', 'y.id', given)} OR y.key IS NULL)"
