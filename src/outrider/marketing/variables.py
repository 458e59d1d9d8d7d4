"""What templates may say of a person: by the names that they use."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from outrider.kit.errors import NotFound
from outrider.tenancy import OrganizationId

from .rendering import name_of
from .store import texts as queries

KNOWN = (
    "email",
    "name",
    "first_name",
    "last_name",
    "title",
    "location",
    "phone",
    "linkedin_url",
    "company",
    "company_domain",
    "industry",
)
"""The names that everybody may have; custom fields come by theirs: `Lead Owner` is lead_owner."""
SENDER = {"sender_name": "[your name]", "sender_first_name": "[your first name]", "sender_email": "[your address]"}
"""What a text may say of the mailbox that it goes out from, and what previews show while no mailbox is drawn."""


def sender_variables(name: str, email: str) -> dict[str, str]:
    """Return what a text may say of a mailbox; one without a name has none, so that no message goes out unsigned by mistake."""
    return {"sender_name": name, "sender_first_name": name.split(" ")[0], "sender_email": email}


async def variables_of(
    connection: asyncpg.Connection, organization: OrganizationId, enrollment_ids: Sequence[UUID]
) -> dict[UUID, dict[str, str]]:
    """Return {enrollment: {variable: value}}, in one statement; enrollments that are not there are left out."""
    rows = queries.variables_of_enrollments(connection, organization_id=organization, enrollment_ids=list(enrollment_ids))
    return {row["id"]: _variables(row) async for row in rows}


async def variables_of_person(connection: asyncpg.Connection, organization: OrganizationId, person_id: UUID) -> dict[str, str]:
    """Return {variable: value} of a person. Raises `NotFound`."""
    row = await queries.variables_of_person(connection, organization_id=organization, person_id=person_id)
    if row is None:
        raise NotFound(f"there is no person {person_id}", field="person_id")
    return _variables(row)


def _variables(row: asyncpg.Record) -> dict[str, str]:
    custom = {
        name_of(name): str(value)
        for name, value in (row["custom_fields"] or {}).items()
        if isinstance(value, (str, int, float)) and not isinstance(value, bool)
    }
    return {**SENDER, **custom, **{name: row[name] for name in KNOWN if row[name]}}
