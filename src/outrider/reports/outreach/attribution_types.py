"""What attribution speaks in. Frozen records; nothing here touches the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from outrider.kit.errors import InvalidInput

Model = Literal["first", "last", "linear"]
MODELS: tuple[Model, ...] = ("first", "last", "linear")
TYPES = ("meeting", "demo", "signup", "sale")
USUAL_DAYS = 90
MOST_DAYS = 730


@dataclass(frozen=True, slots=True)
class NewConversion:
    """What somebody records: `person` is an id or an address. A value has a currency, and the other way round."""

    person: str
    type: str
    converted_at: datetime
    value: Decimal | None = None
    currency: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion; `share` is how much of it is the asked campaign's, 0 to 1, and 1 where no campaign was asked for.

    `worth` is that part of the value: what all campaigns have of it adds up to the value exactly.
    """

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
    share: float
    worth: Decimal | None


@dataclass(frozen=True, slots=True)
class Touch:
    """Something that happened between us and the person before the conversion; the `place`th of `places`."""

    campaign_id: UUID
    campaign: str | None
    channel: str
    type: str
    message_id: UUID | None
    touched_at: datetime
    place: int
    places: int

    def share(self, model: Model) -> float:
        """Return how much of the conversion the touch has by a model, 0 to 1."""
        if model == "linear":
            return 1 / self.places
        return float(self.place == (1 if model == "first" else self.places))


@dataclass(frozen=True, slots=True)
class Credit:
    """What a campaign led to; without a campaign, what nothing of ours led to.

    `conversions` sums shares; `money` is {currency: sum}, never added together.
    """

    campaign_id: UUID | None
    name: str | None
    conversions: float
    people: int
    types: Mapping[str, float]
    money: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Span:
    """Which conversions, and which touches count: by `model`, those of `days` days before.

    `since` and `until` are days of the organization's zone, both included.
    """

    model: Model = "last"
    days: int = USUAL_DAYS
    type: str | None = None
    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        """Raise `InvalidInput` for what cannot be asked."""
        if self.model not in MODELS:
            raise InvalidInput(f"model is {str(self.model)[:40]!r}; it must be one of {', '.join(MODELS)}", field="model")
        if not 1 <= self.days <= MOST_DAYS:
            raise InvalidInput(f"days is {self.days}; it must be between 1 and {MOST_DAYS}", field="days")
        if self.type is not None and self.type not in TYPES:
            raise InvalidInput(f"type is {self.type[:40]!r}; it must be one of {', '.join(TYPES)}", field="type")
        if self.since and self.until and self.until < self.since:
            raise InvalidInput(f"until is {self.until}, before since, {self.since}", field="until")
