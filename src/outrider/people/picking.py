"""Somebody by what people type who mean them: an address, a part of a name. Knows no HTTP."""

import re
from uuid import UUID

from outrider.kit.errors import Conflict, NotFound

from .filters import Filters
from .lists import Lists
from .rows import PersonRow

MOST = 8
TOLD = 3
LOOKED_AT = 50
LOST = re.compile("[?\ufffd]")


async def suggestions(people: Lists, typed: str) -> list[PersonRow]:
    """Return a few people who fit what was typed so far, the newest for nothing."""
    return (await people.people(Filters(q=typed.strip()[:200] or None), limit=MOST)).items


async def sample(people: Lists) -> PersonRow | None:
    """Return somebody to show a text for: of the newest the one with most of a name, a title and a company, and no letters lost in the name
    (? or the sign for it); None where there is nobody."""
    found = (await people.people(Filters(), limit=LOOKED_AT)).items
    return min(found, key=lambda one: (bool(LOST.search(one.name or "?")), not one.company, not one.title), default=None)


async def whom(people: Lists, typed: str) -> str:
    """Return the address or id that was typed, or the address of the one person with such a name; nothing for nothing.

    Raises `NotFound` for nobody, and `Conflict` that names some of them when it may be several.
    """
    typed = typed.strip()
    if not typed or "@" in typed or _is_id(typed):
        return typed
    found = await suggestions(people, typed)
    exact = [one for one in found if (one.name or "").casefold() == typed.casefold()]
    if len(exact) == 1:
        return exact[0].email
    if not found:
        raise NotFound(f"nobody is called {typed[:80]!r}: give a name, or one of their addresses", field="person")
    if len(found) > 1:
        some = ", ".join(f"{one.name or 'without a name'} <{one.email}>" for one in found[:TOLD])
        raise Conflict(f"several people fit {typed[:80]!r}, such as {some}: choose one by the address", field="person")
    return found[0].email


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
