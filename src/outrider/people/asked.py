"""What may be asked of a list, as a query string and as JSON, and how a link says it. The names are those of `filters`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from outrider.kit.errors import InvalidInput
from outrider.kit.texts import Text

from .filters import (
    FILTERS,
    KINDS,
    LONGEST_KEY,
    LONGEST_TEXT,
    MOST_CUSTOM,
    MOST_TAGS,
    AnyFilters,
    CompanyFilters,
    ContactFilters,
    CustomFilter,
    EngagementFilter,
    Filters,
    check,
    custom_filter,
    engagement_filter,
)
from .search import LONGEST_QUERY

BIGGEST_COMPANY = 2**31 - 1


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("the time has no zone: end it with Z or an offset such as +01:00")
    return value


def _refusing(read: Callable[[str], object]) -> AfterValidator:
    """Return a check that a text is one that `read` takes."""

    def checked(text: str) -> str:
        try:
            read(text)
        except InvalidInput as error:
            raise ValueError(error.message) from None
        return text

    return AfterValidator(checked)


def _text(description: str, example: str, most: int = LONGEST_TEXT) -> Any:
    return Field(None, description=description, examples=[example], max_length=most)


Moment = Annotated[datetime, AfterValidator(_aware)]
Custom = Annotated[Text, Field(max_length=LONGEST_KEY * 3 + LONGEST_TEXT), _refusing(custom_filter)]
Engagement = Annotated[Text, Field(max_length=100), _refusing(engagement_filter)]
Tag = Annotated[Text, Field(max_length=LONGEST_TEXT)]
SomeTags = Annotated[list[Tag], Field(max_length=MOST_TAGS)]
ASKED_OF_CUSTOM = (
    "What a custom field must be: contains:KEY=text, is:KEY=text, from:KEY= and to:KEY= a number or date (both included), yes:KEY, no:KEY, "
    "set:KEY, unset:KEY. A = or % in the key is percent-encoded. May be repeated."
)


ASKED_OF_ENGAGEMENT = (
    "What they did with what was sent to them: sent, opened, clicked, replied, bounced, unsubscribed, complained; not_ before it asks for "
    "the contrary. With :campaign=ID in that campaign, with :days=30 in the last 30 days. Machines do not count. May be repeated."
)
READERS: dict[str, Callable[[str], object]] = {"custom": custom_filter, "engagement": engagement_filter}
"""How the values of filters are read that are texts of our own."""


class _Asked(BaseModel):
    model_config = ConfigDict(extra="ignore")
    made: ClassVar[type[Filters] | type[CompanyFilters] | type[ContactFilters]]

    def filters(self) -> Any:
        """Return what is asked."""
        given: dict[str, Any] = {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
        for name, value in given.items():
            if isinstance(value, list):
                given[name] = tuple(map(READERS.get(name, str), dict.fromkeys(value)))
        return self.made(**given)


class AskedOfPeople(_Asked):
    """What people must be to be listed; all has to hold."""

    made = Filters

    q: Text | None = _text(
        "Words that are all part of name, address or company, without accents and case. One of one or two letters begins a word.",
        "ana acme",
        LONGEST_QUERY,
    )
    email: Text | None = _text("One of their addresses is this.", "ana.lopez@acme.example")
    domain: Text | None = _text("Their company has this domain.", "acme.example")
    company: Text | None = _text("Part of their company's name or domain.", "acme")
    has_company: bool | None = Field(None, description="Whether they are linked to a company.", examples=[True])
    title: Text | None = _text("Part of their title, in any case.", "financial")
    status: Text | None = _text("active, inactive or bounced.", "active", 20)
    source: Text | None = _text("One of their addresses is from this source.", "apollo")
    namespace: Text | None = _text("They have a profile in this namespace.", "playmaker")
    seniority: Text | None = _text("Their seniority, in any case.", "C suite")
    department: Text | None = _text("Their department, in any case.", "Finance")
    country_code: Text | None = _text("Their country, in two letters.", "ES", 2)
    has_phone: bool | None = Field(None, description="Whether a phone number is known.", examples=[True])
    has_linkedin: bool | None = Field(None, description="Whether a LinkedIn address is known.", examples=[True])
    location: Text | None = _text("Part of their location, in any case.", "madrid")
    industry: Text | None = _text("Part of their company's industry, in any case.", "manufact")
    size_from: int | None = Field(
        None, description="Their company has at least so many employees.", examples=[50], ge=0, le=BIGGEST_COMPANY
    )
    size_to: int | None = Field(None, description="Their company has at most so many employees.", examples=[500], ge=0, le=BIGGEST_COMPANY)
    list_id: UUID | None = Field(None, description="They are on this list.", examples=["0193a512-7c10-7aaa-8001-3c4d5e6f7a8c"])
    not_list_id: UUID | None = Field(None, description="They are not on this list.", examples=["0193a512-7c10-7aaa-8001-3c4d5e6f7a8d"])
    import_id: UUID | None = Field(
        None, description="The import named one of their addresses.", examples=["0193a512-7c10-7aaa-8001-3c4d5e6f7a8b"]
    )
    created_after: Moment | None = Field(None, description="Made then or later.", examples=["2026-11-20T00:00:00Z"])
    created_before: Moment | None = Field(None, description="Made before then.", examples=["2026-12-01T00:00:00Z"])
    tag: SomeTags = Field([], description="One of their addresses has this tag. May be repeated: they have them all.", examples=[["vip"]])
    not_tag: SomeTags = Field([], description="None of their addresses has this tag. May be repeated.", examples=[["cold"]])
    custom: list[Custom] = Field([], description=ASKED_OF_CUSTOM, max_length=MOST_CUSTOM, examples=[["contains:Lead Owner=kim"]])
    engagement: list[Engagement] = Field([], description=ASKED_OF_ENGAGEMENT, max_length=MOST_TAGS, examples=[["not_replied:days=30"]])
    score_from: int | None = Field(None, description="One of their addresses has at least this score.", examples=[50], ge=0, le=100)
    score_to: int | None = Field(None, description="One of their addresses has at most this score.", examples=[100], ge=0, le=100)


class AskedOfCompanies(_Asked):
    """What companies must be to be listed; all has to hold."""

    made = CompanyFilters

    q: Text | None = _text("Words that are all part of the name or domain.", "acme", LONGEST_QUERY)
    domain: Text | None = _text("The domain.", "acme.example")
    industry: Text | None = _text("Part of the industry, in any case.", "manufact")
    country_code: Text | None = _text("The country, in two letters.", "ES", 2)
    status: Text | None = _text("active, inactive or archived.", "active", 20)
    size_from: int | None = Field(None, description="At least so many employees.", examples=[50], ge=0, le=BIGGEST_COMPANY)
    size_to: int | None = Field(None, description="At most so many employees.", examples=[500], ge=0, le=BIGGEST_COMPANY)
    has_people: bool | None = Field(None, description="Whether somebody works there.", examples=[True])


class AskedOfContacts(_Asked):
    """What addresses must be to be listed; all has to hold."""

    made = ContactFilters

    q: Text | None = _text("Words that are all part of name, address or company.", "ana acme", LONGEST_QUERY)
    domain: Text | None = _text("What follows the @.", "acme.example")
    status: Text | None = _text("active, inactive, bounced or unsubscribed.", "bounced", 20)
    source: Text | None = _text("Where it first came from.", "apollo")
    import_id: UUID | None = Field(None, description="The import named it.", examples=["0193a512-7c10-7aaa-8001-3c4d5e6f7a8b"])
    created_after: Moment | None = Field(None, description="Made then or later.", examples=["2026-11-20T00:00:00Z"])
    created_before: Moment | None = Field(None, description="Made before then.", examples=["2026-12-01T00:00:00Z"])
    tag: SomeTags = Field([], description="It has this tag. May be repeated: it has them all.", examples=[["vip"]])
    not_tag: SomeTags = Field([], description="It does not have this tag. May be repeated.", examples=[["cold"]])
    custom: list[Custom] = Field([], description=ASKED_OF_CUSTOM, max_length=MOST_CUSTOM, examples=[["set:Lead Owner"]])
    score_from: int | None = Field(None, description="At least this score.", examples=[50], ge=0, le=100)
    score_to: int | None = Field(None, description="At most this score.", examples=[100], ge=0, le=100)


ASKED: dict[str, type[_Asked]] = {"people": AskedOfPeople, "companies": AskedOfCompanies, "contacts": AskedOfContacts}


def kind_of(text: str, field: str = "kind") -> str:
    """Return the kind. Raises `InvalidInput` for one there is not."""
    if text not in KINDS:
        raise InvalidInput(f"{field} is {text[:60]!r}; it must be one of {', '.join(KINDS)}", field=field)
    return text


def filters_of(kind: str, given: Mapping[str, Any], field: str = "filters") -> AnyFilters:
    """Return filters given as JSON or as the values of a query string. Raises `InvalidInput` for names there are not and bad values.

    An empty text asks nothing; so does a name that is not given.
    """
    asked = ASKED[kind_of(kind)]
    for name in given:
        if name not in asked.model_fields:
            raise InvalidInput(f"{kind} have no filter {str(name)[:60]!r}; there are {', '.join(asked.model_fields)}", field=field)
    try:
        filters: AnyFilters = asked.model_validate({name: value for name, value in given.items() if value not in (None, "")}).filters()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join([field, *(str(part) for part in first["loc"][:1])])
        raise InvalidInput(f"{name}: {first['msg'].removeprefix('Value error, ')}", field=name) from None
    check(filters)
    return filters


def to_json(filters: AnyFilters) -> dict[str, Any]:
    """Return what is asked as JSON: what `filters_of` takes; {} for nothing."""
    nothing = FILTERS[_kind(filters)]()
    given = {name: getattr(filters, name) for name in filters.__dataclass_fields__}
    return {name: _plain(value) for name, value in given.items() if value not in ("", ()) and value != getattr(nothing, name)}


def to_query(filters: AnyFilters) -> list[tuple[str, str]]:
    """Return what is asked as the pairs of a query string."""
    pairs: list[tuple[str, str]] = []
    for name, value in to_json(filters).items():
        many = value if isinstance(value, list) else [value]
        pairs += [(name, str(one).lower() if isinstance(one, bool) else str(one)) for one in many]
    return pairs


def _kind(filters: AnyFilters) -> str:
    return next(kind for kind, made in FILTERS.items() if isinstance(filters, made))


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, CustomFilter | EngagementFilter | UUID) else value
