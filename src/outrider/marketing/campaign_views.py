"""What the campaign endpoints take and answer, with examples. Times are UTC; a window's are local."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from outrider.kit.http import Text

from .examples import (
    ACTOR,
    AT,
    CAMPAIGN_ID,
    ENROLLMENT_ID,
    LIST_ID,
    MAILBOX_ID,
    NEXT,
    STEP_ID,
    VARIANT_ID,
    example,
    given,
)

VARIANT: dict[str, Any] = {
    "label": "A",
    "weight": 1,
    "subject": "A question about {{ company }}",
    "body": '<p>Hi {{ first_name | default("there") }},</p>',
    "template_id": None,
}
STEP: dict[str, Any] = {
    "channel": "email",
    "delay": 0,
    "delay_unit": "business_days",
    "condition": "always",
    "is_reply": True,
    "instructions": None,
    "variants": [VARIANT],
}
CALL: dict[str, Any] = {
    **STEP,
    "channel": "phone",
    "delay": 3,
    "condition": "always",
    "instructions": "Call {{ first_name | name }}",
    "variants": [],
}
SETTINGS: dict[str, Any] = {
    "type": "cold_outreach",
    "namespace": "acme-corp",
    "time_zone": "Europe/Madrid",
    "window_start": "09:00",
    "window_end": "17:00",
    "window_days": [1, 2, 3, 4, 5],
    "daily_limit": 200,
    "verification_mode": "exclude_invalid",
    "rotation": "round_robin",
    "stops_at_same_company": False,
    "tracks_opens": False,
    "tracks_clicks": False,
    "starts_at": None,
}
CAMPAIGN: dict[str, Any] = {
    "campaign_id": CAMPAIGN_ID,
    "name": "Q4 ACME push",
    "state": "ready",
    "owner_user_id": ACTOR.removeprefix("user:"),
    **SETTINGS,
    "paused_reason": None,
    "target_count": 398,
    "sent_count": 120,
    "delivered_count": 118,
    "open_count": 61,
    "click_count": 9,
    "response_count": 4,
    "bounce_count": 2,
    "unsubscribe_count": 1,
    "complaint_count": 0,
    "created_by": ACTOR,
    "created_at": AT,
    "started_at": None,
    "ended_at": None,
    "updated_at": AT,
}
CHANGE: dict[str, Any] = {"from_state": "draft", "to_state": "ready", "reason": None, "changed_by": ACTOR, "changed_at": AT}
MAILBOX: dict[str, Any] = {"id": MAILBOX_ID, "email": "kim@mail.example", "state": "active", "state_reason": None}
STEP_KEPT = {**STEP, "id": STEP_ID, "variants": [{**VARIANT, "id": VARIANT_ID}]}
WHOLE: dict[str, Any] = {
    **CAMPAIGN,
    "steps": [STEP_KEPT],
    "lists": [LIST_ID],
    "segments": [],
    "mailboxes": [MAILBOX],
    "enrollments": {"ready": 398, "excluded": 14},
    "history": [CHANGE],
}
RESOLVED: dict[str, Any] = {"total": 412, "excluded": {"unsubscribed": 9, "bounced": 5}, "eligible": 398, "inserted": 398}
PROBLEM: dict[str, Any] = {
    "code": "no_mailbox",
    "message": "no mailbox is chosen to send from",
    "blocks": True,
    "step": None,
    "people": None,
}
PLANNED: dict[str, Any] = {
    "enrollment_id": ENROLLMENT_ID,
    "email": "ana.lopez@acme.example",
    "name": "Ana López",
    "step": 1,
    "channel": "email",
    "planned_at": AT,
    "time_zone": "Europe/Madrid",
    "variant": "A",
    "subject": "A question about Acme",
    "html": "<p>Hi Ana,</p>",
    "text": "Hi Ana,\n",
    "missing": None,
}
TIME = r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"


def _aware(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise ValueError("the time has no zone: end it with Z or an offset such as +01:00")
    return value


class VariantView(BaseModel):
    """One wording of a step."""

    model_config = example({**VARIANT, "id": VARIANT_ID}, title="Variant")

    id: UUID | None
    label: str
    weight: int = Field(description="How often it is drawn, next to the others; each person always gets the same.")
    subject: str
    body: str
    template_id: UUID | None = Field(description="The template whose text it says instead of its own.")


class StepView(BaseModel):
    """What comes `delay` units after the step before."""

    model_config = example(STEP_KEPT, title="Step")

    id: UUID | None
    channel: str = Field(description="email; linkedin and phone steps are tasks for a person.")
    delay: int
    delay_unit: str = Field(description="business_days, days, hours or minutes.")
    condition: str = Field(description="always; no_reply, no_open, no_click: passed over once a person did that.")
    is_reply: bool = Field(description="Whether it goes on in the thread of the message before.")
    instructions: str | None
    variants: list[VariantView]


class CampaignView(BaseModel):
    """A campaign."""

    model_config = example(CAMPAIGN, title="Campaign")

    campaign_id: UUID
    name: str
    type: str
    state: str = Field(description="draft, ready, scheduled, sending, paused, completed or cancelled.")
    namespace: str | None
    owner_user_id: UUID | None
    time_zone: str
    window_start: str
    window_end: str
    window_days: list[int] = Field(description="1 is Monday.")
    daily_limit: int | None
    verification_mode: str
    rotation: str
    stops_at_same_company: bool
    tracks_opens: bool
    tracks_clicks: bool
    starts_at: datetime | None
    paused_reason: str | None
    target_count: int | None = Field(description="How many may be written to, as of the last resolve.")
    sent_count: int = Field(description="Messages, as are those delivered, opened, clicked and bounced.")
    delivered_count: int
    open_count: int
    click_count: int
    response_count: int = Field(description="People, as are those who unsubscribed and complained.")
    bounce_count: int
    unsubscribe_count: int
    complaint_count: int
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    updated_at: datetime


class CampaignPage(BaseModel):
    """A page of campaigns."""

    model_config = example({"items": [CAMPAIGN], "next_cursor": None}, title="Campaigns")

    items: list[CampaignView]
    next_cursor: str | None = Field(description=NEXT)


class MailboxView(BaseModel):
    """A mailbox that a campaign sends from."""

    model_config = example(MAILBOX, title="CampaignMailbox")

    id: UUID
    email: str
    state: str
    state_reason: str | None


class ChangeView(BaseModel):
    """A change of state, with who made it."""

    model_config = example(CHANGE, title="CampaignChange")

    from_state: str
    to_state: str
    reason: str | None
    changed_by: str
    changed_at: datetime


class WholeView(CampaignView):
    """A campaign with everything that belongs to it."""

    model_config = example(WHOLE, title="WholeCampaign")

    steps: list[StepView]
    lists: list[UUID]
    segments: list[UUID]
    mailboxes: list[MailboxView]
    enrollments: dict[str, int] = Field(description="{state: how many people}.")
    history: list[ChangeView] = Field(description="The last hundred changes of state, newest first.")


class CampaignChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = given({"daily_limit": 200, "lists": [LIST_ID]})

    name: Text | None = None
    owner_user_id: UUID | None = Field(None, description="Whose tasks it makes; null: nobody's.")
    type: Text | None = Field(None, description="cold_outreach, nurture or follow_up.")
    namespace: Text | None = Field(None, description="null: none.")
    time_zone: Text | None = Field(None, description="An IANA name, for whom no zone is known.")
    window_start: Text | None = Field(None, pattern=TIME)
    window_end: Text | None = Field(None, pattern=TIME)
    window_days: list[int] | None = Field(None, description="1 is Monday.", max_length=7)
    daily_limit: int | None = Field(None, description="Most messages a day; null: none of its own.")
    verification_mode: Text | None = Field(None, description="exclude_invalid, or verified_only: valid and catch-all addresses.")
    rotation: Text | None = Field(None, description="round_robin, weighted, priority, health or hybrid.")
    stops_at_same_company: bool | None = Field(None, description="Whether a reply stops everyone at the same company.")
    tracks_opens: bool | None = Field(None, description="Whether opens are followed, by a pixel.")
    tracks_clicks: bool | None = Field(None, description="Whether clicks are followed, by links of ours.")
    starts_at: Annotated[datetime | None, AfterValidator(_aware)] = Field(None, description="Not before then; null: when it is started.")
    lists: list[UUID] | None = Field(None, description="All of them.", max_length=100)
    segments: list[UUID] | None = Field(None, description="All of them.", max_length=100)
    mailboxes: list[UUID] | None = Field(None, description="All of them.", max_length=500)


class NewCampaign(CampaignChange):
    """A campaign to make. Without a namespace, keywords in the name say which; the other settings have their usual values."""

    model_config = given({"name": "Q4 ACME push", "lists": [LIST_ID]})

    name: Text = Field(description="1 to 255 characters.")


class NewVariant(BaseModel):
    """A wording: a subject and a body, or a template."""

    model_config = given(VARIANT)

    label: Text = "A"
    weight: int = 1
    subject: Text = ""
    body: Text = Field("", description="HTML.")
    template_id: UUID | None = None


class NewStep(BaseModel):
    """A step; an email one has variants, the others instructions."""

    model_config = given(STEP)

    id: UUID | None = Field(None, description="Of the step that it is; without one it is new. Leave out all ids to have them found.")
    channel: Text = "email"
    delay: int = Field(0, description="After the step before; the first one's is 0.")
    delay_unit: Text = "business_days"
    condition: Text = "always"
    is_reply: bool = True
    instructions: Text | None = Field(None, max_length=10_000)
    variants: list[NewVariant] = []


class NewSteps(BaseModel):
    """All steps, in their order."""

    model_config = given({"steps": [STEP, CALL]})

    steps: list[NewStep]
    dry_run: bool = Field(False, description="true only says what would change, and for whom.")


class StepChangeView(BaseModel):
    """What becomes of one step."""

    model_config = example({"kind": "changed", "position": 1, "people": 398}, title="Step change")

    kind: str = Field(description="new, changed, moved or gone.")
    position: int = Field(description="Its number, counted from 1; the old one when it is gone.")
    people: int = Field(description="How many enrolled people have it still to come.")


class StepsView(BaseModel):
    """The steps, and for how many enrolled people something changes."""

    model_config = example(
        {"steps": [STEP_KEPT], "changes": [{"kind": "changed", "position": 1, "people": 398}], "dry_run": False}, title="Steps"
    )

    steps: list[StepView]
    changes: list[StepChangeView]
    dry_run: bool


class ResolvedView(BaseModel):
    """What became of the audience."""

    model_config = example(
        {"total": 412, "excluded": {"unsubscribed": 9, "bounced": 5}, "eligible": 398, "inserted": 398}, title="Resolved"
    )

    total: int = Field(description="People in the audience.")
    excluded: dict[str, int] = Field(description="{reason: how many}.")
    eligible: int = Field(description="Who may be written to.")
    inserted: int = Field(description="Who came in with this resolve.")


class ProblemView(BaseModel):
    """Something that is missing."""

    model_config = example(PROBLEM, title="CampaignProblem")

    code: str
    message: str
    blocks: bool = Field(description="true: the campaign cannot start.")
    step: int | None
    people: int | None = Field(description="How many would get no message.")


class PreflightView(BaseModel):
    """Everything that is missing."""

    model_config = example({"can_start": False, "eligible": 398, "problems": [PROBLEM]}, title="Preflight")

    can_start: bool
    eligible: int
    problems: list[ProblemView]


class DryRun(BaseModel):
    """For how many people."""

    model_config = given({"people": 3})

    people: int = Field(3, description="1 to 20.")


class PlannedView(BaseModel):
    """A message as one person would get it, or the text of a task."""

    model_config = example(PLANNED, title="PlannedMessage")

    enrollment_id: UUID
    email: str
    name: str | None
    step: int
    channel: str
    planned_at: datetime = Field(description="At the earliest: limits may make it later.")
    time_zone: str | None = Field(description="The person's, whose hours the window is; null: not known, the campaign's counts.")
    variant: str | None
    subject: str | None
    html: str | None
    text: str | None
    missing: str | None = Field(description="The variable that keeps it back.")


class PlannedList(BaseModel):
    """What the next people would get, step by step."""

    model_config = example({"items": [PLANNED]}, title="PlannedMessages")

    items: list[PlannedView]


class Start(BaseModel):
    """When to start, if not as the campaign's own `starts_at` says."""

    model_config = given({"starts_at": "2026-12-01T08:00:00Z"}, title="CampaignStart")

    starts_at: Annotated[datetime | None, AfterValidator(_aware)] = Field(None, description="A time to come; null: now.")


class Reason(BaseModel):
    """Why, if there is something to say."""

    model_config = given({"reason": "waiting for the new price list"}, title="PauseReason")

    reason: Text | None = Field(None, max_length=500)
