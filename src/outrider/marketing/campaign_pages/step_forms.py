"""The steps of a campaign as a form holds them: read, changed in their order, and turned into steps. Pure.

`s2.delay` is a field of the second step, `s2.v1.subject` one of its first variant. What was typed stays as it was until it is saved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData

from outrider.kit.errors import InvalidInput

from ..paragraphs import to_html, to_typed
from ..steps import MOST_STEPS, MOST_VARIANTS
from ..types import Step, Variant
from .forms import is_number, whole_number

LABELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class TypedVariant:
    """A wording as it was typed; `template` is an id, '' for a text of its own."""

    label: str = "A"
    weight: str = "1"
    template: str = ""
    subject: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class TypedStep:
    """A step as it was typed. What the other channels have is kept while one chooses. `id` is of the step that it was, '' for a new one."""

    channel: str = "email"
    delay: str = "3"
    delay_unit: str = "business_days"
    condition: str = "always"
    is_reply: bool = True
    instructions: str = ""
    variants: Sequence[TypedVariant] = field(default=(TypedVariant(),))
    id: str = ""


def typed(steps: Sequence[Step]) -> list[TypedStep]:
    """Return steps as their form shows them."""
    return [
        TypedStep(
            step.channel,
            str(step.delay),
            step.delay_unit,
            step.condition,
            step.is_reply,
            step.instructions or "",
            tuple(map(_typed_variant, step.variants)) or (TypedVariant(),),
            str(step.id or ""),
        )
        for step in steps
    ]


def read(form: FormData) -> list[TypedStep]:
    """Return the steps that a form holds, in their order."""
    found: list[TypedStep] = []
    while (channel := form.get(f"s{len(found) + 1}.channel")) is not None and len(found) <= MOST_STEPS:
        at = f"s{len(found) + 1}."
        variants: list[TypedVariant] = []
        while f"{at}v{len(variants) + 1}.label" in form and len(variants) <= MOST_VARIANTS:
            own = f"{at}v{len(variants) + 1}."
            parts = (str(form.get(f"{own}{name}", "")) for name in ("label", "weight", "template", "subject", "body"))
            variants.append(TypedVariant(*parts))
        values: dict[str, Any] = {
            name: str(form.get(f"{at}{name}", usual))
            for name, usual in (("delay", "0"), ("delay_unit", "business_days"), ("condition", "always"), ("instructions", ""), ("id", ""))
        }
        is_reply = form.get(f"{at}is_reply") == "on"
        found.append(TypedStep(str(channel), is_reply=is_reply, variants=tuple(variants) or (TypedVariant(),), **values))
    return found


def to_steps(steps: Sequence[TypedStep]) -> list[Step]:
    """Return what was typed as steps. Raises `InvalidInput` with the step in its field: `steps.1.delay`."""
    return [_step(index, step) for index, step in enumerate(steps)]


def variant_of(one: TypedVariant) -> Variant:
    """Return a wording. Raises `InvalidInput`."""
    weight = whole_number(one.weight.strip(), "variants")
    if weight is None:
        raise InvalidInput(f"variant {one.label} has no weight", field="variants")
    if one.template:
        try:
            return Variant(one.label.strip(), weight, template_id=UUID(one.template))
        except ValueError as error:
            raise InvalidInput(f"variant {one.label} names a template that is not there", field="variants") from error
    return Variant(one.label.strip(), weight, one.subject.strip(), to_html(one.body))


def changed(steps: Sequence[TypedStep], do: str) -> list[TypedStep]:
    """Return the steps after a button was pressed: `add:phone`, `up:2`, `down:1`, `remove:2`, `variant:1`, `drop:1.2`.

    What cannot be done, such as moving the first one up, changes nothing. Raises `InvalidInput` when there would be too many.
    """
    what, _, at = do.partition(":")
    found = list(steps)
    if what == "add":
        if len(found) >= MOST_STEPS:
            raise InvalidInput(f"a campaign has at most {MOST_STEPS} steps", field="form")
        return [*found, TypedStep(channel=at, delay="3" if found else "0")]
    first, _, second = at.partition(".")
    index = int(first) - 1 if is_number(first) else -1
    if not 0 <= index < len(found):
        return found
    if what == "remove":
        del found[index]
    elif what in ("up", "down"):
        other = index + (1 if what == "down" else -1)
        if 0 <= other < len(found):
            found[index], found[other] = _exchanged(found[index], found[other])
    elif what == "variant":
        found[index] = _with_variant(found[index])
    elif what == "drop" and is_number(second) and len(found[index].variants) > 1:
        kept = [one for number, one in enumerate(found[index].variants, 1) if number != int(second)]
        found[index] = replace(found[index], variants=tuple(kept))
    return found


def _exchanged(one: TypedStep, other: TypedStep) -> tuple[TypedStep, TypedStep]:
    """Return two steps in each other's place; how long after the one before is the place's, not the step's."""
    return (
        replace(other, delay=one.delay, delay_unit=one.delay_unit),
        replace(one, delay=other.delay, delay_unit=other.delay_unit),
    )


def _with_variant(step: TypedStep) -> TypedStep:
    if len(step.variants) >= MOST_VARIANTS:
        raise InvalidInput(f"a step has at most {MOST_VARIANTS} variants", field="form")
    taken = {one.label.strip().upper() for one in step.variants}
    label = next(letter for letter in LABELS if letter not in taken)
    last = step.variants[-1]
    return replace(step, variants=(*step.variants, TypedVariant(label, subject=last.subject, body=last.body)))


def _typed_variant(one: Variant) -> TypedVariant:
    return TypedVariant(one.label, str(one.weight), str(one.template_id or ""), one.subject, to_typed(one.body))


def _step(index: int, step: TypedStep) -> Step:
    try:
        delay = whole_number(step.delay.strip(), "delay") if index else 0
        if delay is None:
            raise InvalidInput("say how long after the step before: 0 for right after", field="delay")
        is_email = step.channel == "email"
        return Step(
            step.channel,
            delay,
            step.delay_unit,
            step.condition if index else "always",
            step.is_reply,
            None if is_email else step.instructions.strip() or None,
            tuple(variant_of(one) for one in step.variants) if is_email else (),
            _id(step.id),
        )
    except InvalidInput as error:
        raise InvalidInput(f"step {index + 1}: {error.message}", field=f"steps.{index}.{error.field}") from error


def _id(typed: str) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError as error:
        raise InvalidInput("it is no step of this campaign: load the page anew", field="id") from error
