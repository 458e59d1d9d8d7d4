"""/campaigns/{id}/preview: a step as one real person would get it, as it was saved or as it is being written."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput, NotFound
from outrider.kit.http import Text
from outrider.people import Filters, Lists
from outrider.tenancy import Visitor

from .. import steps as kept_steps
from ..choices import Choices, Sample
from ..rendering import MissingVariable, render_text
from ..templates import Preview, Templates, variables_used
from ..types import Campaign
from ..variables import variables_of_person
from . import step_forms, words
from .forms import is_number, text
from .frame import Insider, Writer, campaigns_of, frame
from .step_forms import TypedStep

router = APIRouter()


@router.get("/campaigns/{id}/preview")
async def show(
    request: Request,
    visitor: Insider,
    id: UUID,
    step: Annotated[Text, Query(max_length=10)] = "1.1",
    person: Annotated[Text, Query(max_length=300)] = "",
) -> Response:
    """Return the saved step for somebody: `step` is 2.1 for the first wording of the second one."""
    async with visitor.transaction(readonly=True) as connection:
        campaign = await campaigns_of(connection, visitor).find(id)
        steps = step_forms.typed(await kept_steps.read(connection, visitor.organization_id, id))
        samples = await Choices(connection, visitor.organization_id).samples(id)
        found = await of_typed(connection, visitor, campaign, steps, step, person.strip(), samples)
    options = [
        (f"{number}.{place}", f"Step {number}" + (f", variant {one.label}" if len(each.variants) > 1 else ""))
        for number, each in enumerate(steps, 1)
        for place, one in enumerate(each.variants if each.channel == "email" else each.variants[:1], 1)
    ]
    context = {**frame(visitor, campaign), "options": options, "step": step, "asked_person": person.strip(), "samples": samples, **found}
    return ui.showing_mail(ui.page(request, "marketing/campaigns/preview.html", **context))


@router.post("/campaigns/{id}/preview")
async def typed(request: Request, visitor: Writer, id: UUID) -> Response:
    """Return the preview of what is being written, which is saved nowhere."""
    form = await ui.form(request)
    async with visitor.transaction(readonly=True) as connection:
        campaign = await campaigns_of(connection, visitor).find(id)
        samples = await Choices(connection, visitor.organization_id).samples(id)
        steps, showing = step_forms.read(form), text(form, "showing") or "1.1"
        found = await of_typed(connection, visitor, campaign, steps, showing, text(form, "person"), samples)
    return ui.fragment(request, "marketing/campaigns/preview_pane.html", "preview", **found)


async def of_typed(
    connection: asyncpg.Connection,
    visitor: Visitor,
    campaign: Campaign,
    steps: Sequence[TypedStep],
    showing: str,
    person: str,
    samples: Sequence[Sample],
) -> dict[str, Any]:
    """Return what the preview's template needs: the message or task, for whom, and what is missing or wrong."""
    number, _, place = showing.partition(".")
    index = int(number) - 1 if is_number(number) else 0
    step = steps[index] if 0 <= index < len(steps) else steps[0] if steps else None
    found: dict[str, Any] = {
        "previewed": None,
        "reader": None,
        "task": None,
        "trouble": None,
        "showing": showing,
        "step_number": index + 1,
        "words": words,
    }
    if step is None:
        return found | {"trouble": "There is no step to show yet."}
    reader = await _reader(connection, visitor, person, samples)
    if reader is None:
        return found | {"trouble": f"Nobody here is called or reached at {person!r}." if person else "There is nobody to show it for yet."}
    found["reader"] = reader
    try:
        if step.channel != "email":
            variables_used("", step.instructions)
            known = await variables_of_person(connection, visitor.organization_id, reader.id)
            return found | _task(step.instructions, known, reader)
        at = int(place) - 1 if is_number(place) else 0
        wording = step_forms.variant_of(step.variants[at if 0 <= at < len(step.variants) else 0])
        templates = Templates(connection, visitor.organization_id)
        subject, body = wording.subject, wording.body
        if wording.template_id:
            kept = await templates.find(wording.template_id)
            subject, body = kept.subject, kept.body
        return found | {"previewed": await templates.preview(subject, body, reader.id)}
    except (InvalidInput, NotFound) as error:
        return found | {"trouble": ui.sentence(error.message)}


def _task(instructions: str, known: dict[str, str], reader: Sample) -> dict[str, Any]:
    try:
        return {"task": render_text(instructions, known, seed=f"preview/{reader.id}") or "Nothing is written yet."}
    except MissingVariable as error:
        return {"previewed": Preview(None, error.name)}


async def _reader(connection: asyncpg.Connection, visitor: Visitor, person: str, samples: Sequence[Sample]) -> Sample | None:
    """Return whom to show it for: who was named by address or name, else the first sample; None when there is nobody."""
    if not person:
        return samples[0] if samples else None
    if one := next((one for one in samples if one.email == person.lower()), None):
        return one
    try:
        page = await Lists(connection, visitor.organization_id).people(Filters(q=person), limit=1)
    except InvalidInput:
        return None
    return Sample(page.items[0].id, page.items[0].email, page.items[0].name) if page.items else None
