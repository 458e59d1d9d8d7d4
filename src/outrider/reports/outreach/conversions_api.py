"""Conversions and attribution over HTTP. One request is one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, require, transaction

from . import examples
from .attribution import Attribution
from .attribution_types import MODELS, MOST_DAYS, USUAL_DAYS, Model, NewConversion, Span, Touch
from .views import NEXT, shown

router = APIRouter(prefix="/api", tags=["attribution"])
Reader = Annotated[Caller, Depends(require("campaigns:read"))]
Writer = Annotated[Caller, Depends(require("campaigns:write"))]
ConversionId = Annotated[UUID, Path(description="The conversion's id.")]
Type = Literal["meeting", "demo", "signup", "sale"]
AskedModel = Annotated[
    Model, Query(description="Whose a conversion is: the first touch's, the last one's, or in equal parts all of theirs.")
]
Days = Annotated[int, Query(description="How many days before a conversion touches count.", ge=1, le=MOST_DAYS)]
AskedType = Annotated[Type | None, Query(description="Only of this type.")]
Since = Annotated[date | None, Query(description="Only since this day, in the organization's zone.", examples=["2026-11-01"])]
Until = Annotated[date | None, Query(description="Only until this day, which counts.", examples=["2026-11-30"])]


class ConversionView(BaseModel):
    """Something that a person was won for."""

    model_config = shown("Conversion", examples.CONVERSION)

    id: UUID
    person_id: UUID
    name: str | None
    email: str
    type: str
    converted_at: datetime
    value: Decimal | None
    currency: str | None
    note: str | None
    created_by: str
    created_at: datetime
    share: float = Field(description="How much of it the asked campaign has, 0 to 1; 1 where no campaign was asked for.")
    worth: Decimal | None = Field(description="That part of the value; what all campaigns have of it adds up to the value.")


class ConversionPage(BaseModel):
    """A page of conversions, newest first."""

    model_config = shown("ConversionPage", {"items": [examples.CONVERSION], "next_cursor": None})

    items: list[ConversionView]
    next_cursor: str | None = Field(description=NEXT)


class RecordedConversion(BaseModel):
    """A conversion to record."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.NEW_CONVERSION]}, title="NewConversion")

    person: Text = Field(max_length=254, description="The person's id, or one of their addresses.")
    type: Type
    converted_at: AwareDatetime = Field(default_factory=partial(datetime.now, UTC), description="When; left out, now. Not in the future.")
    value: Decimal | None = Field(None, ge=0, max_digits=14, decimal_places=2, description="What it is worth; goes with `currency`.")
    currency: Text | None = Field(None, pattern="^[A-Z]{3}$", description="Three capital letters.")
    note: Text | None = Field(None, max_length=2000)


class TouchView(BaseModel):
    """Something that happened between us and the person before."""

    model_config = shown("Touch", examples.TOUCH)

    campaign_id: UUID
    campaign: str | None
    channel: Literal["email", "linkedin", "phone"]
    type: str = Field(description="sent, open, click, reply, or a type of LinkedIn or of the telephone.")
    message_id: UUID | None
    touched_at: datetime
    place: int
    places: int
    shares: dict[str, float] = Field(description="How much of the conversion it has by each model.")


class TouchedConversion(ConversionView):
    """A conversion with what led to it."""

    model_config = shown("TouchedConversion", {**examples.CONVERSION, "touches": [examples.TOUCH]})

    touches: list[TouchView]


class CreditView(BaseModel):
    """What a campaign led to."""

    model_config = shown("AttributionCredit", examples.CREDIT)

    campaign_id: UUID | None = Field(description="Null: conversions that nothing of ours led to.")
    name: str | None
    conversions: float = Field(description="Shares of conversions, summed.")
    people: int
    types: dict[str, float]
    money: dict[str, Decimal] = Field(description="{currency: sum of the shares' values}; currencies are never added together.")


class AttributionView(BaseModel):
    """What led to the conversions, by campaign."""

    model_config = shown("Attribution", {"model": "last", "days": 90, "items": [examples.CREDIT]})

    model: Model
    days: int
    items: list[CreditView]


@asynccontextmanager
async def _open(caller: Caller, *, readonly: bool = False) -> AsyncIterator[Attribution]:
    async with transaction(caller.organization_id, caller.actor, readonly=readonly) as connection:
        yield Attribution(connection, caller.organization_id)


@router.get("/attribution", summary="Attribute conversions to campaigns")
async def get_attribution(
    caller: Reader, model: AskedModel = "last", days: Days = USUAL_DAYS, type: AskedType = None, since: Since = None, until: Until = None
) -> AttributionView:
    """Most conversions first. Each conversion counts once in all, in parts where the model divides it."""
    span = Span(model, days, type, since, until)
    async with _open(caller, readonly=True) as attribution:
        found = await attribution.by_campaign(span)
    return AttributionView(model=model, days=days, items=[CreditView.model_validate(credit) for credit in found])


@router.get("/conversions", summary="List conversions")
async def list_conversions(
    caller: Reader,
    model: AskedModel = "last",
    days: Days = USUAL_DAYS,
    type: AskedType = None,
    since: Since = None,
    until: Until = None,
    campaign_id: Annotated[UUID | None, Query(description="Only those that this campaign has a share of.")] = None,
    untouched: Annotated[bool, Query(description="Only those that nothing of ours led to.")] = False,
    currency: Annotated[Text | None, Query(description="Only those of a value in this currency.", examples=["EUR"], max_length=3)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ConversionPage:
    """Newest first; with a campaign, the share that it has of each."""
    span = Span(model, days, type, since, until)
    async with _open(caller, readonly=True) as attribution:
        page = await attribution.page(span, campaign=campaign_id, is_untouched=untouched, currency=currency, limit=limit, cursor=cursor)
    return ConversionPage(items=[ConversionView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/conversions", status_code=201, summary="Record a conversion")
async def record_conversion(caller: Writer, body: RecordedConversion) -> ConversionView:
    """A meeting, demo, signup or sale. 409 when this one of this person at this moment is recorded already."""
    async with _open(caller) as attribution:
        return ConversionView.model_validate(await attribution.record(NewConversion(**body.model_dump())))


@router.get("/conversions/{id}", summary="Show a conversion")
async def get_conversion(id: ConversionId, caller: Reader, days: Days = USUAL_DAYS) -> TouchedConversion:
    """With every touch of the days before it, the first one first, and how much of it each has."""
    async with _open(caller, readonly=True) as attribution:
        found = await attribution.get(id)
        touches = await attribution.touches(id, days)
    return TouchedConversion(**ConversionView.model_validate(found).model_dump(), touches=[_touch(one) for one in touches])


@router.delete("/conversions/{id}", status_code=204, summary="Delete a conversion")
async def delete_conversion(id: ConversionId, caller: Writer) -> None:
    """One that should not have been recorded."""
    async with _open(caller) as attribution:
        await attribution.delete(id)


def _touch(touch: Touch) -> TouchView:
    fields = {name: getattr(touch, name) for name in TouchView.model_fields if name != "shares"}
    return TouchView(**fields, shares={model: touch.share(model) for model in MODELS})
