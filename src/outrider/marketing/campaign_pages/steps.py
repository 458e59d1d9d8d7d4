"""/campaigns/{id}/steps: what is said when, by which channel, to whom; and what a change of it means for people on their way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import Visitor

from .. import steps as kept_steps
from ..campaigns import Effect
from ..choices import Choices
from ..types import Campaign
from . import preview, step_forms
from .forms import is_number, text
from .frame import RUNS, Reader, Writer, campaigns_of, frame
from .step_forms import TypedStep

router = APIRouter()
TEMPLATE = "marketing/campaigns/steps.html"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the builder shows: the steps as typed, which wording is previewed ('1.2') for whom, and what saving would change."""

    steps: Sequence[TypedStep]
    showing: str = "1.1"
    person: str = ""
    effect: Sequence[str] = ()
    is_unsaved: bool = False
    focus: str = ""


@router.get("/campaigns/{id}/steps")
async def show(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return the steps, to write for who may, else to read."""
    async with visitor.transaction(readonly=True) as connection:
        campaign = await campaigns_of(connection, visitor).find(id)
        steps = await kept_steps.read(connection, visitor.organization_id, id)
        if not frame(visitor, campaign)["may_change"]:
            templates = await Choices(connection, visitor.organization_id).templates() if visitor.caller.namespaces is None else {}
            return ui.page(request, "marketing/campaigns/steps_read.html", **frame(visitor, campaign), steps=steps, templates=templates)
        typed = step_forms.typed(steps) or [TypedStep(delay="0")]
        return await _page(request, connection, visitor, campaign, Shown(typed))


@router.post("/campaigns/{id}/steps")
async def change(request: Request, visitor: Writer, id: UUID) -> Response:
    """Save the steps; or add, move or remove one in the form, which saves nothing.

    Of a campaign that runs, saving first says what changes for whom, and is done when it is pressed again.
    """
    form = await ui.form(request)
    do, typed = text(form, "do") or "save", step_forms.read(form)
    shown = Shown(typed, text(form, "showing") or "1.1", text(form, "person"), is_unsaved=True)
    async with visitor.transaction() as connection:
        campaigns = campaigns_of(connection, visitor)
        campaign = await campaigns.find(id)
        try:
            if do not in ("save", "confirm"):
                return await _arranged(request, connection, visitor, campaign, shown, do)
            wanted = step_forms.to_steps(typed)
            if campaign.state in RUNS and do == "save" and (told := in_words(await campaigns.effect(id, wanted))):
                asked = Shown(typed, shown.showing, shown.person, told, is_unsaved=True)
                return await _page(request, connection, visitor, campaign, asked)
            await campaigns.put_steps(id, wanted)
        except (InvalidInput, Conflict) as error:
            return await _page(request, connection, visitor, campaign, shown, error)
    return ui.redirect(request, f"/campaigns/{id}/steps", toast="Saved")


def in_words(effect: Effect) -> list[str]:
    """Return what new steps change for people who are on their way, a sentence for each step; [] when it is nothing for anybody."""
    told = []
    for change in effect.changes:
        who = ui.plural(change.people, "person has", "people have")
        what = {
            "new": f"Step {change.position} is new: {ui.plural(change.people, 'person', 'people')} will get it.",
            "gone": f"What was step {change.position} goes: {who} it still to come, and will not get it.",
            "moved": f"Step {change.position} moved there: {who} it still to come.",
            "changed": f"Step {change.position} changes: {who} it still to come, and will get the new one.",
        }
        told += [what[change.kind]] if change.people else []
    return told


async def _arranged(
    request: Request, connection: asyncpg.Connection, visitor: Visitor, campaign: Campaign, shown: Shown, do: str
) -> Response:
    what, _, at = do.partition(":")
    if what == "preview":
        arranged = Shown(shown.steps, at, shown.person, is_unsaved=True)
    else:
        steps = step_forms.changed(shown.steps, do)
        focus = {"add": f"s{len(steps)}", "variant": f"s{at}.v"}.get(what, "")
        arranged = Shown(steps, shown.showing, shown.person, is_unsaved=True, focus=focus)
    return await _page(request, connection, visitor, campaign, arranged)


async def _page(
    request: Request,
    connection: asyncpg.Connection,
    visitor: Visitor,
    campaign: Campaign,
    shown: Shown,
    error: InvalidInput | Conflict | None = None,
) -> Response:
    choices = Choices(connection, visitor.organization_id)
    samples = await choices.samples(campaign.campaign_id)
    context: dict[str, Any] = {
        **frame(visitor, campaign),
        "shown": shown,
        "templates": [("", "Write it here"), *((str(id), name) for id, name in (await choices.templates()).items())],
        "variables": await choices.variables(),
        "samples": samples,
        "wrong": _wrong(error),
        **await preview.of_typed(connection, visitor, campaign, shown.steps, shown.showing, shown.person, samples),
    }
    if ui.is_htmx(request):
        return ui.fragment(request, TEMPLATE, "builder", **context)
    return ui.showing_mail(ui.page(request, TEMPLATE, error.status if error else 200, **context))


def _wrong(error: InvalidInput | Conflict | None) -> dict[str, str]:
    """Return {'' or the number of a step: what is wrong with it}."""
    if error is None:
        return {}
    parts = (error.field or "").split(".")
    number = str(int(parts[1]) + 1) if len(parts) > 1 and parts[0] == "steps" and is_number(parts[1]) else ""
    return {number: ui.sentence(error.message)}
