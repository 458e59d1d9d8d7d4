"""Campaigns over HTTP. One request is one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Body, Depends, Path, Query
from starlette.responses import StreamingResponse

from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, transaction

from . import preflight
from .access import CampaignReader, Name, Part, Reader, Writer
from .campaign_views import (
    CampaignChange,
    CampaignPage,
    CampaignView,
    DryRun,
    NewCampaign,
    NewStep,
    NewSteps,
    PlannedList,
    PlannedView,
    PreflightView,
    ProblemView,
    Reason,
    ResolvedView,
    Start,
    StepChangeView,
    StepsView,
    StepView,
    WholeView,
)
from .campaigns import Campaigns, as_document
from .duplicating import duplicate
from .recipient_views import EnrollmentPage, EnrollmentView
from .recipients import Wanted, list_recipients
from .recipients_export import csv_answer
from .running import Running
from .types import Step, Variant

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"])
CampaignId = Annotated[UUID, Path(description="The campaign's id.")]
CLEARED_BY_NULL = ("namespace", "daily_limit", "starts_at", "owner_user_id")


@dataclass(frozen=True, slots=True)
class _Open:
    connection: asyncpg.Connection
    campaigns: Campaigns
    running: Running


@asynccontextmanager
async def _open(caller: Caller, *, readonly: bool = False) -> AsyncIterator[_Open]:
    organization = caller.organization_id
    async with transaction(organization, caller.actor, readonly=readonly) as connection:
        yield _Open(connection, Campaigns(connection, organization, caller.namespaces), Running(connection, organization))


@router.get("", summary="List campaigns")
async def list_campaigns(
    caller: CampaignReader,
    state: Annotated[Text | None, Query(description="Only those in this state.", examples=["sending"], max_length=20)] = None,
    name: Name = None,
    q: Part = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CampaignPage:
    """Newest first. A client gets those of their namespaces."""
    async with _open(caller, readonly=True) as at:
        page = await at.campaigns.page(state=state, name=name, q=q, limit=limit, cursor=cursor)
    return CampaignPage(items=[CampaignView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("", status_code=201, summary="Make a campaign")
async def create_campaign(caller: Writer, body: NewCampaign) -> CampaignView:
    """A draft, in the namespace that the keywords in its name say, unless one is given."""
    async with _open(caller) as at:
        return CampaignView.model_validate(await at.campaigns.add(caller.actor, _given(body)))


@router.get("/{id}", summary="Show a campaign")
async def get_campaign(id: CampaignId, caller: CampaignReader) -> WholeView:
    """With its steps, audience, mailboxes, how many people are in which state, and who changed its state when."""
    async with _open(caller, readonly=True) as at:
        return WholeView.model_validate(as_document(await at.campaigns.whole(id)))


@router.patch("/{id}", summary="Change a campaign's settings")
async def update_campaign(id: CampaignId, caller: Writer, body: CampaignChange) -> CampaignView:
    """Another audience makes a campaign that was ready a draft again; one that runs takes it with the next resolve. 409 when it is over."""
    async with _open(caller) as at:
        return CampaignView.model_validate(await at.campaigns.change(id, _given(body)))


@router.delete("/{id}", status_code=204, summary="Delete a draft")
async def delete_campaign(id: CampaignId, caller: Writer) -> None:
    """409 for a campaign that somebody is enrolled in: cancel that one."""
    async with _open(caller) as at:
        await at.campaigns.delete(id)


@router.put("/{id}/steps", summary="Replace a campaign's steps")
async def replace_steps(id: CampaignId, caller: Writer, body: NewSteps) -> StepsView:
    """All steps in their order. `changes` says for how many enrolled people something changes; with `dry_run` nothing is written.

    What was sent stays as it was. 409 when a step would go that somebody got already.
    """
    wanted = [_step(one) for one in body.steps]
    async with _open(caller) as at:
        effect = await (at.campaigns.effect(id, wanted) if body.dry_run else at.campaigns.put_steps(id, wanted))
    shown = [StepView.model_validate(one, from_attributes=True) for one in effect.steps]
    changes = [StepChangeView.model_validate(one, from_attributes=True) for one in effect.changes]
    return StepsView(steps=shown, changes=changes, dry_run=body.dry_run)


@router.post("/{id}/resolve", summary="Enroll a campaign's audience")
async def resolve_campaign(id: CampaignId, caller: Writer) -> ResolvedView:
    """Looks at everyone in the audience now: who may be written to is enrolled, who may not is kept with the reason.

    A draft becomes ready. Again takes only who is new, and looks at the excluded anew.
    """
    async with _open(caller) as at:
        return ResolvedView.model_validate(await at.running.resolve(id))


@router.get("/{id}/preflight", summary="Check a campaign before it starts")
async def preflight_campaign(id: CampaignId, caller: Reader) -> PreflightView:
    """Names everything that is missing, at once."""
    async with _open(caller, readonly=True) as at:
        found = await preflight.check(at.connection, caller.organization_id, id)
    problems = [ProblemView.model_validate(one) for one in found.problems]
    return PreflightView(can_start=found.can_start, eligible=found.eligible, problems=problems)


@router.post("/{id}/dry-run", summary="Show what a campaign would send")
async def dry_run_campaign(id: CampaignId, caller: Reader, body: Annotated[DryRun | None, Body()] = None) -> PlannedList:
    """The next people's messages as they would get them, with planned times; sends nothing. 409 before the first resolve."""
    async with _open(caller, readonly=True) as at:
        planned = await preflight.dry_run(at.connection, caller.organization_id, id, (body or DryRun(people=3)).people)
    return PlannedList(items=[PlannedView.model_validate(one) for one in planned])


