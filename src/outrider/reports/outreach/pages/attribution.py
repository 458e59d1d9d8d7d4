"""/attribution: what each campaign led to."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput

from ..attribution import Attribution
from ..attribution_types import Credit, Span
from .asking import DAYS, MODEL_WORDS, TYPE_WORDS, AskedDays
from .frame import Reader

router = APIRouter(include_in_schema=False)


@router.get("/attribution")
async def show(request: Request, visitor: Reader, asked: AskedDays) -> Response:
    """Return the page; a filter that cannot be read is told beside its field, and the usual is shown."""
    errors: dict[str, str] = {}
    try:
        span = asked.span()
    except InvalidInput as error:
        errors, span = {error.field or "model": error.message}, Span()
    async with visitor.transaction(readonly=True) as connection:
        credits = await Attribution(connection, visitor.organization_id).by_campaign(span)
    return ui.page(
        request,
        "reports/outreach/attribution.html",
        422 if errors else 200,
        credits=credits,
        total=sum(credit.conversions for credit in credits),
        money=_money(credits),
        span=span,
        asked=asked,
        is_asked=bool(asked.type or asked.since or asked.until),
        conversions_at=partial(asked.address, "/conversions"),
        models=[(label, asked.address("/attribution", model=name)) for name, label in MODEL_WORDS.items()],
        current=asked.address("/attribution", model=span.model),
        types=TYPE_WORDS,
        days=sorted({*DAYS, span.days}),
        may_write=visitor.may("campaigns:write"),
        errors=errors,
    )


def _money(credits: list[Credit]) -> dict[str, object]:
    """Return the sums of all campaigns, each currency for itself."""
    currencies = sorted({currency for credit in credits for currency in credit.money})
    return {currency: sum(credit.money.get(currency, 0) for credit in credits) for currency in currencies}
