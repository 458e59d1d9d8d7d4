"""/campaigns/{id}: how it stands, what to do next in four parts, and what became of it when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.tenancy import Visitor, actor_names

from ..preflight import Problem, check_whole
from ..types import Whole
from . import words
from .frame import MOVING, Reader, campaigns_of, frame

router = APIRouter()
WAITS, GOES_ON, OVER = ("ready", "paused"), ("active",), ("finished", "stopped")


@dataclass(frozen=True, slots=True)
class Part:
    """One of the four parts: whether it is done, and what there is to say of it."""

    name: str
    href: str
    is_done: bool
    told: str
    missing: Sequence[Problem]


@router.get("/campaigns/{id}")
async def show(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return the page; htmx gets the figures alone, again and again while something is sent."""
    base = f"/campaigns/{id}"
    async with visitor.transaction(readonly=True) as connection:
        whole = await campaigns_of(connection, visitor).whole(id)
        again = base if whole.campaign.state in MOVING else None
        figures: dict[str, Any] = {"people": _people(whole), "again": again, "is_part": ui.is_htmx(request)}
        if ui.is_htmx(request):
            return ui.fragment(request, "marketing/campaigns/overview.html", "figures", **frame(visitor, whole.campaign), **figures)
        missing = await _missing(connection, visitor, whole)
        actors = [whole.campaign.created_by, *(one.changed_by for one in whole.history)]
        who = await actor_names(connection, visitor.organization_id, actors)
    parts = _parts(base, whole, missing) if visitor.caller.namespaces is None else []
    return ui.page(
        request,
        "marketing/campaigns/overview.html",
        **frame(visitor, whole.campaign),
        whole=whole,
        parts=parts,
        next_part=next((part for part in parts if not part.is_done), None),
        **figures,
        window=f"{words.days(list(whole.campaign.window_days))}, {whole.campaign.window_start} to {whole.campaign.window_end}",
        who=who,
    )


async def _missing(connection: asyncpg.Connection, visitor: Visitor, whole: Whole) -> Sequence[Problem]:
    found = await check_whole(connection, visitor.organization_id, whole, counts_people=False)
    return [one for one in found.problems if one.blocks]


def _people(whole: Whole) -> dict[str, int]:
    def count(states: Iterable[str]) -> int:
        return sum(whole.enrollments.get(state, 0) for state in states)

    groups = {"in": (*WAITS, *GOES_ON, *OVER), "waits": WAITS, "goes_on": GOES_ON, "over": OVER, "out": ("excluded",)}
    return {name: count(states) for name, states in groups.items()}


def _parts(base: str, whole: Whole, missing: Sequence[Problem]) -> list[Part]:
    def of(part: str) -> list[Problem]:
        return [one for one in missing if words.PARTS.get(one.code) == part]

    people, audiences = _people(whole), len(whole.lists) + len(whole.segments)
    emails = sum(step.channel == "email" for step in whole.steps)
    told: dict[str, Any] = {
        "steps": f"{ui.plural(len(whole.steps), 'step')}, {ui.plural(emails, 'email')} among them" if whole.steps else "No steps yet",
        "people": f"{ui.plural(people['in'], 'person', 'people')} from {ui.plural(audiences, 'list or segment', 'lists and segments')}"
        if audiences
        else "Nobody is chosen yet",
        "settings": f"Sends from {ui.plural(len(whole.mailboxes), 'mailbox', 'mailboxes')}"
        if whole.mailboxes
        else "No mailbox is chosen yet",
        "check": f"It is {words.STATES[whole.campaign.state][0].lower()}",
    }
    begun = whole.campaign.state not in ("draft", "ready")
    first = [
        Part(name, f"{base}/{part}", not of(part), told[part], of(part))
        for name, part in (("Write", "steps"), ("Choose people", "people"), ("Settings and mailboxes", "settings"))
    ]
    if not begun:
        told["check"] = "Nothing is missing: look at what people will get, then start" if not missing else "When the other parts are done"
    return [*first, Part("Check and start", f"{base}/check", begun, told["check"], [])]
