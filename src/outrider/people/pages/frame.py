"""The frame round every page of one person or company: who it is, the tabs, and what stands where there is nobody."""

from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from typing import Annotated, Any, ParamSpec
from uuid import UUID

import asyncpg
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import NotFound
from outrider.tenancy import Visitor, visiting

from ..service import PeopleService
from ..types import Company, Person
from . import words

P = ParamSpec("P")
Reader = Annotated[Visitor, Depends(visiting("people:read"))]
Writer = Annotated[Visitor, Depends(visiting("people:write"))]


def subject_of(request: Request) -> str:
    """Return what a page is about, by its address: a `person` or a `company`."""
    return "person" if request.url.path.startswith("/people/") else "company"


def base_of(subject: str, id: UUID) -> str:
    """Return the address of a person's or company's page."""
    return f"/{'people' if subject == 'person' else 'companies'}/{id}"


def as_id(text: str) -> UUID | None:
    """Return the id that a part of an address is, as we write ids; None for anything else."""
    try:
        id = UUID(text)
    except ValueError:
        return None
    return id if str(id) == text else None


async def framed(connection: asyncpg.Connection, visitor: Visitor, subject: str, id: UUID, parts: Iterable[str] = ()) -> dict[str, Any]:
    """Return what the templates of a record's pages need, with the parts asked for. Raises `NotFound`."""
    people = PeopleService(connection, visitor.organization_id)
    found: Person | Company = await (people.find(str(id), parts) if subject == "person" else people.find_company(str(id), parts))
    base = base_of(subject, id)
    return {
        "subject": subject,
        "found": found,
        "row": found.row,
        "base": base,
        "frame": f"people/{subject}.html",
        "fields": words.PERSON if subject == "person" else words.COMPANY,
        "words": words,
        "tabs": _person_tabs(found, base) if isinstance(found, Person) else _company_tabs(found, base),
        "may_edit": visitor.may("people:write"),
    }


def _person_tabs(found: Person, base: str) -> list[tuple[str, str, int | None]]:
    counts = found.counts
    return [
        ("Overview", base, None),
        ("Timeline", f"{base}/timeline", None),
        ("Addresses", f"{base}/addresses", counts.addresses or None),
        ("Roles", f"{base}/roles", counts.affiliations or None),
        ("Profiles", f"{base}/profiles", counts.profiles or None),
        ("Loads", f"{base}/loads", None),
        ("Notes", f"{base}/notes", counts.notes or None),
    ]


def _company_tabs(found: Company, base: str) -> list[tuple[str, str, int | None]]:
    return [("Overview", base, None), ("Timeline", f"{base}/timeline", None), ("Notes", f"{base}/notes", found.notes or None)]


def or_missing(route: Callable[P, Awaitable[Response]]) -> Callable[P, Awaitable[Response]]:
    """Answer a page that leads to the search where a page is about somebody who is not there. For routes whose `request` is named."""

    @wraps(route)
    async def shown(*given: P.args, **named: P.kwargs) -> Response:
        request = named["request"]
        assert isinstance(request, Request)
        try:
            return await route(*given, **named)
        except NotFound as error:
            if ui.is_htmx(request):
                raise
            kind = request.url.path.split("/")[1]  # people, companies, notes or loads
            place = kind if kind == "companies" else "people"
            return ui.page(request, "people/missing.html", 404, kind=kind, place=place, detail=error.message.partition(";")[0])

    return shown
