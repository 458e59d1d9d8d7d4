"""Rows of the lists. Frozen records; nothing here touches the database."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in a list. `company` is the golden company's name, else what the primary address says; `source` is that address's.

    `tags` are those of all their addresses; so are `custom_fields`, where the primary address wins.
    """

    id: UUID
    email: str
    name: str | None
    first_name: str | None
    last_name: str | None
    title: str | None
    company: str | None
    company_id: UUID | None
    domain: str | None
    location: str | None
    country_code: str | None
    seniority: str | None
    department: str | None
    phone: str | None
    linkedin_url: str | None
    status: str
    source: str | None
    created_at: datetime
    updated_at: datetime
    addresses: int
    tags: list[Any]
    custom_fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """A company in a list; `people_count` is how many are linked to it."""

    id: UUID
    domain: str
    name: str | None
    industry: str | None
    employee_count: int | None
    revenue: Decimal | None
    revenue_currency: str | None
    funding: str | None
    location: str | None
    country_code: str | None
    linkedin_url: str | None
    website: str | None
    status: str
    people_count: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ContactRow:
    """An address in a list."""

    contact_id: int
    email: str
    person_id: UUID
    is_primary: bool
    name: str | None
    title: str | None
    company: str | None
    phone: str | None
    domain: str
    status: str
    source: str
    tags: list[Any]
    custom_fields: dict[str, Any]
    score: Decimal
    last_activity_at: datetime | None
    created_at: datetime
    updated_at: datetime
