"""Custom fields over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Text
from outrider.tenancy import Caller, require, transaction

from .custom_fields import CustomFields, FieldChange
from .custom_values import TYPES
from .examples import example

router = APIRouter(prefix="/api/custom-fields", tags=["people"])
Reader = Annotated[Caller, Depends(require("people:read"))]
Writer = Annotated[Caller, Depends(require("people:write"))]
FieldId = Annotated[UUID, Path(description="The field's id.")]
FIELD: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c31",
    "key": "Renewal",
    "label": "Renewal date",
    "type": "date",
    "options": [],
    "position": 0,
    "is_archived": False,
    "contacts": 4120,
    "misfits": 3,
}
FOUND: dict[str, Any] = {"key": "Lead Owner", "contacts": 8300, "proposed_type": "select", "samples": ["Kim", "Robin"]}
TYPE = f"One of {', '.join(TYPES)}."


class CustomFieldView(BaseModel):
    """A custom field with a type. Values stay as they came; those that do not fit are shown as they are."""

    model_config = example(FIELD, title="CustomField")

    id: UUID
    key: str = Field(description="Its name in `custom_fields`, and in filters and columns.")
    label: str = Field(description="What people call it.")
    type: str = Field(description=TYPE)
    options: list[str] = Field(description="What a select offers.")
    position: int
    is_archived: bool
    contacts: int | None = Field(description="How many addresses held it when last counted; null: never counted.")
    misfits: int | None = Field(description="How many of these held what does not fit the type.")


class FoundKeyView(BaseModel):
    """A key that came in and has no type yet."""

    model_config = example(FOUND, title="FoundKey")

    key: str
    contacts: int | None = Field(description="How many addresses held it when last counted; null: it came in since.")
    proposed_type: str = Field(description="The type that its newest values look like.")
    samples: list[str]


class CustomFieldList(BaseModel):
    """All custom fields: those with a type in their order, archived ones last; then keys without one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [FIELD], "found": [FOUND], "counted_at": "2026-11-20T03:37:00Z"}]})

    items: list[CustomFieldView]
    found: list[FoundKeyView]
    counted_at: datetime | None


class NewField(BaseModel):
    """A field to give a type."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"key": "Renewal", "label": "Renewal date", "type": "date"}]})

    label: Text = Field(description="What people call it, 1 to 100 characters.")
    type: Text = Field(description=TYPE)
    options: list[Text] = Field([], description="What a select offers, 1 to 200.")
    key: Text | None = Field(None, description="Its name in `custom_fields`; null: the label.")


class FieldChangeBody(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(
        title="CustomFieldChange", extra="forbid", json_schema_extra={"examples": [{"label": "Renewal", "is_archived": True}]}
    )

    label: Text | None = None
    type: Text | None = Field(None, description=f"{TYPE} Values stay as they are.")
    options: list[Text] | None = None
    position: int | None = Field(None, ge=0, le=100_000)
    is_archived: bool | None = Field(None, description="true: lists and editors offer it no more; its values stay.")


class CountStarted(BaseModel):
    """A job that was asked for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"job_id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11"}]})

    job_id: UUID


@asynccontextmanager
async def _fields(caller: Caller, *, readonly: bool = False) -> AsyncIterator[CustomFields]:
    async with transaction(caller.organization_id, caller.actor, readonly=readonly) as connection:
        yield CustomFields(connection, caller.organization_id)


@router.get("", summary="List custom fields")
async def list_custom_fields(caller: Reader) -> CustomFieldList:
    """Those with a type, and keys that came in with imports and wait for one, with the type that their values look like."""
    async with _fields(caller, readonly=True) as fields:
        return CustomFieldList.model_validate(await _registry(fields))


@router.post("", status_code=201, summary="Give a custom field a type")
async def add_custom_field(caller: Writer, body: NewField) -> CustomFieldView:
    """For a key that came in, or a new one. Values are kept as they are; what is written from now on has to fit. 409 when it has a type."""
    async with _fields(caller) as fields:
        return CustomFieldView.model_validate(await fields.add(body.label, body.type, body.options, body.key), from_attributes=True)


@router.post("/count", status_code=202, summary="Count what addresses hold")
async def count_custom_fields(caller: Writer) -> CountStarted:
    """A job counts who holds which custom field and tag, and how many values do not fit; it runs every night too."""
    async with _fields(caller) as fields:
        return CountStarted(job_id=await fields.ask_for_count())


@router.patch("/{id}", summary="Change a custom field")
async def update_custom_field(id: FieldId, caller: Writer, body: Annotated[FieldChangeBody | None, Body()] = None) -> CustomFieldView:
    """Its label, type, options, place, or whether it is archived. No value is changed."""
    given = {name: getattr(body, name) for name in body.model_fields_set} if body else {}
    async with _fields(caller) as fields:
        return CustomFieldView.model_validate(await fields.change(id, FieldChange(**given)), from_attributes=True)


async def _registry(fields: CustomFields) -> dict[str, Any]:
    found = await fields.registry()
    return {
        "items": [CustomFieldView.model_validate(one, from_attributes=True) for one in found.fields],
        "found": [FoundKeyView.model_validate(one, from_attributes=True) for one in found.found],
        "counted_at": found.counted_at,
    }
