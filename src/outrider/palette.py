"""The command palette: one field that finds pages, campaigns and what belongs to them, people, companies.

Composition: it asks the slices, each by its face.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.http import Text
from outrider.marketing import find_named
from outrider.people import CompanyFilters, Filters, Lists
from outrider.tenancy import Visitor, visiting

MOST = 6
OUTREACH = {"campaign": "send", "list": "list", "segment": "list-filter", "template": "file-text"}
SHORTEST = 2
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the palette."""

    label: str
    detail: str
    href: str
    icon: str


@router.get("/palette")
async def find(
    request: Request, visitor: Annotated[Visitor, Depends(visiting(None))], q: Annotated[Text, Query(max_length=200)] = ""
) -> Response:
    """Return the lines for what was typed so far: pages at once, records from the second letter on."""
    groups = [("Go to", _pages(request, q.strip().casefold()))]
    if len(q.strip()) >= SHORTEST and visitor.caller.namespaces is None and visitor.may("campaigns:read"):
        groups.append(("Outreach", await _outreach(visitor, q.strip())))
    if len(q.strip()) >= SHORTEST and visitor.may("people:read"):
        groups += await _records(visitor, q.strip())
    return ui.fragment(request, "palette.html", "results", groups=[group for group in groups if group[1]], q=q)


def _pages(request: Request, words: str) -> list[Found]:
    viewer = ui.viewer_of(request.scope)
    items = ui.entries_for(viewer, request.app.state.navigation) if viewer is not None else []
    found = [
        Found(item.label, item.section, item.href, item.icon)
        for item in items
        if words in f"{item.label} {item.keywords} {item.about}".casefold()
    ]
    return found[:MOST] if words else found


async def _outreach(visitor: Visitor, q: str) -> list[Found]:
    async with visitor.transaction(readonly=True) as connection:
        named = await find_named(connection, visitor.organization_id, q, MOST)
    return [Found(one.name, one.kind.capitalize(), f"/{one.kind}s/{one.id}", OUTREACH[one.kind]) for one in named][: 2 * MOST]


async def _records(visitor: Visitor, q: str) -> list[tuple[str, list[Found]]]:
    async with visitor.transaction(readonly=True) as connection:
        lists = Lists(connection, visitor.organization_id)
        people = await lists.people(Filters(q=q), limit=MOST)
        companies = await lists.companies(CompanyFilters(q=q), limit=MOST)
    return [
        ("People", [Found(one.name or one.email, one.company or one.email, f"/people/{one.id}", "user-round") for one in people.items]),
        ("Companies", [Found(one.name or one.domain, one.domain, f"/companies/{one.id}", "building-2") for one in companies.items]),
    ]
