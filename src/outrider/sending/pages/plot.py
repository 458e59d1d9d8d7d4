"""The plot of a mailbox's days: where its bars and its line stand. Pure; the template draws, the style sheet colours."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..mailboxes import MailboxDay

HEIGHT = 100.0
STEP = 10.0
LEAST = 1.5
"""What a bar of one message is high at least, to be seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What was sent on a day, in the plot's units; `top` is 0 at the top."""

    day: MailboxDay
    left: float
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Plot:
    """`width` by 100 units; `line` are the points of the limit, as SVG takes them; `highest` is the number at the top.

    `today` is where today ends, None when the plot ends there.
    """

    bars: tuple[Bar, ...]
    line: str
    width: float
    highest: int
    today: float | None


def plot_of(days: Sequence[MailboxDay]) -> Plot | None:
    """Return the plot, None when there are no days."""
    if not days:
        return None
    highest = max(1, *(max(day.daily_limit, day.sent) for day in days))
    bars = []
    points = []
    for place, day in enumerate(days):
        left = place * STEP
        height = max(LEAST, HEIGHT * day.sent / highest) if day.sent else 0.0
        bars.append(Bar(day, left, HEIGHT - height, height))
        level = round(HEIGHT - HEIGHT * day.daily_limit / highest, 2)
        points += [f"{left:g},{level:g}", f"{left + STEP:g},{level:g}"]
    past = sum(day.is_past for day in days)
    return Plot(tuple(bars), " ".join(points), len(days) * STEP, highest, past * STEP if past < len(days) else None)
