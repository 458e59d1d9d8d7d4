"""In which order a list comes and where its page begins; statements with their numbered values. Knows no table's conditions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from outrider.kit.errors import InvalidInput
from outrider.kit.paging import decode_cursor, encode_cursor, foreign_cursor
from outrider.tenancy import OrganizationId

DIRECTIONS = ("asc", "desc")
BIGGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Sort:
    """An order: its key column with the column's type (the id breaks ties), and which way it goes unless asked."""

    column: str
    type: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with its parameters; rows of a list are (id, key)."""

    sql: str
    parameters: tuple[Any, ...]


class Parameters:
    """Numbers values as they come; $1 is the organization."""

    def __init__(self, organization: OrganizationId) -> None:
        self.values: list[Any] = [organization]

    def add(self, value: Any, type: str = "text") -> str:
        """Return what stands for the value in the SQL."""
        self.values.append(value)
        return f"${len(self.values)}::{type}"

    def statement(self, sql: str) -> Statement:
        """Return the SQL with the values so far."""
        return Statement(sql, tuple(self.values))


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted and where its page begins; `after` is (key, id), None for the first page.

    A key of None is in the part of the list that has none, which comes last either way: people without a company.
    """

    name: str
    sort: Sort
    descending: bool
    after: tuple[Any, Any] | None
    id_type: str = "uuid"

    @property
    def way(self) -> str:
        """What follows a column in ORDER BY."""
        return "DESC" if self.descending else "ASC"

    @property
    def beyond(self) -> str:
        """What compares a row with one before it in the list."""
        return "<" if self.descending else ">"

    def cursor(self, key: Any, id: Any) -> str:
        """Return the cursor of the page after this row."""
        return encode_cursor(self.name, "desc" if self.descending else "asc", key.isoformat() if isinstance(key, datetime) else key, id)

    def keys(self, column: str, id: str) -> str:
        """Return what follows ORDER BY: one column where the key is the id, so that the planner sees the walk's order in it."""
        return f"{id} {self.way}" if column == id or self.is_by_id else f"{column} {self.way}, {id} {self.way}"

    @property
    def is_by_id(self) -> bool:
        """Whether the key is the id itself."""
        return self.sort.column.endswith((".id", ".contact_id"))

    def rows_after(self, column: str, id: str, given: Parameters) -> str:
        """Return the condition for rows after `after` in (column, id). Two tables' columns make no index condition as a pair."""
        assert self.after is not None
        if column == id:
            return f"{id} {self.beyond} {given.add(self.after[1], self.id_type)}"
        key, tie = given.add(self.after[0], self.sort.type), given.add(self.after[1], self.id_type)
        if column.partition(".")[0] == id.partition(".")[0]:
            return f"({column}, {id}) {self.beyond} ({key}, {tie})"
        return f"{column} {self.beyond}= {key} AND ({column} {self.beyond} {key} OR {id} {self.beyond} {tie})"


def order(sorts: dict[str, Sort], sort: str, direction: str | None, cursor: str | None, id_type: str = "uuid") -> Order:
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
        after = (_parsed(key[2], chosen.type), _parsed(key[3], id_type))
    return Order(sort, chosen, descending, after, id_type)


def _parsed(text: str | None, type: str) -> Any:
    try:
        if type == "uuid":
            return UUID(text or "")
        if type == "bigint":
            number = int(text or "")
            return number if abs(number) <= BIGGEST else _refuse_cursor()
        if type == "timestamptz":
            found = datetime.fromisoformat(text or "")
            return found if found.tzinfo else _refuse_cursor()
        if text is not None and "\x00" in text:
            return _refuse_cursor()
        return text
    except ValueError:
        return _refuse_cursor()


def _refuse_cursor() -> Any:
    raise foreign_cursor()
