"""What the pages of attribution are asked for, out of their addresses and into others. A field that cannot be read is told beside it."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, get_args
from uuid import UUID

from fastapi import Depends, Query

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.kit.http import Text

from ..attribution_types import MODELS, TYPES, USUAL_DAYS, Model, Span

MODEL_WORDS = {"first": "First touch", "last": "Last touch", "linear": "Linear"}
TYPE_WORDS = {"meeting": "Meeting", "demo": "Demo", "signup": "Signup", "sale": "Sale"}
DAYS = (7, 30, 90, 180, 365)
assert set(MODEL_WORDS) == set(get_args(Model)) == set(MODELS)
assert tuple(TYPE_WORDS) == TYPES


@dataclass(frozen=True, slots=True)
class AskedSpan:
    """What was asked, as it was typed."""

    model: str
    days: str
    type: str
    since: str
    until: str

    def span(self) -> Span:
        """Return what is asked for. Raises `InvalidInput`."""
        days = self.days or str(USUAL_DAYS)
        if not (days.isascii() and days.isdigit() and len(days) <= 4):
            raise InvalidInput("days must be a number, such as 90", field="days")
        model: Model = self.model or "last"  # type: ignore[assignment]  # Span looks at it
        return Span(model, int(days), self.type or None, _day(self.since, "since"), _day(self.until, "until"))

    def address(self, path: str, **others: object) -> str:
        """Return a page that is asked the same, with what is given besides or instead."""
        asked = {"model": self.model, "days": self.days, "type": self.type, "since": self.since, "until": self.until}
        return ui.address(path, {**asked, **{name: str(value) if value is not None else None for name, value in others.items()}})


def asked(
    model: Annotated[Text, Query(max_length=40)] = "",
    days: Annotated[Text, Query(max_length=40)] = "",
    type: Annotated[Text, Query(max_length=40)] = "",
    since: Annotated[Text, Query(max_length=40)] = "",
    until: Annotated[Text, Query(max_length=40)] = "",
) -> AskedSpan:
    """Return what the address asks for."""
    return AskedSpan(model, days, type, since, until)


def shares_of(
    campaign_id: UUID | None = None, untouched: bool = False, currency: Annotated[Text, Query(max_length=3)] = ""
) -> dict[str, object]:
    """Return which conversions of those are listed."""
    return {"campaign": campaign_id, "is_untouched": untouched, "currency": currency or None}


def _day(text: str, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput(f"{field} must be a day, such as 2026-11-20", field=field) from None


AskedDays = Annotated[AskedSpan, Depends(asked)]
Shares = Annotated[dict[str, object], Depends(shares_of)]
