"""What a list may be asked for. Frozen records; pure. None, '' and () ask nothing; all that is asked has to hold."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from outrider.kit.errors import InvalidInput

KINDS = ("people", "companies", "contacts")
OPERATORS = ("contains", "is", "from", "to", "yes", "no", "set", "unset")
WITHOUT_VALUE = ("yes", "no", "set", "unset")
MOST_CUSTOM = 20
MOST_TAGS = 20
LONGEST_TEXT = 254
LONGEST_KEY = 500
DOINGS = {
    "sent": "sent",
    "opened": "open",
    "clicked": "click",
    "replied": "reply",
    "bounced": "bounce",
    "unsubscribed": "unsubscribe",
    "complained": "spam_report",
}
"""{what is asked: the type of the event that shows it}."""
MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class CustomFilter:
    """What is asked of a custom field. `value` is a date or a number for `from` and `to` (both included), a text for `contains` and `is`,
    None for the others.

    Written as `op:key=value` in links: `from:Renewal=2026-01-01`, `set:Lead Owner`. A `=` or `%` in the key is percent-encoded.
    """

    op: str
    key: str
    value: str | date | Decimal | None = None

    def __str__(self) -> str:
        name = f"{self.op}:{self.key.replace('%', '%25').replace('=', '%3D')}"
        return name if self.value is None else f"{name}={self.value}"


def custom_filter(text: str) -> CustomFilter:
    """Return what `op:key=value` asks. Raises `InvalidInput` for what cannot be asked."""
    op, colon, rest = text.partition(":")
    if op not in OPERATORS or not colon:
        raise _refused(text, f"must begin with one of {', '.join(OPERATORS)} and a colon, such as contains:Lead Owner=Kim")
    key, equals, value = rest.partition("=")
    key = unquote(key)
    if not key.strip() or len(key) > LONGEST_KEY:
        raise _refused(text, "must name a field, such as set:Lead Owner")
    if op in WITHOUT_VALUE:
        if equals and value:
            raise _refused(text, f"takes no value: {op} asks for none")
        return CustomFilter(op, key)
    value = value.strip()
    if not value or len(value) > LONGEST_TEXT:
        raise _refused(text, f"must have a value of 1 to {LONGEST_TEXT} characters after the =")
    return CustomFilter(op, key, _bound(text, value) if op in ("from", "to") else value)


def _bound(text: str, value: str) -> date | Decimal:
    try:
        return date.fromisoformat(value)
    except ValueError:
        pass
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal("1e15"):
        raise _refused(text, "must have a number or a date such as 2026-01-31 after the =")
    return number


def _refused(text: str, why: str) -> InvalidInput:
    return InvalidInput(f"custom is {text[:80]!r}; it {why}", field="custom")


@dataclass(frozen=True, slots=True)
class EngagementFilter:
    """What somebody did with what was sent to them, or did not: in one campaign or in any, in the last days or ever. Machines do not count.

    Written as `replied`, `not_opened`, `clicked:days=30`, `sent:campaign=ID`, `not_replied:campaign=ID:days=7`.
    """

    doing: str
    did: bool = True
    campaign_id: UUID | None = None
    days: int | None = None

    def __str__(self) -> str:
        where = f":campaign={self.campaign_id}" if self.campaign_id else ""
        return f"{'' if self.did else 'not_'}{self.doing}{where}{f':days={self.days}' if self.days else ''}"


def engagement_filter(text: str) -> EngagementFilter:
    """Return what `[not_]doing[:campaign=ID][:days=N]` asks. Raises `InvalidInput` for what cannot be asked."""
    name, *rest = text.strip().split(":")
    doing = name.removeprefix("not_")
    if doing not in DOINGS:
        raise InvalidInput(
            f"engagement is {text[:80]!r}; it must be one of {', '.join(DOINGS)}, or not_ and one of them", field="engagement"
        )
    found: dict[str, Any] = {}
    for part in rest:
        key, _, value = part.partition("=")
        try:
            if key == "campaign":
                found["campaign_id"] = UUID(value)
                continue
            if key == "days" and 1 <= int(value) <= MOST_DAYS:
                found["days"] = int(value)
                continue
        except ValueError:
            pass
        raise InvalidInput(f"engagement is {text[:80]!r}; after the colon comes campaign=ID, or days= and a number", field="engagement")
    return EngagementFilter(doing, doing == name, **found)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a person must be to be listed. Texts are compared without case, `q` and `company` without accents too.

    `q`: every word of it is part of the name, address or company of one of the person's addresses. `company` is part of the company's
    name or domain, `title` part of the title, `location` of the location, `industry` of the company's; the others are the whole value.
    `size_from` and `size_to` bound the company's employees, both included. `list_id`: they are on the list, `not_list_id`: they are not.
    `tag`: one of their addresses carries each; `not_tag`: none does; `custom`: one of their addresses meets each (`unset`: none has it).
    `engagement`: they did each. `score_from` and `score_to` bound the score of one of their addresses, 0 to 100, both included. Times are
    aware; `created_before` is exclusive.
    """

    q: str | None = None
    email: str | None = None
    domain: str | None = None
    company: str | None = None
    has_company: bool | None = None
    title: str | None = None
    status: str | None = None
    source: str | None = None
    namespace: str | None = None
    seniority: str | None = None
    department: str | None = None
    country_code: str | None = None
    has_phone: bool | None = None
    has_linkedin: bool | None = None
    location: str | None = None
    industry: str | None = None
    size_from: int | None = None
    size_to: int | None = None
    list_id: UUID | None = None
    not_list_id: UUID | None = None
    import_id: UUID | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    tag: tuple[str, ...] = ()
    not_tag: tuple[str, ...] = ()
    custom: tuple[CustomFilter, ...] = ()
    engagement: tuple[EngagementFilter, ...] = ()
    score_from: int | None = None
    score_to: int | None = None


