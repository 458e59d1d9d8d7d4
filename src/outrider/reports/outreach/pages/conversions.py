"""/conversions: those behind a figure of attribution, each with what led to it, and the form to record one."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.http import Text
from outrider.people import Lists, whom

from ..attribution import Attribution
from ..attribution_types import NewConversion
from .asking import MODEL_WORDS, TYPE_WORDS, AskedDays, Shares
from .frame import Reader, Writer

router = APIRouter(include_in_schema=False)
FIELDS = ("person", "type", "converted_at", "value", "currency", "note")


@router.get("/conversions")
async def index(
    request: Request, visitor: Reader, asked: AskedDays, shares: Shares, cursor: Annotated[Text | None, Query()] = None
) -> Response:
    """Return the list."""
    span = asked.span()
    async with visitor.transaction(readonly=True) as connection:
        page = await Attribution(connection, visitor.organization_id).page(span, cursor=cursor, **shares)  # type: ignore[arg-type]
    others = {
        "campaign_id": shares["campaign"],
        "untouched": "true" if shares["is_untouched"] else None,
        "currency": shares["currency"],
    }
    return ui.page(
        request,
        "reports/outreach/conversions.html",
        conversions=page.items,
        is_first=cursor is None,
        is_asked=any(others.values()) or bool(asked.type or asked.since or asked.until),
        has_shares=shares["campaign"] is not None and span.model == "linear",
        here=asked.address("/conversions", **others),
        next=asked.address("/conversions", **others, cursor=page.next_cursor) if page.next_cursor else None,
        back=asked.address("/attribution"),
        detail=ui.address("", {"days": asked.days}),
        types=TYPE_WORDS,
        may_write=visitor.may("campaigns:write"),
    )


@router.get("/conversions/new")
async def new(request: Request, visitor: Writer, person: Annotated[Text, Query(max_length=254)] = "") -> Response:
    """Return the form."""
    now = datetime.now(ZoneInfo(visitor.time_zone))
    return _form(request, {"person": person, "converted_at": f"{now:%Y-%m-%dT%H:%M}"})


@router.post("/conversions")
async def record(request: Request, visitor: Writer) -> Response:
    """Record a conversion and show it; what is wrong is told beside its field."""
    form = await ui.form(request)
    typed = {name: str(form.get(name, "")).strip() for name in FIELDS}
    try:
        read = _read(typed, visitor.time_zone)
        async with visitor.transaction() as connection:
            read = replace(read, person=await whom(Lists(connection, visitor.organization_id), read.person))
            made = await Attribution(connection, visitor.organization_id).record(read)
    except (InvalidInput, NotFound, Conflict) as error:
        return _form(
            request,
            typed,
            {getattr(error, "field", None) or "person": ui.sentence(error.message)},
            409 if isinstance(error, Conflict) else 422,
        )
    return ui.redirect(request, f"/conversions/{made.id}", toast="Recorded")


@router.get("/conversions/{id}")
async def show(request: Request, visitor: Reader, id: UUID, asked: AskedDays) -> Response:
    """Return one conversion with the touches before it."""
    days = asked.span().days
    async with visitor.transaction(readonly=True) as connection:
        attribution = Attribution(connection, visitor.organization_id)
        found, touches = await attribution.get(id), await attribution.touches(id, days)
    return ui.page(
        request,
        "reports/outreach/conversion.html",
        found=found,
        touches=touches,
        days=days,
        type=TYPE_WORDS[found.type],
        models=MODEL_WORDS,
        may_write=visitor.may("campaigns:write"),
    )


@router.post("/conversions/{id}/delete")
async def delete(request: Request, visitor: Writer, id: UUID) -> Response:
    """Take a conversion away that should not have been recorded."""
    async with visitor.transaction() as connection:
        await Attribution(connection, visitor.organization_id).delete(id)
    return ui.redirect(request, "/conversions", toast="Deleted")


def _form(request: Request, typed: dict[str, str], errors: dict[str, str] | None = None, status: int = 200) -> Response:
    values = {name: typed.get(name, "") for name in FIELDS}
    return ui.page(request, "reports/outreach/new_conversion.html", status, typed=values, types=TYPE_WORDS, errors=errors or {})


def _read(typed: dict[str, str], time_zone: str) -> NewConversion:
    """Return what was typed. Raises `InvalidInput` for what cannot be read."""
    try:
        at = datetime.fromisoformat(typed["converted_at"])
    except ValueError:
        raise InvalidInput("give a day and a time", field="converted_at") from None
    given: dict[str, Any] = {"value": None, "currency": typed["currency"].upper() or None, "note": typed["note"] or None}
    try:
        given["value"] = Decimal(typed["value"].replace(",", "")) if typed["value"] else None
    except InvalidOperation:
        raise InvalidInput("value must be a number, such as 1200.50", field="value") from None
    return NewConversion(typed["person"], typed["type"], at.replace(tzinfo=at.tzinfo or ZoneInfo(time_zone)), **given)
