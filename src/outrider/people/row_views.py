"""What the lists answer, with examples. Times are UTC."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from .examples import COMPANY, CONTACT_ROW, ROW, example

NEXT = "Pass it as `cursor` for the next page; null on the last one."


class PersonRowView(BaseModel):
    """A person in a list."""

    model_config = example(ROW, title="PersonInList")

    id: UUID
    email: str = Field(description="The primary address.")
    name: str | None
    first_name: str | None
    last_name: str | None
    title: str | None
    company: str | None = Field(description="The linked company's name, else what the primary address says.")
    company_id: UUID | None
    domain: str | None
    location: str | None
    country_code: str | None
    seniority: str | None
    department: str | None
    phone: str | None
    linkedin_url: str | None
    status: str
    source: str | None = Field(description="Where the primary address first came from.")
    created_at: datetime
    updated_at: datetime
    addresses: int = Field(description="How many addresses they have.")
    tags: list[Any] = Field(description="The tags of all their addresses.")
    custom_fields: Any = Field(description="The custom fields of all their addresses; the primary one wins.")


class PersonPage(BaseModel):
    """A page of people."""

    model_config = example({"items": [ROW], "next_cursor": None})

    items: list[PersonRowView]
    next_cursor: str | None = Field(description=NEXT)


class CompanyRowView(BaseModel):
    """A company in a list."""

    model_config = example(COMPANY, title="CompanyInList")

    id: UUID
    domain: str
    name: str | None
    industry: str | None
    employee_count: int | None
    revenue: float | None
    revenue_currency: str | None
    funding: str | None
    location: str | None
    country_code: str | None
    linkedin_url: str | None
    website: str | None
    status: str
    people_count: int = Field(description="How many people are linked to it.")
    created_at: datetime
    updated_at: datetime


class CompanyPage(BaseModel):
    """A page of companies."""

    model_config = example({"items": [COMPANY], "next_cursor": None})

    items: list[CompanyRowView]
    next_cursor: str | None = Field(description=NEXT)


class ContactRowView(BaseModel):
    """An address in a list."""

    model_config = example(CONTACT_ROW, title="ContactInList")

    contact_id: int
    email: str
    person_id: UUID
    is_primary: bool = Field(description="Whether it is the person's primary address.")
    name: str | None
    title: str | None
    company: str | None
    phone: str | None
    domain: str
    status: str
    source: str
    tags: list[Any]
    custom_fields: Any
    score: float
    last_activity_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ContactPage(BaseModel):
    """A page of addresses."""

    model_config = example({"items": [CONTACT_ROW], "next_cursor": None})

    items: list[ContactRowView]
    next_cursor: str | None = Field(description=NEXT)
