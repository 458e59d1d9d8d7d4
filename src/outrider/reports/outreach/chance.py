"""Whether a difference is one. Pure; how likely it is by chance alone, the database works out (`marketing.f_chance`)."""

from collections.abc import Sequence
from math import sqrt

from ..words import portion
from .types import Variant, Verdict

Z = 1.96
"""95 of 100 lie within so many standard deviations."""
SURE = 0.05


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return where the true share lies, 95 times of 100, after `hits` of `of`: 0 and 1 when nothing was tried."""
    if of == 0:
        return 0.0, 1.0
    share, spread = hits / of, Z * Z / of
    middle, reach = (share + spread / 2) / (1 + spread), Z * sqrt(share * (1 - share) / of + spread / 4 / of) / (1 + spread)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def two_best(variants: Sequence[Variant]) -> tuple[Variant, Variant]:
    """Return the variant that is answered most, and the next one; where nothing was sent comes last."""
    best, second, *_ = sorted(variants, key=lambda one: (-_share(one), one.label))
    return best, second


def verdict(variants: Sequence[Variant], chance: float | None) -> Verdict:
    """Return what is to be said of a step's variants, two or more.

    `chance`: how likely the two best differ so by chance alone; None: too few to say.
    """
    best, second = two_best(variants)
    shares = f"{_said(best)} against {_said(second)}"
    if chance is None:
        text = f"Too few answers to say whether {best.label} or {second.label} does better ({shares})."
        return Verdict(best.step, text, None, is_sure=False)
    chance = min(1.0, chance * (len(variants) - 1))
    if chance < SURE:
        text = f"{best.label} is answered more often than {second.label} ({shares}), unlikely by chance."
        return Verdict(best.step, text, chance, is_sure=True)
    text = f"No difference that could not be chance: {best.label} and {second.label} are answered {shares.replace(' against ', ' and ')}."
    return Verdict(best.step, text, chance, is_sure=False)


def _share(variant: Variant) -> float:
    return variant.figures.replied / variant.figures.sent if variant.figures.sent else -1.0


def _said(variant: Variant) -> str:
    return portion(variant.figures.replied, variant.figures.sent)
