"""The report of a campaign and its feedback over HTTP. One request is one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Path, Query

from outrider.kit.http import Cursor, Limit, Text
from outrider.marketing import Campaigns
from outrider.tenancy import Caller, require, transaction

from . import feedback
from .campaign_report import read_report
from .figure_rows import WORDS, Asked, read_rows
from .views import FeedbackPage, FeedbackView, FeedbackWritten, ReportRowsView, ReportRowView, ReportView

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"])
Reader = Annotated[Caller, Depends(require("campaigns:read", takes_clients=True))]
Writer = Annotated[Caller, Depends(require("campaigns:write"))]
CampaignId = Annotated[UUID, Path(description="The campaign's id.")]


@asynccontextmanager
async def _reading(caller: Caller, campaign: UUID) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection to read of a campaign. Raises `NotFound`, also for one that is not of a client's namespaces."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        await Campaigns(connection, caller.organization_id, caller.namespaces).find(campaign)
        yield connection


@router.get("/{id}/report", summary="Report what became of a campaign")
async def get_report(id: CampaignId, caller: Reader) -> ReportView:
    """Worked out now, of the ledger and the events: as a whole, by day, step, variant, mailbox, recipient domain and hour."""
    async with _reading(caller, id) as connection:
        return ReportView.model_validate(await read_report(connection, caller.organization_id, id))


@router.get("/{id}/report/rows", summary="List the rows behind a figure of a report")
async def list_report_rows(
    id: CampaignId,
    caller: Reader,
    figure: Annotated[Text, Query(description=f"One of {', '.join(WORDS)}.", examples=["opened"], max_length=40)] = "sent",
    step: Annotated[int | None, Query(description="Only of this step.", ge=1, le=50)] = None,
    variant_id: Annotated[UUID | None, Query(description="Only of this wording.")] = None,
    mailbox_id: Annotated[UUID | None, Query(description="Only from this mailbox.")] = None,
    domain: Annotated[Text | None, Query(description="Only to this recipient domain.", examples=["acme.example"], max_length=253)] = None,
    hour: Annotated[int | None, Query(description="Only tried in this hour, 0 to 23.", ge=0, le=23)] = None,
    day: Annotated[date | None, Query(description="Only what happened on this day.", examples=["2026-11-20"])] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ReportRowsView:
    """The messages that the figure counts, newest first; for `enrolled` the people. Days and hours are of the organization's zone."""
    asked = Asked(step, variant_id, mailbox_id, domain, hour, day)
    async with _reading(caller, id) as connection:
        page = await read_rows(connection, caller.organization_id, id, figure, asked, limit=limit, cursor=cursor)
    return ReportRowsView(items=[ReportRowView.model_validate(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/{id}/feedback", summary="List what the days of a campaign taught")
async def list_feedback(id: CampaignId, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> FeedbackPage:
    """A row for each day on which something happened, the last one first, as of the night before or when somebody asked for it."""
    async with _reading(caller, id) as connection:
        page = await feedback.read_feedback(connection, caller.organization_id, id, limit=limit, cursor=cursor)
    return FeedbackPage(items=[FeedbackView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/{id}/feedback", summary="Work out a campaign's feedback now")
async def write_feedback(id: CampaignId, caller: Writer) -> FeedbackWritten:
    """Every day of the campaign anew: what came in late, or is judged otherwise now, is in it."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        return FeedbackWritten(days=await feedback.rewrite_feedback(connection, caller.organization_id, id))
