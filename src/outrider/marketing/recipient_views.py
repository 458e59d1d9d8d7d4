"""What the API answers about the people in a campaign, with an example. Times are UTC."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from .examples import AT, ENROLLMENT_ID, NEXT, PERSON_ID, example

ENROLLMENT: dict[str, Any] = {
    "id": ENROLLMENT_ID,
    "person_id": PERSON_ID,
    "name": "Ana López",
    "email": "ana.lopez@acme.example",
    "state": "ready",
    "reason": None,
    "next_step": 1,
    "next_at": AT,
    "time_zone": "Europe/Madrid",
    "enrolled_at": AT,
    "stopped_at": None,
    "sent_count": 1,
    "sent_at": AT,
    "opened_at": AT,
    "clicked_at": None,
    "replied_at": None,
    "bounced_at": None,
    "unsubscribed_at": None,
    "complained_at": None,
}


class EnrollmentView(BaseModel):
    """A person in a campaign, and what happened so far; what machines opened or clicked is not counted."""

    model_config = example(ENROLLMENT, title="Enrollment")

    id: UUID
    person_id: UUID
    name: str | None
    email: str | None
    state: str = Field(description="excluded, ready, active, paused, finished or stopped.")
    reason: str | None = Field(description="Why they were excluded or stopped.")
    next_step: int | None
    next_at: datetime | None
    time_zone: str | None = Field(description="Theirs, whose hours the window is; null: not known, the campaign's counts.")
    enrolled_at: datetime
    stopped_at: datetime | None
    sent_count: int = Field(description="Messages that went out to them.")
    sent_at: datetime | None = Field(description="The last of these.")
    opened_at: datetime | None = Field(description="The first time, as with all below.")
    clicked_at: datetime | None
    replied_at: datetime | None
    bounced_at: datetime | None
    unsubscribed_at: datetime | None
    complained_at: datetime | None


class EnrollmentPage(BaseModel):
    """A page of the people in a campaign."""

    model_config = example({"items": [ENROLLMENT], "next_cursor": None}, title="Enrollments")

    items: list[EnrollmentView]
    next_cursor: str | None = Field(description=NEXT)
