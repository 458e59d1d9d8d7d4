"""People by filters, for pages that compose them: who fits, how many, the page after. What htmx fetches is the same, alone."""

from typing import Any

import asyncpg

from outrider.kit.errors import InvalidInput
from outrider.people import Composer, Lists
from outrider.tenancy import Visitor

from ..lists import people_of
from ..types import Person
from .visits import PAGE


async def who_fits(connection: asyncpg.Connection, visitor: Visitor, composer: Composer) -> dict[str, Any]:
    """Return what `audiences/composer.html` shows. What cannot be asked is said in `errors`. Raises `InvalidInput` for a foreign cursor."""
    state, lists = composer.state, Lists(connection, visitor.organization_id)
    errors = dict(state.errors)
    people: list[Person] = []
    next_page, number, is_exact = None, 0, True
    try:
        found = await lists.find("people", state.filters, sort="newest", limit=PAGE, cursor=state.cursor)
        people = await people_of(lists, found.ids)
        next_page = state.page(found.next_cursor) if found.next_cursor else None
        if found.total is not None:
            number = found.total
        else:
            counted = await lists.count("people", state.filters)
            number, is_exact = counted.number, counted.is_exact
    except InvalidInput as error:
        if error.field == "cursor":
            raise
        errors[error.field or "q"] = error.message
    return {
        "state": state,
        "chips": composer.chips,
        "filters": composer.filters,
        "adding": composer.adding,
        "people": people,
        "number": number,
        "is_exact": is_exact,
        "next": next_page,
        "first": state.page(None) if state.cursor else None,
        "errors": errors,
    }