@router.post("/{id}/start", summary="Start a campaign")
async def start_campaign(id: CampaignId, caller: Writer, body: Annotated[Start | None, Body()] = None) -> CampaignView:
    """Now, or at its `starts_at`, which may be given here. 409 naming everything that is missing."""
    async with _open(caller) as at:
        if body and "starts_at" in body.model_fields_set:
            return CampaignView.model_validate(await at.running.start_at(id, body.starts_at))
        return CampaignView.model_validate(await at.running.start(id))


@router.post("/{id}/pause", summary="Pause a campaign")
async def pause_campaign(id: CampaignId, caller: Writer, body: Annotated[Reason | None, Body()] = None) -> CampaignView:
    """No message of it begins from now on. 409 when it does not run."""
    async with _open(caller) as at:
        return CampaignView.model_validate(await at.running.pause(id, body.reason if body else None))


@router.post("/{id}/resume", summary="Go on with a campaign")
async def resume_campaign(id: CampaignId, caller: Writer) -> CampaignView:
    """409 when it is not paused."""
    async with _open(caller) as at:
        return CampaignView.model_validate(await at.running.resume(id))


@router.post("/{id}/cancel", summary="Cancel a campaign")
async def cancel_campaign(id: CampaignId, caller: Writer) -> CampaignView:
    """Ends it for good: nobody is written to any more. 409 when it is over already."""
    async with _open(caller) as at:
        return CampaignView.model_validate(await at.running.cancel(id))


@router.post("/{id}/duplicate", status_code=201, summary="Duplicate a campaign")
async def duplicate_campaign(id: CampaignId, caller: Writer) -> CampaignView:
    """A draft with the same settings, steps, audience and mailboxes, and with nobody enrolled."""
    async with _open(caller) as at:
        return CampaignView.model_validate(await duplicate(at.connection, caller.organization_id, caller.actor, id))


@router.post("/{id}/enrollments/{enrollment_id}/stop", status_code=204, summary="Stop one person in a campaign")
async def stop_enrollment(id: CampaignId, enrollment_id: UUID, caller: Writer) -> None:
    """They get nothing more of this campaign; others of theirs go on. 409 when nothing would come any more."""
    async with _open(caller) as at:
        await at.running.stop_one(id, enrollment_id)


@router.post("/{id}/enrollments/{enrollment_id}/resume", status_code=204, summary="Let one person in a campaign go on")
async def resume_enrollment(id: CampaignId, enrollment_id: UUID, caller: Writer) -> None:
    """For who is paused, as when a colleague of theirs answered. 409 when they are not."""
    async with _open(caller) as at:
        await at.running.resume_one(id, enrollment_id)


def _wanted(
    state: Annotated[Text | None, Query(description="Only those in this state.", examples=["excluded"], max_length=20)] = None,
    reason: Annotated[Text | None, Query(description="Only those for this reason.", examples=["bounced"], max_length=100)] = None,
    happened: Annotated[
        Text | None,
        Query(
            description="Only those who were sent something, or who opened, clicked, replied, bounced, unsubscribed or complained; "
            "not_opened and not_replied are those who were sent something and did not.",
            examples=["replied"],
            max_length=20,
        ),
    ] = None,
    q: Annotated[Text | None, Query(description="A part of a name or an address.", examples=["lima"], max_length=200)] = None,
) -> Wanted:
    return Wanted(state, [reason] if reason else None, happened, q)


Recipients = Annotated[Wanted, Depends(_wanted)]
Sort = Annotated[
    Text,
    Query(description="enrolled, name, next (due soonest first) or latest (what happened last first).", examples=["latest"], max_length=20),
]


@router.get("/{id}/enrollments", summary="List the people in a campaign")
async def list_enrollments(
    id: CampaignId, caller: CampaignReader, wanted: Recipients, sort: Sort = "enrolled", limit: Limit = 50, cursor: Cursor = None
) -> EnrollmentPage:
    """Each with where they stand, what happened and what comes next; those who were left out too, with the reason."""
    async with _open(caller, readonly=True) as at:
        await at.campaigns.find(id)
        page = await list_recipients(at.connection, caller.organization_id, id, wanted, sort=sort, limit=limit, cursor=cursor)
    return EnrollmentPage(items=[EnrollmentView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.get(
    "/{id}/enrollments.csv",
    summary="Export the people in a campaign as CSV",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "A header, then a line for each person."}},
)
async def export_enrollments(id: CampaignId, caller: CampaignReader, wanted: Recipients, sort: Sort = "enrolled") -> StreamingResponse:
    """The same as CSV (UTF-8, times in UTC); cells that a spreadsheet would run as formulas begin with an apostrophe."""
    return await csv_answer(caller, id, wanted, sort)


def _given(body: CampaignChange) -> dict[str, Any]:
    given = {name: getattr(body, name) for name in body.model_fields_set}
    for name, value in given.items():
        if value is None and name not in CLEARED_BY_NULL:
            raise InvalidInput(f"{name} is null: leave it out to keep it as it is", field=name)
    return given


def _step(one: NewStep) -> Step:
    variants = tuple(Variant(**variant.model_dump()) for variant in one.variants)
    return Step(**{**one.model_dump(exclude={"variants"}), "variants": variants})
