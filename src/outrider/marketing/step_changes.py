"""What new steps are to the old ones: which stays itself, what comes and goes, and where people on their way go on. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal
from uuid import UUID

from outrider.kit.errors import InvalidInput

from .types import Step


@dataclass(frozen=True, slots=True)
class Onward:
    """Where people go on: number n of each tuple is the new number of the step for who had the n-th one next, counted from 1.

    `waiting`: nothing of that step was begun; `begun`: its message or task is there. One more than there are steps: they are at the end.
    """

    waiting: tuple[int, ...]
    begun: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StepChange:
    """What becomes of one step, and for how many people: those who have it still to come. `position` is the old one where it is gone."""

    kind: Literal["new", "changed", "moved", "gone"]
    position: int
    people: int


def matched(before: Sequence[Step], wanted: Sequence[Step], *, is_begun: bool) -> list[Step]:
    """Return the wanted steps with the ids of the old ones that they are; a new step has none.

    Ids that are given say it. Where none is given, equal steps are the same, and so is one that was changed in its place between such.
    Raises `InvalidInput` for an id that is not there or twice, and for a change that can be read in two ways once people are on their
    way (`is_begun`): a wrong guess would send them a text again.
    """
    if any(step.id for step in wanted):
        _check_ids(before, wanted)
        return list(wanted)
    found = list(wanted)
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, _marks(before), _marks(wanted), autojunk=False).get_opcodes():
        if kind == "replace" and i2 - i1 != j2 - j1 and is_begun:
            where = f"steps {i1 + 1} to {i2}" if i2 - i1 > 1 else f"step {i1 + 1}"
            raise InvalidInput(
                f"people are on their way, and it is not clear what becomes of {where}: give the id of each step that stays", field="steps"
            )
        if kind in ("equal", "replace"):
            for old, new in zip(range(i1, i2), range(j1, j2), strict=False):
                found[new] = replace(wanted[new], id=before[old].id)
    return found


def onward(before: Sequence[Step], after: Sequence[Step]) -> Onward:
    """Return where people go on in the new order. `after` as `matched` returned it.

    Nobody gets a step again that they had, and nobody misses one that was still to come; a new step comes to those who have not passed
    its place.
    """
    known = {step.id for step in before}
    at: dict[UUID | None, int] = {step.id: number for number, step in enumerate(after, 1) if step.id is not None}
    new = [number for number, step in enumerate(after, 1) if step.id not in known]
    waiting, begun = [], []
    for passed in range(len(before) + 1):
        last = max((at.get(step.id, 0) for step in before[:passed]), default=0)
        ahead = [at[step.id] for step in before[passed:] if step.id in at] + [number for number in new if number > last]
        waiting.append(min(ahead, default=len(after) + 1))
        begun.append(at.get(before[passed].id, waiting[-1]) if passed < len(before) else waiting[-1])
    return Onward(tuple(waiting), tuple(begun))


def changes(before: Sequence[Step], after: Sequence[Step], people: Mapping[tuple[int, bool], int]) -> list[StepChange]:
    """Return what changes and for how many, in the new order; what is gone comes last. `after` as `matched` returned it.

    `people`: {(number of the old step that comes next, whether it is begun): how many}.
    """
    old = {step.id: (number, step) for number, step in enumerate(before, 1)}
    kept = [step.id for step in after if step.id in old]
    in_order = [step.id for step in before if step.id in set(kept)]
    ways = onward(before, after)
    at_most = len(before) + 1

    def to_come(number: int) -> int:
        return sum(
            count
            for (next_, is_begun), count in people.items()
            if (ways.begun if is_begun else ways.waiting)[min(next_, at_most) - 1] <= number
        )

    found = []
    for number, step in enumerate(after, 1):
        if step.id not in old:
            found.append(StepChange("new", number, to_come(number)))
        elif plain(step) != plain(old[step.id][1]):
            found.append(StepChange("changed", number, to_come(number)))
        elif kept.index(step.id) != in_order.index(step.id):
            found.append(StepChange("moved", number, to_come(number)))
    for number, step in enumerate(before, 1):
        if step.id not in kept:
            found.append(StepChange("gone", number, sum(count for (next_, _), count in people.items() if next_ <= number)))
    return found


def plain(step: Step) -> dict[str, Any]:
    """Return what a step says, without any id."""
    variants = sorted(({**asdict(variant), "id": None} for variant in step.variants), key=lambda one: str(one["label"]))
    return {**asdict(step), "id": None, "variants": variants}


def _check_ids(before: Sequence[Step], wanted: Sequence[Step]) -> None:
    known = {step.id for step in before}
    seen: set[UUID] = set()
    for index, step in enumerate(wanted):
        if step.id is None:
            continue
        if step.id not in known or step.id in seen:
            wrong = "is there twice" if step.id in seen else "is no step of this campaign"
            raise InvalidInput(f"step {index + 1}: the id {step.id} {wrong}", field=f"steps.{index}.id")
        seen.add(step.id)


def _marks(steps: Sequence[Step]) -> list[str]:
    return [repr(plain(step)) for step in steps]
