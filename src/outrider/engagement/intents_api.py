"""Who showed interest, over HTTP. One request is one transaction."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Cursor, Limit, Text, csv_file
from outrider.kit.paging import Page
from outrider.tenancy import Actor, Caller, OrganizationId, require, transaction

from .intents import BY_HAND, Intent, Intents, csv_header, csv_of

router = APIRouter(prefix="/api/intents", tags=["activity"])
Reader = Annotated[Caller, Depends(require("campaigns:read"))]
Writer = Annotated[Caller, Depends(require("campaigns:write"))]
ByHand = Literal["form_submission", "manual_qualification", "meeting_booked", "inbound_request", "referral"]
OfType = Annotated[Text | None, Query(max_length=40, description="Only this type.", examples=["reply"])]
OfCampaign = Annotated[UUID | None, Query(description="Only of this campaign.")]
OfPerson = Annotated[UUID | None, Query(description="Only of this person.")]
AT_ONCE = 500

EXAMPLE: dict[str, Any] = {
    "id": "0193a512-9d2b-7a53-8f0e-1d2c3b4a5968", "person_id": "0193a512-3333-7a53-8f0e-1d2c3b4a5968", "person": "Ana Lima",
    "email": "ana@example.org", "company": "Example", "campaign_id": "0193a512-1111-7a53-8f0e-1d2c3b4a5968", "campaign": "Autumn",
    "type": "meeting_booked", "note": "Tuesday at ten", "occurred_at": "2026-11-20T08:00:00Z",
    "created_by": "user:0193a510-0000-7000-8000-000000000001", "created_at": "2026-11-20T08:00:00Z",
}  # fmt: skip


class IntentView(BaseModel):
    """A person showed interest."""

    model_config = ConfigDict(title="Intent", json_schema_extra={"examples": [EXAMPLE]}, from_attributes=True)

    id: UUID
    person_id: UUID
    person: str | None = Field(description="Their name.")
    email: str
    company: str | None
    campaign_id: UUID | None = Field(description="Null: outside of any campaign.")
    campaign: str | None = Field(description="Its name.")
    type: str = Field(description="reply and click_through follow from what happened; the others are noted.")
    note: str | None
    occurred_at: datetime
    created_by: str
    created_at: datetime


class IntentPage(BaseModel):
    """A page of intents, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [EXAMPLE], "next_cursor": None}]})

    items: list[IntentView]
    next_cursor: str | None


class NewIntent(BaseModel):
    """An intent to note."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"person": "ana@example.org", "type": "meeting_booked", "note": "Tuesday at ten"}]}
    )

    person: Text = Field(min_length=1, max_length=254, description="Their id, or one of their addresses.")
    type: ByHand = Field(description=f"One of {', '.join(BY_HAND)}.")
    campaign_id: UUID | None = None
    note: Text | None = Field(None, max_length=2000)
    occurred_at: datetime | None = Field(None, description="When; it names its zone. Left out: now.")


@router.get("", summary="List who showed interest")
async def list_intents(
    caller: Reader,
    type: OfType = None,
    campaign_id: OfCampaign = None,
    person_id: OfPerson = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> IntentPage:
    """Once for each person, campaign and type, newest first."""
    page = await _page(caller.organization_id, caller.actor, type, campaign_id, person_id, limit, cursor)
    return IntentPage(items=[IntentView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("", summary="Note that somebody showed interest", status_code=201)
async def note_intent(body: NewIntent, caller: Writer, response: Response) -> IntentView:
    """Answers 200 with the one that is there, unchanged, when the person has shown that in this campaign already."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        noted = await Intents(connection, caller.organization_id).note(
            body.person, body.type, campaign_id=body.campaign_id, note=body.note, occurred_at=body.occurred_at
        )
    if not noted.is_new:
        response.status_code = 200
    return IntentView.model_validate(noted.intent)


@router.get(
    "/export.csv",
    summary="Export who showed interest as CSV",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "A header, then a line for each intent."}},
)
async def export_intents(
    caller: Reader, type: OfType = None, campaign_id: OfCampaign = None, person_id: OfPerson = None
) -> StreamingResponse:
    """All that fit, as CSV (UTF-8), newest first; cells that a spreadsheet would run as formulas begin with an apostrophe."""
    return await csv_answer(caller.organization_id, caller.actor, type, campaign_id, person_id)


@router.get("/{id}", summary="Show an intent")
async def get_intent(id: UUID, caller: Reader) -> IntentView:
    """One intent."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return IntentView.model_validate(await Intents(connection, caller.organization_id).get(id))


@router.delete("/{id}", summary="Take away an intent", status_code=204)
async def delete_intent(id: UUID, caller: Writer) -> None:
    """409 for a reply or a click: those follow from what happened."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        await Intents(connection, caller.organization_id).remove(id)


async def csv_answer(
    organization: OrganizationId, actor: Actor, type: str | None, campaign_id: UUID | None, person_id: UUID | None
) -> StreamingResponse:
    """Return the CSV of all that fit, read page by page. Raises `InvalidInput` for an unknown type, before the answer begins."""
    first = await _page(organization, actor, type, campaign_id, person_id, AT_ONCE, None)

    async def text() -> AsyncIterator[str]:
        yield csv_header() + csv_of(first.items)
        cursor = first.next_cursor
        while cursor is not None:
            page = await _page(organization, actor, type, campaign_id, person_id, AT_ONCE, cursor)
            yield csv_of(page.items)
            cursor = page.next_cursor

    return csv_file(text(), "intents.csv")


async def _page(
    organization: OrganizationId,
    actor: Actor,
    type: str | None,
    campaign_id: UUID | None,
    person_id: UUID | None,
    limit: int,
    cursor: str | None,
) -> Page[Intent]:
    async with transaction(organization, actor, readonly=True) as connection:
        return await Intents(connection, organization).page(
            type=type, campaign_id=campaign_id, person_id=person_id, limit=limit, cursor=cursor
        )
