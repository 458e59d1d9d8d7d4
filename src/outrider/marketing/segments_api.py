"""Segments over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, transaction

from .access import Name, Part, Reader, Writer
from .examples import FILTERS, NEXT, SEGMENT, MemberPage, MemberView, example, given
from .segments import Segments

router = APIRouter(prefix="/api/segments", tags=["campaigns"])
SegmentId = Annotated[UUID, Path(description="The segment's id.")]
MEANT = "{filter: value}, named and meant as in GET /api/people; {} is everyone."


class SegmentView(BaseModel):
    """A segment: whoever fits its filters at the moment."""

    model_config = example(SEGMENT, title="Segment")

    id: UUID
    name: str
    description: str | None
    filters: dict[str, Any] = Field(description=MEANT)
    created_by: str
    created_at: datetime
    updated_at: datetime


class SegmentPage(BaseModel):
    """A page of segments."""

    model_config = example({"items": [SEGMENT], "next_cursor": None}, title="Segments")

    items: list[SegmentView]
    next_cursor: str | None = Field(description=NEXT)


class NewSegment(BaseModel):
    """A segment to make."""

    model_config = given({"name": "Finance in Spain", "filters": FILTERS})

    name: Text = Field(description="1 to 200 characters, of no other segment.")
    description: Text | None = None
    filters: dict[Text, Any] = Field(description=MEANT)


class SegmentChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = given({"filters": FILTERS})

    name: Text | None = None
    description: Text | None = Field(None, description='"" clears it.')
    filters: dict[Text, Any] | None = Field(None, description=MEANT)


class Asked(BaseModel):
    """Filters to count by."""

    model_config = given({"filters": FILTERS}, title="SegmentFilters")

    filters: dict[Text, Any] = Field(description=MEANT)


class Counted(BaseModel):
    """How many people fit."""

    model_config = example({"people": 412, "is_exact": True}, title="SegmentCount")

    people: int
    is_exact: bool = Field(description="false: at least so many.")


@asynccontextmanager
async def _segments(caller: Caller, *, readonly: bool = False) -> AsyncIterator[Segments]:
    async with transaction(caller.organization_id, caller.actor, readonly=readonly) as connection:
        yield Segments(connection, caller.organization_id)


@router.get("", summary="List segments")
async def list_segments(caller: Reader, name: Name = None, q: Part = None, limit: Limit = 50, cursor: Cursor = None) -> SegmentPage:
    """Newest first."""
    async with _segments(caller, readonly=True) as segments:
        page = await segments.page(name=name, q=q, limit=limit, cursor=cursor)
    return SegmentPage(items=[SegmentView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("", status_code=201, summary="Make a segment")
async def create_segment(caller: Writer, body: NewSegment) -> SegmentView:
    """409 for a name that is taken, 422 for a filter that there is not."""
    async with _segments(caller) as segments:
        return SegmentView.model_validate(await segments.add(body.name, body.filters, body.description))


@router.post("/count", summary="Count who fits filters")
async def count_segment(caller: Reader, body: Asked) -> Counted:
    """Exact up to 10,000; saves nothing."""
    async with _segments(caller, readonly=True) as segments:
        number, is_exact = await segments.count(body.filters)
    return Counted(people=number, is_exact=is_exact)


@router.get("/{id}", summary="Show a segment")
async def get_segment(id: SegmentId, caller: Reader) -> SegmentView:
    """One segment."""
    async with _segments(caller, readonly=True) as segments:
        return SegmentView.model_validate(await segments.find(id))


@router.patch("/{id}", summary="Change a segment")
async def update_segment(id: SegmentId, caller: Writer, body: SegmentChange) -> SegmentView:
    """A campaign that is for it takes the change with its next resolve. 409 for a name that is taken."""
    async with _segments(caller) as segments:
        changed = await segments.change(id, name=body.name, filters=body.filters, description=body.description)
        return SegmentView.model_validate(changed)


@router.delete("/{id}", status_code=204, summary="Delete a segment")
async def delete_segment(id: SegmentId, caller: Writer) -> None:
    """The people stay. 409 while a campaign is for it."""
    async with _segments(caller) as segments:
        await segments.delete(id)


@router.get("/{id}/people", summary="List the people in a segment")
async def list_segment_people(id: SegmentId, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> MemberPage:
    """Who fits now, those who came in last first."""
    async with _segments(caller, readonly=True) as segments:
        page = await segments.people(id, limit=limit, cursor=cursor)
    return MemberPage(items=[MemberView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)
