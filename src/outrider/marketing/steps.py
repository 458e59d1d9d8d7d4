"""The steps of a campaign as one document: what each may say is checked before anything is written."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import OrganizationId

from . import checks, step_changes
from .store import campaigns as queries
from .store import texts
from .templates import variables_used
from .types import Step, Variant

CHANNELS = ("email", "linkedin", "phone")
DELAY_UNITS = ("business_days", "days", "hours", "minutes")
CONDITIONS = ("always", "no_reply", "no_open", "no_click")
MOST_STEPS, MOST_VARIANTS, MOST_WEIGHT, LONGEST_DELAY = 50, 10, 1000, 365


async def read(connection: asyncpg.Connection, organization: OrganizationId, campaign_id: UUID) -> list[Step]:
    """Return the steps in their order; [] when there are none."""
    rows = queries.steps(connection, organization_id=organization, id=campaign_id)
    names = ("channel", "delay", "delay_unit", "condition", "is_reply", "instructions", "id")
    return [Step(**{name: row[name] for name in names}, variants=tuple(_variant(one) for one in row["variants"])) async for row in rows]


async def write(connection: asyncpg.Connection, organization: OrganizationId, campaign_id: UUID, steps: Sequence[Step]) -> None:
    """Put these in the place of the steps; people on their way go on in the new order. A step with an id is the one that has it, and a
    wording is the one with its label; `step_changes.matched` finds the ids. While a campaign runs the caller holds the sending.

    Raises `InvalidInput` naming the step, and `Conflict` where a step that somebody got already would go.
    """
    check(steps)
    key = {"organization_id": organization, "id": campaign_id}
    before = await read(connection, organization, campaign_id)
    wanted = {variant.template_id for step in steps for variant in step.variants if variant.template_id}
    there = {row["id"] async for row in texts.template_texts(connection, organization_id=organization, ids=list(wanted))}
    if missing := wanted - there:
        raise InvalidInput(f"there is no template {sorted(map(str, missing))[0]}", field="template_id")
    documents = [
        {**asdict(step), "position": position, "variants": None, "id": str(step.id) if step.id else None}
        for position, step in enumerate(steps, 1)
    ]
    variants = [
        {**asdict(variant), "position": position, "id": None, "template_id": str(variant.template_id) if variant.template_id else None}
        for position, step in enumerate(steps, 1)
        for variant in step.variants
    ]
    try:
        async with connection.transaction():
            await queries.drop_steps(connection, **key, kept=[step.id for step in steps if step.id])
    except asyncpg.ForeignKeyViolationError as error:
        raise Conflict("a step that goes was written to somebody already: keep it", field="steps") from error
    await queries.save_steps(connection, **key, steps=documents)
    await queries.drop_variants(connection, **key, variants=variants)
    await queries.save_variants(connection, **key, variants=variants)
    if before:
        ways = step_changes.onward(before, steps)
        await queries.follow_steps(connection, id=campaign_id, waiting=list(ways.waiting), begun=list(ways.begun))


def check(steps: Sequence[Step]) -> None:
    """Raises `InvalidInput` naming the step and what is wrong with it."""
    if len(steps) > MOST_STEPS:
        raise InvalidInput(f"there are {len(steps)} steps; a campaign has at most {MOST_STEPS}", field="steps")
    for position, step in enumerate(steps, 1):
        try:
            _check(step, is_first=position == 1)
        except InvalidInput as error:
            raise InvalidInput(f"step {position}: {error.message}", field=f"steps.{position - 1}.{error.field}") from error


def _check(step: Step, *, is_first: bool) -> None:
    checks.one_of(step.channel, CHANNELS, "channel")
    checks.one_of(step.delay_unit, DELAY_UNITS, "delay_unit")
    checks.one_of(step.condition, CONDITIONS, "condition")
    if not 0 <= step.delay <= LONGEST_DELAY:
        raise InvalidInput(f"delay is {step.delay}; it must be between 0 and {LONGEST_DELAY}", field="delay")
    if is_first and step.delay:
        raise InvalidInput("the first step goes out when the campaign starts: its delay must be 0", field="delay")
    if step.channel != "email" and step.variants:
        raise InvalidInput(f"a {step.channel} step is a task for a person: give instructions and no variants", field="variants")
    if len(step.variants) > MOST_VARIANTS:
        raise InvalidInput(f"there are {len(step.variants)} variants; a step has at most {MOST_VARIANTS}", field="variants")
    variables_used("", step.instructions or "")
    labels = [variant.label for variant in step.variants]
    if len(set(labels)) < len(labels) or not all(1 <= len(label.strip()) <= 60 for label in labels):
        raise InvalidInput("variants need labels of 1 to 60 characters that differ, such as A and B", field="variants")
    if step.variants and not any(variant.weight for variant in step.variants):
        raise InvalidInput("every variant has weight 0, so nobody would get one", field="variants")
    for variant in step.variants:
        if not 0 <= variant.weight <= MOST_WEIGHT:
            raise InvalidInput(f"weight is {variant.weight}; it must be between 0 and {MOST_WEIGHT}", field="variants")
        if variant.template_id is None:
            variables_used(variant.subject, variant.body)
        elif variant.subject or variant.body:
            raise InvalidInput(f"variant {variant.label} has a template and a text: give one of them", field="variants")


def _variant(one: dict[str, Any]) -> Variant:
    template = one["template_id"]
    return Variant(**{**one, "id": UUID(one["id"]), "template_id": UUID(template) if template else None})
