"""What there is, what goes on and how the database does: figures that are read from the other slices' tables.

Last in the order of slices: it reads what all of them keep and owns nothing that another one needs.
"""

from .health import read_health
from .overview import ask_for_count, read_overview
from .tasks import schedule, schedule_feedback

__all__ = ["ask_for_count", "read_health", "read_overview", "schedule", "schedule_feedback"]
