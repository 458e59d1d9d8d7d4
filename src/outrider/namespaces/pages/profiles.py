"""/profiles: people as a client sees them. For somebody with the role client these pages are the whole of Outrider."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Text
from outrider.kit.paging import Page

from ..profiles import MOST_SCORE, SORTS, ProfileService
from ..profiles_api import csv_answer
from ..service import NamespaceService
from ..types import Profile, ProfileFilters
from .forms import problems
from .visits import ProfileReader, profiles_of

router = APIRouter()
PAGE = 50
RECENT = timedelta(days=7)
Field = Annotated[Text, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is asked for, as it was typed; empty: not asked."""

    namespace: str
    q: str
    platform: str
    score_from: str
    score_to: str
    sort: str

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the namespace and the order was asked."""
        return bool(self.q or self.platform or self.score_from or self.score_to)

    def filters(self) -> ProfileFilters:
        """Return the filters. Raises `InvalidInput` for a score that is no number."""
        return ProfileFilters(
            self.q or None, self.platform or None, _score(self.score_from, "score_from"), _score(self.score_to, "score_to")
        )

    def address(self, path: str = "/profiles", **changes: str) -> str:
        """Return the address of the list with some of this changed, or another one (the CSV) of the same people."""
        given = {name: getattr(self, name) for name in self.__dataclass_fields__} | changes
        return ui.address(path, {name: value for name, value in given.items() if (name, value) != ("sort", SORTS[0])})


def asked(
    namespace: Field = "", q: Field = "", platform: Field = "", score_from: Field = "", score_to: Field = "", sort: Field = SORTS[0]
) -> Asked:
    """Return what the query asks for."""
    return Asked(namespace, q.strip(), platform, score_from.strip(), score_to.strip(), sort)


List = Annotated[Asked, Depends(asked)]


@router.get("/profiles")
async def index(request: Request, visitor: ProfileReader, asked: List, cursor: Cursor = None) -> Response:
    """Return the list; htmx gets the rows alone."""
    errors: dict[str, str] = {}
    page: Page[Profile] = Page([], None)
    async with visitor.transaction(readonly=True) as connection:
        service = ProfileService(connection, visitor.organization_id, visitor.caller.namespaces)
        every = await service.namespaces()
        shown = await service.namespaces(asked.namespace) if asked.namespace else every
        try:
            page = await service.page(asked.filters(), namespace=asked.namespace or None, sort=asked.sort, limit=PAGE, cursor=cursor)
        except InvalidInput as error:
            if error.field not in ("q", "score_from", "score_to"):
                raise
            errors = problems(error)
        context: dict[str, Any] = {
            "asked": asked,
            "profiles": page.items,
            "next_cursor": page.next_cursor,
            "is_first": cursor is None,
            "many": len(shown) > 1,
            "errors": errors,
        }
        if ui.is_htmx(request):
            # 200 whatever was typed: what is wrong with it is part of the answer, and a half-typed number is no failure.
            answer = ui.fragment(request, "namespaces/profiles.html", "rows", is_part=True, **context)
            answer.headers["HX-Replace-Url"] = asked.address()
            return answer
        platforms = await service.platforms(shown)
        summary = await service.summary(shown, datetime.now(UTC) - RECENT)
        contents = await NamespaceService(connection, visitor.organization_id).contents(shown)
    return ui.page(
        request,
        "namespaces/profiles.html",
        422 if errors else 200,
        is_part=False,
        names=sorted(every.values()),
        heading=next(iter(shown.values())) if len(shown) == 1 else "Profiles",
        platforms=platforms,
        summary=summary,
        contents=list(contents.values()),
        is_client=visitor.caller.namespaces is not None,
        place=visitor.organization_name,
        may_import=visitor.may("imports:write"),
        **context,
    )


@router.get("/profiles/export.csv")
async def export(visitor: ProfileReader, asked: List) -> Response:
    """Return the same people as a file."""
    return await csv_answer(visitor.caller, asked.filters(), asked.namespace or None)


@router.get("/profiles/{id}")
async def show(request: Request, visitor: ProfileReader, id: UUID) -> Response:
    """Return one profile."""
    async with profiles_of(visitor) as service:
        profile = await service.find(id)
    meta = {key: value for key, value in profile.meta.items() if key != "campaign"} if isinstance(profile.meta, dict) else profile.meta
    return ui.page(
        request,
        "namespaces/profile.html",
        profile=profile,
        linkedin=ui.web_address(profile.linkedin_profile or ""),
        enrichment=ui.readable(profile.enrichment_data),
        meta=ui.readable(meta),
        may_see_person=visitor.may("people:read"),
    )


def _score(text: str, field: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > MOST_SCORE:
        raise InvalidInput(f"a score is a whole number from 0 on, not {text[:20]!r}", field=field)
    return int(text)
