"""What the people endpoints answer, as examples: for the API's document."""

from typing import Any

from pydantic import ConfigDict

PERSON_ID, COMPANY_ID = "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11", "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c12"
ORIGIN: dict[str, Any] = {
    "kind": "load",
    "by": None,
    "by_name": None,
    "load_id": 4711,
    "source": "apollo",
    "batch_id": "2026-11-20",
    "import_id": "0193a512-7c10-7aaa-8001-3c4d5e6f7a8b",
    "file_name": "leads.csv",
    "row_number": 42,
}
FACT: dict[str, Any] = {
    "field": "title",
    "value": "Chief Financial Officer",
    "shown": None,
    "origin": {"kind": "edit", "by": "user:0193a510-0000-7000-8000-000000000001", "by_name": "Kim Weber"}
    | dict.fromkeys(("load_id", "source", "batch_id", "import_id", "file_name", "row_number")),
    "since": "2026-11-21T09:30:00Z",
    "earlier": [{"value": "CFO", "shown": None, "since": "2026-11-20T08:00:00Z", "until": "2026-11-21T09:30:00Z", "origin": ORIGIN}],
}
ROW: dict[str, Any] = {
    "id": PERSON_ID,
    "email": "ana.lopez@acme.example",
    "name": "Ana López",
    "first_name": "Ana",
    "last_name": "López",
    "title": "Chief Financial Officer",
    "company": "Acme",
    "company_id": COMPANY_ID,
    "domain": "acme.example",
    "location": "Madrid, España",
    "country_code": "ES",
    "seniority": "C suite",
    "department": "Finance",
    "phone": "+34 91 000 00 00",
    "linkedin_url": "https://www.linkedin.com/in/ana-lopez",
    "status": "active",
    "source": "apollo",
    "created_at": "2026-11-20T08:00:00Z",
    "updated_at": "2026-11-21T09:30:00Z",
    "addresses": 2,
    "tags": ["vip"],
    "custom_fields": {"Lead Owner": "Kim"},
}
COMPANY: dict[str, Any] = {
    "id": COMPANY_ID,
    "domain": "acme.example",
    "name": "Acme",
    "industry": "Manufacturing",
    "employee_count": 250,
    "revenue": 12000000,
    "revenue_currency": "EUR",
    "funding": "Series A",
    "location": None,
    "country_code": "ES",
    "linkedin_url": "https://www.linkedin.com/company/acme",
    "website": "https://acme.example",
    "status": "active",
    "people_count": 41,
    "created_at": "2026-11-20T08:00:00Z",
    "updated_at": "2026-11-20T08:00:00Z",
}
CONTACT_ROW: dict[str, Any] = {
    "contact_id": 815,
    "email": "ana.lopez@acme.example",
    "person_id": PERSON_ID,
    "is_primary": True,
    "name": "Ana López",
    "title": "Chief Financial Officer",
    "company": "Acme",
    "phone": "+34 91 000 00 00",
    "domain": "acme.example",
    "status": "active",
    "source": "apollo",
    "tags": ["vip"],
    "custom_fields": {"Lead Owner": "Kim"},
    "score": 0,
    "last_activity_at": None,
    "created_at": "2026-11-20T08:00:00Z",
    "updated_at": "2026-11-20T08:00:00Z",
}
CHANGE: dict[str, Any] = {
    "at": "2026-11-21T09:30:00Z",
    "by": "user:0193a510-0000-7000-8000-000000000001",
    "by_name": "Kim Weber",
    "of": "person",
    "old": {"title": "CFO"},
    "new": {"title": "Chief Financial Officer"},
    "origins": {},
}
CONTACT: dict[str, Any] = {
    "contact_id": 815,
    "email": "ana.lopez@acme.example",
    "person_id": PERSON_ID,
    "is_primary": True,
    "status": "active",
    "source": "apollo",
    "tags": ["vip"],
    "custom_fields": {"Lead Owner": "Kim"},
    "score": 0,
    "last_activity_at": None,
    "created_at": "2026-11-20T08:00:00Z",
    "updated_at": "2026-11-20T08:00:00Z",
    "facts": [FACT],
    "custom_facts": [],
}
SLOT: dict[str, Any] = {
    "id": "0193a512-8a11-7c3e-a0b2-0c9d8e7f6a55",
    "email": "ana.lopez@acme.example",
    "raw_data": {"name": "Ana López", "company": "Other", "domain": "other.example"},
    "validation_status": "pending",
    "issue": "conflict",
    "reasons": ["email_domain_is_not_company_domain"],
    "load_id": 4711,
    "created_at": "2026-11-20T08:00:00Z",
    "promoted_at": None,
    "decided_by": None,
    "decided_at": None,
}
LOAD: dict[str, Any] = {
    "load_id": 4711,
    "email": "ana.lopez@acme.example",
    "source": "apollo",
    "batch_id": "2026-11-20",
    "status": "promoted",
    "reason": None,
    "created_at": "2026-11-20T08:00:00Z",
    "import_id": ORIGIN["import_id"],
    "file_name": "leads.csv",
    "row_number": 42,
}
AFFILIATION: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c13",
    "company_id": COMPANY_ID,
    "company": "Acme",
    "domain": "acme.example",
    "title": "CFO",
    "source": "apollo",
    "created_at": "2026-11-20T08:00:00Z",
    "facts": [],
}
PROFILE: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c14",
    "namespace": "playmaker",
    "email": "ana.lopez@acme.example",
    "platform": "apollo",
    "icp_score": 0,
    "behaviour_score": 0,
    "lead_score": 0,
    "meta": {"campaign": "Q4"},
    "created_at": "2026-11-20T08:00:00Z",
    "facts": [],
}


def example(*examples: dict[str, Any], title: str | None = None) -> ConfigDict:
    """Return a model's configuration with what it looks like."""
    return ConfigDict(title=title, from_attributes=True, json_schema_extra={"examples": list(examples)})
