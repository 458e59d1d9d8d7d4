"""The report of a campaign and its feedback as the API shows them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from . import examples

NEXT = "Pass it as `cursor` for the next page; null on the last one."


def shown(title: str, example: dict[str, Any]) -> ConfigDict:
    """Return the settings of a model whose example this is; it reads records too."""
    return ConfigDict(title=title, json_schema_extra={"examples": [example]}, from_attributes=True)


class FiguresView(BaseModel):
    """How many messages something became of, each message once; what machines did is kept apart."""

    model_config = shown("OutreachFigures", examples.FIGURES)

    sent: int
    delivered: int = Field(description="Sent, and did not come back.")
    opened: int | None = Field(description="By a person, as far as anybody can tell, as are clicks and replies; null: not tracked.")
    clicked: int | None = Field(description="Null: not tracked.")
    replied: int
    bounced: int = Field(description="Came back, or was refused at the door for its address.")
    unsubscribed: int
    complained: int = Field(description="The recipient called it spam.")
    machine_opened: int | None = Field(description="Opened by machines only; not among `opened`.")
    machine_clicked: int | None = Field(description="Clicked by machines only; not among `clicked`.")
    tried: int = Field(description="Sent or refused at the door: what `bounced` is a share of. The others are shares of `sent`.")


class PartView(BaseModel):
    """The figures of a step, mailbox, recipient domain or hour."""

    model_config = shown("ReportPart", examples.PART)

    key: str
    label: str
    figures: FiguresView


class ReportDayView(BaseModel):
    """What happened on a day of the organization's zone: each message counts on the day on which the thing happened first."""

    model_config = shown("ReportDay", examples.DAY)

    day: date
    figures: FiguresView


class ReportVariantView(BaseModel):
    """The figures of a wording."""

    model_config = shown("ReportVariant", examples.VARIANT)

    id: UUID
    step: int
    label: str
    subject: str
    figures: FiguresView
    low: float = Field(description="The share of answers is above this, 95 times of 100; 0 to 1.")
    high: float = Field(description="And below this.")


class VerdictView(BaseModel):
    """Whether the variants of a step differ by more than chance."""

    model_config = shown("ReportVerdict", examples.VERDICT)

    step: int
    text: str
    chance: float | None = Field(description="How likely they differ so by chance alone, 0 to 1; null: too few answers to say.")
    is_sure: bool = Field(description="Less likely than 5 in 100.")


class ReportView(BaseModel):
    """What became of a campaign, as of now."""

    model_config = shown("CampaignReport", examples.REPORT)

    campaign_id: UUID
    name: str
    state: str
    started_at: datetime | None
    tracks_opens: bool
    tracks_clicks: bool
    time_zone: str = Field(description="The organization's: of days and hours.")
    enrolled: int = Field(description="People.")
    in_doubt: int = Field(description="Messages of which nobody knows whether they went out; not among `sent`.")
    total: FiguresView
    days: list[ReportDayView]
    steps: list[PartView]
    variants: list[ReportVariantView]
    verdicts: list[VerdictView]
    mailboxes: list[PartView]
    domains: list[PartView] = Field(description="The 20 with most messages, of 5 at least; the others summed, their key empty.")
    hours: list[PartView] = Field(description="By the hour in which they were tried.")


class ReportRowView(BaseModel):
    """A message behind a figure, or for `enrolled` a person."""

    model_config = shown("ReportRow", examples.ROW)

    id: UUID
    person_id: UUID
    name: str | None
    recipient: str
    at: datetime = Field(description="When it happened first.")
    message_id: UUID | None
    step: int | None
    variant: str | None
    mailbox: str | None
    sent_at: datetime | None


class ReportRowsView(BaseModel):
    """A page of the rows behind a figure."""

    model_config = shown("ReportRows", {"items": [examples.ROW], "next_cursor": None})

    items: list[ReportRowView]
    next_cursor: str | None = Field(description=NEXT)


class FeedbackView(BaseModel):
    """What a campaign did on a day, and what it taught."""

    model_config = shown("Feedback", examples.FEEDBACK)

    day: date
    metrics: dict[str, Any] = Field(description="Of the day, each message once; `so_far` and `variants` to its end.")
    insights: list[str]
    created_at: datetime = Field(description="When it was worked out.")


class FeedbackPage(BaseModel):
    """A page of days, the last one first."""

    model_config = shown("FeedbackPage", {"items": [examples.FEEDBACK], "next_cursor": None})

    items: list[FeedbackView]
    next_cursor: str | None = Field(description=NEXT)


class FeedbackWritten(BaseModel):
    """How many days were worked out."""

    model_config = shown("FeedbackWritten", {"days": 12})

    days: int