@dataclass(frozen=True, slots=True)
class CompanyFilters:
    """What a company must be to be listed. `q`: every word is part of the name or domain; `industry` is part of the industry.

    `size_from` and `size_to` bound the employees, both included; `has_people`: whether somebody works there.
    """

    q: str | None = None
    domain: str | None = None
    industry: str | None = None
    country_code: str | None = None
    status: str | None = None
    size_from: int | None = None
    size_to: int | None = None
    has_people: bool | None = None


@dataclass(frozen=True, slots=True)
class ContactFilters:
    """What an address must be to be listed. `q`: every word is part of name, address or company; `domain` is what follows the @."""

    q: str | None = None
    domain: str | None = None
    status: str | None = None
    source: str | None = None
    import_id: UUID | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    tag: tuple[str, ...] = ()
    not_tag: tuple[str, ...] = ()
    custom: tuple[CustomFilter, ...] = ()
    score_from: int | None = None
    score_to: int | None = None


AnyFilters = Filters | CompanyFilters | ContactFilters
FILTERS: dict[str, type[Filters] | type[CompanyFilters] | type[ContactFilters]] = {
    "people": Filters,
    "companies": CompanyFilters,
    "contacts": ContactFilters,
}


def check(filters: AnyFilters) -> None:
    """Raise `InvalidInput` naming the filter that is too long or that there are too many of."""
    for name in filters.__dataclass_fields__:
        value: Any = getattr(filters, name)
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise InvalidInput(f"{name} has {len(value)} characters; at most {LONGEST_TEXT} are compared", field=name)
        if isinstance(value, tuple):
            if len(value) > (MOST_CUSTOM if name == "custom" else MOST_TAGS):
                raise InvalidInput(f"{name} is given {len(value)} times; at most {MOST_CUSTOM} can be asked at once", field=name)
            if any(isinstance(one, str) and len(one) > LONGEST_TEXT for one in value):
                raise InvalidInput(f"{name} has more than {LONGEST_TEXT} characters", field=name)
