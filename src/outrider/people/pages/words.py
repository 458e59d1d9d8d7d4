"""What people and companies are called on pages: the fields with how each is written, and why something waits or failed. Pure."""

import re
from dataclasses import dataclass
from typing import Any

from outrider.intake import REASONS

from ..edits import COMPANY_STATUSES, PERSON_STATUSES
from ..types import COMPANY_FIELDS, PERSON_FIELDS


@dataclass(frozen=True, slots=True)
class Field:
    """A field as pages show and edit it. `kind` is text, link, phone, company, number, choice; `options` are a choice's."""

    name: str
    label: str
    kind: str = "text"
    hint: str | None = None
    options: tuple[str, ...] = ()


LABELS = {
    "company_id": "Company",
    "linkedin_url": "LinkedIn",
    "linkedin_profile": "LinkedIn",
    "country_code": "Country",
    "employee_count": "Employees",
    "revenue_currency": "Currency",
    "icp_score": "Fit score",
    "behaviour_score": "Behaviour score",
    "lead_score": "Lead score",
    "person_id": "Person",
    "meta": "Details",
}
"""What is not called as its column is."""
KINDS = {
    "company_id": ("company", "The company's domain, such as acme.com, or its name."),
    "linkedin_url": ("link", None),
    "website": ("link", None),
    "phone": ("phone", None),
    "country_code": ("text", "Two letters, such as ES."),
    "revenue_currency": ("text", "Three letters, such as EUR."),
    "employee_count": ("number", None),
    "revenue": ("number", None),
}


def label(field: str) -> str:
    """Return what a field is called, for one that is not known what its name says."""
    if field.startswith("custom_fields."):
        return field.partition(".")[2]
    return LABELS.get(field, field.replace("_", " ").capitalize())


def _fields(names: tuple[str, ...], statuses: tuple[str, ...]) -> dict[str, Field]:
    found = {}
    for name in names:
        kind, hint = KINDS.get(name, ("text", None))
        found[name] = Field(name, label(name), "choice", None, statuses) if name == "status" else Field(name, label(name), kind, hint)
    return found


PERSON = _fields(PERSON_FIELDS, PERSON_STATUSES)
COMPANY = _fields(COMPANY_FIELDS, COMPANY_STATUSES)

ISSUES = {
    "email_domain_is_not_company_domain": "the address is at another domain than the company",
    "edu_domain_of_another_industry": "the domain is a school's and the industry is not",
    "no_name": "there is no name",
    "one_word_name": "the name is one word",
    "placeholder_name": "the name stands for a name that is missing",
    "no_domain": "no domain of a company is known",
    "unusable_company": "the company's name cannot be used",
    "linkedin_url_of_a_company": "the LinkedIn address is a company's",
    "linkedin_url_of_a_person": "the company's LinkedIn address is a person's",
    "import_reverted": "the import was taken back",
}


def reason(code: str | None) -> str:
    """Return why something waits or failed, in words; '' for no reason."""
    return ISSUES.get(code, REASONS.get(code, code.replace("_", " "))) if code else ""


def reason_sentence(code: str | None) -> str:
    """Return the same with a capital letter."""
    said = reason(code)
    return said[:1].upper() + said[1:]


def web_address(value: Any) -> str | None:
    """Return where a value leads in a browser, None when it is no address of the web: nothing else may become a link."""
    text = str(value or "").strip()
    if re.match(r"https?://[^\s/]+\.[^\s/]+", text, re.I):
        return text
    return f"https://{text}" if re.match(r"[a-z0-9-]+(\.[a-z0-9-]+)+([/?#]\S*)?$", text, re.I) else None


def short_address(value: Any) -> str:
    """Return an address of the web without what every one of them has."""
    return re.sub(r"^https?://(www\.)?", "", str(value)).rstrip("/")
