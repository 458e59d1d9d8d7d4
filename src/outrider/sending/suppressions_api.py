"""Suppressions over HTTP. One request is one transaction."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Cursor, Limit, Text, csv_file
from outrider.tenancy import Caller, require, transaction

from . import suppression_files, suppressions

router = APIRouter(prefix="/api/suppressions", tags=["mailboxes"])
Reader = Annotated[Caller, Depends(require("mailboxes:read"))]
Writer = Annotated[Caller, Depends(require("mailboxes:write"))]

EXAMPLE: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11", "kind": "address", "value": "ana@example.org", "campaign_id": None, "campaign": None,
    "reason": "manual", "note": "asked by telephone", "created_by": "user:0193a510-0000-7000-8000-000000000001",
    "created_at": "2026-11-20T08:00:00Z",
}  # fmt: skip


class SuppressionView(BaseModel):
    """An address or domain that is not written to."""

    model_config = ConfigDict(title="Suppression", json_schema_extra={"examples": [EXAMPLE]}, from_attributes=True)

    id: UUID
    kind: Literal["address", "domain"]
    value: str | None = Field(description="Null when the address was erased: only its hash is left, and holds.")
    campaign_id: UUID | None = Field(description="The only campaign that it is about; null: all.")
    campaign: str | None = Field(description="Its name, where suppressions are listed.")
    reason: str
    note: str | None
    created_by: str
    created_at: datetime


class SuppressionPage(BaseModel):
    """A page of suppressions, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [EXAMPLE], "next_cursor": None}]})

    items: list[SuppressionView]
    next_cursor: str | None


class NewSuppressions(BaseModel):
    """Addresses and domains to suppress."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"values": ["ana@example.org", "example.net"], "note": "asked by telephone"}]}
    )

    values: list[Text] = Field(min_length=1, max_length=suppressions.MOST, description="Addresses, and domains without an at sign.")
    reason: Literal["manual", "import", "unsubscribe", "bounce", "complaint"] = "manual"
    note: Text | None = Field(None, max_length=1000)
    campaign_id: UUID | None = Field(None, description="The only campaign that it is about; left out: all.")


class Added(BaseModel):
    """What was new."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"added": 1, "already": 1, "items": [EXAMPLE]}]})

    added: int
    already: int = Field(description="How many were suppressed before, or named twice.")
    items: list[SuppressionView] = Field(description="Those that are new.")


@router.get("", summary="List suppressions")
async def list_suppressions(
    caller: Reader,
    value: Annotated[Text | None, Query(max_length=254, description="An address or domain.", examples=["ana@example.org"])] = None,
    q: Annotated[Text | None, Query(max_length=254, description="A whole address, or what a value holds.", examples=["example"])] = None,
    kind: Annotated[Text | None, Query(max_length=20, description="address or domain.", examples=["domain"])] = None,
    reason: Annotated[Text | None, Query(max_length=20, description="Only these.", examples=["bounce"])] = None,
    campaign_id: Annotated[UUID | None, Query(description="Only those about this campaign.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SuppressionPage:
    """Who is not written to, newest first. `value` finds an address or domain even when only its hash is left."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        page = await suppressions.page_of_suppressions(
            connection,
            caller.organization_id,
            value=value,
            q=q,
            kind=kind,
            reason=reason,
            campaign_id=campaign_id,
            limit=limit,
            cursor=cursor,
        )
    return SuppressionPage(items=[SuppressionView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("", summary="Suppress addresses and domains", status_code=201)
async def add_suppressions(body: NewSuppressions, caller: Writer) -> Added:
    """Keeps up to 10,000 addresses and domains from being written to, from the next message on.

    422 names the value that is neither; then none is kept. What is suppressed already stays as it is.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        new = await suppressions.suppress_many(
            connection, caller.organization_id, body.values, body.reason, note=body.note, campaign_id=body.campaign_id
        )
    return Added(added=len(new), already=len(body.values) - len(new), items=[SuppressionView.model_validate(one) for one in new])


@router.get(
    "/export.csv",
    summary="Export suppressions as CSV",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "A header, then a line for each suppression."}},
)
async def export_suppressions(caller: Reader) -> StreamingResponse:
    """All suppressions as CSV (UTF-8), newest first. Those whose address was erased have no value; cells that a spreadsheet would run as
    formulas begin with an apostrophe."""
    return csv_answer(caller)


@router.get("/{id}", summary="Show a suppression")
async def get_suppression(id: UUID, caller: Reader) -> SuppressionView:
    """One suppression."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return SuppressionView.model_validate(await suppressions.find_suppression(connection, caller.organization_id, id))


@router.delete("/{id}", summary="Lift a suppression")
async def remove_suppression(
    id: UUID,
    caller: Writer,
    why: Annotated[
        Text | None,
        Query(max_length=500, description="Needed for what people said themselves.", examples=["they asked for the newsletter again"]),
    ] = None,
) -> SuppressionView:
    """Lets an address or domain be written to again; the event store keeps who did it and why.

    422 when somebody unsubscribed or complained and `why` does not say why they may be written to all the same.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        return SuppressionView.model_validate(await suppressions.unsuppress(connection, caller.organization_id, id, why))


def csv_answer(caller: Caller) -> StreamingResponse:
    """Return the stream of all suppressions as a file; each page of it is a transaction."""

    async def text() -> AsyncIterator[str]:
        yield suppression_files.header()
        cursor: str | None = None
        while True:
            async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
                page = await suppressions.page_of_suppressions(
                    connection, caller.organization_id, limit=suppression_files.PAGE, cursor=cursor
                )
            yield suppression_files.lines(page.items)
            cursor = page.next_cursor
            if cursor is None:
                return

    return csv_file(text(), "suppressions.csv")
