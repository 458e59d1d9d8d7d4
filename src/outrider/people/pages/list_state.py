"""What a list page is asked for: everything is in its address, so that a link is a view. Pure.

`edited` says that the address itself says all there is, although it names a saved view; without it, `view` means what the view says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from outrider.kit.errors import InvalidInput

from .. import asked
from ..filters import AnyFilters, CustomFilter
from ..saved_views import View
from ..search import LISTS, Order, order

MANY = ("tag", "not_tag", "custom", "engagement", "column")
USUAL_SORT = {"people": "newest", "companies": "name", "contacts": "newest"}
PATHS = {"people": "/people", "companies": "/companies", "contacts": "/contacts"}
MOMENTS = ("created_after", "created_before")


@dataclass(frozen=True, slots=True)
class ListState:
    """The state of a list: what is asked, the order, the columns by name (none: the usual ones), the page, the saved view.

    `at` is the page that composes the filters where that is not the list itself; `also` is what all of its addresses carry.
    """

    kind: str
    filters: AnyFilters
    sort: str
    direction: str | None = None
    columns: tuple[str, ...] = ()
    dense: bool = False
    cursor: str | None = None
    view: View | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    at: str = ""
    also: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> str:
        """The page's address without what is asked of it."""
        return self.at or PATHS[self.kind]

    @property
    def asked(self) -> dict[str, Any]:
        """What is asked, as JSON."""
        return asked.to_json(self.filters)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked."""
        return self.filters != LISTS[self.kind].nothing

    @property
    def is_descending(self) -> bool:
        """Which way the list goes."""
        return LISTS[self.kind].sorts[self.sort].descending if self.direction is None else self.direction == "desc"

    @property
    def is_changed(self) -> bool:
        """Whether it is not what the saved view says any more."""
        if self.view is None:
            return False
        return (self.asked, self.sort, self.is_descending, self.columns) != (
            self.view.filters,
            *_order(self.kind, self.view.sort, self.view.direction),
            self.view.columns,
        )

    def pairs(self, *, paged: bool = False) -> list[tuple[str, str]]:
        """Return the state as the pairs of a query string."""
        pairs = [*asked.to_query(self.filters), *self.also]
        if self.sort != USUAL_SORT[self.kind] or self.direction is not None:
            pairs.append(("sort", self.sort))
        if self.direction is not None:
            pairs.append(("direction", self.direction))
        pairs += [("column", name) for name in self.columns]
        if self.dense:
            pairs.append(("dense", "1"))
        if self.view is not None:
            pairs.append(("view", str(self.view.id)))
            if self.is_changed:
                pairs.append(("edited", "1"))
                return [*pairs, ("cursor", self.cursor)] if paged and self.cursor else pairs
            pairs = [pair for pair in pairs if pair[0] in ("view", "dense")]
        return [*pairs, ("cursor", self.cursor)] if paged and self.cursor else pairs

    def address(self, path: str | None = None, *, paged: bool = False, **more: str) -> str:
        """Return the address of the list in this state, or of another page about the same rows; `more` is put behind it."""
        pairs = [*self.pairs(paged=paged), *more.items()]
        return f"{path or self.path}?{urlencode(pairs)}" if pairs else path or self.path

    def page(self, cursor: str | None) -> str:
        """Return the address of the page at a cursor, of the first one for None."""
        return replace(self, cursor=cursor).address(paged=True)

    def sorted_by(self, sort: str) -> "ListState":
        """Return the list ordered by another column; by the same one: the other way round."""
        turned = not self.is_descending if sort == self.sort else LISTS[self.kind].sorts[sort].descending
        usual = turned == LISTS[self.kind].sorts[sort].descending
        return replace(self, sort=sort, direction=None if usual else "desc" if turned else "asc", cursor=None)

    def without(self, name: str, value: Any = None) -> "ListState":
        """Return the list without a filter; of one that can be asked several times, without this value."""
        held = getattr(self.filters, name)
        left: Any = tuple(one for one in held if one != value) if isinstance(held, tuple) else None
        changed: Any = {name: left}
        return replace(self, filters=replace(self.filters, **changed), cursor=None)

    def densely(self) -> "ListState":
        """Return the list with its rows closer together, or farther apart again."""
        return replace(self, dense=not self.dense)

    def with_columns(self, names: tuple[str, ...]) -> "ListState":
        """Return the list with other columns; none: the usual ones."""
        return replace(self, columns=names)

    @property
    def query(self) -> str:
        """The whole state as a query string, whatever view it began with."""
        return urlencode(replace(self, view=None, dense=False, also=()).pairs())

    def cleared(self) -> "ListState":
        """Return the list with nothing asked."""
        return replace(self, filters=LISTS[self.kind].nothing, cursor=None)

    def hidden(self, *leave_out: str) -> list[tuple[str, str]]:
        """Return what a form has to carry along so that nothing but its own fields changes."""
        explicit = replace(self, view=None).pairs()
        kept = [pair for pair in explicit if pair[0] not in leave_out]
        return kept if self.view is None else [*kept, ("view", str(self.view.id)), ("edited", "1")]


def read(kind: str, params: QueryParams, views: list[View], time_zone: str) -> ListState:
    """Return the state that an address asks for. What cannot be asked is left out and said in `errors`; a view that is not there is none.

    Raises `InvalidInput` for a sort, direction or cursor there is not.
    """
    given = {name: params.getlist(name) for name in params}
    view = next((one for one in views if str(one.id) == params.get("view") and one.kind == kind), None)
    if view is not None and "edited" not in params:
        state = of_view(view)
        return replace(state, dense="dense" in params, cursor=params.get("cursor") or None)
    errors: dict[str, str] = {}
    filters = _filters(kind, _complete(given, errors), time_zone, errors)
    sort = params.get("sort") or USUAL_SORT[kind]
    direction = params.get("direction") or None
    state = ListState(
        kind,
        filters,
        sort,
        direction,
        tuple(dict.fromkeys(given.get("column", ()))),
        "dense" in params,
        params.get("cursor") or None,
        view,
        errors,
    )
    _check_order(state)
    usual = LISTS[kind].sorts[sort].descending
    return replace(state, direction=None) if direction and (direction == "desc") == usual else state


def of_view(view: View) -> ListState:
    """Return the state that a saved view is."""
    sort, descending = _order(view.kind, view.sort, view.direction)
    usual = descending == LISTS[view.kind].sorts[sort].descending
    filters = asked.filters_of(view.kind, view.filters)
    return ListState(view.kind, filters, sort, None if usual else "desc" if descending else "asc", view.columns, view=view)


def _order(kind: str, sort: str | None, direction: str | None) -> tuple[str, bool]:
    chosen = sort or USUAL_SORT[kind]
    return chosen, LISTS[kind].sorts[chosen].descending if direction is None else direction == "desc"


def _check_order(state: ListState) -> Order:
    listing = LISTS[state.kind]
    return order(listing.sorts, state.sort, state.direction, state.cursor, listing.id_type)


def _complete(given: dict[str, list[str]], errors: dict[str, str]) -> dict[str, list[str]]:
    """Return what was given with the fields of the form for a custom field put together: its key, what is asked, the value."""
    key = (given.get("custom_key") or [""])[0]
    if not key:
        return given
    made = list(given.get("custom", ()))
    for op, value in (
        ((given.get("custom_op") or ["contains"])[0], (given.get("custom_value") or [""])[0]),
        ("from", (given.get("custom_from") or [""])[0]),
        ("to", (given.get("custom_to") or [""])[0]),
    ):
        if value.strip() or op in ("yes", "no", "set", "unset"):
            made.append(str(CustomFilter(op, key, None if op in ("yes", "no", "set", "unset") else value.strip())))
    return {**given, "custom": list(dict.fromkeys(made))}


def _filters(kind: str, given: dict[str, list[str]], time_zone: str, errors: dict[str, str]) -> AnyFilters:
    """Return what is asked; each filter that cannot be asked is left out and named in `errors`."""
    found: dict[str, Any] = {}
    for name in asked.ASKED[kind].model_fields:
        values = [value.strip() for value in given.get(name, ()) if value.strip()]
        if not values:
            continue
        value: Any = list(dict.fromkeys(values)) if name in MANY else values[-1]
        if name in MOMENTS:
            value = _moment(value, time_zone, after=name == "created_before" and len(value) == 10)
        try:
            asked.filters_of(kind, {name: value})
        except InvalidInput as error:
            errors[name] = error.message.partition(": ")[2] or error.message
            continue
        found[name] = value
    return asked.filters_of(kind, found) if found else LISTS[kind].nothing


def _moment(text: str, time_zone: str, *, after: bool) -> str:
    """Return a day as its beginning in the viewer's zone (`after`: its end), anything else as it is."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=ZoneInfo(time_zone))
        return (day + timedelta(days=1) if after else day).astimezone(UTC).isoformat()
    except (ValueError, KeyError, OverflowError):  # the last day has no end that could be said, the first no beginning in every zone
        return text
