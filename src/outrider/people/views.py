"""What the people endpoints take and answer, with examples. Times are UTC."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Text

from .examples import AFFILIATION, CHANGE, COMPANY, CONTACT, FACT, LOAD, ORIGIN, PROFILE, ROW, SLOT, example
from .row_views import CompanyRowView, PersonRowView


class OriginView(BaseModel):
    """Where a value is from."""

    model_config = example(ORIGIN, title="Origin")

    kind: str = Field(
        description="load: a source said so. edit: `by` wrote it. revert: `by` took that import back. unknown: nobody noted it."
    )
    by: str | None
    by_name: str | None = Field(description="Who that is, in words.")
    load_id: int | None = Field(description="The raw load.")
    source: str | None
    batch_id: str | None
    import_id: UUID | None
    file_name: str | None
    row_number: int | None = Field(description="The row in the file, from 1, the header not counted.")


class EarlierView(BaseModel):
    """A value that stood before."""

    model_config = example(FACT["earlier"][0], title="Earlier")

    value: Any
    shown: str | None = Field(description="What an id means.")
    since: datetime
    until: datetime
    origin: OriginView


class FactView(BaseModel):
    """A value, where it is from, since when, and what stood before, newest first."""

    model_config = example(FACT, title="Fact")

    field: str
    value: Any
    shown: str | None = Field(description="What an id means: the company's name and domain.")
    origin: OriginView | None = Field(description="null for what is not known and never was.")
    since: datetime | None
    earlier: list[EarlierView]


class ContactView(BaseModel):
    """An address."""

    model_config = example(CONTACT, title="Contact")

    contact_id: int
    email: str
    person_id: UUID
    is_primary: bool
    status: str
    source: str
    tags: list[Any]
    custom_fields: Any
    score: float
    last_activity_at: datetime | None
    created_at: datetime
    updated_at: datetime
    facts: list[FactView]
    custom_facts: list[FactView] = Field(description="The custom fields with where each value is from.")


class AffiliationView(BaseModel):
    """A role at a company."""

    model_config = example(AFFILIATION, title="Affiliation")

    id: UUID
    company_id: UUID | None
    company: str | None
    domain: str | None
    title: str | None
    source: str | None
    created_at: datetime
    facts: list[FactView]


class ProfileView(BaseModel):
    """The person as one namespace sees them."""

    model_config = example(PROFILE, title="Profile")

    id: UUID
    namespace: str
    email: str
    platform: str | None
    icp_score: int | None
    behaviour_score: int | None
    lead_score: int | None
    meta: Any
    created_at: datetime
    facts: list[FactView]


class SlotView(BaseModel):
    """What a load said about a person, and what is wrong with it."""

    model_config = example(SLOT, title="Slot")

    id: UUID
    email: str
    raw_data: Any
    validation_status: str = Field(description="pending, validated or rejected.")
    issue: str | None = Field(description="conflict: waits for a person. incomplete: something is missing. null: it holds together.")
    reasons: list[str]
    load_id: int | None
    created_at: datetime
    promoted_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None


class SlotPage(BaseModel):
    """A page of slots."""

    model_config = example({"items": [SLOT], "next_cursor": None})

    items: list[SlotView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


class LoadView(BaseModel):
    """A raw load; its payload is at /api/loads/{load_id}."""

    model_config = example(LOAD, title="LoadInPerson")

    load_id: int
    email: str | None
    source: str
    batch_id: str
    status: str
    reason: str | None
    created_at: datetime
    import_id: UUID | None
    file_name: str | None
    row_number: int | None


class ChangeView(BaseModel):
    """One entry of a history."""

    model_config = example(CHANGE, title="Change")

    at: datetime
    by: str | None
    by_name: str | None = Field(description="Who that is, in words.")
    of: str = Field(description="person, company, or the address that changed.")
    old: dict[str, Any]
    new: dict[str, Any]
    origins: dict[str, OriginView] = Field(description="Where new values came from, for those that a load brought.")


class PersonView(PersonRowView):
    """Everything about a person. Slots, loads and history: the latest hundred of each."""

    model_config = example(
        ROW
        | {
            "facts": [FACT],
            "contacts": [CONTACT],
            "affiliations": [AFFILIATION],
            "profiles": [PROFILE],
            "slots": [SLOT],
            "loads": [LOAD],
            "history": [CHANGE],
        },
        title="Person",
    )

    facts: list[FactView]
    contacts: list[ContactView]
    affiliations: list[AffiliationView]
    profiles: list[ProfileView]
    slots: list[SlotView]
    loads: list[LoadView]
    history: list[ChangeView]


class CompanyView(CompanyRowView):
    """Everything about a company; of its people the newest fifty."""

    model_config = example(COMPANY | {"facts": [FACT], "people": [ROW], "history": [CHANGE]}, title="Company")

    facts: list[FactView]
    people: list[PersonRowView]
    history: list[ChangeView]


class PersonChange(BaseModel):
    """What to change; what is left out stays, "" and null clear."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "Chief Financial Officer", "phone": "", "seen": {"title": "CFO"}}]}
    )

    email: Text | None = Field(None, description="Never changes: another one is refused with 409.")
    name: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    title: Text | None = None
    company_id: UUID | Text | None = None
    linkedin_url: Text | None = None
    phone: Text | None = None
    location: Text | None = None
    country_code: Text | None = Field(None, description="Two letters (ISO 3166).")
    seniority: Text | None = None
    department: Text | None = None
    status: Text | None = Field(None, description="active, inactive or bounced.")
    seen: dict[Text, Any] = Field(
        default_factory=dict, description="{field: value} as you saw them: 409, with both values, when one is something else by now."
    )


class CompanyChange(BaseModel):
    """What to change; what is left out stays, "" and null clear."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Acme", "employee_count": 260}]})

    domain: Text | None = Field(None, description="Never changes: another one is refused with 409.")
    name: Text | None = None
    industry: Text | None = None
    employee_count: int | Text | None = None
    revenue: Decimal | Text | None = None
    revenue_currency: Text | None = Field(None, description="Three letters (ISO 4217).")
    funding: Text | None = None
    location: Text | None = None
    country_code: Text | None = Field(None, description="Two letters (ISO 3166).")
    linkedin_url: Text | None = None
    website: Text | None = None
    status: Text | None = Field(None, description="active, inactive or archived.")
    seen: dict[Text, Any] = Field(
        default_factory=dict, description="{field: value} as you saw them: 409, with both values, when one is something else by now."
    )


class Decision(BaseModel):
    """What a person decides about a conflict."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"accept": True}]})

    accept: bool = Field(description="true: they work at the company of the slot's domain. false: they do not.")
