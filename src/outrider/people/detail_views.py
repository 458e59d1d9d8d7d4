"""What the endpoints of notes, timelines and addresses take and answer, with examples. Times are UTC."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Text

from .examples import ORIGIN, PERSON_ID, example
from .views import OriginView

USER = "user:0193a510-0000-7000-8000-000000000001"
NOTE: dict[str, Any] = {
    "id": "0193a512-7c20-7aaa-8001-3c4d5e6f7a8b",
    "person_id": PERSON_ID,
    "company_id": None,
    "body": "Met at the trade fair.\nWants a call in May.",
    "created_by": USER,
    "created_by_name": "Kim Weber",
    "created_at": "2026-11-21T10:00:00Z",
    "edited_by": None,
    "edited_by_name": None,
    "edited_at": None,
    "may_change": True,
}
FIELD_CHANGE: dict[str, Any] = {
    "field": "title", "old": "CFO", "new": "Chief Financial Officer", "old_shown": None, "new_shown": None, "origin": None,
}  # fmt: skip
HAPPENING: dict[str, Any] = {
    "kind": "change",
    "key": "4711",
    "at": "2026-11-21T09:30:00Z",
    "by": USER,
    "by_name": "Kim Weber",
    "by_import_id": None,
    "of": "person",
    "origin": None,
    "changes": [FIELD_CHANGE],
    "text": None,
    "reason": None,
    "subject_id": None,
    "count": None,
}
LOADED: dict[str, Any] = HAPPENING | {
    "kind": "load", "at": "2026-11-20T08:00:00Z", "by": None, "by_name": None, "of": "ana.lopez@acme.example", "origin": ORIGIN,
    "changes": [], "text": "promoted",
}  # fmt: skip


class NoteView(BaseModel):
    """What somebody wrote about a person or a company."""

    model_config = example(NOTE, title="Note")

    id: UUID
    person_id: UUID | None
    company_id: UUID | None
    body: str
    created_by: str
    created_by_name: str = Field(description="Who that is, in words.")
    created_at: datetime
    edited_by: str | None
    edited_by_name: str | None
    edited_at: datetime | None
    may_change: bool = Field(description="Whether you may edit and delete it.")


class NotePage(BaseModel):
    """A page of notes, newest first."""

    model_config = example({"items": [NOTE], "next_cursor": None})

    items: list[NoteView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


class NoteText(BaseModel):
    """What the note says."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"body": "Wants a call in May."}]})

    body: Text = Field(description="Plain text with line breaks, 1 to 10,000 characters.")


class FieldChangeView(BaseModel):
    """One field of a change."""

    model_config = example(FIELD_CHANGE, title="FieldChange")

    field: str = Field(description="The field; `custom_fields.NAME` for a custom one.")
    old: Any
    new: Any
    old_shown: str | None = Field(description="What an id means.")
    new_shown: str | None
    origin: OriginView | None = Field(description="The load that brought the new value; null when somebody wrote it.")


class HappeningView(BaseModel):
    """One entry of a timeline."""

    model_config = example(HAPPENING, title="Happening")

    kind: str = Field(
        description="load: a load named them. change: values changed. role: the person came to a company. people: people came to the "
        "company. note: somebody wrote. decision: a conflict was decided. outreach: an event, such as that they opened a message."
    )
    key: str = Field(description="Its id among those of its kind.")
    at: datetime
    by: str | None = Field(description="Who did it: `user:…`, `key:…`, `job:…`.")
    by_name: str | None = Field(description="Who that is, in words.")
    by_import_id: UUID | None = Field(description="The import that the job was about.")
    of: str | None = Field(description="Which row: person, company, an address, a role, a profile; of an event the platform.")
    origin: OriginView | None = Field(description="The load that it is from.")
    changes: list[FieldChangeView]
    text: str | None = Field(
        description="The note; the company's name; what became of the load; the first people who came; the type of an event."
    )
    reason: str | None = Field(description="Why the load failed; the title of a role; how a conflict was decided; the campaign.")
    subject_id: UUID | None = Field(description="The note, the company of a role or decision, or the message.")
    count: int | None = Field(description="How many people came.")


class TimelinePage(BaseModel):
    """A page of a timeline, newest first."""

    model_config = example({"items": [HAPPENING, LOADED], "next_cursor": None})

    items: list[HappeningView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for what happened before; null at the beginning.")


class ContactChange(BaseModel):
    """What to change about an address."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"add_tags": ["vip"], "remove_tags": ["cold"], "custom_fields": {"Lead Owner": "Kim"}}]},
    )

    add_tags: list[Text] = Field(default_factory=list, max_length=100)
    remove_tags: list[Text] = Field(default_factory=list, max_length=100)
    custom_fields: dict[Text, Text | int | float | bool | None] = Field(
        default_factory=dict, description='{name: value}; "" and null take one away, what is left out stays.'
    )
    seen: dict[Text, Any] = Field(
        default_factory=dict, description="{custom field: value} as you saw them: 409 when one is something else by now."
    )
