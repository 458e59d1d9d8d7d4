"""The organization over HTTP: its settings, and who changed what about it, its users and its keys."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Cursor, Limit, Text

from . import changes, organizations
from .http import require
from .types import Caller

ORGANIZATION_EXAMPLE: dict[str, Any] = {
    "id": "00000000-0000-0000-0000-000000000001",
    "name": "Default",
    "slug": "default",
    "plan_type": "self_hosted",
    "physical_address": "Example Street 1\n10115 Berlin\nGermany",
    "time_zone": "Europe/Berlin",
    "require_second_factor": False,
}
CHANGE_EXAMPLE: dict[str, Any] = {
    "id": "0193a512-9d2b-7a53-8f0e-1d2c3b4a5968",
    "changed_at": "2026-11-20T08:00:00Z",
    "changed_by": "user:0193a510-0000-7000-8000-000000000001",
    "changed_by_name": "Ana Example",
    "subject": "user",
    "subject_id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11",
    "subject_name": "ceo@acme.example",
    "action": "changed",
    "old_values": {"role": "viewer", "namespaces": []},
    "new_values": {"role": "client", "namespaces": ["acme-corp"]},
}


class OrganizationView(BaseModel):
    """The organization that the key belongs to."""

    model_config = ConfigDict(title="Organization", from_attributes=True, json_schema_extra={"examples": [ORGANIZATION_EXAMPLE]})

    id: UUID
    name: str
    slug: str
    plan_type: str
    physical_address: str | None = Field(description="Printed in every email that is sent, line by line.")
    time_zone: str = Field(description="An IANA name.")
    require_second_factor: bool = Field(description="Whether people who sign in need a second factor; keys do not.")


class OrganizationChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"physical_address": "Example Street 1\n10115 Berlin\nGermany", "time_zone": "Europe/Berlin"}]},
    )

    name: Text | None = Field(None, max_length=1000, description="1 to 255 characters.")
    physical_address: Text | None = Field(None, max_length=2000, description="At most 500 characters; an empty one takes it away.")
    time_zone: Text | None = Field(None, max_length=100, description="An IANA name, such as Europe/Berlin.")
    require_second_factor: bool | None = Field(None, description="true: who has no second factor sets one up before anything else.")


class ChangeView(BaseModel):
    """What somebody changed about a user, a key or the organization."""

    model_config = ConfigDict(title="Change", from_attributes=True, json_schema_extra={"examples": [CHANGE_EXAMPLE]})

    id: UUID
    changed_at: datetime
    changed_by: str = Field(description="`user:<id>`, `key:<id>` or `cli:<account>`.")
    changed_by_name: str | None = Field(description="The name of the user or the key, as it was.")
    subject: Literal["user", "key", "organization"]
    subject_id: UUID
    subject_name: str = Field(description="The address of the user or the name of the key, as it was.")
    action: Literal["added", "changed", "removed", "revoked", "password_reset"]
    old_values: dict[str, Any]
    new_values: dict[str, Any]


class ChangePage(BaseModel):
    """A page of changes, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [CHANGE_EXAMPLE], "next_cursor": None}]})

    items: list[ChangeView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


router = APIRouter(prefix="/api/organization", tags=["users"])
Subject = Annotated[Literal["user", "key", "organization"] | None, Query(description="Only changes of these.")]


@router.get("", summary="Show the organization")
async def get_organization(caller: Annotated[Caller, Depends(require())]) -> OrganizationView:
    """The organization that your key belongs to. Any key may ask."""
    return OrganizationView.model_validate(await organizations.current_organization(caller.organization_id, caller.actor))


@router.patch("", summary="Change the organization")
async def change_organization(
    body: OrganizationChange, caller: Annotated[Caller, Depends(require("organization:write"))]
) -> OrganizationView:
    """Changes the name, the address that is printed in emails, or the time zone."""
    changed = await organizations.change_organization(
        caller,
        name=body.name,
        physical_address=body.physical_address,
        time_zone=body.time_zone,
        require_second_factor=body.require_second_factor,
    )
    return OrganizationView.model_validate(changed)


@router.get("/changes", summary="List changes of users, keys and settings")
async def list_changes(
    caller: Annotated[Caller, Depends(require("users:read"))], subject: Subject = None, limit: Limit = 100, cursor: Cursor = None
) -> ChangePage:
    """Who changed what about users, keys and the organization, newest first."""
    page = await changes.page_of_changes(caller, subject=subject, limit=limit, cursor=cursor)
    return ChangePage(items=[ChangeView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)
