"""Profiles over HTTP. One request is one transaction; an export is one a page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse

from outrider.kit.http import Cursor, Limit, Text, csv_file
from outrider.tenancy import Caller, require, transaction

from . import profile_export as export
from .profiles import LONGEST_QUERY, MOST_SCORE, SORTS, ProfileService, all_pages
from .types import Profile, ProfileFilters
from .views import ProfilePage, ProfileView

router = APIRouter(prefix="/api/profiles", tags=["profiles"])
Reader = Annotated[Caller, Depends(require("profiles:read", takes_clients=True))]
Namespace = Annotated[
    Text | None, Query(description="Only this namespace's; none: all that you may see.", examples=["acme-corp"], max_length=200)
]
NOT_YOURS = {"description": "There is no such namespace, or it is not one that you may see."}
ProfileId = Annotated[UUID, Path(description="The profile's id.")]


def filters(
    q: Annotated[
        Text | None,
        Query(
            description="Words that are all part of name, address or company, in any case. One of one or two letters begins a word.",
            examples=["ana acme"],
            max_length=LONGEST_QUERY,
        ),
    ] = None,
    platform: Annotated[Text | None, Query(description="They came from this platform.", examples=["lemlist"], max_length=200)] = None,
    score_from: Annotated[int | None, Query(ge=0, le=MOST_SCORE, description="Their lead score is this or more.", examples=[50])] = None,
    score_to: Annotated[int | None, Query(ge=0, le=MOST_SCORE, description="Their lead score is this or less.", examples=[100])] = None,
) -> ProfileFilters:
    """Return what the query asks of profiles."""
    return ProfileFilters(q or None, platform or None, score_from, score_to)


Asked = Annotated[ProfileFilters, Depends(filters)]


@asynccontextmanager
async def _profiles(caller: Caller) -> AsyncIterator[ProfileService]:
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        yield ProfileService(connection, caller.organization_id, caller.namespaces)


@router.get("", summary="Search and list profiles", responses={404: NOT_YOURS})
async def list_profiles(
    caller: Reader,
    asked: Asked,
    namespace: Namespace = None,
    sort: Annotated[
        Text, Query(description=f"One of {', '.join(SORTS)}: latest first, highest first, from A on.", examples=["newest"], max_length=20)
    ] = "newest",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ProfilePage:
    """People as clients see them: seed 000's tables `{namespace}_user_source`. A client gets those of their own namespaces; another one is
    a 404 to them."""
    async with _profiles(caller) as profiles:
        page = await profiles.page(asked, namespace=namespace, sort=sort, limit=limit, cursor=cursor)
    return ProfilePage(items=[ProfileView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.get(
    "/export.csv",
    summary="Export profiles as CSV",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "A header, then a line for each profile."}, 404: NOT_YOURS},
)
async def export_profiles(caller: Reader, asked: Asked, namespace: Namespace = None) -> StreamingResponse:
    """Everyone who fits, as CSV (UTF-8), latest first; cells that a spreadsheet would run as formulas begin with an apostrophe.

    It is read page by page: who comes in while it runs is not in it.
    """
    return await csv_answer(caller, asked, namespace)


@router.get("/{id}", summary="Show a profile")
async def get_profile(id: ProfileId, caller: Reader) -> ProfileView:
    """One profile, with what enrichment found and where they came from."""
    async with _profiles(caller) as profiles:
        return ProfileView.model_validate(await profiles.find(id))


async def csv_answer(caller: Caller, asked: ProfileFilters, namespace: str | None) -> StreamingResponse:
    """Return the stream of a CSV file. Raises as `ProfileService.page`, before the answer begins."""
    source = all_pages(lambda: _profiles(caller), asked, namespace, export.PAGE)
    first: list[Profile] = await anext(source)

    async def text() -> AsyncIterator[str]:
        yield export.header() + export.lines(first)
        async for page in source:
            yield export.lines(page)

    return csv_file(text(), export.file_name(namespace))
