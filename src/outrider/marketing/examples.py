"""What the marketing endpoints take and answer, as examples: for the API's document."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

CAMPAIGN_ID, LIST_ID, SEGMENT_ID, TEMPLATE_ID, MAILBOX_ID, ENROLLMENT_ID, PERSON_ID, STEP_ID, VARIANT_ID = (
    f"0193a512-7c14-7e0c-9b1d-2f6f5a1f3d{n}1" for n in range(1, 10)
)
ACTOR = "user:0193a510-0000-7000-8000-000000000001"
AT = "2026-11-20T08:00:00Z"
MADE: dict[str, Any] = {"created_by": ACTOR, "created_at": AT, "updated_at": AT}
FILTERS: dict[str, Any] = {"department": "Finance", "country_code": "ES", "tag": ["vip"]}
LIST: dict[str, Any] = {"id": LIST_ID, "name": "Spring fair", "description": "Everyone at our stand", "people": 412, **MADE}
SEGMENT: dict[str, Any] = {"id": SEGMENT_ID, "name": "Finance in Spain", "description": None, "filters": FILTERS, **MADE}
MEMBER: dict[str, Any] = {
    "id": PERSON_ID,
    "email": "ana.lopez@acme.example",
    "name": "Ana López",
    "title": "CFO",
    "company": "Acme",
    "status": "active",
}
NEXT = "Pass it as `cursor` for the next page; null on the last one."


def example(value: dict[str, Any], title: str | None = None) -> ConfigDict:
    """Return the settings of a model whose example this is; it reads records too."""
    return ConfigDict(from_attributes=True, json_schema_extra={"examples": [value]}, title=title)


def given(value: dict[str, Any], title: str | None = None) -> ConfigDict:
    """Return the settings of a body whose example this is; names that it does not know are refused."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [value]}, title=title)


class MemberView(BaseModel):
    """Somebody on a list or in a segment."""

    model_config = example(MEMBER, title="AudienceMember")

    id: UUID
    email: str
    name: str | None
    title: str | None
    company: str | None
    status: str


class MemberPage(BaseModel):
    """A page of people."""

    model_config = example({"items": [MEMBER], "next_cursor": None}, title="AudienceMembers")

    items: list[MemberView]
    next_cursor: str | None = Field(description=NEXT)
