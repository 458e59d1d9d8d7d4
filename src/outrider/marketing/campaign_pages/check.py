"""/campaigns/{id}/check: everything that is missing and where it is mended, what people would get and when, and the start."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui

from ..campaigns import OVER
from ..preflight import MOST_MESSAGES, Planned, Problem, check_whole, dry_run
from . import words
from .forms import local_input
from .frame import Insider, campaigns_of, frame

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is missing, and where it is mended."""

    problem: Problem
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody, with what they would get."""

    name: str
    email: str
    messages: Sequence[Planned]


@router.get("/campaigns/{id}/check")
async def show(request: Request, visitor: Insider, id: UUID, people: Annotated[int, Query(ge=1, le=MOST_MESSAGES)] = 3) -> Response:
    """Return what is missing, and a dry run for some people; sends nothing."""
    async with visitor.transaction(readonly=True) as connection:
        whole = await campaigns_of(connection, visitor).whole(id)
        found = await check_whole(connection, visitor.organization_id, whole)
        planned = await dry_run(connection, visitor.organization_id, id, people) if whole.campaign.state != "draft" else []
    base = f"/campaigns/{id}"
    answer = ui.page(
        request,
        "marketing/campaigns/check.html",
        **frame(visitor, whole.campaign),
        whole=whole,
        is_over=whole.campaign.state in OVER,
        missing=[Found(one, *words.mending(base, one)) for one in found.problems if one.blocks],
        warnings=[Found(one, *words.mending(base, one)) for one in found.problems if not one.blocks],
        can_start=found.can_start,
        eligible=found.eligible,
        emails=sum(step.channel == "email" for step in whole.steps),
        window=f"{words.days(list(whole.campaign.window_days))}, {whole.campaign.window_start} to {whole.campaign.window_end}",
        starts_at=local_input(whole.campaign.starts_at, whole.campaign.time_zone),
        readers=_readers(planned),
        people=people,
    )
    return ui.showing_mail(answer)


def _readers(planned: Sequence[Planned]) -> list[Reader]:
    """Return what was planned by person; a person's messages come one after the other."""
    groups = [list(group) for _, group in groupby(planned, key=lambda one: one.enrollment_id)]
    return [Reader(group[0].name or group[0].email, group[0].email, group) for group in groups]
