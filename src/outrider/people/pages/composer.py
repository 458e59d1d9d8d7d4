"""The composer of filters: what is asked as chips, the filters that can be added, the form of the one that is being added.

The lists of people, companies and addresses have it; so has whatever asks for people by filters (`people/lists/filtering.html` shows it).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
from starlette.datastructures import QueryParams

from outrider.kit.errors import InvalidInput
from outrider.tenancy import Visitor

from ..asked import filters_of
from ..custom_fields import CustomField, CustomFields
from ..filters import AnyFilters
from ..store import choices as queries
from . import list_filters, list_state
from .list_state import ListState

EDITED = ("edited", "1")


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The form of a filter: its field, the options of a choice, what is asked now, and what else the form carries along."""

    field: list_filters.FilterField
    options: list[tuple[str, str]]
    value: str
    hidden: list[tuple[str, str]]
    custom: CustomField | None
    key: str
    ops: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Composer:
    """What a page shows of its filters. `adding` is the form of the one that is being added or changed, None for none."""

    state: ListState
    chips: list[list_filters.Chip]
    filters: list[list_filters.FilterField]
    adding: FilterForm | None


async def composing(
    connection: asyncpg.Connection, visitor: Visitor, state: ListState, known: Mapping[str, CustomField], add: str = ""
) -> Composer:
    """Return the composer of a list in a state; `add` names the filter to be added, and anything else adds none."""
    names = await _names(connection, visitor, [state.filters])
    field = list_filters.field_named(state.kind, add, known)
    form = _form_of(field, state, known, await _options(connection, visitor, field)) if field else None
    return Composer(state, list_filters.chips(state, known, visitor.time_zone, names), list_filters.fields_of(state.kind, known), form)


async def compose_people(
    connection: asyncpg.Connection, visitor: Visitor, params: QueryParams, at: str, saved: Mapping[str, Any] | None = None
) -> Composer:
    """Return the composer of a page at `at` that asks for people. `saved` are the filters that stand until somebody changes them there.

    What cannot be asked is left out and said in the state's `errors`. Raises `InvalidInput` for a cursor that we did not make.
    """
    state = replace(list_state.read("people", params, [], visitor.time_zone), sort="newest", direction=None, columns=(), dense=False, at=at)
    if saved is not None:
        kept = state.filters if "edited" in params else filters_of("people", saved)
        state = replace(state, filters=kept, also=(EDITED,))
    known = await CustomFields(connection, visitor.organization_id).known()
    return await composing(connection, visitor, state, known, params.get("add", ""))


async def filters_to_words(connection: asyncpg.Connection, visitor: Visitor, asked: Sequence[AnyFilters]) -> list[list[str]]:
    """Return what filters of people ask in words, one text each; [] for those that ask nothing."""
    known = await CustomFields(connection, visitor.organization_id).known()
    names = await _names(connection, visitor, asked)
    words = []
    for filters in asked:
        chips = list_filters.chips(ListState("people", filters, "newest"), known, visitor.time_zone, names)
        words.append(([f"“{filters.q}”"] if filters.q else []) + [chip.text for chip in chips])
    return words


def people_asked(query: str, time_zone: str) -> dict[str, Any]:
    """Return what a query string of a page that composes filters asks for, as JSON. Raises `InvalidInput` for what cannot be asked."""
    state = list_state.read("people", QueryParams(query), [], time_zone)
    if state.errors:
        field, message = next(iter(state.errors.items()))
        raise InvalidInput(message, field=field)
    return state.asked


def _form_of(
    field: list_filters.FilterField, state: ListState, known: Mapping[str, CustomField], options: list[tuple[str, str]]
) -> FilterForm:
    key = field.name.removeprefix(list_filters.CUSTOM) if field.input == "custom" else ""
    custom = known.get(key)
    held = getattr(state.filters, field.name, None)
    value = "" if held is None or isinstance(held, tuple) else str(held).lower() if isinstance(held, bool) else str(held)
    value = value[:10] if field.input == "day" else value
    leave_out = () if field.input in ("tag", "custom", "doing") else (field.name,)
    ops = list_filters.CUSTOM_OPS[custom.type if custom else "text"]
    return FilterForm(field, options, value, state.hidden(*leave_out), custom, key, ops)


async def _names(connection: asyncpg.Connection, visitor: Visitor, asked: Sequence[AnyFilters]) -> dict[str, str]:
    """Return what the imports and lists are called that filters name, by id."""
    held = [getattr(one, name, None) for one in asked for name in list_filters.NAMED]
    ids = [id for id in held if id is not None]
    rows = queries.names_by_id(connection, organization_id=visitor.organization_id, ids=ids)
    return {str(row["id"]): row["name"] async for row in rows} if ids else {}


async def _options(connection: asyncpg.Connection, visitor: Visitor, field: list_filters.FilterField) -> list[tuple[str, str]]:
    """Return what a filter's form offers to choose from."""
    where: dict[str, Any] = {"organization_id": visitor.organization_id}
    if field.input == "tag":
        return [(tag, tag) for tag in await CustomFields(connection, visitor.organization_id).tags(count=200)]
    if field.source == "countries":
        return list(list_filters.countries())
    if field.source in ("seniority", "department"):
        query = queries.seniorities if field.source == "seniority" else queries.departments
        return [(row["value"], row["value"]) async for row in query(connection, **where)]
    if field.source == "sources":
        return [(row["source"], row["source"]) async for row in queries.sources(connection, **where)]
    if field.source == "imports":
        return [(str(row["id"]), row["name"]) async for row in queries.imports(connection, **where)]
    if field.source == "lists":
        return [(str(row["id"]), row["name"]) async for row in queries.lists(connection, **where)]
    if field.source == "namespaces":
        return [(row["name"], row["name"]) async for row in queries.namespaces(connection, **where)]
    return list(field.options)
